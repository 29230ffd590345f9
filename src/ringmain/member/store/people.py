"""The rows of people in PostgreSQL: members, their keys, identifiers, merges and erasures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from ringmain.kit.db import UnitOfWork, pack_bytes, pack_int8, pack_optional_timestamps, pack_texts, pack_uuids
from ringmain.member.model import Merge

# ------------------------------------------------------------------------------------------------------- who it is


class Found(Struct, frozen=True):
    """The person found by a value: who stands for them, and the subjects merged into theirs."""

    asked: bytes
    member_id: UUID
    subject_id: UUID
    merged_subject_ids: list[UUID]


# Ranges of one value, in the order of an index: `keyed` says why. Each look-up would else read all of a new network.
_FIND = """
    SELECT t.hash AS asked, k.member_id, k.subject_id,
           ARRAY(SELECT a.subject_id FROM subject_alias a
                 WHERE a.network_id = %(network)s AND a.canonical_subject_id = k.subject_id) AS merged_subject_ids
    FROM unnest(%(hashes)s::bytea[]) AS t (hash),
    LATERAL (SELECT i.member_id FROM member_identifier i
             WHERE i.network_id = %(network)s AND i.kind = %(kind)s AND i.hash BETWEEN t.hash AND t.hash
             ORDER BY i.hash LIMIT 1) AS i,
    LATERAL (SELECT m.canonical_id FROM member m
             WHERE m.network_id = %(network)s AND m.id BETWEEN i.member_id AND i.member_id
             ORDER BY m.id LIMIT 1) AS m,
    LATERAL (SELECT k.member_id, k.subject_id FROM member_key k
             WHERE k.network_id = %(network)s AND k.member_id BETWEEN m.canonical_id AND m.canonical_id
             ORDER BY k.member_id LIMIT 1) AS k
"""


async def find_by_hashes(uow: UnitOfWork, kind: int, hashes: Sequence[bytes]) -> list[Found]:
    """Return the people who have an identifier of this kind with one of the hashes."""
    async with uow.keyed():
        params = {"network": uow.network_id, "kind": kind, "hashes": pack_bytes(hashes)}
        return await uow.rows(Found, _FIND, params, binary=True)


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member, and who stands for it."""

    id: UUID
    canonical_id: UUID
    joined_at: datetime
    erased_at: datetime | None


_MEMBERS = "SELECT id, canonical_id, joined_at, erased_at FROM member WHERE network_id = %s AND id = ANY(%s)"


async def members(uow: UnitOfWork, ids: Iterable[UUID]) -> list[MemberRow]:
    """Return those of the members that exist, in no order."""
    return await uow.rows(MemberRow, _MEMBERS, (uow.network_id, pack_uuids(list(ids))))


_GROUP = """
    SELECT id, canonical_id, joined_at, erased_at FROM member WHERE network_id = %(network)s AND id = ANY(%(ids)s)
    UNION
    SELECT id, canonical_id, joined_at, erased_at FROM member
    WHERE network_id = %(network)s AND canonical_id = ANY(%(ids)s) AND canonical_id <> id
    ORDER BY joined_at, id
"""


async def group(uow: UnitOfWork, canonical_ids: Iterable[UUID]) -> list[MemberRow]:
    """Return these members and all that were merged into them, the oldest first."""
    return await uow.rows(MemberRow, _GROUP, {"network": uow.network_id, "ids": pack_uuids(list(canonical_ids))})


@dataclass(frozen=True, slots=True)
class KeyRow:
    """What dies when a member is erased: the wrapped data key, the way to facts, and what the key sealed."""

    member_id: UUID
    subject_id: UUID
    master_version: int
    wrapped: bytes
    name: bytes | None
    language: str | None
    code_id: UUID
    code_step: int


_KEYS = """
    SELECT member_id, subject_id, master_version, wrapped, name, language, code_id, code_step
    FROM member_key WHERE network_id = %s
"""
_KEYS_OF_MEMBERS = _KEYS + " AND member_id = ANY(%s)"
_KEPT_KEYS_OF_MEMBERS = _KEYS_OF_MEMBERS + " ORDER BY member_id FOR KEY SHARE"
_KEYS_OF_CODES = _KEYS + " AND code_id = ANY(%s)"
_LOCKED_KEYS_OF_CODES = _KEYS_OF_CODES + " ORDER BY member_id FOR NO KEY UPDATE"


