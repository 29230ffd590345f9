"""Segments in PostgreSQL: their rules, who is in them, who is due, and who joined or left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_optional_uuids, pack_uuids
from ringmain.kit.lake import LakeTable


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A segment; `rule` is JSON: a list of clauses."""

    id: UUID
    merchant_id: UUID | None
    name: str
    rule: Any
    created_at: datetime
    archived_at: datetime | None
    filled_after: UUID | None
    looked_at: int
    to_look_at: int
    filled_at: datetime | None
    told_week: date | None
    told_people: int | None


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """Somebody joined or left a segment, and the fact that caused it."""

    id: UUID
    segment_id: UUID
    merchant_id: UUID | None
    subject_id: UUID
    joined: bool
    cause_kind: str
    cause_id: UUID | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class _Subject:
    subject_id: UUID


@dataclass(frozen=True, slots=True)
class _Pair:
    segment_id: UUID
    subject_id: UUID


@dataclass(frozen=True, slots=True)
class _Count:
    count: int


_SEGMENT = """
    SELECT id, merchant_id, name, rule, created_at, archived_at, filled_after, looked_at, to_look_at, filled_at,
           told_week, told_people
    FROM segment
"""


async def look_alone(uow: UnitOfWork) -> None:
    """Let one look at people of a network be written at a time; what is read after this is what others left."""
    await uow.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s::text, 29))", (uow.network_id,))


async def add(uow: UnitOfWork, id_: UUID, merchant_id: UUID | None, name: str, rule: str, at: datetime) -> None:
    """Insert a segment, to be filled; `rule` is JSON."""
    await uow.execute(
        """
        INSERT INTO segment (network_id, id, merchant_id, name, rule, created_at, to_look_at)
        SELECT %(network)s, %(id)s, %(merchant)s, %(name)s, %(rule)s, %(at)s,
               (SELECT count(*) FROM member WHERE network_id = %(network)s AND canonical_id = id AND erased_at IS NULL)
        """,
        {"network": uow.network_id, "id": id_, "merchant": merchant_id, "name": name, "rule": rule, "at": at},
    )


async def live(uow: UnitOfWork) -> list[SegmentRow]:
    """Return the segments of a network that are not archived, the oldest first."""
    return await uow.rows(
        SegmentRow, _SEGMENT + "WHERE network_id = %s AND archived_at IS NULL ORDER BY id", (uow.network_id,)
    )


async def live_of(uow: UnitOfWork, merchant_id: UUID | None) -> list[SegmentRow]:
    """Return the live segments of one owner, a merchant or (None) the network, the oldest first."""
    return await uow.rows(
        SegmentRow,
        _SEGMENT + "WHERE network_id = %s AND archived_at IS NULL AND merchant_id IS NOT DISTINCT FROM %s ORDER BY id",
        (uow.network_id, merchant_id),
    )


async def lock_owner(uow: UnitOfWork, owner_id: UUID) -> None:
    """Let one segment of an owner be made at a time, so that their number can be bounded."""
    await uow.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s::text, 30))", (owner_id,))


async def one(uow: UnitOfWork, segment_id: UUID) -> SegmentRow | None:
    """Return a segment."""
    return await uow.row(SegmentRow, _SEGMENT + "WHERE network_id = %s AND id = %s", (uow.network_id, segment_id))


