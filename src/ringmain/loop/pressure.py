"""Days of pressure left: how long a merchant's money and each offer's stock last at the present rate."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.ledger import api as ledger
from ringmain.loop.model.pressure import WINDOW_DAYS, Estimate, Use, days_observed, estimate, sooner
from ringmain.loop.store import offers as store
from ringmain.loop.store import top_ups
from ringmain.network import api as network
from ringmain.network.api import MerchantAccount
from ringmain.voucher.api import Posting

_OFFERS_SHOWN = 100
_RETURNS = (Posting.RELEASE, Posting.EXPIRE, Posting.REVERSE, Posting.FEE_REVERSED)


@dataclass(frozen=True, slots=True)
class OfferPressure:
    """How long an offer lasts: until its stock or its funder's money is used up, whichever comes first.

    `limited_by` says which. Where the merchant does not pay for the offer itself, only its stock is looked at.
    """

    offer_id: UUID
    name: str
    paused: bool
    stock: int | None
    cost_minor: int
    issued: int
    limited_by: Literal["money", "stock", "others_money"]
    left: Estimate


@dataclass(frozen=True, slots=True)
class Pressure:
    """How long a merchant's money lasts. Spent first are deposits, then what credit there is.

    `money` counts minor units: held for vouchers that were issued, less what came back unspent, in the last 14 days.
    """

    merchant_id: UUID
    currency: str
    at: datetime
    available_minor: int
    credit_minor: int
    window_days: int
    money: Estimate
    offers: list[OfferPressure]


async def pressure(uow: UnitOfWork, merchant_id: UUID) -> Pressure:
    """Return the days of pressure left of a merchant and of its 100 newest offers. Raises `MerchantNotFound`."""
    await network.merchant_of(uow, merchant_id)
    here, shops, now = await network.network_of(uow), await network.shops_of(uow, merchant_id), await uow.now()
    time_zone = shops[0].time_zone if shops else here.time_zone
    since = now - timedelta(days=WINDOW_DAYS)
    purse = ledger.account_id(uow.network_id, merchant_id, MerchantAccount.AVAILABLE, here.currency)
    asked = await store.money(uow, purse, Posting.HOLD, _RETURNS, since)
    listed = await store.offers(uow, merchant_id, since, _OFFERS_SHOWN)
    money = await asked.one() or store.MoneyRow(0, 0, 0, 0, 0, None)
    rows = await listed.all()
    days = days_observed(money.first_at, now)
    left = money.available_minor + money.credit_minor
    # An order of codes is one hold for many vouchers: issued vouchers count, not transfers.
    vouchers = max(money.holds, sum(row.issued for row in rows if row.funder_id == merchant_id))
    of_money = estimate(left, Use(money.held_minor, money.returned_minor, days, vouchers), now, time_zone)
    return Pressure(
        merchant_id,
        here.currency,
        now,
        money.available_minor,
        money.credit_minor,
        WINDOW_DAYS,
        of_money,
        [_of_offer(row, of_money, merchant_id, now, time_zone) for row in rows],
    )


def _of_offer(
    row: store.OfferRow, of_money: Estimate, merchant_id: UUID, now: datetime, time_zone: str
) -> OfferPressure:
    own = row.funder_id == merchant_id
    use = Use(row.issued, 0, days_observed(row.first_at, now), row.issued)
    limited_by: Literal["money", "stock", "others_money"] = "money" if own else "others_money"
    # Others' money is theirs to know: without a stock nothing is said of it.
    left = of_money if own else Estimate("not_falling", None, None, row.issued, 0, round(use.days, 2), row.issued)
    if row.stock is not None:
        of_stock = estimate(row.stock, use, now, time_zone)
        if not own or sooner(of_stock, left) is of_stock:
            limited_by, left = "stock", of_stock
    return OfferPressure(row.id, row.name, row.paused, row.stock, row.cost_minor, row.issued, limited_by, left)


@dataclass(frozen=True, slots=True)
class RingPressure:
    """How long the money of the whole ring lasts: what all merchants and the network's pool can spend together."""

    currency: str
    at: datetime
    available_minor: int
    credit_minor: int
    window_days: int
    money: Estimate


async def ring_pressure(uow: UnitOfWork) -> RingPressure:
    """Return the days of pressure left of the whole ring."""
    here, now = await network.network_of(uow), await uow.now()
    since = now - timedelta(days=WINDOW_DAYS)
    row = await top_ups.ring_money(uow, MerchantAccount.AVAILABLE, here.currency, Posting.HOLD, _RETURNS, since)
    use = Use(row.held_minor, row.returned_minor, days_observed(row.first_at, now), row.holds)
    money = estimate(row.available_minor + row.credit_minor, use, now, here.time_zone)
    return RingPressure(here.currency, now, row.available_minor, row.credit_minor, WINDOW_DAYS, money)
