"""Requests about personal data in PostgreSQL."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request; `words` and `answer` are sealed with the member's key."""

    id: UUID
    member_id: UUID
    kind: str
    place: str
    made_at: datetime
    due_at: datetime
    outcome: str | None
    answered_at: datetime | None
    answered_by: UUID | None
    words: bytes | None
    answer: bytes | None


_READ = """
    SELECT id, member_id, kind, place, made_at, due_at, outcome, answered_at, answered_by, words, answer
    FROM privacy_request WHERE network_id = %(network)s
"""


async def add(uow: UnitOfWork, new: RequestRow, made_by: UUID) -> None:
    """Insert a request that waits for its answer."""
    await uow.execute(
        """
        INSERT INTO privacy_request (network_id, id, member_id, kind, place, made_by, made_at, due_at, words)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (uow.network_id, new.id, new.member_id, new.kind, new.place, made_by, new.made_at, new.due_at, new.words),
    )


async def answer(uow: UnitOfWork, id_: UUID, outcome: str, at: datetime, by: UUID, words: bytes | None) -> None:
    """Note what became of a request that waited."""
    await uow.execute(
        """
        UPDATE privacy_request SET outcome = %s, answered_at = %s, answered_by = %s, answer = %s
        WHERE network_id = %s AND id = %s AND answered_at IS NULL
        """,
        (outcome, at, by, words, uow.network_id, id_),
    )


async def locked(uow: UnitOfWork, id_: UUID) -> RequestRow | None:
    """Return a request that nobody else answers until this transaction ends."""
    return await uow.row(RequestRow, _READ + " AND id = %(id)s FOR UPDATE", {"network": uow.network_id, "id": id_})


async def of_members(uow: UnitOfWork, member_ids: Iterable[UUID]) -> list[RequestRow]:
    """Return the requests of members, the newest first."""
    query = _READ + " AND member_id = ANY(%(members)s) ORDER BY id DESC"
    return await uow.rows(RequestRow, query, {"network": uow.network_id, "members": pack_uuids(list(member_ids))})


async def waiting(uow: UnitOfWork, after: tuple[datetime, UUID] | None, limit: int) -> list[RequestRow]:
    """Return requests without an answer in the order in which they fall due, after one."""
    query = (
        _READ
        + """
        AND answered_at IS NULL
        AND (%(due)s::timestamptz IS NULL OR (due_at, id) > (%(due)s::timestamptz, %(after)s::uuid))
        ORDER BY due_at, id LIMIT %(limit)s
        """
    )
    due, id_ = after or (None, None)
    return await uow.rows(RequestRow, query, {"network": uow.network_id, "due": due, "after": id_, "limit": limit})


async def answered(uow: UnitOfWork, before: UUID | None, limit: int) -> list[RequestRow]:
    """Return requests with an answer, the newest first, older than one."""
    query = (
        _READ
        + """
        AND answered_at IS NOT NULL AND (%(before)s::uuid IS NULL OR id < %(before)s::uuid)
        ORDER BY id DESC LIMIT %(limit)s
        """
    )
    return await uow.rows(RequestRow, query, {"network": uow.network_id, "before": before, "limit": limit})


_FORGET_WORDS = (
    """
    UPDATE privacy_request SET words = NULL, answer = NULL
    WHERE network_id = %(network)s AND member_id = ANY(%(ids)s)
    """,
    """
    UPDATE privacy_request SET outcome = 'moot', answered_at = %(at)s, answered_by = %(by)s
    WHERE network_id = %(network)s AND member_id = ANY(%(ids)s) AND answered_at IS NULL
    """,
)


async def forget_words(uow: UnitOfWork, member_ids: Iterable[UUID], at: datetime, by: UUID) -> None:
    """Delete what members wrote and were written, and close what they still waited for: they are erased."""
    params = {"network": uow.network_id, "ids": pack_uuids(list(member_ids)), "at": at, "by": by}
    for statement in _FORGET_WORDS:
        await uow.execute(statement, params)