async def page(uow: UnitOfWork, merchant_id: UUID | None, after: UUID | None, limit: int) -> list[SegmentRow]:
    """Return live segments, of one merchant or (None) of everybody, the newest first; `after` ends the page before."""
    return await uow.rows(
        SegmentRow,
        _SEGMENT
        + """
        WHERE network_id = %(network)s AND archived_at IS NULL
          AND (%(merchant)s::uuid IS NULL OR merchant_id = %(merchant)s)
          AND (%(after)s::uuid IS NULL OR id < %(after)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        {"network": uow.network_id, "merchant": merchant_id, "after": after, "limit": limit},
    )


async def archive(uow: UnitOfWork, segment_id: UUID, at: datetime) -> None:
    """Archive a segment; who was in it is deleted by the worker, in pieces."""
    await uow.execute(
        "UPDATE segment SET archived_at = %s WHERE network_id = %s AND id = %s AND archived_at IS NULL",
        (at, uow.network_id, segment_id),
    )


async def clear_archived(uow: UnitOfWork, most: int) -> int:
    """Delete so many memberships of archived segments, and return how many there were."""
    row = await uow.row(
        _Count,
        """
        WITH gone AS (
            DELETE FROM segment_member m USING (
                SELECT m.segment_id, m.subject_id FROM segment s
                JOIN segment_member m ON m.network_id = s.network_id AND m.segment_id = s.id
                WHERE s.network_id = %(network)s AND s.archived_at IS NOT NULL LIMIT %(most)s
            ) AS old
            WHERE m.network_id = %(network)s AND m.segment_id = old.segment_id AND m.subject_id = old.subject_id
            RETURNING 1
        )
        SELECT count(*) AS count FROM gone
        """,
        {"network": uow.network_id, "most": most},
    )
    return 0 if row is None else row.count


# ------------------------------------------------------------------------------------------------------- who is in it


async def count(uow: UnitOfWork, segment_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many people are in each segment; of those that nobody is in, nothing."""
    rows = await uow.rows(
        _SegmentCount,
        """
        SELECT segment_id, count(*) AS count FROM segment_member
        WHERE network_id = %s AND segment_id = ANY(%s) GROUP BY segment_id
        """,
        (uow.network_id, pack_uuids(segment_ids)),
    )
    return {row.segment_id: row.count for row in rows}


@dataclass(frozen=True, slots=True)
class _SegmentCount:
    segment_id: UUID
    count: int


async def members_of(uow: UnitOfWork, segment_id: UUID) -> list[UUID]:
    """Return the subjects in a live segment, in order."""
    rows = await uow.rows(
        _Subject,
        """
        SELECT m.subject_id FROM segment_member m JOIN segment s ON s.network_id = m.network_id AND s.id = m.segment_id
        WHERE m.network_id = %s AND m.segment_id = %s AND s.archived_at IS NULL ORDER BY m.subject_id
        """,
        (uow.network_id, segment_id),
    )
    return [row.subject_id for row in rows]


async def memberships(uow: UnitOfWork, subject_ids: Sequence[UUID]) -> set[tuple[UUID, UUID]]:
    """Return (segment, subject) for every membership of these subjects in live segments."""
    rows = await uow.rows(
        _Pair,
        """
        SELECT m.segment_id, m.subject_id
        FROM segment_member m JOIN segment s ON s.network_id = m.network_id AND s.id = m.segment_id
        WHERE m.network_id = %s AND m.subject_id = ANY(%s) AND s.archived_at IS NULL
        """,
        (uow.network_id, pack_uuids(subject_ids)),
    )
    return {(row.segment_id, row.subject_id) for row in rows}


async def in_segment(uow: UnitOfWork, segment_id: UUID, subject_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of these subjects whose person is in a live segment, also where they were merged into another."""
    rows = await uow.rows(
        _Subject,
        """
        SELECT t.subject_id FROM unnest(%(subjects)s) AS t (subject_id)
        LEFT JOIN subject_alias a ON a.network_id = %(network)s AND a.subject_id = t.subject_id
        JOIN segment_member m ON m.network_id = %(network)s AND m.segment_id = %(segment)s
         AND m.subject_id = coalesce(a.canonical_subject_id, t.subject_id)
        JOIN segment s ON s.network_id = m.network_id AND s.id = m.segment_id AND s.archived_at IS NULL
        """,
        {"network": uow.network_id, "segment": segment_id, "subjects": pack_uuids(subject_ids)},
    )
    return {row.subject_id for row in rows}


@dataclass(frozen=True, slots=True)
class OwnSegmentRow:
    """A segment that a person is in."""

    name: str
    rule: Any
    merchant_id: UUID | None
    since: datetime


async def of_person(uow: UnitOfWork, subject_id: UUID) -> list[OwnSegmentRow]:
    """Return the live segments that a person is in, the oldest first."""
    return await uow.rows(
        OwnSegmentRow,
        """
        SELECT s.name, s.rule, s.merchant_id, m.since
        FROM segment_member m JOIN segment s ON s.network_id = m.network_id AND s.id = m.segment_id
        WHERE m.network_id = %s AND m.subject_id = %s AND s.archived_at IS NULL ORDER BY s.id
        """,
        (uow.network_id, subject_id),
    )


async def last_seen_in(uow: UnitOfWork, subject_ids: Sequence[UUID]) -> set[tuple[UUID, UUID]]:
    """Return (segment, subject) where the facts say "joined" once more than "left": for those whose rows are gone."""
    rows = await uow.rows(
        _Pair,
        """
        SELECT c.segment_id, c.subject_id
        FROM segment_change c JOIN segment s ON s.network_id = c.network_id AND s.id = c.segment_id
        WHERE c.network_id = %s AND c.subject_id = ANY(%s) AND s.archived_at IS NULL
        GROUP BY c.segment_id, c.subject_id HAVING sum(CASE WHEN c.joined THEN 1 ELSE -1 END) > 0
        """,
        (uow.network_id, pack_uuids(subject_ids)),
    )
    return {(row.segment_id, row.subject_id) for row in rows}


async def change(uow: UnitOfWork, changes: Sequence[ChangeRow]) -> None:
    """Append who joined and left, and write who is in now; an erased person has no key, and joins nothing."""
    params = {
        "network": uow.network_id,
        "ids": pack_uuids([one.id for one in changes]),
        "segments": pack_uuids([one.segment_id for one in changes]),
        "merchants": pack_optional_uuids([one.merchant_id for one in changes]),
        "subjects": pack_uuids([one.subject_id for one in changes]),
        "joined": [one.joined for one in changes],
        "kinds": [one.cause_kind for one in changes],
        "causes": pack_optional_uuids([one.cause_id for one in changes]),
        "at": changes[0].changed_at,
    }
    await uow.execute(
        """
        INSERT INTO segment_change (network_id, id, segment_id, merchant_id, subject_id, joined, cause_kind, cause_id,
                                    changed_at)
        SELECT %(network)s, t.*, %(at)s
        FROM unnest(%(ids)s, %(segments)s, %(merchants)s, %(subjects)s, %(joined)s::boolean[], %(kinds)s::text[],
                    %(causes)s) AS t
        """,
        params,
    )
    await uow.execute(
        """
        INSERT INTO segment_member (network_id, segment_id, subject_id, since)
        SELECT %(network)s, t.segment_id, t.subject_id, %(at)s
        FROM unnest(%(segments)s, %(subjects)s, %(joined)s::boolean[]) AS t (segment_id, subject_id, joined)
        WHERE t.joined
        """,
        params,
    )
    await uow.execute(
        """
        DELETE FROM segment_member m
        USING unnest(%(segments)s, %(subjects)s, %(joined)s::boolean[]) AS t (segment_id, subject_id, joined)
        WHERE m.network_id = %(network)s AND m.segment_id = t.segment_id AND m.subject_id = t.subject_id
          AND NOT t.joined
        """,
        params,
    )


_CHANGED = """
    SELECT id::text AS change_id, segment_id::text, merchant_id::text, subject_id::text, joined, cause_kind,
           cause_id::text, changed_at
    FROM segment_change WHERE network_id = %(network)s AND id = ANY(%(ids)s)
"""
LAKE_TABLES = (
    LakeTable(
        kind="segment_change",
        columns={
            "change_id": "string",
            "segment_id": "string",
            "merchant_id": "string",
            "subject_id": "string",
            "joined": "bool",
            "cause_kind": "string",
            "cause_id": "string",
            "changed_at": "timestamp",
        },
        query=_CHANGED,
        day_column="changed_at",
    ),
)
