"""Journeys of people on their phones, in a browser: from the poster to the voucher, again, and without a network."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, Route, ViewportSize

from ringmain.kit.migrate import Urls
from tests.entry.web.journey import DESK, PHONE, Language, Scheme, faults, forms, journey
from tests.entry.web.person_site import PersonSite, join, person_site

pytestmark = pytest.mark.browser
# What PAGES.md allows: one tap on the landing; two for joining, beside phone and code; one to open a voucher.
_TAPS = {"choose": 1, "join": 2}
_TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_WORDS = {
    "en": ("Choose one of 3 prizes", "It is yours", "Wallet", "You played here today", "My code", "Nearby"),
    "zh": ("3 份奖品，任选一份", "归您了", "券包", "您今天在这里抽过了", "会员码", "附近"),
}


@pytest.fixture
async def site(database_urls: Urls) -> AsyncIterator[PersonSite]:
    """Give a street of its own on a server."""
    async with person_site(database_urls.application_url) as site:
        yield site


@pytest.mark.parametrize(
    ("size", "language", "scheme"),
    [(PHONE, "en", "light"), pytest.param(DESK, "zh", "dark", marks=pytest.mark.long)],
    ids=["phone-en", "desk-zh"],
)
async def test_from_the_poster_to_the_voucher(
    site: PersonSite, browser: Browser, size: ViewportSize, language: Language, scheme: Literal["light", "dark"]
) -> None:
    """Scan, prize, join, voucher, wallet, scan again: in as many taps as allowed; no page has a fault."""
    choose, yours, wallet, again, code, nearby = _WORDS[language]
    token = await site.street.poster()
    found: list[str] = []
    async with journey(browser, site.url, "poster", size=size, language=language, scheme=scheme) as walk:
        page = walk.page

        async def look(heading: str = "") -> None:
            if heading:
                await page.get_by_role("heading", name=heading).wait_for()
            found.extend(await faults(page))

        await page.goto(f"/s/{token}")
        await look(choose)
        await walk.start_counting()
        await page.locator("button.prize").first.click()
        await page.locator("#phone").wait_for()
        assert await walk.taps() == _TAPS["choose"]
        await look()
        await walk.start_counting()
        await join(site, walk)
        await look(yours)
        assert await walk.taps() == _TAPS["join"]
        voucher = page.url.split("?")[0]
        await page.goto("/wallet")
        await look(wallet)
        await page.locator("a.ticket").click()
        await page.wait_for_url(voucher)
        await look()
        await page.goto(f"/s/{token}")
        await page.get_by_role("heading", name=again).wait_for()
        for path, heading in (("/code", code), ("/nearby", nearby)):
            await page.goto(path)
            await look(heading)
        for more in ("digits", "why"):
            await page.goto(f"{voucher}/{more}")
            await look()
    assert found == []
    assert await site.count("voucher") == 1


_FINDING = {
    "en": ("flwoers", "It is yours", "Today for you", "Ends soon", "Not for me", "You will not see that again"),
    "zh": ("花店", "归您了", "今日为您", "即将到期", "不感兴趣", "以后不会再显示"),
}


@pytest.mark.parametrize(("size", "language", "scheme"), forms(("phone", "zh", "light")))
async def test_what_was_found_is_taken_with_one_press(
    site: PersonSite, browser: Browser, size: ViewportSize, language: Language, scheme: Scheme
) -> None:
    """Words find an offer, one press takes it through joining; /today shows that it ends, and hears "not for me"."""
    words, yours, today, ends, never, hidden = _FINDING[language]
    soon = await site.street.publish(1, datetime.now(UTC), valid_days=1, face_minor=700)
    found: list[str] = []
    async with journey(browser, site.url, "finding", size=size, language=language, scheme=scheme) as walk:
        page = walk.page
        await page.goto(f"/s/{await site.street.poster()}")
        await page.goto("/nearby")
        await page.locator("#words").fill(words)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/nearby?words=*")
        found += await faults(page)
        await walk.start_counting()
        await page.locator(f"button[name=offer][value='{soon.id}']").click()
        await page.locator("#phone").wait_for()
        assert await walk.taps() == 1
        await join(site, walk)
        await page.get_by_role("heading", name=yours).wait_for()
        await page.goto("/today")
        await page.get_by_role("heading", name=today).wait_for()
        found += await faults(page)
        ending = page.locator("section", has=page.get_by_role("heading", name=ends))
        # Taken today: nothing more can be taken, and what cannot be done is no button.
        assert await page.locator("form[action='/nearby/take']").count() == 0
        await ending.get_by_role("button", name=never).click()
        await page.get_by_text(hidden).wait_for()
        assert await ending.count() == 0
        found += await faults(page)
    assert found == []
    assert (await site.count("voucher"), await site.count("match_block")) == (1, 1)


async def test_the_other_sizes_and_languages(site: PersonSite, browser: Browser) -> None:
    """A phone in Chinese and a desk in English go the same way, and nothing is too wide."""
    token = await site.street.poster()
    ways: tuple[tuple[ViewportSize, Language], ...] = ((PHONE, "zh"), (DESK, "en"))
    for size, language in ways:
        async with journey(browser, site.url, "other", size=size, language=language) as walk:
            for path in (f"/s/{token}", "/wallet", "/code", "/nearby"):
                await walk.page.goto(path)
                if path.startswith("/s/"):
                    await walk.page.locator("button.prize").first.click()
                    await join(site, walk)
                    await walk.page.get_by_role("heading", name=_WORDS[language][1]).wait_for()
                assert await walk.page.evaluate(_TOO_WIDE) <= 0
    assert await site.count("voucher") == 2


async def test_a_voucher_opens_without_a_network(site: PersonSite, browser: Browser) -> None:
    """Kept by the worker, marked with the time of which it is; other pages say that there is no network."""
    token = await site.street.poster()
    async with journey(browser, site.url, "offline") as walk:
        page = walk.page
        await page.goto(f"/s/{token}")
        await page.locator("button.prize").first.click()
        await join(site, walk)
        await page.locator(".scan").wait_for()
        voucher = page.url.split("?")[0]
        await page.goto("/wallet")
        await _kept(page, voucher)
        assert await page.locator(".stale").is_hidden()
        await page.context.set_offline(True)
        for path in (voucher, "/wallet"):
            await page.goto(path)
            assert "As of" in await page.locator(".stale").inner_text()
        await page.locator("a.ticket").click()
        await page.locator(".scan svg").wait_for()
        assert await page.evaluate("document.querySelector('.scan svg').getBoundingClientRect().width") > 200
        await page.goto("/nearby")
        await page.get_by_role("heading", name="No network").wait_for()
        await page.context.set_offline(False)
        await page.goto(voucher)
        assert await page.locator(".stale").is_hidden()
        # Signed out, nothing of the person stays on the phone.
        await page.context.clear_cookies()
        await page.goto("/wallet")
        assert "/welcome-back" in page.url
        await page.wait_for_function("async () => !(await caches.has('ringmain-pages-1'))")
        walk.errors[:] = [one for one in walk.errors if "ERR_INTERNET_DISCONNECTED" not in one]


async def _kept(page: Page, voucher: str) -> None:
    """Wait until the worker has kept a page."""
    path = voucher[voucher.index("/wallet/") :]
    until = time.monotonic() + 10
    while not await page.evaluate("async (path) => !!(await caches.match(path))", path):
        assert time.monotonic() < until, "the voucher was not kept"
        await asyncio.sleep(0.1)


async def test_the_own_code_renews_itself(site: PersonSite, browser: Browser) -> None:
    """The picture changes before the code ends, without anybody's doing; without a network it says that it cannot."""
    async with journey(browser, site.url, "code") as walk:
        page = walk.page
        await page.goto(f"/s/{await site.street.poster()}")
        await page.locator("button.prize").first.click()
        await join(site, walk)
        await page.locator(".scan").wait_for()

        async def soon(route: Route) -> None:
            answer = await route.fetch()
            await route.fulfill(
                response=answer, body=(await answer.text()).replace("data-left=", "data-left=1 data-was=")
            )

        await page.route("**/code", soon)
        renewed = page.wait_for_event("response", lambda answer: answer.url.endswith("/code/now"))
        waiting = asyncio.ensure_future(renewed)
        await page.goto("/code")
        assert (await waiting).status == 200
        await page.context.set_offline(True)
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        await page.locator("[data-code-away]").wait_for(state="visible")
        walk.errors[:] = [one for one in walk.errors if "ERR_INTERNET_DISCONNECTED" not in one]


