"""The sessions of pages in the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from ringmain.kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class PageSession:
    """One browser that stands for somebody; `holder_id` is None while nobody is known."""

    network_id: UUID
    id: UUID
    kind: str
    holder_id: UUID | None
    facts: dict[str, Any]
    made_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None


async def insert(uow: UnitOfWork, session: PageSession, secret_hash: bytes) -> None:
    """Write a new session."""
    await uow.execute(
        "INSERT INTO page_session (network_id, id, kind, secret_hash, holder_id, facts, made_at, seen_at, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s)",
        [
            session.network_id,
            session.id,
            session.kind,
            secret_hash,
            session.holder_id,
            msgspec.json.encode(session.facts).decode(),
            session.made_at,
            session.seen_at,
            session.expires_at,
        ],
    )


async def find(uow: UnitOfWork, id_: UUID, kind: str, secret_hash: bytes, now: datetime) -> PageSession | None:
    """Return the session of a cookie that is still good."""
    return await uow.row(
        PageSession,
        "SELECT network_id, id, kind, holder_id, facts, made_at, seen_at, expires_at, ended_at FROM page_session"
        " WHERE network_id = %s AND id = %s AND kind = %s AND secret_hash = %s AND ended_at IS NULL"
        " AND expires_at > %s",
        [uow.network_id, id_, kind, secret_hash, now],
    )


async def see(uow: UnitOfWork, id_: UUID, seen_at: datetime, expires_at: datetime) -> None:
    """Note that a session is in use, and let it live on."""
    await uow.execute(
        "UPDATE page_session SET seen_at = %s, expires_at = %s WHERE network_id = %s AND id = %s",
        [seen_at, expires_at, uow.network_id, id_],
    )


async def change_facts(uow: UnitOfWork, id_: UUID, facts: Mapping[str, Any]) -> None:
    """Write the facts of a session again."""
    await uow.execute(
        "UPDATE page_session SET facts = %s::jsonb WHERE network_id = %s AND id = %s",
        [msgspec.json.encode(facts).decode(), uow.network_id, id_],
    )


async def end(uow: UnitOfWork, id_: UUID, now: datetime) -> None:
    """End one session."""
    await uow.execute(
        "UPDATE page_session SET ended_at = %s WHERE network_id = %s AND id = %s AND ended_at IS NULL",
        [now, uow.network_id, id_],
    )


async def end_of_holder(uow: UnitOfWork, kind: str, holder_id: UUID, now: datetime, but: UUID | None) -> None:
    """End the sessions of a holder, but one where that is named."""
    await uow.execute(
        "UPDATE page_session SET ended_at = %s WHERE network_id = %s AND kind = %s AND holder_id = %s"
        " AND ended_at IS NULL AND id IS DISTINCT FROM %s",
        [now, uow.network_id, kind, holder_id, but],
    )


async def of_holder(uow: UnitOfWork, kind: str, holder_id: UUID, now: datetime) -> list[PageSession]:
    """Return the sessions of a holder that are still good, the last used first."""
    return await uow.rows(
        PageSession,
        "SELECT network_id, id, kind, holder_id, facts, made_at, seen_at, expires_at, ended_at FROM page_session"
        " WHERE network_id = %s AND kind = %s AND holder_id = %s AND ended_at IS NULL AND expires_at > %s"
        " ORDER BY seen_at DESC, id",
        [uow.network_id, kind, holder_id, now],
    )


async def sweep(uow: UnitOfWork, before: datetime, most: int) -> None:
    """Forget sessions that ran out long ago, some at a time."""
    await uow.execute(
        "DELETE FROM page_session WHERE (network_id, id) IN (SELECT network_id, id FROM page_session"
        " WHERE network_id = %s AND expires_at < %s ORDER BY expires_at LIMIT %s)",
        [uow.network_id, before, most],
    )
