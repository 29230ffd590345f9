"""Tickets: what a browser holds between two steps of a sign-in, good once and for minutes.

The database keeps a ticket's SHA-256, and what it stands for sealed with a key derived from the ticket itself: whoever
reads the table learns nothing.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import DataKey
from ringmain.network.store import sign_in as store

Content = TypeVar("Content", bound=msgspec.Struct)

_BYTES = 32


async def open_ticket(uow: UnitOfWork, purpose: str, content: msgspec.Struct, life: timedelta) -> tuple[str, datetime]:
    """Return a new ticket and until when it is good; the unit of work needs no network."""
    secret = secrets.token_bytes(_BYTES)
    expires_at = await uow.now() + life
    sealed = _key(secret, purpose).seal("content", msgspec.json.encode(content).decode())
    await store.put_ticket(uow, hashlib.sha256(secret).digest(), purpose, expires_at, sealed)
    return base64.urlsafe_b64encode(secret).rstrip(b"=").decode(), expires_at


async def put_ticket(uow: UnitOfWork, purpose: str, ticket: str, content: msgspec.Struct, life: timedelta) -> None:
    """Let a ticket that was used stand for something else, for a while."""
    secret = _secret(ticket)
    sealed = _key(secret, purpose).seal("content", msgspec.json.encode(content).decode())
    await store.put_ticket(uow, hashlib.sha256(secret).digest(), purpose, await uow.now() + life, sealed)


async def read_ticket(uow: UnitOfWork, purpose: str, ticket: str, content: type[Content]) -> Content | None:
    """Return what a ticket stands for and leave it; None where it is unknown, used or expired."""
    secret = _secret(ticket)
    row = await store.ticket(uow, hashlib.sha256(secret).digest(), purpose, await uow.now())
    return _opened(secret, purpose, row, content)


async def take_ticket(uow: UnitOfWork, purpose: str, ticket: str, content: type[Content]) -> Content | None:
    """Return what a ticket stands for and use it up."""
    secret = _secret(ticket)
    row = await store.take_ticket(uow, hashlib.sha256(secret).digest(), purpose, await uow.now())
    return _opened(secret, purpose, row, content)


def _opened(secret: bytes, purpose: str, row: store.Ticket | None, content: type[Content]) -> Content | None:
    if row is None:
        return None
    return msgspec.json.decode(_key(secret, purpose).open("content", row.sealed), type=content)


def _secret(ticket: str) -> bytes:
    try:
        return base64.b64decode(ticket + "=" * (-len(ticket) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _key(secret: bytes, purpose: str) -> DataKey:
    return DataKey(hmac.digest(secret, b"ticket", "sha256"), (purpose,))
