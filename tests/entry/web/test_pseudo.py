"""Pages in languages that nobody speaks: every text 40 % longer, and the same from right to left; all of it fits."""

import pytest
from playwright.async_api import Browser, Page, Route

from ringmain.kit.pages.languages import PSEUDO, PSEUDO_RTL
from ringmain.kit.pages.visit import LANGUAGE_COOKIE
from tests.entry.web.crawling import ROLES, enter, walk
from tests.entry.web.journey import DESK, PHONE, journey, misfits
from tests.entry.web.served import Served

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

# What each role sees most; the role's first page is where the press on the demo page leads.
MAIN = {
    "stranger": ("",),
    "guest": ("", "/nearby", "/today", "/me"),
    "cashier": ("", "/till/shift"),
    "owner": ("", "/merchant/offers/new"),
    "operator": ("", "/operator/merchants"),
}


async def _speak(page: Page, url: str, language: str) -> None:
    await page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": url}])


async def test_the_main_pages_hold_longer_texts_from_right_to_left(served: Served, browser: Browser) -> None:
    """At 320 px nothing is cut off, stands outside of its box, or makes the page scroll in two directions."""
    found: list[str] = []
    async with journey(browser, served.url, PSEUDO_RTL, size={"width": 320, "height": 740}) as one:
        await _speak(one.page, served.url, PSEUDO_RTL)
        for role, paths in MAIN.items():
            await enter(one.page, served.url, role)
            for path in paths:
                if path:
                    await one.page.goto(path)
                found += await misfits(one.page)
        assert await one.page.locator("html").get_attribute("dir") == "rtl"
        assert "~]" in await one.page.locator("main").inner_text()
    assert found == []


@pytest.mark.long
@pytest.mark.parametrize("language", [PSEUDO, PSEUDO_RTL])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("role", ROLES)
async def test_every_page_holds_longer_texts(
    served: Served, browser: Browser, role: str, size: dict[str, int], language: str
) -> None:
    """Every page of a role, as the crawler finds them."""
    found: list[str] = []
    async with journey(browser, served.url, role, size=size, language="en") as one:  # type: ignore[arg-type]
        await _speak(one.page, served.url, language)
        await enter(one.page, served.url, role)
        async for _, looked in walk(one.page, served.url, role, least_target=56 if role == "cashier" else 48):
            found += looked.faults
    assert found == []


async def test_a_text_that_is_cut_off_would_be_found(served: Served, browser: Browser) -> None:
    """Control: planted texts that are hidden in part or run out of their button are named; one that scrolls is not."""

    async def plant(route: Route) -> None:
        html = """
            <html lang=en><style>p, button, pre { width: 80px; white-space: nowrap; padding: 0 }</style>
            <p style="overflow: hidden">Cut off at eighty pixels</p>
            <div style="overflow: hidden; width: 200px"><button style="overflow: visible; text-align: start">Runs out
            of it</button></div>
            <pre style="overflow: auto">Scrolls within itself</pre><p style="width: auto">Fits</p>
        """
        await route.fulfill(body=html, content_type="text/html")

    async with journey(browser, served.url, "control") as one:
        await one.page.route("**/planted", plant)
        await one.page.goto("/planted")
        found = await misfits(one.page)
    assert [fault.partition(" px: ")[2][:14] for fault in found] == ["P.: Cut off at", "BUTTON.: Runs "] * 2
