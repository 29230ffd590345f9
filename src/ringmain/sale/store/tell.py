"""Sales whose buyers are to be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids
from ringmain.sale.store.visits import UNDONE


@dataclass(frozen=True, slots=True)
class ToldSale:
    """A sale of a recognised buyer; `paid_minor` is what was paid beside vouchers."""

    id: UUID
    merchant_id: UUID
    shop_id: UUID
    subject_id: UUID
    paid_minor: int
    currency: str


_TELL = f"""
    SELECT s.id, s.merchant_id, s.shop_id, s.subject_id, s.total_minor - s.redeemed_minor AS paid_minor, s.currency
    FROM sale s
    WHERE s.network_id = %s AND s.id = ANY(%s) AND s.subject_id IS NOT NULL AND NOT s.minimal AND s.total_minor > 0
      AND s.sold_at >= %s AND NOT {UNDONE}
    ORDER BY s.id
"""


async def sales_to_tell(uow: UnitOfWork, ids: Sequence[UUID], since: datetime) -> list[ToldSale]:
    """Return those of the sales that are not older than a time, of recognised buyers, known in full, and that stand."""
    return await uow.rows(ToldSale, _TELL, (uow.network_id, pack_uuids(ids), since))
