"""The style page, and the measures that all pages are held to."""

import pytest
from playwright.async_api import Browser, ViewportSize

from tests.entry.web.journey import Language, Scheme, faults, forms, journey
from tests.entry.web.served import Served

pytestmark = pytest.mark.browser
_TITLE = {"en": "Water and brass", "zh": "水与黄铜"}
_PLANT = """
    document.querySelector("main").insertAdjacentHTML("beforeend",
        "<div id=wide></div><button id=small>x</button><img src='/static/mark.svg'>");
    Object.assign(document.getElementById("wide").style, {width: "2000px", height: "1px"});
    Object.assign(document.getElementById("small").style, {height: "20px", padding: 0});
"""


@pytest.mark.parametrize(("size", "language", "scheme"), forms(("phone", "zh", "dark"), ("desk", "en", "light")))
async def test_the_style_page_has_no_fault(
    served: Served, browser: Browser, size: ViewportSize, language: Language, scheme: Scheme
) -> None:
    """Every part stands on one page, in both languages, with nothing too small, too wide or unreadable."""
    async with journey(browser, served.url, "styles", size=size, language=language, scheme=scheme) as walk:
        await walk.page.goto("/styles")
        assert await walk.page.locator("h1").inner_text() == _TITLE[language]
        await walk.page.locator(".chart").scroll_into_view_if_needed()
        await walk.page.locator(".chart svg").wait_for()
        assert await faults(walk.page) == []


async def test_the_measures_find_planted_faults(served: Served, browser: Browser) -> None:
    """Control: a box that is too wide, a target that is too small and a picture without words are each found."""
    async with journey(browser, served.url, "control") as walk:
        await walk.page.goto("/styles")
        await walk.page.evaluate(_PLANT)
        found = " ".join(await faults(walk.page))
    assert "px too wide" in found
    assert "small target: BUTTON" in found
    assert "image-alt" in found


async def test_a_language_is_chosen_once_and_remembered(served: Served, browser: Browser) -> None:
    """The choice leads back to the same page, in the other language, and stays."""
    async with journey(browser, served.url, "language") as walk:
        await walk.page.goto("/styles")
        await walk.tap("中文")
        await walk.page.wait_for_function("document.documentElement.lang === 'zh-Hans'")
        await walk.page.goto("/styles")
        assert await walk.page.locator("h1").inner_text() == _TITLE["zh"]
