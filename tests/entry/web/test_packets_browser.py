"""A red packet in a browser: made, opened by a stranger who joins for it, seen by who shared it; without a fault."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, ViewportSize

from ringmain.kit.migrate import Urls
from tests.entry.web.journey import DESK, PHONE, Journey, Language, faults, journey
from tests.entry.web.person_site import PersonSite, join, person_site

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("RINGMAIN_SHOTS")
_WORDS = {
    "en": ("Make the red packet", "Open a part", "You have opened"),
    "zh": ("发红包", "拆一份", "您拆得"),
}


@pytest.fixture
async def site(database_urls: Urls) -> AsyncIterator[PersonSite]:
    """Give a street of its own on a server."""
    async with person_site(database_urls.application_url) as site:
        yield site


async def _look(walk: Journey, name: str, found: list[str]) -> None:
    """Add the faults of the page at hand, and keep a picture of it where one is wanted."""
    found += [f"{name}: {one}" for one in await faults(walk.page)]
    if SHOTS:
        size = walk.page.viewport_size
        await walk.page.screenshot(path=Path(SHOTS) / f"{name}-{size['width'] if size else 0}.png", full_page=True)


async def _make(site: PersonSite, walk: Journey, button: str, found: list[str]) -> tuple[str, str]:
    """Win a voucher and share it; returns the page of the packet and its link."""
    page = walk.page
    await page.goto(f"/s/{await site.street.poster(0)}")
    await page.locator("button.prize").first.click()
    await join(site, walk)
    await page.wait_for_url("**/wallet/*")
    await _look(walk, "voucher", found)
    await page.goto(f"{page.url.split('?')[0]}/packet")
    await _look(walk, "packet-ask", found)
    await page.locator("#parts").select_option("2")
    await page.get_by_role("button", name=button).dblclick()
    await page.locator("[data-copy]").wait_for()
    await _look(walk, "packet-made", found)
    link = await page.locator("[data-copy]").get_attribute("data-copy")
    assert link
    return page.url, link


@pytest.mark.parametrize(("size", "language"), [(PHONE, "zh"), (DESK, "en")], ids=["phone-zh", "desk-en"])
async def test_a_red_packet_from_hand_to_hand(
    site: PersonSite, browser: Browser, size: ViewportSize, language: Language
) -> None:
    """Pressed twice it is one packet; the friend opens one part, once, and both see it."""
    make, open_, opened = _WORDS[language]
    found: list[str] = []
    async with (
        journey(browser, site.url, "maker", size=size, language=language) as maker,
        journey(browser, site.url, "friend", size=size, language=language) as friend,
    ):
        own, link = await _make(site, maker, make, found)
        await friend.page.goto(link)
        await _look(friend, "packet", found)
        await friend.page.get_by_role("button", name=open_).click()
        await _look(friend, "packet-join", found)
        await join(site, friend)
        await friend.page.get_by_role("heading", name=opened).wait_for()
        await _look(friend, "packet-opened", found)
        await maker.page.goto(own)
        assert await maker.page.locator("section[aria-labelledby=opened] li").count() == 1
        await _look(maker, "packet-own", found)
        await maker.page.goto(own.replace("/packet", "/share"))
        await _look(maker, "share", found)
    assert found == []
    assert (await site.count("red_packet"), await site.count("red_packet_opening")) == (1, 1)
