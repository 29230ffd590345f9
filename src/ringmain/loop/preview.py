"""What a new offer may cost and how long it may last, before it is published."""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil, floor
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.ledger import api as ledger
from ringmain.loop.errors import BudgetOrStock
from ringmain.loop.model.pressure import LEAST_DAYS, LEAST_VOUCHERS, WINDOW_DAYS, days_observed
from ringmain.loop.model.preview import PastOffer, Rate, redemption_rate
from ringmain.loop.store import offers as store
from ringmain.network import api as network
from ringmain.network.api import MerchantAccount
from ringmain.network.errors import CurrencyNotOfNetwork
from ringmain.voucher.api import Posting

_OFFERS_LOOKED_AT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An offer that somebody thinks of, in minor units. Either `budget_minor` or `stock` says how much of it."""

    kind: str
    currency: str
    face_minor: int
    fee_minor: int = 0
    budget_minor: int | None = None
    stock: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a plan comes to. Amounts are minor units.

    `greatest_cost_minor` is what is set aside when every voucher is won; what is not spent comes back. `short_minor` is
    what the merchant lacks for that. `redemption` and the likely costs are None where there is no history yet;
    `vouchers_per_day` and `days` are None where too few vouchers were won lately to say how fast they go.
    """

    currency: str
    cost_each_minor: int
    vouchers: int
    greatest_cost_minor: int
    available_minor: int
    short_minor: int
    redemption: Rate | None
    likely_low_minor: int | None
    likely_high_minor: int | None
    vouchers_per_day: float | None
    days: float | None


async def preview(uow: UnitOfWork, merchant_id: UUID, plan: Plan) -> Preview:
    """Return what a plan comes to for a merchant.

    Raises `MerchantNotFound`, `BudgetOrStock` unless exactly one of them is given, or `CurrencyNotOfNetwork`.
    """
    if (plan.budget_minor is None) == (plan.stock is None):
        raise BudgetOrStock
    await network.merchant_of(uow, merchant_id)
    here, now = await network.network_of(uow), await uow.now()
    if plan.currency != here.currency:
        raise CurrencyNotOfNetwork(currency=here.currency)
    cost = plan.face_minor + plan.fee_minor
    vouchers = plan.stock if plan.stock is not None else (plan.budget_minor or 0) // cost
    purse = ledger.account_id(uow.network_id, merchant_id, MerchantAccount.AVAILABLE, here.currency)
    since = now - timedelta(days=WINDOW_DAYS)
    asked = await store.money(uow, purse, Posting.HOLD, (), since)
    listed = await store.offers(uow, merchant_id, since, _OFFERS_LOOKED_AT)
    past = await store.past_offers(uow, plan.kind, plan.currency, plan.face_minor, now)
    money, rows = await asked.one() or store.MoneyRow(0, 0, 0, 0, 0, None), await listed.all()
    rate = redemption_rate(
        [PastOffer(row.creator_id == merchant_id, str(row.creator_id), row.ended, row.spent) for row in past]
    )
    first = min((row.first_at for row in rows if row.first_at), default=None)
    observed, issued = days_observed(first, now), sum(row.issued for row in rows)
    pace = issued / observed if observed >= LEAST_DAYS and issued >= LEAST_VOUCHERS else None
    available = money.available_minor + money.credit_minor
    return Preview(
        currency=here.currency,
        cost_each_minor=cost,
        vouchers=vouchers,
        greatest_cost_minor=vouchers * cost,
        available_minor=available,
        short_minor=max(0, vouchers * cost - available),
        redemption=rate,
        likely_low_minor=None if rate is None else floor(rate.low * vouchers * cost),
        likely_high_minor=None if rate is None else ceil(rate.high * vouchers * cost),
        vouchers_per_day=None if pace is None else round(pace, 2),
        days=None if pace is None else round(vouchers / pace, 1),
    )
