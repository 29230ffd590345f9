"""UUIDv7 ids made in the application: ordered by time, so that new rows stay at the right edge of an index."""

import os
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID, SafeUUID

from ringmain.kit.pure.framing import Part, frame

_VARIANT = 0x2 << 62
_VERSION_7_AND_VARIANT = 0x7 << 76 | _VARIANT
_RANDOM_A = (1 << 12) - 1 << 64
_RANDOM_B = (1 << 62) - 1
# UUID's own constructor looks through six ways to be called: three times as long as filling its two slots.
_new: Any = object.__new__
_set_int: Any = UUID.__dict__["int"].__set__
_set_is_safe: Any = UUID.__dict__["is_safe"].__set__
_UNKNOWN = SafeUUID.unknown


def uuid7(at: datetime) -> UUID:
    """Return a new UUIDv7 (RFC 9562) whose timestamp is `at`, in milliseconds, with 74 random bits."""
    return _assemble(at, int.from_bytes(os.urandom(10)))


def uuid7_of(at: datetime, *names: Part) -> UUID:
    """Return the UUIDv7 of `at` whose 74 bits are derived from `names`: the same input gives the same id.

    Imports and replays use it, so that running them twice meets the primary key instead of making doubles.
    """
    return _assemble(at, int.from_bytes(_digest(names, size=10)))


def derived_id(*names: Part) -> UUID:
    """Return a UUIDv8 derived from `names` alone: for rows whose id everybody can compute, such as ledger accounts."""
    number = int.from_bytes(_digest(names, size=16))
    number = number & ~(0xF << 76) | (0x8 << 76)
    return UUID(int=number & ~(0x3 << 62) | _VARIANT)


def time_of(id_: UUID) -> datetime:
    """Return the UTC time, in milliseconds, that a UUIDv7 carries."""
    return datetime.fromtimestamp((id_.int >> 80) / 1000, tz=UTC)


def first_id(at: datetime) -> UUID:
    """Return the smallest UUID that a UUIDv7 of `at` or later can have: where a range of time begins in an index."""
    return UUID(int=round(at.timestamp() * 1000) << 80)


def uuid_of(number: int) -> UUID:
    """Return the UUID of a number below 2**128, which is not looked at: for many ids at once."""
    id_: UUID = _new(UUID)
    _set_int(id_, number)
    _set_is_safe(id_, _UNKNOWN)
    return id_


def _assemble(at: datetime, random: int) -> UUID:
    milliseconds = round(at.timestamp() * 1000)
    return uuid_of(milliseconds << 80 | _VERSION_7_AND_VARIANT | random << 2 & _RANDOM_A | random & _RANDOM_B)


def _digest(names: tuple[Part, ...], size: int) -> bytes:
    return blake2b(frame(names), digest_size=size).digest()
