"""What a red packet is, and how a voucher is divided: by chance, exactly, and so that anybody can work it out again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b, sha256
from uuid import UUID

FEWEST_PARTS, MOST_PARTS = 2, 10
LASTS = timedelta(hours=24)
# Of an equal share: where nobody says how small a part may be, the smallest is a fifth of it.
_LEAST_SHARE = 5
_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its value, and its share of the fee that is due when it is spent."""

    number: int
    amount_minor: int
    fee_minor: int


@dataclass(frozen=True, slots=True)
class Opening:
    """Who opened a part, and the voucher that it became."""

    number: int
    subject_id: UUID
    voucher_id: UUID
    opened_at: datetime
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """A red packet as it stands; what is not opened is still in the voucher that it was made of."""

    id: UUID
    voucher_id: UUID
    offer_id: UUID
    subject_id: UUID
    scene_id: UUID
    parts: int
    amount_minor: int
    least_minor: int
    seed: bytes
    made_at: datetime
    ends_at: datetime
    ended_at: datetime | None

    @property
    def commitment(self) -> str:
        """The SHA-256 of the seed: said when the packet is made, so that nobody can choose another one afterwards."""
        return sha256(self.seed).hexdigest()

    def over(self, now: datetime) -> bool:
        """Say whether nothing of it can be opened any more."""
        return self.ended_at is not None or now >= self.ends_at


def usual_least(amount_minor: int, parts: int) -> int:
    """Return how small a part may be where nobody says so: a fifth of an equal share, and at least one minor unit."""
    return max(1, amount_minor // (parts * _LEAST_SHARE))


def divide(seed: bytes, amount_minor: int, fee_minor: int, parts: int, least_minor: int) -> list[Part]:
    """Divide a value into parts of at least `least_minor`, by chance; their sums are exactly what is divided.

    What is above the least of each is cut at `parts` - 1 places, each drawn alike over all of it from the seed: so
    every part is as likely to be large as any other. The fee is divided evenly, the first ones bear what is left over.
    """
    spare = amount_minor - least_minor * parts
    cuts = sorted(_number(seed, place, spare + 1) for place in range(1, parts))
    edges = [0, *cuts, spare]
    return [
        Part(
            number,
            least_minor + edges[number] - edges[number - 1],
            fee_minor // parts + (number <= fee_minor % parts),
        )
        for number in range(1, parts + 1)
    ]


def _number(seed: bytes, place: int, below: int) -> int:
    """Return a number from 0 to `below` - 1; of 128 bits, so that what is left over by the division is nothing."""
    digest = blake2b(seed + place.to_bytes(1), digest_size=_DIGEST_BYTES).digest()
    return int.from_bytes(digest) % below
