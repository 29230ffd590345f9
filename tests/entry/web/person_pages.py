"""Every page of a person on their phone, as a stranger and as a guest of the demo street reach it."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, Page, StorageState

from ringmain.entry.web import me, messages, person
from tests.entry.web.crawling import STARTS, enter, shape
from tests.entry.web.journey import PHONE
from tests.entry.web.served import Served

# Files, parts of pages, what the worker shows, and the development's outbox: nobody opens these as a page.
NO_PAGES = {
    "/callbacks/wechat",
    "/code/now",
    "/demo/outbox",
    "/demo/outbox/list",
    "/m/{token}",
    "/manifest.webmanifest",
    "/me/photo.jpg",
    "/me/privacy/copy.json",
    "/sw.js",
}
_PARAMETER = re.compile(r"\{\w+(?::\w+)?\}")
_LINKS = "all => all.map(one => one.pathname)"


@dataclass(frozen=True, slots=True)
class PersonPage:
    """An address with the cookies of who opens it."""

    path: str
    state: StorageState

    @property
    def route(self) -> str:
        """The address with ids and tokens folded, as in tables."""
        return shape(self.path)

    @property
    def cookies(self) -> str:
        """The cookies as a header."""
        return "; ".join(f"{one['name']}={one['value']}" for one in self.state["cookies"])


async def person_pages(browser: Browser, served: Served) -> list[PersonPage]:
    """Walk as a stranger and as a guest, and return each page with the cookies that it was seen with."""
    return [*await _stranger(browser, served), *await _guest(browser, served)]


def missing(pages: list[PersonPage]) -> set[str]:
    """Return the routes of the person's pages that are not among these."""
    declared = {one.path for one in (*person.PAGES, *me.PAGES, *messages.PAGES) if one.get is not None} - NO_PAGES
    seen = [page.path for page in pages]
    return {
        path
        for path in declared
        if not any(re.fullmatch(_PARAMETER.sub("[^/]+", path), urlsplit(one).path) for one in seen)
    }


async def _stranger(browser: Browser, served: Served) -> list[PersonPage]:
    """From the poster to the code that was sent, which a stranger sees before anybody knows them."""
    context = await browser.new_context(base_url=served.url, viewport=PHONE, locale="en-GB")
    page = await context.new_page()
    pages = [PersonPage(one, await context.storage_state()) for one in ("/welcome-back", "/me/gone", "/offline")]
    await enter(page, served.url, "stranger")
    scene = urlsplit(page.url).path
    # Nobody who scans a poster for the first time has a cookie of ours.
    pages.append(PersonPage(scene, pages[0].state))
    await page.locator("button.prize").first.click()
    await page.locator("#phone").wait_for()
    pages.append(PersonPage("/join", await context.storage_state()))
    await page.locator("#phone").fill("13900007788")
    await page.locator("main form .button").click()
    await page.locator("#code").wait_for()
    pages.append(PersonPage("/join/code", await context.storage_state()))
    await context.close()
    return pages


async def _guest(browser: Browser, served: Served) -> list[PersonPage]:
    context = await browser.new_context(base_url=served.url, viewport=PHONE, locale="en-GB")
    page = await context.new_page()
    await enter(page, served.url, "guest")
    seen: dict[str, str] = {}
    waiting = [*STARTS["guest"], "/nearby/not-for-me", "/today"]
    state = await context.storage_state()
    while waiting:
        path = waiting.pop(0)
        if shape(path) in seen or not _ours(path):
            continue
        seen[shape(path)] = path
        waiting += await _linked(page, path)
    await context.close()
    return [PersonPage(path, state) for path in seen.values()]


async def _linked(page: Page, path: str) -> list[str]:
    await page.goto(path)
    hrefs: Any = await page.eval_on_selector_all("a[href]:not([download])", _LINKS)
    return [str(href) for href in hrefs]


def _ours(path: str) -> bool:
    return path not in NO_PAGES and path.startswith(("/wallet", "/nearby", "/code", "/me", "/receipts/", "/today"))
