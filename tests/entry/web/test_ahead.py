"""What is ahead of a shop, on its merchant's page: a chart with its table, or what is missing for one."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser, ViewportSize

from ringmain.kit.migrate import Urls
from ringmain.need import store
from tests.entry.web.journey import DESK, PHONE, Language, faults, journey
from tests.entry.web.merchant_site import MerchantSite, merchant_site

_HERE = "/merchant/members"


@pytest.fixture
async def site(database_urls: Urls, tmp_path: Path) -> AsyncIterator[MerchantSite]:
    """Give a merchant's console."""
    async with merchant_site(database_urls.application_url, tmp_path) as site:
        yield site


async def _leave(site: MerchantSite, days_known: int) -> None:
    """Leave what a night's forecast would have left for the shops of the tea house."""
    now = datetime.now(tz=UTC)
    enough = days_known >= 56
    expected = [40.0 + step % 7 for step in range(14)] if enough else []
    async with site.street.database.unit(site.street.network_id) as uow:
        cursor = await uow.connection.execute(
            "SELECT id FROM shop WHERE network_id = %s AND merchant_id = %s",
            (site.street.network_id, site.street.merchants[0]),
        )
        rows = [
            store.TrafficRow(
                id_,
                site.street.merchants[0],
                days_known,
                "weekday of last week" if enough else None,
                now.date(),
                expected,
                [one * 0.75 for one in expected],
                [one * 1.25 for one in expected],
                [41, 42, 43, 44, 45, 46, 47],
                now,
            )
            for (id_,) in await cursor.fetchall()
        ]
        await store.replace_traffic(uow, rows)


async def test_too_early_says_how_much_is_there(site: MerchantSite) -> None:
    """Eight weeks are needed; how many there are is said in either language."""
    assert "A forecast needs 8 weeks of sales; you have 0 weeks." in (await site.get(_HERE)).text
    await _leave(site, 23)
    assert "A forecast needs 8 weeks of sales; you have 3 weeks." in (await site.get(_HERE)).text
    assert "预测需要 8 周的销售；您已有 3 周。" in (await site.get(_HERE + "?lang=zh")).text


async def test_two_weeks_with_their_bounds_beside_last_week(site: MerchantSite) -> None:
    """The table twin tells each day: what is expected, between which bounds, and the same weekday before."""
    await _leave(site, 90)
    shown = (await site.get(_HERE)).text
    for words in ("Sales ahead: ", "Eight days of ten", "30 – 50", ">41<", "Made by counting."):
        assert words in shown, words


@pytest.mark.browser
@pytest.mark.parametrize(("size", "language"), [(PHONE, "zh"), (DESK, "en")])
async def test_the_chart_bears_being_looked_at(
    site: MerchantSite, browser: Browser, size: ViewportSize, language: Language, tmp_path: Path
) -> None:
    """No findings of axe, small targets, or sideways scrolling."""
    await _leave(site, 90)
    async with journey(browser, site.url, "ahead", size=size, language=language) as walk:
        await walk.page.context.add_cookies([{"name": "rm_account", "value": site.cookie, "url": site.url}])
        await walk.page.goto(_HERE)
        await walk.page.wait_for_selector(".chart svg")
        await walk.page.screenshot(path=str(tmp_path / "ahead.png"), full_page=True)
        assert "\n".join(await faults(walk.page)) == ""
