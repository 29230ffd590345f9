"""Who is to be looked at next, in PostgreSQL: who is due, how far a filling has come, what is told of a week."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_optional_uuids, pack_uuids


@dataclass(frozen=True, slots=True)
class DueRow:
    """A person who has to be looked at, from when, and because of which fact."""

    subject_id: UUID
    due_at: datetime
    cause_kind: str
    cause_id: UUID | None


@dataclass(frozen=True, slots=True)
class _Subject:
    subject_id: UUID


async def due(uow: UnitOfWork, at: datetime, most: int) -> list[DueRow]:
    """Return who is due, the longest due first."""
    return await uow.rows(
        DueRow,
        """
        SELECT subject_id, due_at, cause_kind, cause_id FROM segment_due
        WHERE network_id = %s AND due_at <= %s ORDER BY due_at, subject_id LIMIT %s
        """,
        (uow.network_id, at, most),
    )


async def set_due(uow: UnitOfWork, rows: Sequence[DueRow]) -> None:
    """Write when people are due; who was erased meanwhile is left out."""
    await uow.execute(
        """
        INSERT INTO segment_due (network_id, subject_id, due_at, cause_kind, cause_id)
        SELECT %(network)s, t.subject_id, t.due_at, t.kind, t.cause
        FROM unnest(%(subjects)s, %(dues)s::timestamptz[], %(kinds)s::text[], %(causes)s)
             AS t (subject_id, due_at, kind, cause)
        JOIN member_key k ON k.network_id = %(network)s AND k.subject_id = t.subject_id
        ON CONFLICT (network_id, subject_id) DO UPDATE
        SET due_at = excluded.due_at, cause_kind = excluded.cause_kind, cause_id = excluded.cause_id
        """,
        {
            "network": uow.network_id,
            "subjects": pack_uuids([one.subject_id for one in rows]),
            "dues": [one.due_at for one in rows],
            "kinds": [one.cause_kind for one in rows],
            "causes": pack_optional_uuids([one.cause_id for one in rows]),
        },
    )


async def not_due(uow: UnitOfWork, subject_ids: Sequence[UUID]) -> None:
    """Let time alone change nothing of these people."""
    await uow.execute(
        "DELETE FROM segment_due WHERE network_id = %s AND subject_id = ANY(%s)",
        (uow.network_id, pack_uuids(subject_ids)),
    )


async def people_after(uow: UnitOfWork, after: UUID | None, most: int) -> list[UUID]:
    """Return so many people in the order of their subjects, each merged person once."""
    rows = await uow.rows(
        _Subject,
        """
        SELECT k.subject_id FROM member_key k JOIN member m ON m.network_id = k.network_id AND m.id = k.member_id
        WHERE k.network_id = %(network)s AND m.canonical_id = m.id
          AND (%(after)s::uuid IS NULL OR k.subject_id > %(after)s)
        ORDER BY k.subject_id LIMIT %(most)s
        """,
        {"network": uow.network_id, "after": after, "most": most},
    )
    return [row.subject_id for row in rows]


async def note_filling(
    uow: UnitOfWork, segment_id: UUID, after: UUID | None, looked_at: int, filled_at: datetime | None
) -> None:
    """Note how far the filling of a segment has come, and that it ended where it did."""
    await uow.execute(
        """
        UPDATE segment SET filled_after = coalesce(%s, filled_after), looked_at = looked_at + %s, filled_at = %s
        WHERE network_id = %s AND id = %s
        """,
        (after, looked_at, filled_at, uow.network_id, segment_id),
    )


async def fill_again(uow: UnitOfWork, segment_ids: Sequence[UUID]) -> None:
    """Let everybody be looked at anew for these segments; who is in stays in until they are looked at."""
    await uow.execute(
        """
        UPDATE segment SET filled_after = NULL, looked_at = 0, filled_at = NULL,
            to_look_at = (SELECT count(*) FROM member m
                          WHERE m.network_id = %(network)s AND m.canonical_id = m.id AND m.erased_at IS NULL)
        WHERE network_id = %(network)s AND id = ANY(%(ids)s)
        """,
        {"network": uow.network_id, "ids": pack_uuids(segment_ids)},
    )


async def tell_week(uow: UnitOfWork, segment_id: UUID, week: date, people: int | None) -> None:
    """Write what the merchant of a segment is told from this week on."""
    await uow.execute(
        "UPDATE segment SET told_week = %s, told_people = %s WHERE network_id = %s AND id = %s",
        (week, people, uow.network_id, segment_id),
    )
