"""What became of a merchant's offers: how fast their vouchers go, and how those like a new one fared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import Pending, UnitOfWork, pack_uuids
from ringmain.kit.pure.ids import first_id


@dataclass(frozen=True, slots=True)
class OfferRow:
    """An offer of a merchant, with how many of its vouchers were issued lately and since when there are any."""

    id: UUID
    name: str
    funder_id: UUID
    cost_minor: int
    stock: int | None
    paused: bool
    issued: int
    first_at: datetime | None


_OFFERS = """
    SELECT o.id, o.name, o.funder_id, o.cost_minor, o.stock, o.paused,
           (SELECT count(*) FROM voucher v
            WHERE v.network_id = %(network)s AND v.offer_id = o.id AND v.id >= %(since)s) AS issued,
           (SELECT v.granted_at FROM voucher v WHERE v.network_id = %(network)s AND v.offer_id = o.id
            ORDER BY v.id LIMIT 1) AS first_at
    FROM offer o WHERE o.network_id = %(network)s AND o.creator_merchant_id = %(merchant)s
    ORDER BY o.id DESC LIMIT %(limit)s
"""


async def offers(uow: UnitOfWork, merchant_id: UUID, since: datetime, limit: int) -> Pending[OfferRow]:
    """Ask for a merchant's newest offers, and how many vouchers of each were issued since a time."""
    params = {"network": uow.network_id, "merchant": merchant_id, "since": first_id(since), "limit": limit}
    return await uow.start(OfferRow, _OFFERS, params)


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """What a merchant can spend, and what left and came back to that account since a time."""

    available_minor: int
    credit_minor: int
    held_minor: int
    returned_minor: int
    holds: int
    first_at: datetime | None


_MONEY = """
    SELECT g.available_minor, g.credit_limit_minor AS credit_minor, d.minor AS held_minor, d.holds,
           (SELECT coalesce(sum(t.amount_minor), 0)::bigint FROM ledger_transfer t
            WHERE t.network_id = %(network)s AND t.credit_account_id = g.account_id AND t.id >= %(since)s
              AND t.code = ANY (%(returns)s)) AS returned_minor,
           (SELECT t.posted_at FROM ledger_transfer t
            WHERE t.network_id = %(network)s AND t.debit_account_id = g.account_id AND t.code = %(hold)s
            ORDER BY t.id LIMIT 1) AS first_at
    FROM ledger_guard g
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(t.amount_minor), 0)::bigint AS minor, count(*) AS holds FROM ledger_transfer t
        WHERE t.network_id = %(network)s AND t.debit_account_id = g.account_id AND t.id >= %(since)s
          AND t.code = %(hold)s
    ) AS d
    WHERE g.network_id = %(network)s AND g.account_id = %(account)s
"""


async def money(
    uow: UnitOfWork, account_id: UUID, hold: int, returns: Sequence[int], since: datetime
) -> Pending[MoneyRow]:
    """Ask what can be spent from an account, and how it moved since a time; no row where it was never opened."""
    params = {
        "network": uow.network_id,
        "account": account_id,
        "hold": hold,
        "returns": list(returns),
        "since": first_id(since),
    }
    return await uow.start(MoneyRow, _MONEY, params)


@dataclass(frozen=True, slots=True)
class Span:
    """An offer as a campaign gave it, from one moment to another."""

    id: UUID
    offer_id: UUID
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class SpentRow:
    """How many vouchers of a span were spent."""

    id: UUID
    spent: int


_SPENT = """
    SELECT t.id, count(v.id) AS spent
    FROM unnest(%(ids)s, %(offers)s, %(since)s, %(until)s) AS t (id, offer_id, since, until)
    LEFT JOIN voucher v ON v.network_id = %(network)s AND v.offer_id = t.offer_id AND v.uses > 0
          AND v.id >= t.since AND v.id < t.until
    GROUP BY t.id
"""


