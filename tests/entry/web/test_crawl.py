"""Every page that a role of the demo street can reach: nothing dead, nothing broken, nothing unreadable."""

from functools import partial

import pytest
from playwright.async_api import Browser, ViewportSize

from tests.entry.web.crawling import ROLES, enter, press_all, walk
from tests.entry.web.journey import DESK, PHONE, Language, Scheme, forms, journey
from tests.entry.web.served import Served

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
# Hundreds of presses, each on a fresh copy of its page.
_LONG = pytest.mark.timeout(3_600)
_TILL_TARGET, _TARGET = 56, 48
# The form in which `make test` looks at a role's pages, and how many pages it finds at least.
_QUICK: dict[str, tuple[ViewportSize, Language, Scheme, int]] = {
    "stranger": (PHONE, "en", "dark", 1),
    "guest": (PHONE, "zh", "light", 6),
    "cashier": (PHONE, "en", "light", 3),
    "owner": (DESK, "zh", "dark", 8),
    "operator": (DESK, "en", "light", 8),
}


async def _faults(
    served: Served,
    browser: Browser,
    role: str,
    size: ViewportSize,
    language: Language,
    scheme: Scheme,
) -> tuple[list[str], list[str]]:
    pages: list[str] = []
    found: list[str] = []
    async with journey(browser, served.url, role, size=size, language=language, scheme=scheme) as one:
        await enter(one.page, served.url, role)
        target = _TILL_TARGET if role == "cashier" else _TARGET
        async for path, looked in walk(one.page, served.url, role, least_target=target):
            pages.append(path)
            found += looked.faults
    return pages, found


@pytest.mark.parametrize("role", ROLES)
async def test_every_page_of_a_role_can_be_read_and_leads_on(served: Served, browser: Browser, role: str) -> None:
    """Each page answers, without findings of axe, small targets, sideways scrolling, or forms that nobody takes."""
    size, language, scheme, least = _QUICK[role]
    pages, found = await _faults(served, browser, role, size, language, scheme)
    assert found == []
    assert len(pages) >= least


@_LONG
@pytest.mark.long
@pytest.mark.parametrize(("size", "language", "scheme"), forms())
@pytest.mark.parametrize("role", ROLES)
async def test_every_page_in_every_form(
    served: Served,
    browser: Browser,
    role: str,
    size: ViewportSize,
    language: Language,
    scheme: Scheme,
) -> None:
    """The same in both sizes (and at 320 px), languages and themes."""
    _, found = await _faults(served, browser, role, size, language, scheme)
    assert found == []


@_LONG
@pytest.mark.long
@pytest.mark.parametrize("role", ROLES)
async def test_every_control_does_something(own_street: Served, browser: Browser, role: str) -> None:
    """Pressed on a fresh copy of its page, each control changes something or asks the server for something.

    What is pressed pauses offers, ends games and sends cashiers away: the street is of no use to anybody afterwards.
    """
    served = own_street
    async with journey(browser, served.url, role, size=DESK) as one:
        await enter(one.page, served.url, role)
        paths = [path async for path, looked in walk(one.page, served.url, role) if looked.is_page]
        dead: list[str] = []
        for path in paths:
            again = partial(enter, one.page, served.url, role)
            await again()
            dead += await press_all(one.page, f"{served.url}{path}", again)
        one.errors.clear()
    assert dead == []


async def test_a_dead_control_would_be_found(served: Served, browser: Browser) -> None:
    """Control: a planted button that does nothing is named; one that prints or unfolds something is not."""
    async with journey(browser, served.url, "control") as one:

        async def plant(route: object) -> None:
            html = """
                <html lang=en><title>x</title><button>Dead</button><details><summary>Alive</summary>x</details>
                <button onclick="print()">Print</button>
            """
            await route.fulfill(body=html, content_type="text/html")  # type: ignore[attr-defined]

        await one.page.route("**/planted", plant)
        assert await press_all(one.page, f"{served.url}/planted") == [f"{served.url}/planted: Dead: does nothing"]
