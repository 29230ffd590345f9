"""Access tokens of providers, and which of their calls were taken, in PostgreSQL."""

from dataclasses import dataclass, field
from datetime import datetime

from ringmain.kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class Kept:
    """A token, sealed with a key derived for its network from this version of the master key."""

    master_version: int
    sealed: bytes = field(repr=False)
    expires_at: datetime


async def one(uow: UnitOfWork, channel: str, account: str, now: datetime) -> Kept | None:
    """Return the token of an account that is still good."""
    query = """
        SELECT master_version, sealed, expires_at FROM message_access_token
        WHERE network_id = %s AND channel = %s AND account = %s AND expires_at > %s
    """
    return await uow.row(Kept, query, (uow.network_id, channel, account, now))


async def keep(uow: UnitOfWork, channel: str, account: str, row: Kept) -> None:
    """Keep the token of an account; that of another account is forgotten."""
    query = """
        INSERT INTO message_access_token (network_id, channel, account, master_version, sealed, expires_at)
        VALUES (%s, %s, %s, %s, %s, %s)
        ON CONFLICT (network_id, channel) DO UPDATE SET
            account = excluded.account, master_version = excluded.master_version, sealed = excluded.sealed,
            expires_at = excluded.expires_at
    """
    params = (uow.network_id, channel, account, row.master_version, row.sealed, row.expires_at)
    await uow.execute(query, params)


@dataclass(frozen=True, slots=True)
class _Taken:
    content: bytes


async def note_call(uow: UnitOfWork, signed: bytes, content: bytes, now: datetime, kept_since: datetime) -> bool:
    """Note a call by what was signed; False where it was taken before with other content. Older notes are deleted."""
    await uow.execute("DELETE FROM provider_call WHERE called_at < %s", (kept_since,))
    query = """
        INSERT INTO provider_call AS c (signed, content, called_at) VALUES (%s, %s, %s)
        ON CONFLICT (signed) DO UPDATE SET called_at = c.called_at RETURNING content
    """
    row = await uow.row(_Taken, query, (signed, content, now))
    return row is not None and bytes(row.content) == content
