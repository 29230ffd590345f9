"""Who is in the comparison group: dealt by a keyed hash, the same for ever, and independent from campaign to campaign.

A person is dealt by the subject that they are known by when they first get to a campaign. After a merge of two members
the subject that is left counts for what is given; for what is read, the group in which the person was first recorded.
"""

import hmac
from datetime import UTC, datetime, timedelta
from uuid import UUID

_FULL = 2**64
_FULL_BP = 10_000
# About 2.2 km from south to north: people of one area meet each other's screens and posters.
_CELLS_PER_DEGREE = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def place_of(salt: bytes, subject: UUID | str) -> float:
    """Return where in [0, 1) a subject falls under a key: evenly, and the same whenever it is asked for."""
    name = subject.bytes if isinstance(subject, UUID) else subject.encode()
    return int.from_bytes(hmac.digest(salt, name, "sha256")[:8]) / _FULL


def is_compared(salt: bytes, subject_id: UUID, comparison_bp: int) -> bool:
    """Say whether a person is in the comparison group of a campaign; `comparison_bp` of 10,000 people are."""
    return place_of(salt, subject_id) < comparison_bp / _FULL_BP


def area_of(latitude: float, longitude: float) -> str:
    """Return the name of the area in which a place lies."""
    return f"{round(latitude * _CELLS_PER_DEGREE)}:{round(longitude * _CELLS_PER_DEGREE)}"


def turn_at(at: datetime, hours: int) -> int:
    """Return the number of the turn that runs at a moment, turns of so many hours following each other since 1970."""
    return (at - _EPOCH) // timedelta(hours=hours)


def has_turn(salt: bytes, area: str, turn: int) -> bool:
    """Say whether an area has the campaign in a turn: in one of each pair of turns, by a coin of that pair and area."""
    first_has_it = place_of(salt, f"{area}/{turn // 2}") < 1 / 2
    return (turn % 2 == 0) == first_has_it
