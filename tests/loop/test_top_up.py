"""Standing top-ups: announced a day before, made once from what is owed, within limits, told where it fails."""

import asyncio
from datetime import timedelta

import pytest

from ringmain.loop.api import Standing, keep_topped_up, pause_top_up, ring_pressure, set_top_up, standing
from ringmain.loop.errors import TopUpInvalid, TopUpNotFound
from ringmain.network.api import MerchantAccount
from ringmain.settlement.api import statement
from tests.loop.street import DAY, NOW, Street, somebody

HOUR = timedelta(hours=1)


async def owed(street: Street, vouchers: int) -> None:
    """Let the tea house take vouchers of 2.00 that the noodle shop pays for."""
    offer = await street.publish(merchant=1)
    for _ in range(vouchers):
        person = somebody()
        won = await street.win(offer, person, NOW - DAY, won_at=2)
        await street.buy(0, NOW - HOUR, person, 1_000, won)


async def order(street: Street, **changes: int | None) -> Standing:
    """Set an order of the tea house: below 2,000.00, which it always is, add 3.00, at most 6.00 a month."""
    usual = {"below_minor": 200_000, "below_days": None, "add_minor": 300, "month_minor": 600}
    async with street.unit() as uow:
        return await set_top_up(uow, street.tea, **{**usual, **changes})  # type: ignore[arg-type]


async def keep(street: Street, hours: float) -> str | None:
    """Run the job for the tea house so many hours later; return what became of it."""
    async with street.unit(NOW + timedelta(hours=hours)) as uow:
        found = await keep_topped_up(uow, street.tea)
    return None if found is None else found.state


async def test_money_is_announced_and_then_moved_once(street: Street) -> None:
    """A day lies between; four runs make one transfer, which the statement names, and the books agree."""
    await owed(street, 5)
    assert (await order(street)).why == "due"
    assert [await keep(street, hours) for hours in (0, 1, 23.9)] == ["announced", None, None]
    assert await street.balance(0, MerchantAccount.AVAILABLE) == 100_000
    assert [await keep(street, hours) for hours in (24, 24, 24)] == ["made", "announced", None]
    assert await street.balance(0, MerchantAccount.AVAILABLE) == 100_300
    assert await street.balance(0, MerchantAccount.PAYABLE) == 700
    async with street.unit(NOW + 2 * DAY) as uow:
        month = await statement(uow, street.tea)
    for section, amount in ((month.available, 300), (month.owed, -300)):
        lines = {line.kind: line.amount_minor for line in section.lines}
        assert (lines["top_up"], section.difference_minor) == (amount, 0)


async def test_a_month_has_its_limit_and_the_next_one_begins_anew(street: Street) -> None:
    """Twice 3.00 are 6.00: the third waits for April."""
    await owed(street, 9)
    await order(street)
    assert [await keep(street, hours) for hours in (0, 24, 24, 48, 48)] == [
        "announced",
        "made",
        "announced",
        "made",
        None,
    ]
    async with street.unit(NOW + 2 * DAY) as uow:
        found = await standing(uow, street.tea)
    assert (found.why, found.month_minor, found.owed_minor) == ("month_full", 600, 1_200)
    assert await keep(street, 22 * 24) == "announced"


async def test_too_little_owed_is_a_failure_that_moves_nothing(street: Street) -> None:
    """One voucher of 2.00 is owed, 3.00 are asked for: it fails, is told, and is not tried again for a day."""
    await owed(street, 1)
    await order(street)
    assert [await keep(street, hours) for hours in (0, 24, 25)] == ["announced", "failed", None]
    assert await street.balance(0, MerchantAccount.PAYABLE) == 200
    async with street.unit(NOW + 25 * HOUR) as uow:
        found = await standing(uow, street.tea)
    assert (found.why, found.top_ups[0].state, found.month_minor) == ("waits", "failed", 0)
    assert await keep(street, 48) == "announced"


async def test_a_pause_stops_what_is_announced(street: Street) -> None:
    """Nothing moves at the hour at which it would have, nor later, until it goes on."""
    await owed(street, 5)
    await order(street)
    assert await keep(street, 0) == "announced"
    async with street.unit(NOW + HOUR) as uow:
        found = await pause_top_up(uow, street.tea, paused=True)
    assert (found.why, found.top_ups[0].state) == ("paused", "stopped")
    assert [await keep(street, hours) for hours in (24, 48)] == [None, None]
    assert await street.balance(0, MerchantAccount.AVAILABLE) == 100_000
    async with street.unit(NOW + 3 * DAY) as uow:
        assert (await pause_top_up(uow, street.tea, paused=False)).why == "due"


async def test_two_workers_make_one_top_up(street: Street) -> None:
    """Eight at once announce one, and a day later make one."""
    await owed(street, 5)
    await order(street)
    for hours, state in ((0, "announced"), (24, "made")):
        states = await asyncio.gather(*(keep(street, hours) for _ in range(8)))
        assert states.count(state) == 1
    assert await street.balance(0, MerchantAccount.AVAILABLE) == 100_300


async def test_days_left_are_a_limit_as_well(street: Street) -> None:
    """20 vouchers of 2.00 in 10 days: 96,000 last 240 days, so that a limit of 90 days does nothing."""
    offer = await street.publish()
    for number in range(20):
        await street.win(offer, somebody(), NOW - (10 - number / 2) * DAY)
    assert (await order(street, below_minor=None, below_days=90)).why == "enough"
    assert await keep(street, 0) is None


async def test_an_order_makes_sense_or_is_refused(street: Street) -> None:
    """No limit to fall below, or a month that holds less than once: nothing is kept. Nothing set cannot be paused."""
    for changes in ({"below_minor": None}, {"month_minor": 299}):
        with pytest.raises(TopUpInvalid):
            await order(street, **changes)
    async with street.unit() as uow:
        assert (await standing(uow, street.tea)).order is None
    with pytest.raises(TopUpNotFound):
        async with street.unit() as uow:
            await pause_top_up(uow, street.tea, paused=True)


async def test_the_pressure_of_the_ring_is_that_of_all(street: Street) -> None:
    """Four merchants of 1,000.00; two of them set 20 vouchers of 2.00 aside in ten days: 8.00 a day."""
    for merchant in (0, 1):
        offer = await street.publish(merchant=merchant)
        for number in range(20):
            await street.win(offer, somebody(), NOW - (10 - number / 2) * DAY)
    async with street.unit() as uow:
        found = await ring_pressure(uow)
    assert (found.available_minor, found.money.used, found.money.days) == (392_000, 8_000, 10.0)
    assert found.money.days_left == 490.0
