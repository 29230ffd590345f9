"""Traffic in service: counted from the lake, forecast for shops with eight weeks, read by their merchants."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from ringmain.kit.migrate import Urls
from ringmain.need import api as need
from ringmain.need.analysis import payments_of
from tests.loop.lake import SmallLake
from tests.need.town import START, Town, open_town

END = START + timedelta(days=60)


@pytest.fixture
async def town(database_urls: Urls, tmp_path: Path) -> AsyncIterator[Town]:
    """Give a network of its own."""
    async with open_town(database_urls.application_url, tmp_path, people=1) as town:
        yield town


async def test_payments_are_counted_by_the_clock_of_the_network(town: Town) -> None:
    """What is paid late at night by Greenwich is of the next day in Shanghai; who pays need not be known."""
    lake = SmallLake(town.lake, town.network_id)
    for number, at in enumerate((0.5, 0.6, 15.9 / 24, 16.1 / 24)):
        lake.sale(f"sale-{number}", None, str(town.shops[0]), at)
    lake.write()
    found = payments_of(town.lake, town.network_id, "Asia/Shanghai")
    counted = {str(day): int(count) for day, count in zip(found.day, found.count, strict=True)}
    assert (counted, set(found.shop)) == ({"2026-01-01": 3, "2026-01-02": 1}, {str(town.shops[0])})


@pytest.mark.timeout(300)
async def test_a_shop_with_eight_weeks_is_forecast_and_others_say_how_long_they_are_known(town: Town) -> None:
    """Two weeks from the day after the last payment, beside last week's; a young shop has none, and says why."""
    lake = SmallLake(town.lake, town.network_id)
    for shop, first in ((0, 0), (1, 40)):
        for one in range(first, 60):
            for number in range(5):
                lake.sale(f"{shop}-{one}-{number}", None, str(town.shops[shop]), one + (4 * 60 + number) / 1440)
    lake.write()
    assert await need.forecast_traffic(town.database, town.lake, town.network_id, lambda _: None) == 1
    async with town.database.unit(town.network_id) as uow:
        now = await uow.now()
        old, young, never = await need.traffic(uow, town.shops[:3], now)
        stale = (await need.traffic(uow, town.shops[:1], now + timedelta(days=4)))[0]
    assert (old.days_known, young.days_known, never.days_known) == (60, 20, 0)
    assert (young.days, young.made_by, never.days, stale.days) == ((), None, (), ())
    assert old.made_by in need.TRAFFIC_BASELINES
    assert [one.day for one in old.days] == [date(2026, 3, 2) + timedelta(days=step) for step in range(14)]
    assert {(one.expected, one.low, one.high, one.last_week) for one in old.days} == {(5.0, 5.0, 5.0, 5)}


async def test_an_empty_lake_is_forecast_as_nothing(town: Town) -> None:
    """No shop has history; each says so."""
    SmallLake(town.lake, town.network_id).write()
    assert await need.forecast_traffic(town.database, town.lake, town.network_id, lambda _: None) == 0
    async with town.database.unit(town.network_id) as uow:
        found = await need.traffic(uow, town.shops, END)
    assert {(one.days_known, one.days) for one in found} == {(0, ())}
