"""Segments on pages: built from lists, said back in words, counted as the owner may know, in both languages."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, ViewportSize

from ringmain.kit.migrate import Urls
from ringmain.segment import api as segment
from tests.entry.web.journey import DESK, PHONE, Language, faults, journey
from tests.entry.web.merchant_site import KEYRING, MerchantSite, merchant_site

_HERE = "/merchant/segments"
_REGULARS = {
    "name": "Regulars",
    "kind1": "visits",
    "limit1": "at_least",
    "times1": "1",
    "days1": "90",
    "kind2": "spent",
    "limit2": "at_most",
    "amount2": "1000",
    "days2": "30",
}


@pytest.fixture
async def site(database_urls: Urls, tmp_path: Path) -> AsyncIterator[MerchantSite]:
    """Give a merchant's console."""
    async with merchant_site(database_urls.application_url, tmp_path) as site:
        yield site


async def _keep(site: MerchantSite) -> None:
    for _ in range(9):
        if not (await segment.keep_once(site.street.database, KEYRING, site.street.network_id)).more:
            break


async def test_a_segment_is_built_said_back_filled_and_archived(site: MerchantSite) -> None:
    """From the first page without any to a card with the rule in words of either language, and away again."""
    assert "No segments yet" in (await site.get(_HERE)).text
    assert (await site.send(_HERE, _HERE, **_REGULARS)).status_code == 200
    english = (await site.get(_HERE)).text
    assert "Your guests who came at least once in 90 days and spent at most ¥1,000 in 30 days." in english
    assert "Being filled: 0%" in english
    await _keep(site)
    filled = (await site.get(_HERE + "?lang=zh")).text
    assert "90 天内到店至少 1 次；30 天内消费至多 ¥1,000。" in filled
    assert "正在填充" not in filled
    site.client.cookies.set("rm_account", await site.cookie_of(1))
    assert "Regulars" not in (await site.get(_HERE)).text
    site.client.cookies.set("rm_account", await site.cookie_of(0))
    card = (await site.get(_HERE)).text.partition(f'action="{_HERE}/')[2].partition('"')[0]
    assert (await site.send(f"{_HERE}/{card}", _HERE)).status_code == 200
    assert await site.count("segment", "archived_at IS NULL") == 0


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "Give it a name"),
        ({"kind1": "", "kind2": ""}, "Pick a condition."),
        ({"times1": "often"}, "Fill in what belongs to this condition"),
        ({"days2": "9999"}, "days from 1 to 730"),
        ({"kind1": "bought", "category1": "pharmacy"}, "people are not grouped by this kind"),
        ({"kind1": "answer", "answer1": "spice:hot"}, "only segments of the network may ask for answers"),
    ],
)
async def test_what_is_wrong_is_said_beside_the_form(site: MerchantSite, fields: dict[str, str], words: str) -> None:
    """The form comes back with what was typed, and nothing was made."""
    answer = await site.send(_HERE, _HERE, **{**_REGULARS, **fields})
    assert (answer.status_code, words in answer.text) == (422, True)
    assert await site.count("segment") == 0


@pytest.mark.browser
@pytest.mark.parametrize(("size", "language"), [(PHONE, "zh"), (DESK, "en")])
async def test_the_page_bears_being_looked_at(
    site: MerchantSite, browser: Browser, size: ViewportSize, language: Language, tmp_path: Path
) -> None:
    """Picking a condition shows what belongs to it only; no findings of axe, small targets, or sideways scrolling."""
    async with journey(browser, site.url, "segments", size=size, language=language) as walk:
        await walk.page.context.add_cookies([{"name": "rm_account", "value": site.cookie, "url": site.url}])
        await walk.page.goto(_HERE)
        assert "\n".join(await faults(walk.page)) == ""
        await walk.page.fill("#name", "Away")
        await walk.page.select_option("#kind1", "last_visit")
        assert not await walk.page.is_visible("#times1")
        await walk.page.fill("#days1", "30")
        await walk.page.click("form[aria-labelledby=build] button")
        await walk.page.wait_for_selector(".segments article")
        await walk.page.screenshot(path=str(tmp_path / "segments.png"), full_page=True)
        assert "\n".join(await faults(walk.page)) == ""
