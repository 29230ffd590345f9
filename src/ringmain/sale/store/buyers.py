"""Sales as their buyers see them: every sale of a person, wherever it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids
from ringmain.sale.store.visits import UNDONE


@dataclass(frozen=True, slots=True)
class BoughtRow:
    """A sale of a person, with what was added to it later. `minimal`: still nothing but its vouchers is known.

    `undone`: refunds have left nothing of it.
    """

    id: UUID
    merchant_id: UUID
    shop_id: UUID
    subject_id: UUID | None
    receipt: str | None
    minimal: bool
    total_minor: int
    redeemed_minor: int
    refunded_minor: int
    currency: str
    tenders: Any
    sold_at: datetime
    undone: bool


_BOUGHT = """
    SELECT s.id, s.merchant_id, s.shop_id, s.subject_id, s.receipt, s.minimal AND c.completed_minor IS NULL AS minimal,
           coalesce(c.completed_minor, s.total_minor)::bigint AS total_minor, s.redeemed_minor,
           coalesce(c.refunded_minor, 0)::bigint AS refunded_minor, s.currency,
           coalesce(s.tenders, c.tenders) AS tenders, s.sold_at,
           coalesce(c.refunded_minor = coalesce(c.completed_minor, s.total_minor) - s.redeemed_minor, false) AS undone
    FROM sale s LEFT JOIN LATERAL (
        SELECT max(amount_minor) FILTER (WHERE kind = 'completion') AS completed_minor,
               sum(amount_minor) FILTER (WHERE kind = 'refund') AS refunded_minor,
               (array_agg(detail -> 'tenders') FILTER (WHERE kind = 'completion'))[1] AS tenders
        FROM sale_change c WHERE c.network_id = s.network_id AND c.sale_id = s.id) c ON true
    WHERE s.network_id = %(network)s
"""


async def bought_by(
    uow: UnitOfWork, subject_ids: Sequence[UUID], *, since: datetime | None, before: UUID | None, limit: int
) -> list[BoughtRow]:
    """Return the newest sales of subjects, not older than a time, and older than one sale."""
    query = (
        _BOUGHT
        + """
        AND s.subject_id = ANY(%(subjects)s)
        AND (%(since)s::timestamptz IS NULL OR s.id >= first_uuid7(%(since)s::timestamptz))
        AND (%(before)s::uuid IS NULL OR s.id < %(before)s::uuid)
        ORDER BY s.id DESC LIMIT %(limit)s
        """
    )
    params = {
        "network": uow.network_id,
        "subjects": pack_uuids(subject_ids),
        "since": since,
        "before": before,
        "limit": limit,
    }
    return await uow.rows(BoughtRow, query, params)


async def bought(uow: UnitOfWork, sale_id: UUID) -> BoughtRow | None:
    """Return one sale."""
    return await uow.row(BoughtRow, _BOUGHT + " AND s.id = %(sale)s", {"network": uow.network_id, "sale": sale_id})


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line of a sale; `quantity` is in thousandths."""

    sale_id: UUID
    line_no: int
    product: str
    category: str | None
    quantity: int
    amount_minor: int


async def lines_of(uow: UnitOfWork, sale_ids: Sequence[UUID]) -> list[LineRow]:
    """Return the lines of sales in their order, those that were added later included."""
    return await uow.rows(
        LineRow,
        """
        SELECT sale_id, line_no, product, category, quantity, amount_minor FROM sale_line
        WHERE network_id = %s AND sale_id = ANY(%s) ORDER BY sale_id, line_no
        """,
        (uow.network_id, pack_uuids(sale_ids)),
    )


@dataclass(frozen=True, slots=True)
class RegularRow:
    """How often a person came to one merchant, when last, and what they mostly took of late."""

    visits: int
    last_at: datetime | None
    usual_product: str | None
    usual_visits: int
    recent_visits: int


# The person's sales come from the index by subject: what they bought elsewhere is left out before anything is counted.
# What they mostly take is told by their newest visits, so that a guest of years costs no more than one of months.
_REGULAR = f"""
    WITH here AS MATERIALIZED (
        SELECT s.id, s.sold_at FROM sale s
        WHERE s.network_id = %(network)s AND s.subject_id = ANY(%(subjects)s) AND s.merchant_id = %(merchant)s
          AND s.total_minor >= 0 AND s.id <> ALL(%(without)s) AND NOT {UNDONE}
    ), recent AS MATERIALIZED (
        SELECT id FROM here WHERE id >= first_uuid7(%(since)s::timestamptz) ORDER BY id DESC LIMIT %(newest)s
    ), taken AS (
        SELECT l.product, count(DISTINCT l.sale_id) AS visits, max(l.sale_id::text) AS last_sale
        FROM sale_line l JOIN recent r ON r.id = l.sale_id
        WHERE l.network_id = %(network)s AND l.quantity > 0
        GROUP BY l.product ORDER BY visits DESC, last_sale DESC LIMIT 1
    )
    SELECT count(*) AS visits, max(sold_at) AS last_at, (SELECT product FROM taken) AS usual_product,
           coalesce((SELECT visits FROM taken), 0) AS usual_visits, (SELECT count(*) FROM recent) AS recent_visits
    FROM here
"""
NEWEST_VISITS = 60


async def regular(
    uow: UnitOfWork, subject_ids: Sequence[UUID], merchant_id: UUID, since: datetime, without: Sequence[UUID]
) -> RegularRow:
    """Return what one merchant knows of a person from its own sales, without some of them."""
    params = {
        "network": uow.network_id,
        "subjects": pack_uuids(subject_ids),
        "merchant": merchant_id,
        "since": since,
        "without": pack_uuids(without),
        "newest": NEWEST_VISITS,
    }
    row = await uow.row(RegularRow, _REGULAR, params)
    assert row is not None
    return row
