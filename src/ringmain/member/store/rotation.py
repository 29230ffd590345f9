"""What hangs on the master key in PostgreSQL: its fingerprints, and the rows that an old version still made."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Which key a version is, in 16 bytes."""

    version: int
    fingerprint: bytes


async def fingerprints(uow: UnitOfWork) -> list[Fingerprint]:
    """Return the master keys that encrypted something in this database."""
    return await uow.rows(Fingerprint, "SELECT version, fingerprint FROM master_key_fingerprint ORDER BY version")


_NOTE = """
    INSERT INTO master_key_fingerprint (version, fingerprint) VALUES (%s, %s) ON CONFLICT (version) DO NOTHING
"""


async def note(uow: UnitOfWork, new: Fingerprint) -> None:
    """Note that a master key is in use; the first of two at once wins, and the other notices at its next start."""
    await uow.execute(_NOTE, (new.version, new.fingerprint))


@dataclass(frozen=True, slots=True)
class OldKey:
    """A data key wrapped by a version other than the newest."""

    member_id: UUID
    master_version: int
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class OldHash:
    """An identifier hashed by a version other than the newest, with the key that opens its value."""

    id: UUID
    member_id: UUID
    kind: int
    sealed: bytes
    master_version: int
    wrapped: bytes


_OLD_KEYS = """
    SELECT member_id, master_version, wrapped FROM member_key
    WHERE network_id = %s AND master_version <> %s LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""
_OLD_HASHES = """
    SELECT i.id, i.member_id, i.kind, i.sealed, k.master_version, k.wrapped
    FROM member_identifier i
    JOIN member_key k ON k.network_id = i.network_id AND k.member_id = i.member_id
    WHERE i.network_id = %s AND i.hash_version <> %s LIMIT %s FOR NO KEY UPDATE OF i SKIP LOCKED
"""
_SET_KEYS = """
    UPDATE member_key k SET master_version = %s, wrapped = t.wrapped
    FROM unnest(%s, %s::bytea[]) AS t (member_id, wrapped)
    WHERE k.network_id = %s AND k.member_id = t.member_id
"""
_SET_HASHES = """
    UPDATE member_identifier i SET hash_version = %s, hash = t.hash
    FROM unnest(%s, %s::bytea[]) AS t (id, hash)
    WHERE i.network_id = %s AND i.id = t.id
"""


async def old_keys(uow: UnitOfWork, newest: int, most: int) -> list[OldKey]:
    """Return and lock some data keys that an old version wraps."""
    return await uow.rows(OldKey, _OLD_KEYS, (uow.network_id, newest, most))


async def old_hashes(uow: UnitOfWork, newest: int, most: int) -> list[OldHash]:
    """Return and lock some identifiers that an old version hashed."""
    return await uow.rows(OldHash, _OLD_HASHES, (uow.network_id, newest, most))


async def set_keys(uow: UnitOfWork, newest: int, wrapped: dict[UUID, bytes]) -> None:
    """Replace wrapped data keys, by member id."""
    await uow.execute(_SET_KEYS, (newest, pack_uuids(list(wrapped)), _values(wrapped), uow.network_id))


async def set_hashes(uow: UnitOfWork, newest: int, hashes: dict[UUID, bytes]) -> None:
    """Replace look-up hashes, by identifier id."""
    await uow.execute(_SET_HASHES, (newest, pack_uuids(list(hashes)), _values(hashes), uow.network_id))


def _values(rows: dict[UUID, bytes]) -> Sequence[bytes]:
    return list(rows.values())
