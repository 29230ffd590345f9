"""Where people bought something, and whose a sale was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from ringmain.kit.db import Pending, UnitOfWork, pack_uuids


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
_VISITS: LiteralString = f"""
    SELECT s.shop_id, count(*) AS visits, max(s.sold_at) AS last_at
    FROM sale s
    WHERE s.network_id = %(network)s AND s.subject_id = ANY(%(subjects)s) AND s.total_minor >= 0 AND NOT {UNDONE}
"""
_BY_SHOP: LiteralString = " GROUP BY s.shop_id ORDER BY s.shop_id"


async def ask_visits(
    uow: UnitOfWork, subject_ids: Sequence[UUID], *, without: LiteralString | None = None
) -> Pending[VisitsRow]:
    """Ask at which shops a person bought something; the answer can be awaited after other questions were asked.

    Returned goods are no visit, nor is a sale that was undone. `without` is a query for the sales to leave out, of the
    parameters `network` and `subjects`.
    """
    left_out: LiteralString = "" if without is None else f" AND s.id NOT IN ({without})"
    params = {"network": uow.network_id, "subjects": pack_uuids(subject_ids)}
    return await uow.start(VisitsRow, _VISITS + left_out + _BY_SHOP, params)


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


@dataclass(frozen=True, slots=True)
class LastShop:
    """The shop at which a person bought something last; `subject_id` is the subject that was asked for."""

    subject_id: UUID
    shop_id: UUID
    sold_at: datetime


_LAST: LiteralString = f"""
    SELECT DISTINCT ON (t.asked) t.asked AS subject_id, s.shop_id, s.sold_at
    FROM unnest(%(subjects)s, %(asked)s) AS t (subject_id, asked)
    JOIN sale s ON s.network_id = %(network)s AND s.subject_id = t.subject_id
    WHERE s.total_minor >= 0 AND s.sold_at >= %(since)s AND NOT {UNDONE} AND s.id NOT IN (
"""


async def last_shops(
    uow: UnitOfWork, subjects: Mapping[UUID, UUID], since: datetime, *, without: LiteralString
) -> dict[UUID, LastShop]:
    """Return where people bought something last since a moment, by the subject that stands for each.

    `subjects` names for every subject the one that stands for its person; `without` is as for `ask_visits`.
    """
    params = {
        "network": uow.network_id,
        "subjects": pack_uuids(list(subjects)),
        "asked": pack_uuids(list(subjects.values())),
        "since": since,
    }
    query = _LAST + without + ") ORDER BY t.asked, s.sold_at DESC, s.id DESC"
    return {row.subject_id: row for row in await uow.rows(LastShop, query, params)}


@dataclass(frozen=True, slots=True)
class LastAt:
    """When a person bought something last at a merchant's shops; `subject_id` is the subject that was asked for."""

    subject_id: UUID
    merchant_id: UUID
    last_at: datetime


_LAST_AT: LiteralString = f"""
    SELECT t.asked AS subject_id, s.merchant_id, max(s.sold_at) AS last_at
    FROM unnest(%(subjects)s, %(asked)s) AS t (subject_id, asked)
    JOIN sale s ON s.network_id = %(network)s AND s.subject_id = t.subject_id
    WHERE s.total_minor >= 0 AND (%(every)s OR s.merchant_id = ANY(%(merchants)s)) AND NOT {UNDONE} AND s.id NOT IN (
"""


async def last_at_merchants(
    uow: UnitOfWork,
    subjects: Mapping[UUID, UUID],
    merchant_ids: Sequence[UUID] | None,
    *,
    without: LiteralString,
) -> list[LastAt]:
    """Return when people bought something last at merchants (None: at every one), with no row where they never did.

    `subjects` names for every subject the one that stands for its person; `without` is as for `ask_visits`.
    """
    params = {
        "network": uow.network_id,
        "subjects": pack_uuids(list(subjects)),
        "asked": pack_uuids(list(subjects.values())),
        "every": merchant_ids is None,
        "merchants": pack_uuids(list(merchant_ids or ())),
    }
    return await uow.rows(LastAt, _LAST_AT + without + ") GROUP BY t.asked, s.merchant_id", params)


_OF_MERCHANT: LiteralString = f"""
    SELECT s.subject_id, s.merchant_id, max(s.sold_at) AS last_at FROM sale s
    WHERE s.network_id = %s AND s.merchant_id = %s AND s.subject_id IS NOT NULL AND s.total_minor >= 0 AND NOT {UNDONE}
    GROUP BY s.subject_id, s.merchant_id
"""


async def last_at_merchant(uow: UnitOfWork, merchant_id: UUID) -> list[LastAt]:
    """Return of everybody who is known and ever bought at a merchant's shops, by subject, when that was last."""
    return await uow.rows(LastAt, _OF_MERCHANT, (uow.network_id, merchant_id))