async def test_double_taps_in_a_browser_are_one_voucher(site: PersonSite, browser: Browser) -> None:
    """Two taps on the prize and two on joining, without JavaScript: one voucher; the scene leads to it."""
    async with journey(browser, site.url, "double", java_script_enabled=False) as walk:
        page = walk.page
        token = await site.street.poster()
        await page.goto(f"/s/{token}")
        await page.locator("button.prize").first.dblclick()
        await page.locator("#phone").wait_for()
        # The second tap's answer may come later, and would empty a field that is filled already.
        await page.wait_for_timeout(1_500)
        await page.locator("#phone").fill("13800138000")
        await page.locator("main form button").click()
        await page.locator("#code").fill(await site.code())
        await page.locator("main form button").dblclick()
        await page.locator(".scan").wait_for()
        assert await site.count("voucher") == await site.count("member") == 1
        await page.goto(f"/s/{token}")
        await page.get_by_role("heading", name="You played here today").wait_for()


async def test_where_somebody_is_is_asked_on_a_tap(site: PersonSite, browser: Browser) -> None:
    """The place is used for one answer; who does not allow it keeps the list; the map draws the shops."""
    here = {"latitude": 31.2, "longitude": 121.5}
    async with journey(browser, site.url, "here", geolocation=here, permissions=["geolocation"]) as walk:
        page = walk.page
        await page.goto(f"/s/{await site.street.poster()}")
        await page.goto("/nearby")
        await page.get_by_role("button", name="Around me").click()
        await page.get_by_text("Where you are is not kept").wait_for()
        assert await page.locator(".shop").count() == 5
        assert "latitude" not in page.url
        await page.get_by_role("button", name="Map").click()
        await page.locator(".map-mark").nth(4).wait_for()
        walk.errors[:] = [one for one in walk.errors if "GL Driver" not in one]
    async with journey(browser, site.url, "nowhere") as walk:
        await walk.page.goto(f"/s/{await site.street.poster()}")
        await walk.page.goto("/nearby")
        await walk.page.get_by_role("button", name="Around me").click()
        await walk.page.locator("[data-no-place]").wait_for(state="visible")
        assert await walk.page.locator(".shop").count() == 4
