"""Groups on pages: what a merchant is told of them, what a person sees of their own, in both languages and sizes."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, ViewportSize

from ringmain.kit.migrate import Urls
from ringmain.member import api as member
from tests.entry.web.journey import DESK, PHONE, Language, faults, journey
from tests.entry.web.me_site import Me, anna_at_home
from tests.entry.web.merchant_site import MerchantSite, merchant_site
from tests.entry.web.tribes import counted, placed
from tests.member.people import OPERATOR

_AGREED = member.Answer(member.Purpose.PERSONALISATION, True, "2026-01", "en")
_PLACE = member.Place("page", OPERATOR)


@pytest.fixture
async def site(database_urls: Urls, tmp_path: Path) -> AsyncIterator[MerchantSite]:
    """Give a merchant's console."""
    async with merchant_site(database_urls.application_url, tmp_path) as site:
        yield site


@pytest.fixture
async def me(database_urls: Urls) -> AsyncIterator[Me]:
    """Give Anna on her phone, who agrees to suggestions."""
    async with anna_at_home(database_urls.application_url) as me:
        async with me.town.database.unit(me.town.network_id) as uow:
            await member.record_consents(uow, me.anna.member_id, [_AGREED], _PLACE)
        yield me


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (None, "Not counted yet"),
        ("none_found", "It takes 30 people and more who agreed to suggestions and came 10 times"),
        ("too_few_here", "There are groups, but of none did more than about ten guests come to you"),
    ],
)
async def test_without_groups_it_says_what_is_missing(site: MerchantSite, state: str | None, words: str) -> None:
    """Before the first count, without groups, and with too few guests of each: what is missing, and when it comes."""
    if state is not None:
        await counted(site.street.database, site.street.network_id, site.street.merchants[0], state=state)
    answer = await site.get("/merchant/tribes")
    assert (answer.status_code, words in answer.text, 'class="figures"' in answer.text) == (200, True, False)
    assert ("Counted again on Mar 9, 2026." in answer.text) == (state is not None)


async def test_a_merchant_reads_rule_share_and_number(site: MerchantSite) -> None:
    """In plain words of either language, for four weeks; another merchant is told its own, which is nothing."""
    await counted(site.street.database, site.street.network_id, site.street.merchants[0])
    english = (await site.get("/merchant/tribes")).text
    for words in (
        "Noodles",
        "Of all visits, at least 40% are for noodles and at least 30% are in the evening.",
        "about 35<",
        "about 40%<",
        "70% of visits for noodles, beside 30% of everybody&#39;s",
        "Large purchases · Weekends",
        "Counted: Feb 2, 2026 to Mar 1, 2026.",
    ):
        assert words in english, words
    chinese = (await site.get("/merchant/tribes?lang=zh")).text
    assert "在全部到店中，至少 40% 去「面馆」，至少 30% 在晚间。" in chinese
    assert "大额消费 · 周末" in chinese
    site.client.cookies.set("rm_account", await site.cookie_of(1))
    other = (await site.get("/merchant/tribes?lang=en")).text
    assert ("Not counted yet" in other, "noodles" in other) == (True, False)


@pytest.mark.parametrize(("probability", "words"), [(None, "in this group since"), (0.834, "this group 83% likely")])
async def test_a_person_sees_their_group_and_why(me: Me, probability: float | None, words: str) -> None:
    """The rule, their own share of each condition, and whether it was counted or is a guess."""
    await placed(me.town.database, me.town.network_id, me.anna.subject_id, probability=probability)
    async with me.client() as client:
        shown = (await client.get("/me")).text
    assert "at least 40% are for noodles and at least 30% are in the evening." in shown
    assert ("62% of yours for noodles" in shown, "45% of yours in the evening" in shown) == (True, True)
    assert words in shown


async def test_a_person_in_no_group_reads_how_groups_are_found(me: Me) -> None:
    """Nothing is claimed of somebody who was not placed."""
    async with me.client() as client:
        shown = (await client.get("/me")).text
    assert "You are in none. Each night people who buy alike are looked for" in shown


async def test_with_suggestions_off_there_is_no_group(me: Me) -> None:
    """The group goes off the page at once, and out of what the API says; the own copy still has what is stored."""
    await placed(me.town.database, me.town.network_id, me.anna.subject_id)
    async with me.client() as client:
        assert "The group you are in" in (await client.get("/me")).text
        press = (await client.get("/me")).text.partition('name="once" value="')[2].partition('"')[0]
        sent = {"once": press, "purpose": "personalisation", "granted": "no", "next": "/me"}
        assert (await client.post("/me/privacy/consents", data=sent)).status_code == 303
        shown = (await client.get("/me")).text
        press = (await client.get("/me/privacy")).text.partition('name="once" value="')[2].partition('"')[0]
        await client.post("/me/privacy/copy", data={"once": press})
        copy = json.loads((await client.get("/me/privacy/copy.json")).content)
    assert ("The group you are in" in shown, "noodles" in shown) == (False, False)
    assert copy["tribe"]["called"] == "Noodles"
    assert copy["tribe"]["own_per_cents"] == [62, 45]


@pytest.mark.browser
@pytest.mark.parametrize(("size", "language"), [(PHONE, "zh"), (DESK, "en")])
async def test_the_pages_bear_being_looked_at(
    me: Me, site: MerchantSite, browser: Browser, size: ViewportSize, language: Language
) -> None:
    """Neither page has findings of axe, small targets, or sideways scrolling, with groups and without."""
    await placed(me.town.database, me.town.network_id, me.anna.subject_id)
    async with journey(browser, me.url, "my group", size=size, language=language) as walk:
        await walk.page.context.add_cookies(me.cookies())
        await walk.page.goto("/me#group")
        assert "\n".join(await faults(walk.page)) == ""
    async with journey(browser, site.url, "groups", size=size, language=language) as walk:
        await walk.page.context.add_cookies([{"name": "rm_account", "value": site.cookie, "url": site.url}])
        await walk.page.goto("/merchant/tribes")
        assert "\n".join(await faults(walk.page)) == ""
        await counted(site.street.database, site.street.network_id, site.street.merchants[0])
        await walk.page.goto("/merchant/tribes")
        assert "\n".join(await faults(walk.page)) == ""
