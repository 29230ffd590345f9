"""How journeys through pages are walked and measured: taps, keys, simulated seconds, and what must hold of any page.

Simulated seconds follow the keystroke-level model (Card, Moran and Newell 1980): a key 0.28 s, a point 1.1 s, a
decision 1.35 s, and the waits as they were measured.
"""

import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, ViewportSize, async_playwright

CHROMIUM = shutil.which("chromium") or "chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 800}
SIZES: tuple[tuple[str, ViewportSize], ...] = (("phone", PHONE), ("desk", DESK))
Language = Literal["en", "zh"]
Scheme = Literal["light", "dark"]
KEY_SECONDS, POINT_SECONDS, THINK_SECONDS = 0.28, 1.1, 1.35
_LAID_OUT_MS = 300
AXE = Path(__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js"

_COUNT_TAPS = """
    addEventListener("pointerdown", () => {
        sessionStorage.setItem("__taps", Number(sessionStorage.getItem("__taps") || 0) + 1);
    }, true);
"""
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# What is pressed: a link within a sentence may be as high as its line; everything else may not.
_SMALL = """
    (least) => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
        .filter(one => one.checkVisibility({visibilityProperty: true}) && !one.closest(".unseen, .skip"))
        .filter(one => !(one.tagName === "A" && getComputedStyle(one).display === "inline"))
        .map(one => [one, (one.closest("label") || one).getBoundingClientRect()])
        .filter(([one, box]) => box.width > 0 && (box.height < least - 0.5 || box.width < 24))
        .map(([one, box]) => `${one.tagName} ${Math.round(box.width)}x${Math.round(box.height)} `
                             + `${(one.textContent || one.name || "").trim().slice(0, 40)}`)
"""
_OVERLAPPING = """
    () => {
        const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea")]
            .filter(one => one.checkVisibility({visibilityProperty: true}) && !one.closest(".unseen, .skip, .tabs"));
        const boxes = all.map(one => one.getBoundingClientRect());
        const faults = [];
        for (let i = 0; i < all.length; i++) for (let j = i + 1; j < all.length; j++) {
            if (all[i].contains(all[j]) || all[j].contains(all[i])) continue;
            const wide = Math.min(boxes[i].right, boxes[j].right) - Math.max(boxes[i].left, boxes[j].left);
            const high = Math.min(boxes[i].bottom, boxes[j].bottom) - Math.max(boxes[i].top, boxes[j].top);
            if (wide > 1 && high > 1) faults.push(`${all[i].textContent.trim()} | ${all[j].textContent.trim()}`);
        }
        return faults;
    }
"""
# Texts that are cut off by a box that hides what does not fit, or that stand outside of the control or sheet they are
# in. What scrolls within itself hides nothing; what is a pixel small is for readers of screens.
_CLIPPED = """
    () => {
        const faults = [];
        const holders = "button, .button, .badge, .card, .ticket, .banner, .key, .tender, .figures > div, .tabs a";
        const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        for (let node = texts.nextNode(); node; node = texts.nextNode()) {
            const one = node.parentElement;
            if (!node.textContent.trim() || !one.checkVisibility({visibilityProperty: true})) continue;
            if (one.closest(".unseen, .skip, script, style, template, noscript, svg, select")) continue;
            const range = document.createRange();
            range.selectNodeContents(node);
            const lines = [...range.getClientRects()].filter((line) => line.width > 1);
            for (let box = one; box && box !== document.body; box = box.parentElement) {
                const style = getComputedStyle(box), edge = box.getBoundingClientRect();
                if (["auto", "scroll"].includes(style.overflowX) || edge.width <= 1) break;
                const hides = style.overflowX !== "visible";
                if (!hides && !box.matches(holders)) continue;
                const out = (line) => line.left < edge.left - 1 || line.right > edge.right + 1
                    || (hides && (line.top < edge.top - 4 || line.bottom > edge.bottom + 4));
                if (!lines.some(out)) continue;
                faults.push(`${box.tagName}.${box.className}: ${node.textContent.trim().slice(0, 60)}`);
                break;
            }
        }
        return faults;
    }
"""


def forms(*quick: tuple[str, Language, Scheme]) -> list[Any]:
    """Return every size (with its name), language and theme as a test's parameters; those not in `quick` take long."""
    return [
        pytest.param(
            size,
            language,
            scheme,
            id=f"{name}-{language}-{scheme}",
            marks=() if (name, language, scheme) in quick else pytest.mark.long,
        )
        for name, size in SIZES
        for language in ("en", "zh")
        for scheme in ("light", "dark")
    ]


def browser_missing() -> bool:
    """Say whether the machine has no browser."""
    return shutil.which(CHROMIUM) is None


@asynccontextmanager
async def chromium(*more_flags: str) -> AsyncIterator[Browser]:
    """Start Debian's Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *more_flags])
        try:
            yield browser
        finally:
            await browser.close()


@dataclass(slots=True)
class Journey:
    """One person's way through pages in one browser window of its own; everything that goes wrong in it is noted."""

    page: Page
    name: str
    errors: list[str] = field(default_factory=list)
    keys: int = 0
    thoughts: int = 0
    waited: float = 0.0

    async def tap(self, label: str, *, role: Any = "button", exact: bool = False) -> None:
        """Press the control with this label."""
        await self.page.get_by_role(role, name=label, exact=exact).first.click()

    async def type(self, label: str, text: str) -> None:
        """Type into the field with this label; each letter is a key."""
        await self.page.get_by_label(label).first.fill(text)
        self.keys += len(text)

    def think(self) -> None:
        """Note that the person decides something here."""
        self.thoughts += 1

    async def see(self, text: str, seconds: float = 10.0) -> None:
        """Wait until a text shows, and count the wait."""
        started = time.perf_counter()
        await self.page.get_by_text(text).first.wait_for(timeout=seconds * 1_000)
        self.waited += time.perf_counter() - started

    async def taps(self) -> int:
        """Return how often the person has pressed something in this window since counting began."""
        return int(await self.page.evaluate("Number(sessionStorage.getItem('__taps') || 0)"))

    async def hands(self) -> float:
        """Return the simulated seconds since counting began that the person takes, without waits."""
        return await self.taps() * POINT_SECONDS + self.keys * KEY_SECONDS + self.thoughts * THINK_SECONDS

    async def seconds(self) -> float:
        """Return the simulated seconds since counting began, waits as they were measured."""
        return await self.hands() + self.waited

    async def start_counting(self) -> None:
        """Count taps, keys, decisions and waits from here."""
        await self.page.evaluate("sessionStorage.setItem('__taps', 0)")
        self.keys = self.thoughts = 0
        self.waited = 0.0


@asynccontextmanager
async def journey(
    browser: Browser,
    url: str,
    name: str,
    *,
    size: ViewportSize = PHONE,
    language: Language = "en",
    scheme: Scheme = "light",
    **options: Any,
) -> AsyncIterator[Journey]:
    """Open a window of its own. At its end the browser may have complained of nothing: no error, no warning."""
    context = await browser.new_context(
        base_url=url,
        viewport=size,
        color_scheme=scheme,
        reduced_motion="reduce",
        locale={"en": "en-GB", "zh": "zh-CN"}[language],
        **options,
    )
    await context.add_init_script(_COUNT_TAPS)
    page = await context.new_page()
    walked = Journey(page, name)

    def hear(message: ConsoleMessage) -> None:
        # A test that wants no worker between the page and its routes has asked for this one.
        if message.type in ("error", "warning") and "Service Worker registration blocked" not in message.text:
            walked.errors.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: walked.errors.append(str(error)))
    try:
        yield walked
        assert walked.errors == [], f"{name}: {walked.errors}"
    finally:
        await context.close()


