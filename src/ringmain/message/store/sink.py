"""Where messages go in development, in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class Kept:
    """A message that was kept instead of sent."""

    id: UUID
    message_id: UUID
    channel: str
    masked_address: str
    title: str
    body: str
    language: str
    kept_at: datetime


_COLUMNS = "id, message_id, channel, masked_address, title, body, language, kept_at"
_ADD = f"INSERT INTO message_sink (network_id, {_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
_PAGE = f"""
    SELECT {_COLUMNS} FROM message_sink
    WHERE network_id = %(network)s AND (%(before)s::uuid IS NULL OR id < %(before)s)
    ORDER BY id DESC LIMIT %(limit)s
"""
_TIDY = "DELETE FROM message_sink WHERE network_id = %s AND kept_at < %s"


async def add(uow: UnitOfWork, kept: Kept) -> None:
    """Keep a message."""
    params = (
        uow.network_id, kept.id, kept.message_id, kept.channel, kept.masked_address,
        kept.title, kept.body, kept.language, kept.kept_at,
    )  # fmt: skip
    await uow.execute(_ADD, params)


async def page(uow: UnitOfWork, limit: int, before: UUID | None = None) -> list[Kept]:
    """Return what was kept, the newest first."""
    return await uow.rows(Kept, _PAGE, {"network": uow.network_id, "before": before, "limit": limit})


async def tidy(uow: UnitOfWork, before: datetime) -> None:
    """Delete what was kept before a moment."""
    await uow.execute(_TIDY, (uow.network_id, before))