async def spent_within(uow: UnitOfWork, spans: Sequence[Span]) -> list[SpentRow]:
    """Return of spans how many of the vouchers that were issued in them have been spent."""
    params = {
        "network": uow.network_id,
        "ids": pack_uuids([one.id for one in spans]),
        "offers": pack_uuids([one.offer_id for one in spans]),
        "since": pack_uuids([first_id(one.since) for one in spans]),
        "until": pack_uuids([first_id(one.until) for one in spans]),
    }
    return await uow.rows(SpentRow, _SPENT, params)


@dataclass(frozen=True, slots=True)
class PastRow:
    """An offer like a new one: its creator, how many of its vouchers have ended, and how many of those were spent."""

    creator_id: UUID
    ended: int
    spent: int


# Codes that nobody held (printed ones) fare otherwise and are left out. The newest vouchers of each offer suffice.
_PAST = """
    WITH alike AS (
        SELECT o.id, o.creator_merchant_id FROM offer o
        WHERE o.network_id = %(network)s AND o.kind = %(kind)s AND o.currency = %(currency)s
          AND (o.terms->>'face_minor')::bigint BETWEEN %(face)s::bigint / 2 AND %(face)s::bigint * 2
        ORDER BY o.id DESC LIMIT 50
    )
    SELECT a.creator_merchant_id AS creator_id, e.ended, e.spent
    FROM alike a CROSS JOIN LATERAL (
        SELECT count(*) AS ended, count(*) FILTER (WHERE n.uses > 0) AS spent FROM (
            SELECT v.uses, v.valid_until, v.subject_id FROM voucher v
            WHERE v.network_id = %(network)s AND v.offer_id = a.id ORDER BY v.id DESC LIMIT 2000
        ) AS n
        WHERE n.subject_id IS NOT NULL AND n.valid_until < %(now)s
    ) AS e
    WHERE e.ended > 0
"""


async def past_offers(uow: UnitOfWork, kind: str, currency: str, face_minor: int, now: datetime) -> list[PastRow]:
    """Return the newest offers of the network that are like this one: same kind, half to twice the value."""
    params = {"network": uow.network_id, "kind": kind, "currency": currency, "face": face_minor, "now": now}
    return await uow.rows(PastRow, _PAST, params)


@dataclass(frozen=True, slots=True)
class GuestsRow:
    """Whoever won a merchant's vouchers lately: how many were new there when they won, and how many had stayed away."""

    people: int
    new: int
    lapsed: int


_GUESTS = """
    WITH newest AS (
        SELECT v.subject_id, v.granted_at FROM voucher v
        JOIN offer o ON o.network_id = v.network_id AND o.id = v.offer_id
        WHERE v.network_id = %(network)s AND o.creator_merchant_id = %(merchant)s AND v.subject_id IS NOT NULL
          AND v.id >= %(since)s
        ORDER BY v.id DESC LIMIT 2000
    )
    SELECT count(*) AS people, count(*) FILTER (WHERE s.last_at IS NULL) AS new,
           count(*) FILTER (WHERE s.last_at <= n.granted_at - make_interval(days => %(days)s)) AS lapsed
    FROM newest n CROSS JOIN LATERAL (
        SELECT max(s.sold_at) AS last_at FROM sale s
        WHERE s.network_id = %(network)s AND s.subject_id = n.subject_id AND s.merchant_id = %(merchant)s
          AND s.sold_at < n.granted_at
    ) AS s
"""


async def guests_who_won(uow: UnitOfWork, merchant_id: UUID, since: datetime, lapsed_days: int) -> GuestsRow:
    """Return of the newest vouchers of a merchant since a time what their holders were to it when they won them."""
    params = {
        "network": uow.network_id,
        "merchant": merchant_id,
        "since": first_id(since),
        "days": lapsed_days,
    }
    return await uow.row(GuestsRow, _GUESTS, params) or GuestsRow(0, 0, 0)