async def faults(page: Page, *, least_target: int = 48) -> list[str]:
    """Return what is wrong with a page as it stands: axe's findings, small or overlapping targets, sideways width."""
    found = await misfits(page)
    found += [f"{page.url}: small target: {one}" for one in await page.evaluate(_SMALL, least_target)]
    found += [f"{page.url}: overlapping: {one}" for one in await page.evaluate(_OVERLAPPING)]
    return found + await axe(page)


async def misfits(page: Page) -> list[str]:
    """Return what does not fit, in this window and in one of 320 px: pages too wide, texts cut off or outside."""
    found: list[str] = []
    viewport = page.viewport_size
    assert viewport is not None
    for width in sorted({viewport["width"], min(viewport["width"], 320)}):
        await page.set_viewport_size({"width": width, "height": viewport["height"]})
        overflow = await page.evaluate(_OVERFLOW)
        if overflow > 0:
            # On a busy machine a page that was just made narrower is laid out a moment later.
            await page.wait_for_timeout(_LAID_OUT_MS)
            overflow = await page.evaluate(_OVERFLOW)
        if overflow > 0:
            found.append(f"{page.url}: {overflow} px too wide at {width} px")
        found += [f"{page.url}: does not fit at {width} px: {one}" for one in await page.evaluate(_CLIPPED)]
    await page.set_viewport_size(viewport)
    return found


async def axe(page: Page) -> list[str]:
    """Return axe's findings of WCAG 2.2 A and AA, and of its best practices."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    # What holds is not asked for: telling it takes axe as long as finding what does not.
    result = await page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],"
        " resultTypes: ['violations']})"
    )
    return [
        f"{page.url}: {one['id']}: {node['target'][0]}: {node['failureSummary'].splitlines()[-1].strip()}"
        for one in result["violations"]
        for node in one["nodes"]
    ]
