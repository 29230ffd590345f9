"""A scanner that types: each scan is one event, whatever has the focus, and presses nothing."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route

from tests.entry.web.journey import DESK
from tests.entry.web.served import Served
from tests.entry.web.tills import ready, till, wedge

pytestmark = pytest.mark.browser

_CODE = "RM1ABCDEFGH234567QRSTUVWX"
_OTHER = "RM1ZYXWVUT765432ABCDEFGHI"
_FOCI = {"amount": "#amount", "button": "#keypad [data-key='5']", "body": ""}
_PACES = (8, 15, 30)
_COUNT = """
    () => {
        window.clicks = 0;
        addEventListener("click", (event) => { window.clicks += event.target.closest("button, a") ? 1 : 0; }, true);
    }
"""
_DEAF = "export function listen() { return () => {}; }"


async def test_each_scan_is_one_event_and_presses_nothing(served: Served, browser: Browser) -> None:
    """Table: pace x focus x suffix; then two scans within 100 ms; then with an input method on."""
    async with till(browser, served, "wedge", size=DESK, service_workers="block") as (walk, _):
        page = walk.page
        heard = await _listening(page)
        # From here on the page knows that scans end with a key, and a slow machine ends none.
        await wedge(page, (_CODE, "Enter"), pause=8)
        await _until(lambda: "".join(heard) == _CODE)
        heard.clear()
        expected: list[str] = []
        for pace in _PACES:
            for name, selector in _FOCI.items():
                for suffix in ("Enter", "Tab"):
                    await _focus(page, selector)
                    await wedge(page, (_CODE, suffix), pause=pace)
                    expected.append(_CODE)
                    await _until(lambda: len(heard) >= len(expected))
                    assert (pace, name, suffix, heard) == (pace, name, suffix, expected)
        await _focus(page, _FOCI["button"])
        await wedge(page, (_CODE, "Enter"), (_OTHER, "Enter"), pause=8)
        await _until(lambda: len(heard) >= len(expected) + 2)
        assert heard[len(expected) :] == [_CODE, _OTHER]
        await _focus(page, _FOCI["amount"])
        await wedge(page, (_CODE, "Enter"), pause=8, ime=True)
        await _until(lambda: len(heard) >= len(expected) + 3)
        assert heard[-1] == _CODE
        assert await page.evaluate("window.clicks") == 0
        # What people type at their own pace is no scan, and nothing of the scans was left in the amount.
        await page.keyboard.type("12", delay=90)
        assert await page.locator("#amount").input_value() == "¥12"
        assert len(heard) == len(expected) + 3


async def test_without_the_listener_a_scan_presses_buttons(served: Served, browser: Browser) -> None:
    """Control: where nobody listens, the same keys press the button that has the focus, and no event comes."""
    async with till(browser, served, "deaf", size=DESK, service_workers="block") as (walk, _):
        page = walk.page
        await page.route("**/static/till/scan.js", _deaf)
        await page.reload()
        await ready(page)
        heard = await _listening(page)
        await _focus(page, _FOCI["button"])
        await wedge(page, (_CODE, "Enter"), pause=8)
        await asyncio.sleep(0.3)
        assert await page.evaluate("window.clicks") == 1
        assert heard == []


async def _listening(page: Page) -> list[str]:
    """Count presses from here, and note every text that the page asks about; each is answered as a guest."""
    heard: list[str] = []

    async def answer(route: Route) -> None:
        heard.append(json.loads(route.request.post_data or "{}")["scanned"])
        await route.fulfill(json=_GUEST)

    await page.route("**/till/identify", answer)
    await page.evaluate(_COUNT)
    return heard


_GUEST: dict[str, Any] = {
    "kind": "member",
    "member": {
        "member_id": "00000000-0000-7000-8000-000000000000",
        "initial": "T",
        "name": None,
        "phone": "0000",
        "photo": None,
        "points": 0,
        "habits": [],
    },
    "quote": {"vouchers": [], "used": [], "off_minor": 0, "refusal": None},
}


async def _deaf(route: Route) -> None:
    await route.fulfill(body=_DEAF, content_type="text/javascript")


async def _focus(page: Page, selector: str) -> None:
    await page.evaluate("document.activeElement?.blur()")
    if selector:
        await page.locator(selector).focus()


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(8):
        while not true():  # noqa: ASYNC110 (the page tells nobody)
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.02)
