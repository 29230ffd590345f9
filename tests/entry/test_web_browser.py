"""The start page in a real browser: read, pressed, and measured, on a phone and on a desk, in light and dark."""

import os
import shutil
from collections.abc import AsyncIterator
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from ringmain.kit.migrate import Urls
from tests.entry.web_site import Site, small_site

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Scheme = Literal["light", "dark"]
SCREENS: list[tuple[ViewportSize, Scheme]] = [
    ({"width": 360, "height": 740}, "light"),
    ({"width": 360, "height": 740}, "dark"),
    ({"width": 1280, "height": 800}, "light"),
    ({"width": 1280, "height": 800}, "dark"),
]
_OVERFLOW = "document.documentElement.scrollWidth - window.innerWidth"
# Inline links within a sentence may be smaller; everything else that is pressed may not.
_SMALL_TARGETS = """
    [...document.querySelectorAll("button, nav a, .brand, .foot a, summary")]
        .filter(one => one.getBoundingClientRect().height < 48).map(one => one.textContent.trim())
"""
# WCAG 2.2: relative luminance, and the contrast of each text with the nearest opaque background behind it.
_LOW_CONTRAST = """
    (() => {
        const channel = value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        const light = ([r, g, b]) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
        const parts = colour => colour.match(/[\\d.]+/g).map(Number);
        const behind = one => {
            for (; one; one = one.parentElement) {
                const colour = parts(getComputedStyle(one).backgroundColor);
                if (colour.length < 4 || colour[3] === 1) return colour;
            }
            return [255, 255, 255];
        };
        const faults = [];
        for (const one of document.querySelectorAll("body *")) {
            const texts = [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
            if (!texts || !one.checkVisibility() || one.closest("svg")) continue;
            const [above, below] = [light(parts(getComputedStyle(one).color)), light(behind(one))];
            const contrast = (Math.max(above, below) + 0.05) / (Math.min(above, below) + 0.05);
            if (contrast < 4.5) faults.push(`${one.tagName} ${contrast.toFixed(2)} ${one.textContent.trim()}`);
        }
        return faults;
    })()
"""

_PLANT = """
    (() => {
        const planted = document.createElement("button");
        Object.assign(planted.style, {width: "500px", height: "40px", minHeight: "0", maxWidth: "none",
                                      color: "#777", background: "#888"});
        planted.textContent = "x";
        document.querySelector("main").append(planted);
    })()
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        shutil.which(CHROMIUM) is None and not os.environ.get("CI"), reason=f"{CHROMIUM} is not installed"
    ),
]


@pytest.fixture
async def site(database_urls: Urls) -> AsyncIterator[Site]:
    """Give a running site of its own to a test."""
    async with small_site(database_urls.application_url) as site:
        yield site


async def test_the_start_page_works_in_a_browser(site: Site) -> None:
    """Read, press, read: no errors, no scrolling sideways down to 320 px, large targets, contrast, one redemption."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for viewport, scheme in SCREENS:
            errors: list[str] = []
            page = await _open(browser, viewport, scheme, errors)
            await page.goto(site.url)
            assert await page.locator("h1").inner_text() == "Every shop sends its customers on to the next."
            await _measure(page, viewport)
            before = await site.count("redemption")
            await _press_by_keyboard(page)
            assert (await page.locator("h1").inner_text()).split() == [
                "One",
                "till",
                "got",
                "it.",
                "99",
                "were",
                "refused.",
            ]
            assert await page.locator(".till.won").count() == 1
            await _measure(page, viewport)
            await page.reload()
            await page.locator("h1", has_text="One till got it.").wait_for()
            assert await site.count("redemption") == before + 1
            await page.goto(f"{site.url}/reference")
            await page.locator("#redeem_voucher summary").click()
            await _measure(page, viewport)
            assert errors == []
        await browser.close()


async def test_the_button_works_without_javascript_and_twice_at_once(site: Site) -> None:
    """A plain form leads to the result; a double click with JavaScript is one press."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for javascript in (False, True):
            context = await browser.new_context(java_script_enabled=javascript)
            page = await context.new_page()
            await page.goto(site.url)
            before = await site.count("redemption")
            await page.locator("button").click(click_count=1 if not javascript else 2)
            await page.locator("h1", has_text="One till got it.").wait_for()
            assert await site.count("redemption") == before + 1
        await browser.close()


async def test_the_measures_find_planted_faults(site: Site) -> None:
    """Control: a wide box, a small target and a pale text are each found."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport={"width": 360, "height": 740})
        await page.goto(site.url)
        await page.evaluate(_PLANT)
        assert await page.evaluate(_OVERFLOW) > 0
        assert await page.evaluate(_SMALL_TARGETS) == ["x"]
        assert [fault.rpartition(" ")[2] for fault in await page.evaluate(_LOW_CONTRAST)] == ["x"]
        await browser.close()


async def _open(browser: Browser, viewport: ViewportSize, scheme: Scheme, errors: list[str]) -> Page:
    """Open a page that notes everything that goes wrong in it."""
    context = await browser.new_context(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
    page = await context.new_page()
    page.on("console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("requestfailed", lambda request: errors.append(request.url))
    return page


async def _measure(page: Page, viewport: ViewportSize) -> None:
    """Assert what must hold of every page: width, targets, contrast."""
    for width in (viewport["width"], 320):
        await page.set_viewport_size({"width": width, "height": viewport["height"]})
        assert await page.evaluate(_OVERFLOW) <= 0
        assert await page.evaluate(_SMALL_TARGETS) == []
    await page.set_viewport_size(viewport)
    assert await page.evaluate(_LOW_CONTRAST) == []


async def _press_by_keyboard(page: Page) -> None:
    """Reach the button with the keyboard alone, see that its focus shows, and press it."""
    await page.locator("h1").click()
    for _ in range(12):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.tagName") == "BUTTON":
            break
    assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert await page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2
    await page.keyboard.press("Enter")
    await page.locator("h1", has_text="One till got it.").wait_for()