async def keys(uow: UnitOfWork, member_ids: Iterable[UUID], *, keep: bool = False) -> dict[UUID, KeyRow]:
    """Return the keys of those members that have one, by member id; `keep` lets an erasure wait for our commit."""
    query = _KEPT_KEYS_OF_MEMBERS if keep else _KEYS_OF_MEMBERS
    rows = await uow.rows(KeyRow, query, (uow.network_id, pack_uuids(list(member_ids))))
    return {row.member_id: row for row in rows}


async def keys_of_codes(uow: UnitOfWork, code_ids: Iterable[UUID], *, lock: bool) -> dict[UUID, KeyRow]:
    """Return the keys of the members that rotating codes name, by code id; `lock` keeps others from using them."""
    query = _LOCKED_KEYS_OF_CODES if lock else _KEYS_OF_CODES
    rows = await uow.rows(KeyRow, query, (uow.network_id, pack_uuids(list(code_ids))))
    return {row.code_id: row for row in rows}


_USE_CODES = """
    UPDATE member_key k SET code_step = t.step
    FROM unnest(%s, %s::bigint[]) AS t (member_id, step)
    WHERE k.network_id = %s AND k.member_id = t.member_id
"""


async def use_codes(uow: UnitOfWork, steps: Mapping[UUID, int]) -> None:
    """Remember the last step whose code was used, by member id; the rows are locked already."""
    if steps:
        await uow.execute(_USE_CODES, (pack_uuids(list(steps)), list(steps.values()), uow.network_id))


_KNOWN = """
    SELECT t.id AS asked_id, k.member_id, k.subject_id,
           ARRAY(SELECT a.subject_id FROM subject_alias a
                 WHERE a.network_id = %(network)s AND a.canonical_subject_id = k.subject_id) AS merged_subject_ids
    FROM unnest(%(ids)s) AS t (id)
    JOIN member m ON m.network_id = %(network)s AND m.id = t.id
    JOIN member_key k ON k.network_id = %(network)s AND k.member_id = m.canonical_id
"""


@dataclass(frozen=True, slots=True)
class FoundById:
    """The person a member id names."""

    asked_id: UUID
    member_id: UUID
    subject_id: UUID
    merged_subject_ids: list[UUID]


async def find_by_ids(uow: UnitOfWork, member_ids: Iterable[UUID]) -> dict[UUID, FoundById]:
    """Return the people whom member ids name, merged or not, by the id asked for; erased ones are absent."""
    rows = await uow.rows(FoundById, _KNOWN, {"network": uow.network_id, "ids": pack_uuids(list(member_ids))})
    return {row.asked_id: row for row in rows}


# ---------------------------------------------------------------------------------------------------- new members


class NewMember(Struct, frozen=True):
    """A member to be made, with the key that opens their fields."""

    id: UUID
    joined_at: datetime
    subject_id: UUID
    master_version: int
    wrapped: bytes
    name: bytes | None
    language: str | None
    code_id: UUID


_ADD_MEMBERS = """
    INSERT INTO member (network_id, id, canonical_id, joined_at)
    SELECT %s, t.id, t.id, t.joined_at FROM unnest(%s, %s) AS t (id, joined_at)
"""
_ADD_KEYS = """
    INSERT INTO member_key (network_id, member_id, subject_id, master_version, wrapped, name, language, code_id)
    SELECT %s, t.* FROM unnest(%s, %s, %s, %s, %s, %s, %s) AS t
"""


async def add_members(uow: UnitOfWork, new: Sequence[NewMember]) -> None:
    """Insert members with their keys."""
    if not new:
        return
    ids = pack_uuids([row.id for row in new])
    await uow.execute(_ADD_MEMBERS, (uow.network_id, ids, pack_optional_timestamps(row.joined_at for row in new)))
    params = (
        uow.network_id,
        ids,
        pack_uuids([row.subject_id for row in new]),
        pack_int8(row.master_version for row in new),
        pack_bytes(row.wrapped for row in new),
        pack_bytes(row.name for row in new),
        pack_texts(row.language for row in new),
        pack_uuids([row.code_id for row in new]),
    )
    await uow.execute(_ADD_KEYS, params)


_SET_PROFILE = "UPDATE member_key SET name = %s, language = %s WHERE network_id = %s AND member_id = %s"


