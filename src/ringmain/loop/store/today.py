"""What happened at a merchant's shops in some spans of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ringmain.kit.db import Pending, UnitOfWork, pack_uuids
from ringmain.loop.model.days import Span
from ringmain.loop.store.standing import STANDS, THEIRS

_SPAN = """
    span AS (
        SELECT * FROM unnest(%(periods)s::text[], %(shops)s, %(froms)s, %(untils)s)
             AS t (period, shop_id, from_id, until_id)
    )
"""


@dataclass(frozen=True, slots=True)
class SalesRow:
    """Sales of a period that stand; amounts are prices before vouchers."""

    period: str
    sales: int
    unidentified: int
    total_minor: int


_SALES = f"""
    WITH {_SPAN}
    SELECT p.period, count(*) AS sales, count(*) FILTER (WHERE s.subject_id IS NULL) AS unidentified,
           coalesce(sum(s.total_minor), 0)::bigint AS total_minor
    FROM span p
    JOIN sale s ON s.network_id = %(network)s AND s.shop_id = p.shop_id AND s.id >= p.from_id AND s.id < p.until_id
    WHERE s.merchant_id = %(merchant)s AND {STANDS} GROUP BY p.period
"""


@dataclass(frozen=True, slots=True)
class GuestsRow:
    """People of a period, each counted once: all, never seen before, and back at full price after a first voucher."""

    period: str
    guests: int
    new_guests: int
    back_at_full_price: int


# The first sale of each person at this merchant, ever, is found in the index by subject: as many look-ups as people.
_GUESTS = f"""
    WITH {_SPAN},
    seen AS (
        SELECT p.period, coalesce(a.canonical_subject_id, s.subject_id) AS person,
               bool_or(s.redeemed_minor = 0 AND s.total_minor > 0) AS full_price
        FROM span p
        JOIN sale s ON s.network_id = %(network)s AND s.shop_id = p.shop_id AND s.id >= p.from_id AND s.id < p.until_id
        LEFT JOIN subject_alias a ON a.network_id = %(network)s AND a.subject_id = s.subject_id
        WHERE s.merchant_id = %(merchant)s AND s.subject_id IS NOT NULL AND {THEIRS}
        GROUP BY 1, 2
    ),
    person AS (
        SELECT d.person, ARRAY(
            SELECT d.person UNION ALL
            SELECT a.subject_id FROM subject_alias a
            WHERE a.network_id = %(network)s AND a.canonical_subject_id = d.person
        ) AS subjects
        FROM (SELECT DISTINCT person FROM seen) AS d
    ),
    first AS MATERIALIZED (
        SELECT n.person, f.id, f.shop_id, f.redeemed_minor
        FROM person n CROSS JOIN LATERAL (
            SELECT s.id, s.shop_id, s.redeemed_minor FROM sale s
            WHERE s.network_id = %(network)s AND s.subject_id = ANY (n.subjects) AND s.merchant_id = %(merchant)s
              AND {THEIRS}
            ORDER BY s.id LIMIT 1
        ) AS f
    )
    SELECT v.period, count(*) AS guests, count(*) FILTER (WHERE f.id >= p.from_id) AS new_guests,
           count(*) FILTER (WHERE f.redeemed_minor > 0 AND v.full_price) AS back_at_full_price
    FROM seen v
    JOIN first f USING (person)
    JOIN span p ON p.period = v.period AND p.shop_id = f.shop_id
    GROUP BY v.period
"""


@dataclass(frozen=True, slots=True)
class VouchersRow:
    """Sales of a period in which vouchers were spent; `sent` are those with a voucher won at another merchant's."""

    period: str
    voucher_sales: int
    voucher_sales_minor: int
    taken_off_minor: int
    sent: int
    sent_minor: int


