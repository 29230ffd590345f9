"""A merchant's day: what was counted at its tills, and what may be said of its cause."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.ledger import api as ledger
from ringmain.loop.model.days import PERIODS, Period, Span, days_of, spans
from ringmain.loop.store import today as store
from ringmain.network import api as network
from ringmain.network.api import MerchantAccount
from ringmain.voucher.api import Posting


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was counted in one period; none of it says that vouchers were the cause.

    Guests are people who were recognised. `new_guests` were never seen at this merchant before;
    `back_at_full_price` came first with a voucher and bought without one in this period. `sent` are sales with a
    voucher that was won at another merchant's. Amounts are minor units: `sales_minor` and `voucher_sales_minor` prices
    before vouchers, refunds not taken off; `taken_off_minor` what vouchers took off here, whoever paid for them;
    `paid_minor` what the merchant's own vouchers cost it, wherever they were spent, with fees. Redemptions that were
    reversed count nowhere.
    """

    period: Period
    first_day: date
    last_day: date
    sales: int = 0
    sales_minor: int = 0
    unidentified_sales: int = 0
    guests: int = 0
    new_guests: int = 0
    back_at_full_price: int = 0
    voucher_sales: int = 0
    voucher_sales_minor: int = 0
    taken_off_minor: int = 0
    sent: int = 0
    sent_minor: int = 0
    paid_minor: int = 0


@dataclass(frozen=True, slots=True)
class Caused:
    """What vouchers caused: known only beside people like these who got none.

    `state` says why nothing can be said yet, `missing` what it takes.
    """

    state: Literal["no_comparison_group"]
    missing: str


@dataclass(frozen=True, slots=True)
class Today:
    """The figures of a merchant, days by the clocks of its shops."""

    merchant_id: UUID
    currency: str
    time_zone: str
    at: datetime
    counted: list[Counted]
    caused: Caused


_NO_COMPARISON = Caused(
    "no_comparison_group",
    "A campaign that holds some people back by chance: without them nobody knows who would have come anyway.",
)


async def today(uow: UnitOfWork, merchant_id: UUID) -> Today:
    """Return the figures of today, yesterday, and the last 7 and 28 days, today included.

    Bounded by the merchant's sales of 28 days and one look-up per guest. Raises `MerchantNotFound`.
    """
    await network.merchant_of(uow, merchant_id)
    here, shops, now = await network.network_of(uow), await network.shops_of(uow, merchant_id), await uow.now()
    time_zone = shops[0].time_zone if shops else here.time_zone
    wanted = list(spans(now, [(shop.id, shop.time_zone) for shop in shops]))
    money = list(spans(now, [(merchant_id, time_zone)]))
    found = await _found(uow, here.currency, merchant_id, wanted, money)
    counted = []
    for period in PERIODS:
        first, last = days_of(period, now, time_zone)
        counted.append(Counted(period=period, first_day=first, last_day=last, **found[period]))
    return Today(merchant_id, here.currency, time_zone, now, counted, _NO_COMPARISON)


async def _found(
    uow: UnitOfWork, currency: str, merchant_id: UUID, wanted: list[Span], money: list[Span]
) -> dict[str, dict[str, int]]:
    """Return the figures by period; the four questions travel together."""
    held, available = (
        ledger.account_id(uow.network_id, merchant_id, code, currency)
        for code in (MerchantAccount.HELD, MerchantAccount.AVAILABLE)
    )
    accounts = store.Accounts(held, available, (Posting.REDEEM, Posting.FEE), (Posting.REVERSE, Posting.FEE_REVERSED))
    sales = await store.sales(uow, merchant_id, wanted)
    guests = await store.guests(uow, merchant_id, wanted)
    vouchers = await store.vouchers(uow, merchant_id, wanted)
    paid = await store.paid(uow, accounts, money)
    found: dict[str, dict[str, int]] = {period: {} for period in PERIODS}
    for sold in await sales.all():
        found[sold.period] |= {
            "sales": sold.sales,
            "sales_minor": sold.total_minor,
            "unidentified_sales": sold.unidentified,
        }
    for met in await guests.all():
        found[met.period] |= {
            "guests": met.guests,
            "new_guests": met.new_guests,
            "back_at_full_price": met.back_at_full_price,
        }
    for used in await vouchers.all():
        found[used.period] |= {
            "voucher_sales": used.voucher_sales,
            "voucher_sales_minor": used.voucher_sales_minor,
            "taken_off_minor": used.taken_off_minor,
            "sent": used.sent,
            "sent_minor": used.sent_minor,
        }
    for cost in await paid.all():
        found[cost.period] |= {"paid_minor": cost.paid_minor}
    return found