async def set_profile(uow: UnitOfWork, member_id: UUID, name: bytes | None, language: str | None) -> None:
    """Replace what a member told about themselves."""
    await uow.execute(_SET_PROFILE, (name, language, uow.network_id, member_id))


# ---------------------------------------------------------------------------------------------------- identifiers


class IdentifierRow(Struct, frozen=True):
    """One identifier, sealed with the key of the member it was given for."""

    id: UUID
    member_id: UUID
    kind: int
    hash_version: int
    hash: bytes
    sealed: bytes
    attached_at: datetime
    verified_at: datetime | None


_ADD_IDENTIFIERS = """
    INSERT INTO member_identifier
        (network_id, id, member_id, kind, hash_version, hash, sealed, attached_at, verified_at)
    SELECT %s, t.*
    FROM unnest(%s, %s, %s, %s, %s, %s, %s, %s)
         AS t (id, member_id, kind, hash_version, hash, sealed, attached_at, verified_at)
    ORDER BY t.kind, t.hash
    ON CONFLICT ON CONSTRAINT member_identifier_once DO NOTHING
    RETURNING id
"""


class _Id(Struct, frozen=True):
    id: UUID


async def claim_identifiers(uow: UnitOfWork, rows: Sequence[IdentifierRow]) -> set[UUID]:
    """Insert identifiers, in one order so that two batches cannot deadlock; return the ids of those that were free."""
    if not rows:
        return set()
    params = (
        uow.network_id,
        pack_uuids([row.id for row in rows]),
        pack_uuids([row.member_id for row in rows]),
        pack_int8(row.kind for row in rows),
        pack_int8(row.hash_version for row in rows),
        pack_bytes(row.hash for row in rows),
        pack_bytes(row.sealed for row in rows),
        pack_optional_timestamps(row.attached_at for row in rows),
        pack_optional_timestamps(row.verified_at for row in rows),
    )
    return {row.id for row in await uow.rows(_Id, _ADD_IDENTIFIERS, params, binary=True)}


_IDENTIFIERS = """
    SELECT id, member_id, kind, hash_version, hash, sealed, attached_at, verified_at
    FROM member_identifier WHERE network_id = %s AND member_id = ANY(%s) ORDER BY attached_at, id
"""


async def identifiers(uow: UnitOfWork, member_ids: Iterable[UUID]) -> list[IdentifierRow]:
    """Return the identifiers of members, the oldest first."""
    return await uow.rows(IdentifierRow, _IDENTIFIERS, (uow.network_id, pack_uuids(list(member_ids))))


_VERIFY = """
    UPDATE member_identifier SET verified_at = %s
    WHERE network_id = %s AND kind = %s AND hash = ANY(%s) AND (verified_at IS NULL OR verified_at < %s)
"""


async def mark_verified(uow: UnitOfWork, kind: int, hashes: Sequence[bytes], at: datetime) -> None:
    """Note that a person proved that an identifier is theirs; what counts is when they did so last."""
    await uow.execute(_VERIFY, (at, uow.network_id, kind, list(hashes), at))


_DETACH = "DELETE FROM member_identifier WHERE network_id = %s AND id = %s AND member_id = ANY(%s) RETURNING id"


async def remove_identifier(uow: UnitOfWork, identifier_id: UUID, member_ids: Iterable[UUID]) -> bool:
    """Delete an identifier of one of these members; say whether there was one."""
    row = await uow.row(_Id, _DETACH, (uow.network_id, identifier_id, pack_uuids(list(member_ids))))
    return row is not None


# --------------------------------------------------------------------------------------------------------- merges

_LOCK_MERGES = "SELECT pg_advisory_xact_lock(hashtextextended('member_merge', 0) # hashtextextended(%s::text, 0))"


async def lock_merges(uow: UnitOfWork) -> None:
    """Let one merge, reversal or erasure of a network happen at a time: they rearrange whole trees, and are rare."""
    await uow.execute(_LOCK_MERGES, (uow.network_id,))


_MERGE = "SELECT id, from_id, into_id, merged_at, reversed_at FROM member_merge WHERE network_id = %s"


async def merge(uow: UnitOfWork, merge_id: UUID) -> Merge | None:
    """Return a merge, reversed or not."""
    return await uow.row(Merge, _MERGE + " AND id = %s", (uow.network_id, merge_id))


