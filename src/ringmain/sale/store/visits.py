"""Where people bought something, and whose a sale was."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids


@dataclass(frozen=True, slots=True)
class VisitsRow:
    """How often a person bought something at a shop, and when last."""

    shop_id: UUID
    visits: int
    last_at: datetime


# Of a sale called s: whether refunds have left nothing of it. What was paid with vouchers alone is undone by a refund
# of nothing, so that one has to be there.
UNDONE: LiteralString = """
    EXISTS (SELECT FROM sale_change c WHERE c.network_id = s.network_id AND c.sale_id = s.id
            HAVING sum(c.amount_minor) FILTER (WHERE c.kind = 'refund')
                   = coalesce(max(c.amount_minor) FILTER (WHERE c.kind = 'completion'), s.total_minor)
                     - s.redeemed_minor)
"""
_VISITS = f"""
    SELECT s.shop_id, count(*) AS visits, max(s.sold_at) AS last_at
    FROM sale s
    WHERE s.network_id = %s AND s.subject_id = ANY(%s) AND s.total_minor >= 0 AND s.id <> ALL(%s) AND NOT {UNDONE}
    GROUP BY s.shop_id ORDER BY s.shop_id
"""


async def visits_of(uow: UnitOfWork, subject_ids: Sequence[UUID], without: Collection[UUID] = ()) -> list[VisitsRow]:
    """Return the shops at which a person bought something, some sales left out.

    Returned goods are no visit, nor is a sale that was undone.
    """
    return await uow.rows(VisitsRow, _VISITS, (uow.network_id, pack_uuids(subject_ids), pack_uuids(list(without))))


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
