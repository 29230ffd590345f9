"""Where people bought something, and whose a sale was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids


@dataclass(frozen=True, slots=True)
class VisitsRow:
    """How often a person bought something at a shop, and when last."""

    shop_id: UUID
    visits: int
    last_at: datetime


_VISITS = """
    SELECT shop_id, count(*) AS visits, max(sold_at) AS last_at
    FROM sale WHERE network_id = %s AND subject_id = ANY(%s) AND total_minor >= 0
    GROUP BY shop_id ORDER BY shop_id
"""


async def visits_of(uow: UnitOfWork, subject_ids: Sequence[UUID]) -> list[VisitsRow]:
    """Return the shops at which a person bought something; returned goods are no visit."""
    return await uow.rows(VisitsRow, _VISITS, (uow.network_id, pack_uuids(subject_ids)))


@dataclass(frozen=True, slots=True)
class SalePlace:
    """Where a sale happened, and whose it was where that is known."""

    merchant_id: UUID
    shop_id: UUID
    subject_id: UUID | None
    sold_at: datetime


_PLACE = "SELECT merchant_id, shop_id, subject_id, sold_at FROM sale WHERE network_id = %s AND id = %s"


async def sale_place(uow: UnitOfWork, sale_id: UUID) -> SalePlace | None:
    """Return where a sale happened; None where there is none."""
    return await uow.row(SalePlace, _PLACE, (uow.network_id, sale_id))
