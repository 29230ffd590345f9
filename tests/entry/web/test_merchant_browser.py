"""The merchant's console in a browser: the first offer in minutes, without faults, and without JavaScript as well."""

import re
from datetime import UTC, datetime
from uuid import UUID

import pytest
from playwright.async_api import Browser, ViewportSize

from ringmain.entry.web.audiences import ACCOUNT_LIFE
from ringmain.kit.pages import open_session
from ringmain.kit.pure.ids import uuid7
from ringmain.network import api as network
from ringmain.simulate.api import street
from tests.entry.web.journey import DESK, PHONE, Journey, Language, faults, journey
from tests.entry.web.served import Served

pytestmark = pytest.mark.browser
TEA = next(stall for stall in street.STALLS if stall.key == "tea")
_SECONDS_OF_FIRST_OFFER = 180
_PAGES = (
    "/merchant?period=last_28_days",
    "/merchant/offers",
    "/merchant/offers/new",
    f"/merchant/offers/{TEA.offer_id}",
    "/merchant/members",
    "/merchant/statements",
    "/merchant/shops",
    "/merchant/staff",
    "/merchant/terminals",
    "/merchant/print",
    "/merchant/import",
    "/merchant/export",
)
_WORDS: dict[Language, dict[str, str]] = {
    "en": {"next": "What comes next", "publish": "Publish", "empty": "Nobody has won one yet", "pause": "Pause"},
    "zh": {"next": "接下来", "publish": "发布", "empty": "还没有人领到", "pause": "暂停"},
}


async def _sign_in(served: Served, walk: Journey, merchant_id: UUID) -> None:
    """Give the window the session of a merchant's owner."""

    async def opened() -> str:
        facts = {"role": "owner", "name": "Mei", "merchant_id": str(merchant_id)}
        async with served.database.unit(street.NETWORK_ID) as uow:
            return (await open_session(uow, "account", uuid7(datetime.now(tz=UTC)), ACCOUNT_LIFE, facts))[1]

    cookie = await served.acall(opened())
    await walk.page.context.add_cookies([{"name": "rm_account", "value": cookie, "url": served.url}])


async def _newcomer(served: Served) -> UUID:
    """Open a merchant that has a shop and nothing else."""

    async def made() -> UUID:
        async with served.database.unit(street.NETWORK_ID) as uow:
            (merchant,) = await network.open_merchants(uow, [network.NewMerchant("Fresh Fruit Ltd")])
            place = ("fruit", 30.25, 120.16, "Asia/Shanghai")
            await network.open_shops(uow, [network.NewShop(merchant.id, "Fresh Fruit", *place)])
        return merchant.id

    return await served.acall(made())


@pytest.mark.parametrize(("size", "language"), [(PHONE, "zh"), pytest.param(DESK, "en", marks=pytest.mark.long)])
async def test_the_first_offer_takes_less_than_three_minutes(
    served: Served, browser: Browser, size: ViewportSize, language: Language
) -> None:
    """From the empty console to a published offer, its cost standing beside it while it is typed; then it is paused."""
    words, merchant_id = _WORDS[language], await _newcomer(served)
    async with journey(browser, served.url, "first offer", size=size, language=language) as walk:
        await _sign_in(served, walk, merchant_id)
        await walk.page.goto("/merchant")
        await walk.see(words["next"])
        assert "\n".join(await faults(walk.page)) == ""
        await walk.start_counting()
        await walk.page.locator("main a[href='/merchant/offers/new']").first.click()
        walk.think()
        for name, text in (("name", "Plum for two"), ("face", "3"), ("much", "90")):
            await walk.page.locator(f"#{name}").click()
            await walk.page.locator(f"#{name}").fill(text)
            walk.keys += len(text)
        walk.think()
        await walk.page.locator("#preview dd", has_text=re.compile(r"^30$")).wait_for()
        await walk.tap(words["publish"])
        await walk.see(words["empty"])
        seconds, taps = await walk.seconds(), await walk.taps()
        assert (taps, seconds < _SECONDS_OF_FIRST_OFFER) == (5, True), seconds
        assert "\n".join(await faults(walk.page)) == ""
        await walk.tap(words["pause"])
        await walk.page.locator(".badge", has_text={"en": "paused", "zh": "已暂停"}[language]).first.wait_for()


async def test_a_till_is_paired_by_a_code_that_can_be_read_from_afar(served: Served, browser: Browser) -> None:
    """The code is the largest text of its page, and stands in the picture's address as well."""
    async with journey(browser, served.url, "till", size=PHONE) as walk:
        await _sign_in(served, walk, await _newcomer(served))
        await walk.page.goto("/merchant/terminals")
        await walk.type("Name of the till", "Counter")
        await walk.tap("Show its code")
        code = walk.page.locator(".pairing")
        assert re.fullmatch(r"[2-9A-Z]{6}", await code.inner_text())
        assert float(await code.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")) >= 40
        assert await walk.page.locator("svg.qr").count() == 1
        assert "\n".join(await faults(walk.page)) == ""


async def test_everything_but_charts_works_without_javascript(served: Served, browser: Browser) -> None:
    """Cost, offer, menu and hours by plain forms and links."""
    merchant_id = await _newcomer(served)
    async with journey(browser, served.url, "plain", size=PHONE, java_script_enabled=False) as walk:
        await _sign_in(served, walk, merchant_id)
        await walk.page.goto("/merchant/offers/new")
        await walk.page.locator("#much").fill("45")
        await walk.page.get_by_role("button", name="Only show what it costs").click()
        assert await walk.page.locator("#preview dd").first.inner_text() == "9"
        await walk.page.get_by_role("button", name="Publish").click()
        await walk.see("Nobody has won one yet")
        await walk.page.goto("/merchant/shops")
        await walk.page.get_by_role("button", name="Save").click()
        await walk.see("Saved.")
