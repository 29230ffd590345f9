"""What happened to the vouchers of one offer, and what happened at a merchant's shops day by day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ringmain.kit.db import Pending, UnitOfWork, pack_uuids
from ringmain.loop.store.standing import STANDS, THEIRS


@dataclass(frozen=True, slots=True)
class FunnelRow:
    """Vouchers of an offer: issued, whose holder came, spent, undone; and how those that were not spent stand."""

    won: int
    came: int
    spent: int
    reversed: int
    open: int
    ended: int


# Who came is looked up by subject and range of ids. A redemption raises `sequence` and `uses`, a reversal raises the
# one and lowers the other: they differ where one was undone.
_FUNNEL = f"""
    WITH v AS (
        SELECT id, subject_id, uses, sequence, closed, granted_at, valid_until FROM voucher
        WHERE network_id = %(network)s AND offer_id = %(offer)s AND closed IS DISTINCT FROM 'split'
        ORDER BY id DESC LIMIT %(limit)s
    )
    SELECT count(*) AS won,
           count(*) FILTER (WHERE v.uses > 0 OR EXISTS (
               SELECT FROM sale s
               WHERE s.network_id = %(network)s AND s.shop_id = ANY (%(shops)s)
                 AND s.subject_id = ANY (ARRAY(
                     SELECT v.subject_id UNION ALL
                     SELECT a.subject_id FROM subject_alias a
                     WHERE a.network_id = %(network)s AND a.canonical_subject_id = v.subject_id
                 ))
                 AND s.id >= first_uuid7(v.granted_at) AND s.id < first_uuid7(least(v.valid_until, %(now)s))
                 AND {THEIRS}
           )) AS came,
           count(*) FILTER (WHERE v.uses > 0) AS spent, count(*) FILTER (WHERE v.sequence > v.uses) AS reversed,
           count(*) FILTER (WHERE v.uses = 0 AND v.closed IS NULL AND v.valid_until > %(now)s) AS open,
           count(*) FILTER (WHERE v.uses = 0 AND (v.closed IS NOT NULL OR v.valid_until <= %(now)s)) AS ended
    FROM v
"""


async def funnel(uow: UnitOfWork, offer_id: UUID, shop_ids: Sequence[UUID], now: datetime, limit: int) -> FunnelRow:
    """Return what became of an offer's newest vouchers; `shop_ids` are where coming is looked for."""
    params = {
        "network": uow.network_id,
        "offer": offer_id,
        "shops": pack_uuids(shop_ids),
        "now": now,
        "limit": limit,
    }
    row = await uow.row(FunnelRow, _FUNNEL, params)
    assert row is not None
    return row


@dataclass(frozen=True, slots=True)
class OfferVoucherRow:
    """One voucher of an offer as its creator may see it: not who holds it."""

    id: UUID
    granted_at: datetime
    sender_shop_id: UUID | None
    face_minor: int
    remaining_minor: int
    uses: int
    sequence: int
    closed: str | None
    valid_until: datetime


_VOUCHERS = """
    SELECT id, granted_at, sender_shop_id, face_minor, remaining_minor, uses, sequence, closed, valid_until
    FROM voucher
    WHERE network_id = %(network)s AND offer_id = %(offer)s AND (%(before)s::uuid IS NULL OR id < %(before)s)
    ORDER BY id DESC LIMIT %(limit)s
"""


async def vouchers(uow: UnitOfWork, offer_id: UUID, before: UUID | None, limit: int) -> list[OfferVoucherRow]:
    """Return the newest vouchers of an offer, older than `before`."""
    params = {"network": uow.network_id, "offer": offer_id, "before": before, "limit": limit}
    return await uow.rows(OfferVoucherRow, _VOUCHERS, params)


@dataclass(frozen=True, slots=True)
class DayRow:
    """What happened on a day: all sales, those with a voucher, and what vouchers took off."""

    day: date
    sales: int
    voucher_sales: int
    taken_off_minor: int


_DAYS = f"""
    WITH span AS (
        SELECT * FROM unnest(%(days)s::date[], %(shops)s, %(froms)s, %(untils)s) AS t (day, shop_id, from_id, until_id)
    ),
    sold AS (
        SELECT p.day, count(*) AS sales FROM span p
        JOIN sale s ON s.network_id = %(network)s AND s.shop_id = p.shop_id AND s.id >= p.from_id AND s.id < p.until_id
        WHERE s.merchant_id = %(merchant)s AND {STANDS} GROUP BY p.day
    ),
    used AS (
        SELECT p.day, count(DISTINCT r.sale_id) AS voucher_sales, sum(r.amount_minor)::bigint AS taken_off_minor
        FROM span p
        JOIN redemption r ON r.network_id = %(network)s AND r.merchant_id = %(merchant)s
             AND r.id >= p.from_id AND r.id < p.until_id AND r.shop_id = p.shop_id
        WHERE NOT EXISTS (SELECT FROM reversal u WHERE u.network_id = %(network)s AND u.redemption_id = r.id)
        GROUP BY p.day
    )
    SELECT d.day, coalesce(s.sales, 0) AS sales, coalesce(u.voucher_sales, 0) AS voucher_sales,
           coalesce(u.taken_off_minor, 0) AS taken_off_minor
    FROM (SELECT DISTINCT day FROM span) AS d LEFT JOIN sold s USING (day) LEFT JOIN used u USING (day) ORDER BY d.day
"""


@dataclass(frozen=True, slots=True)
class DaySpan:
    """One local day of one shop, as the range of ids that its facts have."""

    day: date
    shop_id: UUID
    from_id: UUID
    until_id: UUID


async def days(uow: UnitOfWork, merchant_id: UUID, spans: Sequence[DaySpan]) -> Pending[DayRow]:
    """Ask what happened on each day; days without anything are among them."""
    params = {
        "network": uow.network_id,
        "merchant": merchant_id,
        "days": [span.day for span in spans],
        "shops": pack_uuids([span.shop_id for span in spans]),
        "froms": pack_uuids([span.from_id for span in spans]),
        "untils": pack_uuids([span.until_id for span in spans]),
    }
    return await uow.start(DayRow, _DAYS, params)
