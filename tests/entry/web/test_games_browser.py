"""Games in a browser: by finger, by keys alone, without motion, without a script; every form without a fault."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import pytest
from playwright.async_api import Browser, Page, ViewportSize

from ringmain.campaign.api import GameKind
from ringmain.kit.migrate import Urls
from ringmain.kit.pages.languages import PSEUDO_RTL
from ringmain.kit.pages.visit import LANGUAGE_COOKIE
from tests.entry.web.gaming import open_game
from tests.entry.web.journey import Journey, Language, Scheme, faults, forms, journey, misfits
from tests.entry.web.person_site import PersonSite, join, person_site

pytestmark = pytest.mark.browser
KINDS: tuple[GameKind, ...] = get_args(GameKind)
SHOTS = os.environ.get("RINGMAIN_SHOTS")
# What PAGES.md allows for a game: two taps, in fifteen seconds.
_MOST_TAPS, _MOST_SECONDS = 2, 15
_WORDS = {
    "en": ("Golden Week", "Play", "You have won", "Show my prize without the game", "Open my prize", "It is yours"),
    "zh": ("Golden Week", "开始游戏", "您中奖了", "跳过游戏，直接看奖品", "打开我的奖品", "归您了"),
}
_SAID = "document.querySelector('[data-said]').textContent"


def _quick(quick: GameKind) -> list[Any]:
    """Return every game as a test's parameters: where all are played alike, `make test` plays one."""
    return [pytest.param(kind, marks=() if kind == quick else pytest.mark.long) for kind in KINDS]


@pytest.fixture
async def site(database_urls: Urls) -> AsyncIterator[PersonSite]:
    """Give a street of its own on a server."""
    async with person_site(database_urls.application_url) as site:
        yield site


async def _shoot(walk: Journey, name: str) -> None:
    if SHOTS:
        size = walk.page.viewport_size
        await walk.page.screenshot(path=Path(SHOTS) / f"{name}-{size['width'] if size else 0}.png", full_page=True)


async def _member(site: PersonSite, walk: Journey) -> None:
    """Join on this phone at another scene, and welcome motion: journeys are walked without it elsewhere."""
    await walk.page.goto(f"/s/{await site.street.poster(None)}")
    await walk.page.goto("/join")
    await join(site, walk)
    await walk.page.wait_for_url("**/wallet")
    await walk.page.emulate_media(reduced_motion="no-preference")


async def _rub(page: Page) -> None:
    """Rub the ticket free in one go, as with a finger."""
    box = await page.locator("[data-stage]").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 10, box["y"] + 20)
    await page.mouse.down()
    for line in range(8):
        y = box["y"] + 20 + line * (box["height"] - 40) / 7
        await page.mouse.move(box["x"] + (box["width"] - 10 if line % 2 == 0 else 10), y, steps=6)
    await page.mouse.up()


async def _uncover(page: Page, kind: str) -> None:
    """Play a game to its end by finger."""
    if kind == "scratch":
        await _rub(page)
    else:
        await page.locator("[data-stage]").click()
    await page.locator(".after").wait_for(timeout=30_000)


@pytest.mark.parametrize("kind", _quick("scratch"))
@pytest.mark.parametrize(("size", "language", "scheme"), forms(("phone", "zh", "light")))
async def test_a_game_from_the_poster_to_the_voucher(
    site: PersonSite, browser: Browser, kind: GameKind, size: ViewportSize, language: Language, scheme: Scheme
) -> None:
    """Scan, play, uncover, voucher: no page has a fault, the prize is said, and a reload shows the same one."""
    name, play, won, plainly, open_prize, yours = _WORDS[language]
    game = await open_game(site.street, kind)
    found: list[str] = []
    async with journey(browser, site.url, kind, size=size, language=language, scheme=scheme) as walk:
        page = walk.page
        await _member(site, walk)
        await page.goto(f"/s/{game.token}")
        await page.get_by_role("heading", name=name).wait_for()
        found += await faults(page)
        await _shoot(walk, f"{kind}-begin")
        await page.get_by_role("button", name=play, exact=True).click()
        await page.locator("[data-stage]").wait_for()
        assert await page.locator(".after").is_hidden()
        assert await page.get_by_role("link", name=plainly).is_visible()
        found += await faults(page)
        await _shoot(walk, f"{kind}-covered")
        worth = await page.locator(".after .worth").text_content()
        await page.reload()
        assert await page.locator(".after .worth").text_content() == worth
        await _uncover(page, kind)
        assert worth
        assert worth in await page.evaluate(_SAID)
        await page.get_by_role("heading", name=won).wait_for()
        found += await faults(page)
        await _shoot(walk, f"{kind}-won")
        await page.get_by_role("link", name=open_prize).click()
        await page.get_by_role("heading", name=yours).wait_for()
    assert found == []
    assert await site.count("play") == await site.count("voucher") == 1


