"""What all sales of a network come to, as the start page shows it."""

from dataclasses import dataclass
from datetime import datetime

from ringmain.kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class SaleTotals:
    """Recorded sales, the people who were recognised in them, the shops they happened in, and from when to when."""

    sales: int
    buyers: int
    shops: int
    first_at: datetime | None
    last_at: datetime | None


_TOTALS = """
    SELECT count(*) AS sales, count(DISTINCT subject_id) AS buyers, count(DISTINCT shop_id) AS shops,
           min(sold_at) FILTER (WHERE subject_id IS NOT NULL) AS first_at,
           max(sold_at) FILTER (WHERE subject_id IS NOT NULL) AS last_at
    FROM sale WHERE network_id = %s
"""


async def sale_totals(uow: UnitOfWork) -> SaleTotals:
    """Return what all sales come to; times are of sales with a recognised buyer. A scan of all sales, for summaries."""
    totals = await uow.row(SaleTotals, _TOTALS, (uow.network_id,))
    assert totals is not None
    return totals
