"""Sales as a till shows them again: with who sold, how it was paid, and what was undone."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from ringmain.kit.db import UnitOfWork
from ringmain.sale.model import Tender


@dataclass(frozen=True, slots=True)
class TillSale:
    """A sale at a till. `total_minor` is that of its completion where it was minimal; `undone_at` None: it stands."""

    id: UUID
    merchant_id: UUID
    shop_id: UUID
    terminal_id: UUID | None
    staff_id: UUID | None
    receipt: str | None
    recognised: bool
    total_minor: int
    redeemed_minor: int
    refunded_minor: int
    currency: str
    sold_at: datetime
    undone_at: datetime | None
    raw_tenders: str | None

    @property
    def tenders(self) -> tuple[Tender, ...]:
        """How it was paid."""
        return msgspec.json.decode(self.raw_tenders or "[]", type=tuple[Tender, ...])

    @property
    def collected_minor(self) -> int:
        """What was collected in money, less what went back."""
        return self.total_minor - self.redeemed_minor - self.refunded_minor


# A refund that leaves nothing is an undone sale: its vouchers were restored in the same transaction.
_COLUMNS = """
    SELECT s.id, s.merchant_id, s.shop_id, s.terminal_id, s.staff_id, s.receipt, s.subject_id IS NOT NULL AS recognised,
           coalesce(c.completed_minor, s.total_minor)::bigint AS total_minor, s.redeemed_minor,
           coalesce(c.refunded_minor, 0)::bigint AS refunded_minor, s.currency, s.sold_at,
           CASE WHEN coalesce(c.refunded_minor, 0) = coalesce(c.completed_minor, s.total_minor) - s.redeemed_minor
                THEN c.refunded_at END AS undone_at, s.tenders::text AS raw_tenders
    FROM sale s LEFT JOIN LATERAL (
        SELECT max(amount_minor) FILTER (WHERE kind = 'completion') AS completed_minor,
               sum(amount_minor) FILTER (WHERE kind = 'refund') AS refunded_minor,
               max(changed_at) FILTER (WHERE kind = 'refund') AS refunded_at
        FROM sale_change c WHERE c.network_id = s.network_id AND c.sale_id = s.id) c ON true
"""
# The smallest id of a time: ids carry their milliseconds, so the index of shops leads straight to a day.
_SINCE = "s.id >= first_uuid7(%(since)s)"


async def till_sale(uow: UnitOfWork, sale_id: UUID) -> TillSale | None:
    """Return one sale."""
    query = f"{_COLUMNS} WHERE s.network_id = %(network)s AND s.id = %(sale)s"
    return await uow.row(TillSale, query, {"network": uow.network_id, "sale": sale_id})


@dataclass(frozen=True, slots=True)
class _Buyer:
    subject_id: UUID | None


async def buyer_of(uow: UnitOfWork, sale_id: UUID) -> UUID | None:
    """Return the subject of who bought; None where nobody was recognised, or there is no such sale."""
    query = "SELECT subject_id FROM sale WHERE network_id = %s AND id = %s"
    row = await uow.row(_Buyer, query, (uow.network_id, sale_id))
    return None if row is None else row.subject_id


async def till_sales(uow: UnitOfWork, shop_id: UUID, since: datetime, limit: int) -> list[TillSale]:
    """Return the sales of a shop since a time, the newest first."""
    query = f"""
        {_COLUMNS} WHERE s.network_id = %(network)s AND s.shop_id = %(shop)s AND {_SINCE}
        ORDER BY s.id DESC LIMIT %(limit)s
    """
    params = {"network": uow.network_id, "shop": shop_id, "since": since, "limit": limit}
    return await uow.rows(TillSale, query, params)


async def find_till_sales(
    uow: UnitOfWork, shop_id: UUID, since: datetime, digits: str, amounts: list[int], limit: int
) -> list[TillSale]:
    """Return the sales of a shop whose receipt or id ends in `digits`, in small letters, or that came to an amount.

    Amounts are looked for among totals, and among what was collected.
    """
    query = f"""
        {_COLUMNS} WHERE s.network_id = %(network)s AND s.shop_id = %(shop)s AND {_SINCE}
          AND (lower(right(s.receipt, length(%(digits)s))) = %(digits)s
               OR right(s.id::text, length(%(digits)s)) = %(digits)s
               OR s.total_minor = ANY(%(amounts)s) OR s.total_minor - s.redeemed_minor = ANY(%(amounts)s))
        ORDER BY s.id DESC LIMIT %(limit)s
    """
    params = {
        "network": uow.network_id,
        "shop": shop_id,
        "since": since,
        "digits": digits,
        "amounts": amounts,
        "limit": limit,
    }
    return await uow.rows(TillSale, query, params)