@pytest.mark.parametrize(("size", "language", "scheme"), forms(("phone", "zh", "light")))
async def test_a_winner_chooses_one_of_three(
    site: PersonSite, browser: Browser, size: ViewportSize, language: Language, scheme: Scheme
) -> None:
    """The ticket uncovers three prizes, the first has the focus; one tap takes the last of them."""
    _, play, won, _, _, yours = _WORDS[language]
    game = await open_game(site.street, "scratch", (20, 20, 20, 20, 20), choices=3)
    found: list[str] = []
    async with journey(browser, site.url, "choose", size=size, language=language, scheme=scheme) as walk:
        page = walk.page
        await _member(site, walk)
        await page.goto(f"/s/{game.token}")
        await page.get_by_role("button", name=play, exact=True).click()
        await page.locator("[data-stage]").wait_for()
        assert await page.locator(".after").is_hidden()
        await _shoot(walk, "choose-covered")
        await page.locator("[data-stage]").focus()
        for _ in range(3):
            await page.keyboard.press("Space")
        await page.get_by_role("heading", name=won).wait_for()
        assert await page.evaluate("document.activeElement.matches('[data-prize]')")
        found += await faults(page)
        await _shoot(walk, "choose")
        await page.locator("button.prize").nth(2).click()
        await page.get_by_role("heading", name=yours).wait_for()
    assert found == []
    assert await site.count("play") == await site.count("voucher") == 1


async def test_two_taps_and_fifteen_seconds(site: PersonSite, browser: Browser) -> None:
    """From the scene to the prize: one tap plays, one spins; waits as they are, hands as the model has them."""
    game = await open_game(site.street, "wheel")
    async with journey(browser, site.url, "taps") as walk:
        await _member(site, walk)
        await walk.page.goto(f"/s/{game.token}")
        await walk.start_counting()
        walk.think()
        await walk.tap("Play", exact=True)
        await walk.page.locator("[data-stage]").click()
        await walk.see("You have won", 30)
        assert await walk.taps() == _MOST_TAPS
        assert await walk.seconds() <= _MOST_SECONDS


@pytest.mark.parametrize("kind", _quick("catch"))
async def test_keys_alone(site: PersonSite, browser: Browser, kind: GameKind) -> None:
    """Tab, Enter, space and arrows play each game; the focus then stands on the way to the prize."""
    game = await open_game(site.street, kind)
    async with journey(browser, site.url, f"keys-{kind}") as walk:
        page = walk.page
        await _member(site, walk)
        await page.goto(f"/s/{game.token}")
        await page.get_by_role("button", name="Play", exact=True).focus()
        await page.keyboard.press("Enter")
        await page.locator("[data-stage]").wait_for()
        await walk.start_counting()
        for _ in range(20):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.matches('[data-stage]')"):
                break
        await page.keyboard.press("Space")
        for _ in range(2 if kind == "scratch" else 0):
            assert await page.locator(".after").is_hidden()
            await page.keyboard.press("Space")
        if kind == "catch":
            await page.keyboard.press("ArrowLeft")
            await page.keyboard.press("ArrowRight")
        await page.locator(".after").wait_for(timeout=30_000)
        assert await page.evaluate("document.activeElement.matches('[data-prize]')")
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name="It is yours").wait_for()
        assert await walk.taps() == 0


@pytest.mark.parametrize("kind", _quick("wheel"))
async def test_motion_is_never_needed(site: PersonSite, browser: Browser, kind: GameKind) -> None:
    """Who asks for little motion sees the prize at once; who asks for the prize without the game, too."""
    game = await open_game(site.street, kind)
    async with journey(browser, site.url, f"still-{kind}") as walk:
        page = walk.page
        await _member(site, walk)
        await page.goto(f"/s/{game.token}")
        await page.get_by_role("button", name="Play", exact=True).click()
        await page.locator("[data-skip]").click()
        await page.locator(".after").wait_for()
        assert await page.evaluate("document.activeElement.matches('[data-prize]')")
        assert page.url.endswith("?now=moving")
        await page.emulate_media(reduced_motion="reduce")
        await page.reload()
        await page.locator(".after").wait_for()
        assert await page.locator("[data-stage]").is_hidden()
        assert await faults(page) == []
    async with journey(browser, site.url, f"plain-{kind}", java_script_enabled=False) as walk:
        page = walk.page
        await page.goto(f"/s/{game.token}")
        await page.get_by_role("button", name="Show my prize without the game").click()
        await join(site, walk)
        await page.get_by_role("heading", name="You have won").wait_for()
        await page.goto(f"/s/{game.token}?now=moving")
        await page.locator(".after").wait_for()
        assert await page.locator("[data-stage]").is_hidden()
    assert await site.count("play") == await site.count("voucher") == 2


async def test_longer_texts_fit_from_right_to_left(site: PersonSite, browser: Browser) -> None:
    """In a language 40 % longer, at 320 px: before a game, while it covers the prize, and after."""
    found: list[str] = []
    async with journey(browser, site.url, PSEUDO_RTL, size={"width": 320, "height": 740}) as walk:
        page = walk.page
        await _member(site, walk)
        await page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": PSEUDO_RTL, "url": site.url}])
        for kind in KINDS:
            game = await open_game(site.street, kind)
            await page.goto(f"/s/{game.token}")
            assert "~]" in await page.locator("main").inner_text()
            found += await misfits(page)
            await page.locator("button[name=play]").first.click()
            await page.locator("[data-stage]").wait_for()
            found += await misfits(page)
            await page.locator("[data-skip]").click()
            await page.locator(".after").wait_for()
            found += await misfits(page)
    assert found == []


def test_a_game_is_small() -> None:
    """What a phone loads to play one game is under six kilobytes of our own modules."""
    folder = Path(__file__).parents[3] / "src" / "ringmain" / "entry" / "static" / "person"
    shared = len((folder / "game.js").read_bytes())
    assert max(shared + len((folder / f"{kind}.js").read_bytes()) for kind in KINDS) < 6_000
