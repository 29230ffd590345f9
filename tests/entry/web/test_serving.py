"""Serving groups on pages: plans made, changed and ended; what works where; packs; for merchants and the operator."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser, ViewportSize

from ringmain.entry.web.audiences import ACCOUNT_LIFE
from ringmain.kit.migrate import Urls
from ringmain.kit.pages import open_session
from ringmain.kit.pure.ids import uuid7
from tests.entry.web.journey import DESK, PHONE, Language, faults, journey
from tests.entry.web.merchant_site import MerchantSite, merchant_site
from tests.entry.web.tribes import counted

SHOTS = os.environ.get("RINGMAIN_SHOTS")


@pytest.fixture
async def site(database_urls: Urls, tmp_path: Path) -> AsyncIterator[MerchantSite]:
    """Give a merchant's console, in which two groups are shown."""
    async with merchant_site(database_urls.application_url, tmp_path) as site:
        await counted(site.street.database, site.street.network_id, site.street.merchants[0])
        yield site


async def operator(site: MerchantSite) -> str:
    """Open a session of the operator and return its cookie."""
    async with site.street.database.unit(site.street.network_id) as uow:
        now = datetime.now(tz=UTC)
        facts = {"role": "operator", "name": "Olga"}
        return (await open_session(uow, "account", uuid7(now), ACCOUNT_LIFE, facts))[1]


async def tribe(site: MerchantSite) -> str:
    """Return the group that comes first in the form."""
    text = (await site.get("/merchant/plans/new")).text
    return text.partition('id="tribe"')[2].partition('<option value="')[2].partition('"')[0]


async def test_a_plan_is_made_changed_and_ended(site: MerchantSite) -> None:
    """What is wrong is said at its field and makes nothing; a change is a version; the end is for good."""
    empty = (await site.get("/merchant/plans")).text
    assert "No plan yet" in empty
    new = "/merchant/plans/new"
    wish = {"tribe": await tribe(site), "scene": "poster", "en1": "A table kept till 19:00", "share": "10"}
    wrong = await site.send(new, new, **wish)
    assert (wrong.status_code, "Say it in both languages" in wrong.text) == (422, True)
    for changes in ({"en1": ""}, {"zh1": "留座", "share": "21"}, {"zh1": "留座", "days": "91"}, {"tribe": "x"}):
        assert (await site.send(new, new, **(wish | changes))).status_code == 422
    assert await site.count("service_plan") == 0
    made = await site.send(new, new, **wish, zh1="留座到 19:00")
    assert (made.status_code, "A table kept till 19:00" in made.text) == (200, True)
    assert ("Too early to say" in made.text, "10% of the group are held out" in made.text) == (True, True)
    again = await site.send(new, new, **wish, zh1="留座到 19:00")
    assert (again.status_code, "This tribe has a plan at this scene already." in again.text) == (409, True)
    page = made.url.path
    changed = await site.send(page, page, step="change", days="7")
    assert ("One message in 7 days at most" in changed.text, "19:00" in changed.text.partition("<details")[0]) == (
        True,
        False,
    )
    assert await site.count("service_plan_version") == 2
    ended = await site.send(page, page, step="end")
    assert ("ended on" in ended.text, "Change what they get" in ended.text) == (True, False)
    site.client.cookies.set("rm_account", await site.cookie_of(1))
    assert (await site.get(page)).status_code == 404


async def test_the_table_says_what_it_needs_and_keeps_a_margin(site: MerchantSite) -> None:
    """Without people it says what is missing; a margin is kept, refused above a hundred, and taken back."""
    page = "/merchant/scenes"
    assert "A row needs ten people of a group" in (await site.get(page)).text
    assert 'value="62.5"' in (await site.send(page, page, margin="62.5")).text
    assert await site.count("merchant_margin", "margin_bp = 6250") == 1
    refused = await site.send(page, page, margin="101")
    assert (refused.status_code, "Type percent from 0 to 100" in refused.text) == (422, True)
    await site.send(page, page, margin="")
    assert await site.count("merchant_margin") == 0
    file = await site.get("/merchant/scenes.csv")
    assert file.text.lstrip("\ufeff").startswith("group,scene,people,visits,full_price_visits")


async def test_a_pack_becomes_drafts(site: MerchantSite) -> None:
    """Nothing without a price or a tick; then drafts of what was ticked, which are listed as made."""
    page = "/merchant/packs/catering"
    assert "Quiet afternoons" in (await site.get(page)).text
    assert "/merchant/packs" in (await site.get("/merchant/campaigns")).text
    assert (await site.send(page, page, keys="first_meal")).status_code == 422
    assert (await site.send(page, page, usual="60")).status_code == 422
    assert await site.count("campaign") == 0
    done = (await site.send(page, page, keys="first_meal", usual="60")).text
    assert ("1 draft was made." in done, await site.count("campaign"), await site.count("offer", "paused")) == (
        True,
        1,
        1,
    )
    assert (await site.get("/merchant/packs/none")).status_code == 404


@pytest.mark.browser
@pytest.mark.parametrize(("size", "language"), [(PHONE, "zh"), (DESK, "en")])
async def test_the_pages_bear_being_looked_at(
    site: MerchantSite, browser: Browser, size: ViewportSize, language: Language
) -> None:
    """No page of either console has findings of axe, small targets, or sideways scrolling."""
    new = "/merchant/plans/new"
    wish = {"tribe": await tribe(site), "scene": "poster", "en1": "A table kept till 19:00", "zh1": "留座到 19:00"}
    plan = (await site.send(new, new, **wish, share="10", days="7")).url.path
    packs = ("/merchant/packs", "/merchant/packs/catering")
    merchant = ("/merchant/plans", new, plan, "/merchant/scenes", *packs, "/merchant/campaigns")
    of_operator = ("/operator/plans", "/operator/plans/new", plan.replace("merchant", "operator"), "/operator/scenes")
    for cookie, paths in ((site.cookie, merchant), (await operator(site), of_operator)):
        async with journey(browser, site.url, "serving", size=size, language=language) as walk:
            await walk.page.context.add_cookies([{"name": "rm_account", "value": cookie, "url": site.url}])
            for path in paths:
                await walk.page.goto(path)
                if SHOTS:
                    name = path.strip("/").replace("/", "-")[:40]
                    await walk.page.screenshot(path=f"{SHOTS}/{name}-{language}.png", full_page=True)
                assert (path, "\n".join(await faults(walk.page))) == (path, "")
