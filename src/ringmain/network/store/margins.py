"""Stated margins of merchants in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class Margin:
    """What a merchant keeps of its turnover, in 1 of 10,000."""

    merchant_id: UUID
    margin_bp: int


_STATE = """
    INSERT INTO merchant_margin (network_id, merchant_id, margin_bp, stated_at) VALUES (%s, %s, %s, %s)
    ON CONFLICT (network_id, merchant_id)
    DO UPDATE SET margin_bp = excluded.margin_bp, stated_at = excluded.stated_at
"""


async def state(uow: UnitOfWork, margin: Margin, at: datetime) -> None:
    """Put a margin in place of what was stated before."""
    await uow.execute(_STATE, (uow.network_id, margin.merchant_id, margin.margin_bp, at))


async def take_back(uow: UnitOfWork, merchant_id: UUID) -> None:
    """Let a merchant state nothing."""
    query = "DELETE FROM merchant_margin WHERE network_id = %s AND merchant_id = %s"
    await uow.execute(query, (uow.network_id, merchant_id))


async def margins(uow: UnitOfWork, merchant_id: UUID | None) -> list[Margin]:
    """Return the margin of a merchant, or of all that have stated one."""
    query = """
        SELECT merchant_id, margin_bp::integer AS margin_bp FROM merchant_margin
        WHERE network_id = %s AND (%s::uuid IS NULL OR merchant_id = %s)
    """
    return await uow.rows(Margin, query, (uow.network_id, merchant_id, merchant_id))
