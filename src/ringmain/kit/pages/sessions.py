"""Sessions of pages: opened at a sign-in, found by their cookie, ended by the holder or by time."""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.pages import sessions_store as store
from ringmain.kit.pages.sessions_store import PageSession
from ringmain.kit.pure.ids import uuid7

__all__ = [
    "PageSession",
    "change_facts",
    "end_session",
    "end_sessions_of",
    "find_session",
    "open_session",
    "sessions_of",
]

_SECRET_BYTES = 32
_SEEN_EVERY = timedelta(hours=1)
_KEPT_AFTER_END = timedelta(days=30)
_SWEPT_AT_ONCE = 20


async def open_session(
    uow: UnitOfWork, kind: str, holder_id: UUID | None, life: timedelta, facts: Mapping[str, Any] | None = None
) -> tuple[PageSession, str]:
    """Open a session; returns it with the text of its cookie, which nobody can read again.

    A sign-in always opens a new one, so that a cookie that somebody planted before never stands for the person.
    """
    now = await uow.now()
    session = PageSession(uow.network_id, uuid7(now), kind, holder_id, dict(facts or {}), now, now, now + life, None)
    secret = secrets.token_bytes(_SECRET_BYTES)
    await store.sweep(uow, now - _KEPT_AFTER_END, _SWEPT_AT_ONCE)
    await store.insert(uow, session, _hash(secret))
    return session, _text(session.network_id.bytes + session.id.bytes + secret)


async def find_session(database: Database, kind: str, cookie: str, life: timedelta) -> PageSession | None:
    """Return the session of a cookie, or None where it is none of ours, has ended, or has run out.

    A session that is used lives on for `life` from then.
    """
    parts = _parts(cookie)
    if parts is None:
        return None
    network_id, id_, secret = parts
    async with database.unit(network_id) as uow:
        now = await uow.now()
        session = await store.find(uow, id_, kind, _hash(secret), now)
        if session is not None and session.seen_at < now - _SEEN_EVERY:
            await store.see(uow, id_, now, max(session.expires_at, now + life))
    return session


async def change_facts(uow: UnitOfWork, session: PageSession, **facts: Any) -> None:
    """Change facts of a session; a fact that becomes None is left out."""
    changed = {name: value for name, value in {**session.facts, **facts}.items() if value is not None}
    await store.change_facts(uow, session.id, changed)


async def end_session(uow: UnitOfWork, id_: UUID) -> None:
    """End one session at once; once more changes nothing."""
    await store.end(uow, id_, await uow.now())


async def end_sessions_of(uow: UnitOfWork, kind: str, holder_id: UUID, *, but: UUID | None = None) -> None:
    """End all sessions of a holder, but one where that is named: after a new password, or a lost phone."""
    await store.end_of_holder(uow, kind, holder_id, await uow.now(), but)


async def sessions_of(uow: UnitOfWork, kind: str, holder_id: UUID) -> list[PageSession]:
    """Return the sessions of a holder that are good, the last used first."""
    return await store.of_holder(uow, kind, holder_id, await uow.now())


def _hash(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _parts(cookie: str) -> tuple[UUID, UUID, bytes] | None:
    try:
        raw = base64.b64decode(cookie + "=" * (-len(cookie) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != 32 + _SECRET_BYTES:
        return None
    return UUID(bytes=raw[:16]), UUID(bytes=raw[16:32]), raw[32:]
