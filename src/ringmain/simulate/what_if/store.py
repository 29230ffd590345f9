"""Questions of what would happen, and their answers, in PostgreSQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from ringmain.kit.db import UnitOfWork
from ringmain.simulate.what_if.change import Answer, Question

# A worker that says nothing for so long has died; another one begins anew.
_SILENT = timedelta(minutes=5)

State = Literal["waiting", "running", "stopping", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it stands; `lived` pairs so far, `failure` is the code of the rule that was broken."""

    id: UUID
    question: Question
    state: State
    lived: int
    answer: Answer | None
    failure: str | None
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class _Row:
    id: UUID
    question: Mapping[str, Any]
    state: State
    lived: int
    answer: Mapping[str, Any] | None
    failure: str | None
    asked_at: datetime

    def asked(self) -> Asked:
        """Return it with its question and answer read."""
        return Asked(
            self.id,
            msgspec.convert(self.question, Question, strict=False),
            self.state,
            self.lived,
            None if self.answer is None else msgspec.convert(self.answer, Answer, strict=False),
            self.failure,
            self.asked_at,
        )


_COLUMNS = "id, question, state, lived, answer, failure, asked_at"


async def add(uow: UnitOfWork, id_: UUID, question: Question, at: datetime) -> None:
    """Write a question that waits."""
    await uow.execute(
        "INSERT INTO what_if (network_id, id, question, state, asked_at, changed_at)"
        " VALUES (%s, %s, %s::jsonb, 'waiting', %s, %s)",
        (uow.network_id, id_, msgspec.json.encode(question).decode(), at, at),
    )


async def newest(uow: UnitOfWork, limit: int) -> list[Asked]:
    """Return the newest questions."""
    query = f"SELECT {_COLUMNS} FROM what_if WHERE network_id = %s ORDER BY id DESC LIMIT %s"
    return [row.asked() for row in await uow.rows(_Row, query, (uow.network_id, limit))]


async def take(uow: UnitOfWork, at: datetime) -> Asked | None:
    """Take the oldest question that nobody works on, and return it; None where there is none.

    One that was to stop when its worker went silent is dropped: it is not lived again against a wish to stop.
    """
    await uow.execute(
        "UPDATE what_if SET state = 'failed', failure = 'stopped', lived = 0, changed_at = %(at)s"
        " WHERE network_id = %(network)s AND state = 'stopping' AND changed_at < %(silent)s",
        {"network": uow.network_id, "at": at, "silent": at - _SILENT},
    )
    query = f"""
        UPDATE what_if SET state = 'running', lived = 0, changed_at = %(at)s
        WHERE network_id = %(network)s AND id = (
            SELECT id FROM what_if WHERE network_id = %(network)s
              AND (state = 'waiting' OR (state = 'running' AND changed_at < %(silent)s))
            ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
        ) RETURNING {_COLUMNS}
    """
    row = await uow.row(_Row, query, {"network": uow.network_id, "at": at, "silent": at - _SILENT})
    return None if row is None else row.asked()


@dataclass(frozen=True, slots=True)
class _State:
    state: State


async def progress(uow: UnitOfWork, id_: UUID, lived: int, at: datetime) -> bool:
    """Note how many pairs were lived; False where somebody has asked to stop."""
    query = "UPDATE what_if SET lived = %s, changed_at = %s WHERE network_id = %s AND id = %s RETURNING state"
    row = await uow.row(_State, query, (lived, at, uow.network_id, id_))
    return row is not None and row.state == "running"


async def stop(uow: UnitOfWork, id_: UUID, at: datetime) -> bool:
    """Ask a question's worker to stop, or drop it where it waits still; False where there is nothing to stop."""
    query = """
        UPDATE what_if SET changed_at = %(at)s, failure = CASE WHEN state = 'waiting' THEN 'stopped' END,
                           state = CASE WHEN state = 'waiting' THEN 'failed' ELSE 'stopping' END
        WHERE network_id = %(network)s AND id = %(id)s AND state IN ('waiting', 'running') RETURNING state
    """
    return await uow.row(_State, query, {"network": uow.network_id, "id": id_, "at": at}) is not None


async def end(uow: UnitOfWork, id_: UUID, answer: Answer | None, failure: str | None, at: datetime) -> None:
    """Keep an answer, or why there is none."""
    await uow.execute(
        "UPDATE what_if SET state = %s, answer = %s::jsonb, failure = %s, lived = %s, changed_at = %s"
        " WHERE network_id = %s AND id = %s",
        (
            "failed" if answer is None else "done",
            None if answer is None else msgspec.json.encode(answer).decode(),
            failure,
            0 if answer is None else answer.pairs,
            at,
            uow.network_id,
            id_,
        ),
    )