_VOUCHERS = f"""
    WITH {_SPAN},
    used AS (
        SELECT p.period, r.sale_id, sum(r.amount_minor) AS taken_off_minor,
               bool_or(v.sender_shop_id IS NOT NULL AND v.sender_shop_id <> ALL (%(own_shops)s)) AS sent
        FROM span p
        JOIN redemption r ON r.network_id = %(network)s AND r.merchant_id = %(merchant)s
             AND r.id >= p.from_id AND r.id < p.until_id AND r.shop_id = p.shop_id
        JOIN voucher v ON v.network_id = %(network)s AND v.id = r.voucher_id
        WHERE NOT EXISTS (SELECT FROM reversal u WHERE u.network_id = %(network)s AND u.redemption_id = r.id)
        GROUP BY 1, 2
    )
    SELECT u.period, count(*) AS voucher_sales, coalesce(sum(s.total_minor), 0)::bigint AS voucher_sales_minor,
           coalesce(sum(u.taken_off_minor), 0)::bigint AS taken_off_minor, count(*) FILTER (WHERE u.sent) AS sent,
           coalesce(sum(s.total_minor) FILTER (WHERE u.sent), 0)::bigint AS sent_minor
    FROM used u JOIN sale s ON s.network_id = %(network)s AND s.id = u.sale_id
    GROUP BY u.period
"""


@dataclass(frozen=True, slots=True)
class PaidRow:
    """What a merchant's own vouchers cost it in a period, fees included, what was undone taken off."""

    period: str
    paid_minor: int


_PAID = """
    SELECT p.period, (
        SELECT coalesce(sum(t.amount_minor), 0) FROM ledger_transfer t
        WHERE t.network_id = %(network)s AND t.debit_account_id = %(held)s AND t.code = ANY (%(spent)s)
          AND t.id >= p.from_id AND t.id < p.until_id
    )::bigint - (
        SELECT coalesce(sum(t.amount_minor), 0) FROM ledger_transfer t
        WHERE t.network_id = %(network)s AND t.credit_account_id = ANY (%(funds)s) AND t.code = ANY (%(undone)s)
          AND t.id >= p.from_id AND t.id < p.until_id
    )::bigint AS paid_minor
    FROM unnest(%(periods)s::text[], %(froms)s, %(untils)s) AS p (period, from_id, until_id)
"""


def _params(uow: UnitOfWork, merchant_id: UUID, spans: Sequence[Span]) -> dict[str, Any]:
    return {
        "network": uow.network_id,
        "merchant": merchant_id,
        "periods": [span.period for span in spans],
        "shops": pack_uuids([span.shop_id for span in spans]),
        "own_shops": pack_uuids(sorted({span.shop_id for span in spans})),
        "froms": pack_uuids([span.from_id for span in spans]),
        "untils": pack_uuids([span.until_id for span in spans]),
    }


async def sales(uow: UnitOfWork, merchant_id: UUID, spans: Sequence[Span]) -> Pending[SalesRow]:
    """Ask for the sales by period; a period without any has no row."""
    return await uow.start(SalesRow, _SALES, _params(uow, merchant_id, spans))


async def guests(uow: UnitOfWork, merchant_id: UUID, spans: Sequence[Span]) -> Pending[GuestsRow]:
    """Ask for the people by period."""
    return await uow.start(GuestsRow, _GUESTS, _params(uow, merchant_id, spans))


async def vouchers(uow: UnitOfWork, merchant_id: UUID, spans: Sequence[Span]) -> Pending[VouchersRow]:
    """Ask for the sales with vouchers by period; redemptions that were reversed are none."""
    return await uow.start(VouchersRow, _VOUCHERS, _params(uow, merchant_id, spans))


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts from which a merchant's vouchers are paid, and the codes of what costs and what comes back."""

    held: UUID
    available: UUID
    spent: Sequence[int]
    undone: Sequence[int]


async def paid(uow: UnitOfWork, accounts: Accounts, spans: Sequence[Span]) -> Pending[PaidRow]:
    """Ask what the merchant's vouchers cost it in each span, wherever they were spent."""
    params = {
        "network": uow.network_id,
        "held": accounts.held,
        "funds": pack_uuids([accounts.held, accounts.available]),
        "spent": list(accounts.spent),
        "undone": list(accounts.undone),
        "periods": [span.period for span in spans],
        "froms": pack_uuids([span.from_id for span in spans]),
        "untils": pack_uuids([span.until_id for span in spans]),
    }
    return await uow.start(PaidRow, _PAID, params)
