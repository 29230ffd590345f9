"""Days of pressure left: exact for a known rate, and silent where there is too little to go by."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ringmain.loop.api import Pressure, pressure
from ringmain.loop.model.pressure import Estimate, Use, days_observed, estimate, sooner
from tests.loop.street import DAY, NOW, Street, somebody

_AT = datetime(2026, 3, 10, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "use", "expected"),
    [
        # 1,400 in 14 days is 100 a day: 500 last 5 days.
        (500, Use(1_500, 100, 14.0, 20), ("runs_dry", 5.0, date(2026, 3, 15))),
        (0, Use(0, 0, 0.0, 0), ("dry", 0.0, date(2026, 3, 10))),
        (500, Use(1_400, 0, 2.9, 20), ("too_little_data", None, None)),
        (500, Use(1_400, 0, 14.0, 9), ("too_little_data", None, None)),
        (500, Use(1_400, 1_400, 14.0, 20), ("not_falling", None, None)),
        (10**12, Use(1_400, 0, 14.0, 20), ("not_falling", None, None)),
    ],
)
def test_an_estimate_is_what_is_left_over_the_rate(
    left: int, use: Use, expected: tuple[str, float | None, date | None]
) -> None:
    """What is left divided by net use a day; no date where there were too few days or vouchers, or nothing falls."""
    found = estimate(left, use, _AT, "Asia/Shanghai")
    assert (found.state, found.days_left, found.dry_on) == expected
    assert (found.used, found.returned, found.days, found.vouchers) == (use.used, use.returned, use.days, use.vouchers)


def test_the_sooner_estimate_is_the_one_with_the_earlier_end() -> None:
    """An estimate with a date comes before one without."""
    ends = Estimate("runs_dry", 5.0, date(2026, 3, 15), 1, 0, 14.0, 20)
    later = Estimate("runs_dry", 9.0, date(2026, 3, 19), 1, 0, 14.0, 20)
    never = Estimate("not_falling", None, None, 1, 0, 14.0, 20)
    assert [sooner(later, ends), sooner(never, later), sooner(never, never)] == [ends, later, never]


def test_only_days_with_something_to_see_are_observed() -> None:
    """From the first voucher on, at most the whole window."""
    assert days_observed(None, _AT) == 0.0
    assert days_observed(_AT - timedelta(hours=36), _AT) == 1.5
    assert days_observed(_AT - timedelta(days=90), _AT) == 14.0


async def test_money_and_stock_run_dry_on_a_date(street: Street) -> None:
    """Twenty vouchers of 2.00 in 10 days are 4.00 a day; a stock of 8 at 1 a day ends before the money."""
    common, scarce = await street.publish(), await street.publish(stock=18)
    for offer in (common, scarce):
        for day in range(10):
            await street.win(offer, somebody(), NOW - (10 - day) * DAY)
    found = await _pressure(street)
    assert (found.available_minor, found.credit_minor) == (96_000, 0)
    money = found.money
    assert (money.state, money.used, money.returned, money.days, money.vouchers) == ("runs_dry", 4_000, 0, 10.0, 20)
    assert (money.days_left, money.dry_on) == (240.0, date(2026, 11, 5))
    by_id = {one.offer_id: one for one in found.offers}
    assert (by_id[common.id].limited_by, by_id[common.id].left) == ("money", money)
    of_scarce = by_id[scarce.id]
    assert (of_scarce.limited_by, of_scarce.stock, of_scarce.issued) == ("stock", 8, 10)
    assert (of_scarce.left.days_left, of_scarce.left.dry_on) == (8.0, date(2026, 3, 18))


async def test_money_that_came_back_slows_the_fall(street: Street) -> None:
    """A spent voucher's use leaves the rate as it was; what a reversal too late gave back is taken off."""
    offer = await street.publish(valid_days=5, grace_days=0)
    people = [somebody() for _ in range(10)]
    won = [await street.win(offer, person, NOW - 10 * DAY) for person in people]
    sold = await street.buy(1, NOW - 9 * DAY, people[0], 1_000, won[0])
    assert ((await _pressure(street)).money.used, (await _pressure(street)).money.returned) == (2_000, 0)
    await street.reverse(sold, NOW - DAY)
    assert (await _pressure(street)).money.returned == 200


async def test_too_few_vouchers_say_so(street: Street) -> None:
    """Nine vouchers are too few for a rate, and none at all are too."""
    assert (await _pressure(street)).money.state == "too_little_data"
    offer = await street.publish()
    for _ in range(9):
        await street.win(offer, somebody(), NOW - 10 * DAY)
    found = await _pressure(street)
    assert (found.money.state, found.money.days_left, found.money.vouchers) == ("too_little_data", None, 9)
    await street.win(offer, somebody(), NOW - 10 * DAY)
    assert (await _pressure(street)).money.state == "runs_dry"


async def _pressure(street: Street) -> Pressure:
    async with street.console(street.tea) as uow:
        return await pressure(uow, street.tea)
