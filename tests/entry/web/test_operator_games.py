"""Games in the operator's console: opened in one form, filled up before they run out, stopped; each once."""

import os
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
from playwright.async_api import Browser, ViewportSize

from ringmain.campaign import api as campaign
from ringmain.campaign.api import Plays, packed
from ringmain.kit.pure.clock import microseconds
from ringmain.network import api as network
from ringmain.simulate.api import street
from tests.entry.web.journey import DESK, PHONE, Journey, Language, faults, journey
from tests.entry.web.served import Served

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("RINGMAIN_SHOTS")
_WORDS = {
    "en": ("Add", "Stop the game", "stopped", "in the whole game"),
    "zh": ("添加", "停止游戏", "已停止", "整个游戏期间"),
}


async def _sign_in(walk: Journey, served: Served) -> None:
    """Take the operator's role of the demo street, whose pool has money."""

    async def fund() -> None:
        async with served.database.unit(street.NETWORK_ID) as uow:
            await network.fund_pool(uow, 50_000, "CNY", uuid4().hex, street.NETWORK_ID)

    await served.acall(fund())
    answer = await walk.page.request.post(
        "/demo/operator", form={"as": "operator"}, headers={"sec-fetch-site": "same-origin"}
    )
    assert answer.url.endswith("/operator")


async def _fill(walk: Journey, name: str) -> None:
    """Fill the form with one prize of two, and three vouchers of the network's own."""
    page = walk.page
    await page.goto("/operator/games/new")
    await page.locator("#name").fill(name)
    await page.locator("#kind").select_option("wheel")
    await page.locator("#period").select_option("game")
    await page.locator("#offer1").select_option(str(street.STALLS[1].offer_id))
    await page.locator("#stock1").fill("2")
    await page.locator("#spare").fill("1")
    await page.locator("#spare_stock").fill("3")
    await page.locator(f"input[name=shops][value='{street.STALLS[0].shop_id}']").check()


async def _two_play(served: Served, game_id: UUID) -> UUID:
    """Let two people play, so that what is left is not enough for the days to come; return a voucher they won."""
    async with served.database.unit(street.NETWORK_ID) as uow:
        place = (await campaign.read_game(uow, game_id)).scenes[0].scene_id
        at = np.full(2, microseconds(await uow.now()))
        done = await campaign.play(uow, Plays(packed([place] * 2), packed([uuid4(), uuid4()]), at))
        assert done.refused == {}
    return UUID(bytes=done.voucher_ids[0].tobytes())


@pytest.mark.parametrize(
    ("size", "language"), [(PHONE, "zh"), pytest.param(DESK, "en", marks=pytest.mark.long)], ids=["phone-zh", "desk-en"]
)
async def test_a_game_from_its_form_to_its_end(
    served: Served, browser: Browser, size: ViewportSize, language: Language
) -> None:
    """One form, sent twice, is one game; the page foresees that it runs out; more is added; it is stopped."""
    add, stop, stopped, whole = _WORDS[language]
    name, found = f"Spin {uuid4().hex[:6]}", []
    async with journey(browser, served.url, "operator games", size=size, language=language) as walk:
        page = walk.page
        await _sign_in(walk, served)
        await _fill(walk, name)
        found += await faults(page)
        await _shoot(walk, "operator-game-new")
        await page.locator("main form button").last.dblclick()
        await page.wait_for_url("**/operator/games/*-*")
        assert await page.get_by_role("heading", level=1).inner_text() == name
        assert await page.get_by_text(whole).count() == 1
        game_id = UUID(page.url.rsplit("/", 1)[1])
        won = await served.acall(_two_play(served, game_id))
        await page.reload()
        assert await page.get_by_role("alert").count() == 1
        found += await faults(page)
        await _shoot(walk, "operator-game")
        # The front page says so as well, with the time and the way to mend it.
        await page.goto("/operator")
        assert await page.locator(f"[role=alert] a[href='/operator/games/{game_id}']").count() == 1
        found += await faults(page)
        await _shoot(walk, "operator-low")
        await page.goto("/operator/sharing")
        found += await faults(page)
        await _shoot(walk, "operator-sharing")
        await page.goto(f"/operator/vouchers?id={won}")
        assert await page.locator("main").get_by_role("link", name=name).count() == 1
        found += await faults(page)
        await _shoot(walk, "operator-voucher")
        await page.goto("/operator/vouchers?id=nobody")
        assert await page.get_by_role("alert").count() == 1
        found += await faults(page)
        await page.goto(f"/operator/games/{game_id}")
        await page.locator("#more2").fill("400")
        await page.locator("form[action$='/stock']").nth(1).get_by_role("button", name=add).click()
        await page.wait_for_load_state()
        assert await page.get_by_role("alert").count() == 0
        await page.get_by_role("button", name=stop).click()
        await page.get_by_text(stopped, exact=True).wait_for()
        assert await page.locator("form[action$='/stock']").count() == 0
        found += await faults(page)
        await page.goto("/operator/games")
        assert await page.get_by_text(name).count() == 1
        found += await faults(page)
    assert found == []


async def test_what_makes_no_game_is_said_and_opens_none(served: Served, browser: Browser) -> None:
    """Without odds, or with more than there is money for, the form comes back with what was typed, and why."""
    name = f"Never {uuid4().hex[:6]}"
    async with journey(browser, served.url, "no game", size=DESK) as walk:
        page = walk.page
        await _sign_in(walk, served)
        for field, value in (("#odds1", ""), ("#spare_stock", "999999999")):
            await _fill(walk, name)
            await page.locator(field).fill(value)
            await page.locator("main form button").last.click()
            await page.get_by_role("alert").wait_for()
            assert await page.locator("#name").input_value() == name
            assert await faults(page) == []
        await page.goto("/operator/games")
        assert await page.get_by_text(name).count() == 0
        walk.errors[:] = [one for one in walk.errors if "the server responded with a status of 4" not in one]


async def _shoot(walk: Journey, name: str) -> None:
    if SHOTS:
        size = walk.page.viewport_size
        await walk.page.screenshot(path=Path(SHOTS) / f"{name}-{size['width'] if size else 0}.png", full_page=True)
