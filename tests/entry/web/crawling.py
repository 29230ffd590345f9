"""A crawler of pages: takes a role of the demo street, follows every link, measures each page, presses each control."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urldefrag, urljoin, urlsplit

from playwright.async_api import Error, Page, Request, Response

from ringmain.entry.web.site import PAGES
from tests.entry.web.journey import faults

ROLES = ("stranger", "guest", "cashier", "owner", "operator")
# Where a role begins: its own pages, beside what the press on the demo page leads to.
STARTS: dict[str, tuple[str, ...]] = {
    "stranger": (),
    "guest": ("/wallet", "/nearby", "/code", "/me", "/me/privacy", "/me/visits", "/me/messages"),
    "cashier": ("/till", "/till/recent", "/till/shift", "/till/settings"),
    "owner": ("/merchant", "/account"),
    "operator": ("/operator", "/account"),
}
# Pages of the same shape are looked at once: ids and tokens in addresses are folded.
_ID = re.compile(r"/(?:[0-9a-f]{8}-[0-9a-f-]{27}|[\w-]{22,})(?=/|$)")
# Other sites' and other roles' pages, files, and what ends the walk.
_ELSEWHERE = re.compile(r"^/(?:v1|static|reference|readme|readyz|demo|sign-out|styles|healthz)(?:/|$)|^/$")
_MOST_PAGES = 80
_CHART_MS = 10_000
_PRESSES = "button:not([disabled]), input[type=submit], summary"
# On a keypad that shows nothing yet, these rightly do nothing.
_KEYS_OF_SOMETHING = ("back", "0", "00")
_STATE = """
    () => [location.href, document.documentElement.outerHTML.length, document.activeElement?.id,
           document.querySelectorAll("[open], dialog[open], [aria-expanded=true]").length,
           [...document.querySelectorAll("input, select, textarea")].map((one) => one.value + one.checked),
           document.documentElement.innerHTML].join("|")
"""
# What a press does outside of the page leaves a trace in it, or nobody could see it here: printing shows a dialog of
# the browser's own, and the clipboard is the machine's.
_TRACES = """
    window.print = () => document.documentElement.setAttribute("data-printed", "yes");
    if (navigator.clipboard) navigator.clipboard.writeText = async () => undefined;
"""


@dataclass(slots=True)
class Found:
    """What a walk has found."""

    pages: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    is_page: bool = False


def shape(path: str) -> str:
    """Return an address with its ids folded."""
    return _ID.sub("/{id}", urlsplit(path).path)


def form_targets() -> list[re.Pattern[str]]:
    """Return what the addresses look like that take forms."""
    return [
        re.compile(re.sub(r"\\{\w+(?::\w+)?\\}", "[^/]+", re.escape(page.path)).replace("\\/", "/") + r"\Z")
        for page in PAGES
        if page.post is not None
    ]


async def enter(page: Page, url: str, role: str) -> None:
    """Take a role in this window by the press on the demo page."""
    await page.goto(f"{url}/demo")
    form = page.locator(f"form[action='/demo/{role}']")
    await form.evaluate("form => form.removeAttribute('target')")
    await form.locator("button").click()
    await page.wait_for_load_state()


async def walk(page: Page, url: str, role: str, *, least_target: int = 48) -> AsyncIterator[tuple[str, Found]]:
    """Visit every page that a role can reach; gives each address with what was found on it."""
    begin = urlsplit(page.url).path
    waiting = [begin, *STARTS[role]]
    seen: set[str] = set()
    while waiting and len(seen) < _MOST_PAGES:
        path = waiting.pop(0)
        if shape(path) in seen or _ELSEWHERE.match(urlsplit(path).path):
            continue
        seen.add(shape(path))
        found = Found([path])
        answer = await _opened(page, f"{url}{path}", found)
        if answer is not None:
            found.is_page = True
            found.faults += await faults(page, least_target=least_target)
            found.faults += await _dead_forms(page)
            found.faults += await _empty_charts(page)
            waiting += await _links(page, url)
        yield path, found


async def _opened(page: Page, address: str, found: Found) -> Response | None:
    try:
        answer = await page.goto(address)
    except Error as error:
        # A link to a file is no page: the browser says that its download began.
        if "Download is starting" not in str(error):
            found.faults.append(f"{address}: {error.message.splitlines()[0]}")
        return None
    if answer is None or answer.status >= 400:
        found.faults.append(f"{address}: status {answer.status if answer else 'none'}")
        return None
    return answer if "text/html" in answer.headers.get("content-type", "") else None


async def _links(page: Page, url: str) -> list[str]:
    hrefs = await page.eval_on_selector_all("a[href]:not([download])", "all => all.map(one => one.href)")
    paths = [urldefrag(urljoin(page.url, href))[0] for href in hrefs]
    return [path.removeprefix(url) for path in paths if path.startswith(f"{url}/")]


async def _dead_forms(page: Page) -> list[str]:
    """Return the forms that no page of ours takes."""
    forms = await page.eval_on_selector_all(
        "form",
        # Attributes, not properties: a field named `action` hides the form's own.
        """all => all.map(one => [(one.getAttribute("method") || "get").toLowerCase(),
                                  new URL(one.getAttribute("action") || "", location.href).pathname])""",
    )
    targets = form_targets()
    return [
        f"{page.url}: nobody takes the form to {path}"
        for method, path in forms
        if method == "post" and not any(target.match(path) for target in targets)
    ]


async def _empty_charts(page: Page) -> list[str]:
    """Return the charts that draw nothing when they come into view."""
    empty: list[str] = []
    for chart in await page.locator(".chart:visible").all():
        await chart.scroll_into_view_if_needed()
        try:
            await chart.locator("svg").wait_for(timeout=_CHART_MS)
        except Error:
            empty.append(f"{page.url}: a chart draws nothing")
    return empty


async def press_all(page: Page, address: str, again: Callable[[], Awaitable[None]] | None = None) -> list[str]:
    """Press every visible control of a page, each on a fresh copy, and return those that do nothing or break.

    Where a press has ended the role (locked, signed out), `again` takes it once more, so that the rest is pressed, too.
    """
    asked: list[str] = []
    broken: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    def judge(answer: Response) -> None:
        if answer.status >= 500:
            broken.append(answer.url)

    page.on("request", note)
    page.on("response", judge)
    await page.add_init_script(_TRACES)
    await page.goto(address)
    dead: list[str] = []
    for place in range(await page.locator(_PRESSES).count()):
        await page.goto(address)
        if again is not None and urlsplit(page.url).path != urlsplit(address).path:
            await again()
            await page.goto(address)
        control = page.locator(_PRESSES).nth(place)
        if not await control.is_visible():
            continue
        name = (await control.inner_text()).strip()[:40] or await control.get_attribute("aria-label") or "?"
        if await control.get_attribute("data-key") in _KEYS_OF_SOMETHING:
            await page.keyboard.press("5")
        before = await page.evaluate(_STATE)
        asked.clear()
        broken.clear()
        await control.click()
        await page.wait_for_timeout(400)
        invalid = await page.locator(":invalid:not(form):not(fieldset)").count()
        after = await page.evaluate(_STATE)
        if broken:
            dead.append(f"{address}: {name}: broke {broken[0]}")
        elif after == before and not asked and not invalid:
            dead.append(f"{address}: {name}: does nothing")
    page.remove_listener("request", note)
    page.remove_listener("response", judge)
    return dead