async def merges_among(uow: UnitOfWork, member_ids: Iterable[UUID]) -> list[Merge]:
    """Return the merges in force that brought any of these members into another."""
    query = _MERGE + " AND from_id = ANY(%s) AND reversed_at IS NULL ORDER BY merged_at, id"
    return await uow.rows(Merge, query, (uow.network_id, pack_uuids(list(member_ids))))


_ADD_MERGE = """
    INSERT INTO member_merge (network_id, id, from_id, into_id, merged_at, merged_by) VALUES (%s, %s, %s, %s, %s, %s)
"""
_REVERSE_MERGE = "UPDATE member_merge SET reversed_at = %s, reversed_by = %s WHERE network_id = %s AND id = %s"


async def add_merge(uow: UnitOfWork, new: Merge, merged_by: UUID) -> None:
    """Insert a merge."""
    params = (uow.network_id, new.id, new.from_id, new.into_id, new.merged_at, merged_by)
    await uow.execute(_ADD_MERGE, params)


async def reverse_merge(uow: UnitOfWork, merge_id: UUID, at: datetime, reversed_by: UUID) -> None:
    """Note that a merge is undone."""
    await uow.execute(_REVERSE_MERGE, (at, reversed_by, uow.network_id, merge_id))


_SET_CANONICAL = """
    UPDATE member m SET canonical_id = t.canonical_id
    FROM unnest(%s, %s) AS t (id, canonical_id)
    WHERE m.network_id = %s AND m.id = t.id AND m.canonical_id <> t.canonical_id
"""
_CLEAR_ALIASES = "DELETE FROM subject_alias WHERE network_id = %s AND subject_id = ANY(%s)"
_ADD_ALIASES = """
    INSERT INTO subject_alias (network_id, subject_id, canonical_subject_id) SELECT %s, t.* FROM unnest(%s, %s) AS t
"""


async def set_canonical(
    uow: UnitOfWork, canonical: Mapping[UUID, UUID], subjects: Iterable[UUID], aliases: Mapping[UUID, UUID]
) -> None:
    """Write who stands for each member, and replace the aliases of their subjects."""
    merged, roots = pack_uuids(list(canonical)), pack_uuids(list(canonical.values()))
    await uow.execute(_SET_CANONICAL, (merged, roots, uow.network_id))
    await uow.execute(_CLEAR_ALIASES, (uow.network_id, pack_uuids(list(subjects))))
    if aliases:
        aliased, canonical_subjects = pack_uuids(list(aliases)), pack_uuids(list(aliases.values()))
        await uow.execute(_ADD_ALIASES, (uow.network_id, aliased, canonical_subjects))


# ------------------------------------------------------------------------------------------------------- erasures


@dataclass(frozen=True, slots=True)
class Erasure:
    """One member who was erased: kept so that it can be applied again after a restore."""

    member_id: UUID
    erased_at: datetime
    erased_by: UUID


# The keys go first: this waits for whoever attaches an identifier at this moment, and the next statement then sees it.
_ERASE = (
    "DELETE FROM member_key WHERE network_id = %(network)s AND member_id = ANY(%(ids)s)",
    "DELETE FROM member_identifier WHERE network_id = %(network)s AND member_id = ANY(%(ids)s)",
    "UPDATE member SET erased_at = %(at)s WHERE network_id = %(network)s AND id = ANY(%(ids)s) AND erased_at IS NULL",
    """
    INSERT INTO member_erasure (network_id, member_id, erased_at, erased_by)
    SELECT %(network)s, t.id, %(at)s, %(by)s FROM unnest(%(ids)s) AS t (id)
    ON CONFLICT (network_id, member_id) DO NOTHING
    """,
)


async def erase(uow: UnitOfWork, member_ids: Iterable[UUID], at: datetime, erased_by: UUID) -> None:
    """Delete keys and identifiers of members for good, and note the erasure."""
    params = {"network": uow.network_id, "ids": pack_uuids(list(member_ids)), "at": at, "by": erased_by}
    for statement in _ERASE:
        await uow.execute(statement, params)


_ERASURES = "SELECT member_id, erased_at, erased_by FROM member_erasure WHERE network_id = %s ORDER BY member_id"


async def erasures(uow: UnitOfWork) -> list[Erasure]:
    """Return everybody who was erased in this network."""
    return await uow.rows(Erasure, _ERASURES, (uow.network_id,))
