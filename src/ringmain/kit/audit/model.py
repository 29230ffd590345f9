"""The chain as arithmetic: canonical bytes, hashes, and what a broken link looks like."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

import msgspec

Scalar = str | int | bool | None
Facts = Mapping[str, Scalar | UUID | Sequence[str]]

# Who acts: the holder of an API key by its role, a person who signed in, a person at a till, somebody at the command
# line of the machine, or the software itself.
ActorKind = Literal[
    "operator", "merchant", "terminal", "analyst", "account", "member", "staff", "command_line", "system"
]
What = Literal["link_missing", "entry_missing", "hash_differs", "anchor_differs", "truncated", "entry_unannounced"]

GENESIS = bytes(32)
_VERSION = 1
_MOST_TEXT = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ENCODER = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a kind, and an id that outlives the rotation of a key (None where nobody in particular acts)."""

    kind: ActorKind
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """What an entry says; all of it goes into the hash."""

    id: UUID
    at: datetime
    actor: Actor
    action: str
    object_kind: str
    object_id: UUID | None
    facts: Mapping[str, object]
    request_id: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """The head of a chain, kept outside the database: only against it can a chain that was cut short be noticed."""

    network_id: UUID
    sequence: int
    hash: str  # hexadecimal


@dataclass(frozen=True, slots=True)
class Broken:
    """The first place where the chain does not hold. `sequence` is None for an entry that was never announced."""

    what: What
    sequence: int | None
    entry_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification found: how many links hold, how many entries wait to be chained, and the first fault."""

    network_id: UUID
    links: int
    waiting: int
    anchors: int
    head: Anchor | None
    broken: Broken | None

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return self.broken is None


def plain(facts: Facts) -> dict[str, Scalar | list[str]]:
    """Return facts as JSON has them: ids as text, lists of names.

    Raises ValueError where a text is longer than 100 characters: what people write freely does not belong in here.
    """
    made: dict[str, Scalar | list[str]] = {}
    for name, value in facts.items():
        one = str(value) if isinstance(value, UUID) else list(value) if isinstance(value, (list, tuple)) else value
        if any(isinstance(text, str) and len(text) > _MOST_TEXT for text in (one if isinstance(one, list) else [one])):
            raise ValueError(f"{name} is too long for the audit log")
        made[name] = one  # type: ignore[assignment]  # a Sequence that is neither list nor tuple is not given
    return made


def canonical(network_id: UUID, sequence: int, content: Content) -> bytes:
    """Return the bytes that stand for an entry at its place: a JSON array with sorted keys, time in microseconds."""
    parts = (
        _VERSION,
        network_id,
        sequence,
        content.id,
        (content.at.astimezone(UTC) - _EPOCH) // datetime.resolution,
        content.actor.kind,
        content.actor.id,
        content.action,
        content.object_kind,
        content.object_id,
        content.facts,
        content.request_id,
    )
    return _ENCODER.encode(parts)


def linked(before: bytes, content: bytes) -> bytes:
    """Return the hash of a link: SHA-256 of the hash before it and the canonical bytes of its entry."""
    return hashlib.sha256(before + content).digest()
