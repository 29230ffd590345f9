"""What a new offer may cost: exact at most, likely with an interval, and nothing claimed without history."""

from typing import Any

import pytest

from ringmain.loop.api import Plan, Preview, preview
from ringmain.loop.errors import BudgetOrStock
from ringmain.loop.model.preview import PastOffer, redemption_rate
from ringmain.network.errors import CurrencyNotOfNetwork, MerchantNotFound
from tests.loop.street import DAY, NOW, Street, somebody


async def _preview(street: Street, **changes: Any) -> Preview:
    plan = Plan(**{"kind": "cash", "currency": "CNY", "face_minor": 500, **changes})
    async with street.unit() as uow:
        return await preview(uow, street.tea, plan)


async def test_the_greatest_cost_is_exact_and_nothing_else_is_claimed(street: Street) -> None:
    """A budget gives as many whole vouchers as it covers, a stock its cost; what is missing is said."""
    found = await _preview(street, budget_minor=120_999, fee_minor=20)
    assert (found.cost_each_minor, found.vouchers, found.greatest_cost_minor) == (520, 232, 120_640)
    assert (found.available_minor, found.short_minor) == (100_000, 20_640)
    assert (found.redemption, found.likely_low_minor, found.vouchers_per_day, found.days) == (None, None, None, None)
    of_stock = await _preview(street, stock=100)
    assert (of_stock.vouchers, of_stock.greatest_cost_minor, of_stock.short_minor) == (100, 50_000, 0)


async def test_the_likely_cost_rests_on_offers_that_have_ended(street: Street) -> None:
    """Three own offers of ten vouchers each, a fifth of them spent, give 20 % with an interval around it."""
    for _ in range(3):
        offer = await street.publish(NOW - 30 * DAY, face_minor=400, valid_days=10)
        for place in range(10):
            person = somebody()
            won = await street.win(offer, person, NOW - 30 * DAY)
            if place < 2:
                await street.buy(1, NOW - 25 * DAY, person, 1_000, won)
    found = await _preview(street, stock=100)
    rate = found.redemption
    assert rate is not None
    assert (rate.share, rate.offers, rate.vouchers) == (0.2, 3, 30)
    # Wilson's interval of 6 of 30; the three offers do not differ.
    assert (rate.low, rate.high) == (0.095, 0.3731)
    assert (found.likely_low_minor, found.likely_high_minor) == (4_750, 18_655)
    # None of them was won lately: nothing is said of the pace; other kinds and values are not alike.
    assert found.days is None
    assert (await _preview(street, stock=100, face_minor=5_000)).redemption is None
    assert (await _preview(street, stock=100, kind="exchange")).redemption is None


async def test_the_pace_is_that_of_the_last_14_days(street: Street) -> None:
    """Twenty vouchers in 10 days are 2 a day: 100 last 50 days."""
    offer = await street.publish()
    for day in range(20):
        await street.win(offer, somebody(), NOW - (10 - day // 2) * DAY)
    found = await _preview(street, stock=100)
    assert (found.vouchers_per_day, found.days) == (2.0, 50.0)


def test_others_count_only_in_crowds() -> None:
    """Offers of two others say nothing; of three they join; a single other's rate can never be read."""
    two = [PastOffer(False, name, 40, 10) for name in ("a", "b")]
    assert redemption_rate(two * 3) is None
    three = [*two, PastOffer(False, "c", 40, 10)]
    found = redemption_rate(three)
    assert found is not None
    assert (found.share, found.offers, found.vouchers) == (0.25, 3, 120)
    own = [PastOffer(True, "me", 20, 10) for _ in range(3)]
    mixed = redemption_rate([*own, *two])
    assert mixed is not None
    assert (mixed.share, mixed.vouchers) == (0.5, 60)


def test_offers_that_differ_widen_the_interval() -> None:
    """Control: the same total from offers that fared differently is less certain than single vouchers suggest."""
    alike = redemption_rate([PastOffer(True, "me", 100, 20) for _ in range(4)])
    apart = redemption_rate([PastOffer(True, "me", 100, spent) for spent in (0, 0, 40, 40)])
    assert alike is not None
    assert apart is not None
    assert alike.share == apart.share == 0.2
    assert apart.high - apart.low > 2 * (alike.high - alike.low)


async def test_a_plan_needs_one_of_budget_and_stock(street: Street) -> None:
    """Neither or both are refused, and so are another currency and a merchant that does not exist."""
    for changes in ({}, {"stock": 1, "budget_minor": 1}):
        with pytest.raises(BudgetOrStock):
            await _preview(street, **changes)
    with pytest.raises(CurrencyNotOfNetwork):
        await _preview(street, stock=1, currency="EUR")
    async with street.unit() as uow:
        with pytest.raises(MerchantNotFound):
            await preview(uow, somebody(), Plan(kind="cash", currency="CNY", face_minor=1, stock=1))
