"""What others pay is the middle of many baskets, measured from the lake; of few people nothing is said."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ibis.backends.sql.compilers.pyspark import PySparkCompiler

from ringmain.entry.worker import jobs
from ringmain.kit.lake.connect import connect
from ringmain.kit.lake.read import Facts
from ringmain.kit.migrate import Urls
from ringmain.profile import prices, store
from ringmain.profile.analysis import VISIT_TABLES, shop_baskets
from tests.loop.lake import START, SmallLake, day
from tests.member.people import Town, small_town


def _walked(town: Town, root: Path, since: float) -> SmallLake:
    """Return a lake in which ten people pay 11.00 to 20.00 at the bakery, and nine 50.00 at the florist's."""
    lake = SmallLake(root, town.network_id)
    for number in range(10):
        lake.walk(f"p{number}", (str(town.shop_id), since + number))
        if number:
            lake.walk(f"p{number}", (str(town.other_shop_id), since + number))
    for row in lake.rows["sale"]:
        at_bakery = row["shop_id"] == str(town.shop_id)
        row["total_minor"] = 1_100 + 100 * int(row["subject_id"][1:]) if at_bakery else 5_000
    return lake


async def test_the_middle_of_ten_people_is_kept_with_two_figures(town: Town, tmp_path: Path) -> None:
    """Of nine nothing is said; what was measured before goes away."""
    since = (datetime.now(tz=UTC) - START) / timedelta(days=1) - 20
    lake = _walked(town, tmp_path, since).write()
    async with town.unit() as uow:
        await store.replace_shop_baskets(uow, [store.ShopBasket(town.other_shop_id, "CNY", 9_900)], day(0))
    assert await prices.measure_baskets(town.database, lake.root, town.network_id) == 1
    async with town.unit() as uow:
        found = await store.shop_baskets(uow, {town.shop_id, town.other_shop_id})
    # The middle of 1,500 and 1,600 is 1,550.
    assert found == [store.ShopBasket(town.shop_id, "CNY", 1_600)]


def test_what_is_no_basket_of_theirs_does_not_count(tmp_path: Path) -> None:
    """Long ago, undone, disputed, paid by vouchers alone, or of nobody: none is there; merged people are one."""
    lake = SmallLake(tmp_path)
    lake.walk("ann", ("tea", 1), ("tea", 20), ("tea", 21), ("tea", 22), ("tea", 23))
    lake.walk("ann2", ("tea", 24))
    lake.sale("nobody", None, "tea", 25)
    lake.merge("ann2", into="ann")
    lake.refund("ann-tea-20", 21, 800)
    lake.say("ann-tea-21", 30)
    for row in lake.rows["sale"]:
        row["total_minor"] = {"ann-tea-22": 200, "ann-tea-23": 1_000, "ann2-tea-24": 3_000}.get(row["sale_id"], 9_000)
    lake.rows["sale_change"][0]["amount_minor"] = 8_800
    lake.write()
    with connect(lake.root, VISIT_TABLES, network_id=lake.network_id, memory_limit="200MB", threads=1) as connection:
        found = Facts(connection, VISIT_TABLES).read(shop_baskets, day(10)).to_pylist()
    assert found == [{"shop_id": "tea", "currency": "CNY", "members": 1, "middle_minor": 2_000.0}]


def test_spark_could_measure_it(tmp_path: Path) -> None:
    """The expression compiles for Spark."""
    lake = SmallLake(tmp_path)
    lake.walk("ann", ("tea", 1))
    lake.write()
    with connect(lake.root, VISIT_TABLES, network_id=lake.network_id, memory_limit="200MB", threads=1) as connection:
        expression = shop_baskets(Facts(connection, VISIT_TABLES), day(0))
        assert "SELECT" in PySparkCompiler().to_sqlglot(expression.unbind()).sql("spark")


@pytest.mark.parametrize(("minor", "kept"), [(0.4, 1), (7.0, 7), (99.0, 99), (1_549.0, 1_500), (123_456.0, 120_000)])
def test_an_amount_has_two_figures(minor: float, kept: int) -> None:
    """A middle that is somebody's own basket tells nobody what it was."""
    assert prices.rounded(minor) == kept


async def test_the_worker_measures_each_night(new_database_urls: Urls, tmp_path: Path) -> None:
    """The job does it for a network that lives in the present."""
    async with small_town(new_database_urls.application_url) as town:
        since = (datetime.now(tz=UTC) - START) / timedelta(days=1) - 20
        lake = _walked(town, tmp_path, since).write()
        async with jobs(new_database_urls.application_url).open_async() as app:
            await app.configure_task("profile:baskets").defer_async(timestamp=0)
            context = {"database": town.database, "lake": lake.root}
            await app.run_worker_async(wait=False, install_signal_handlers=False, additional_context=context)
        assert await town.count("shop_basket") == 1
