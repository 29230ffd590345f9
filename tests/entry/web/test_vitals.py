"""The person's pages on a cheap phone and a bad network: how soon they are seen, stand still, and answer a tap."""

import pytest
from playwright.async_api import Browser

from tests.entry.web.person_pages import missing, person_pages
from tests.entry.web.planted import planted
from tests.entry.web.served import Served
from tests.entry.web.vitals import HEAD, MOST_PAINT_SECONDS, MOST_SHIFT, MOST_WAIT_MS, vitals

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(1_800)]

# The large text comes after three seconds and pushes the rest down; the button computes for half a second.
_SLOW_PAGE = """
    <!doctype html><html lang="en"><title>x</title><script src="/late.js" defer></script>
    <p>Small</p><button>Slow</button>
"""
_SLOW_SCRIPT = """
    document.body.insertAdjacentHTML("afterbegin", "<h1 style='font-size: 90px'>Late, large, in the way</h1>");
    addEventListener("click", () => { const end = performance.now() + 500; while (performance.now() < end); });
"""


async def test_the_pages_of_people_keep_their_bars(served: Served, browser: Browser) -> None:
    """Each page of a person, opened cold: within the bars, none forgotten."""
    pages = await person_pages(browser, served)
    assert missing(pages) == {"/u/{token}"}
    table, over = [HEAD], []
    for page in pages:
        taken = await vitals(browser, f"{served.url}{page.path}", page.state)
        table.append(f"{page.route:32}{taken.row()}")
        over += [f"{page.route}: {one}" for one in taken.over()]
    print("\n" + "\n".join(table))  # noqa: T201 (the table is what the test is for)
    assert over == []


async def test_a_slow_page_would_be_found(browser: Browser) -> None:
    """Control: a planted page that paints late, shifts, and computes when pressed is over three bars."""
    with planted(_SLOW_PAGE, {"/late.js": _SLOW_SCRIPT}) as address:
        taken = await vitals(browser, address, times=1)
    assert taken.paint_seconds > MOST_PAINT_SECONDS
    assert taken.shift > MOST_SHIFT
    assert taken.wait_ms > MOST_WAIT_MS
    assert len(taken.over()) == 3
