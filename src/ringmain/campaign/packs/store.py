"""What packs have made, in PostgreSQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class _Row:
    key: str
    campaign_id: UUID


async def lock(uow: UnitOfWork, merchant_id: UUID) -> None:
    """Let one at a time make drafts for a merchant."""
    query = "SELECT pg_advisory_xact_lock(hashtextextended(%s::text || %s::text, 47))"
    await uow.execute(query, (str(uow.network_id), str(merchant_id)))


async def made(uow: UnitOfWork, merchant_id: UUID, pack: str) -> Mapping[str, UUID]:
    """Return the campaigns that a pack has made for a merchant, by their keys."""
    query = "SELECT key, campaign_id FROM pack_draft WHERE network_id = %s AND merchant_id = %s AND pack = %s"
    return {row.key: row.campaign_id for row in await uow.rows(_Row, query, (uow.network_id, merchant_id, pack))}


async def add(uow: UnitOfWork, merchant_id: UUID, pack: str, row: tuple[str, UUID], at: datetime) -> None:
    """Write that a pack has made a campaign."""
    await uow.execute(
        "INSERT INTO pack_draft (network_id, merchant_id, pack, key, campaign_id, made_at)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (uow.network_id, merchant_id, pack, *row, at),
    )
