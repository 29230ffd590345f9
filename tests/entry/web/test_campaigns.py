"""Campaigns on pages: made from a form once, run, paused and copied; what one brought is said in words."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from playwright.async_api import Browser, ViewportSize

from ringmain.campaign.api import MessageFigures
from ringmain.entry.web.merchant import campaigns as pages
from ringmain.entry.web.merchant.campaign_form import more_in_words
from ringmain.entry.web.merchant.campaign_messages import channels_of
from ringmain.kit.migrate import Urls
from ringmain.kit.pages.languages import Catalogue, Speech
from ringmain.loop.api import CampaignLift, Interval, Reading, State, VisitRange
from ringmain.message.api import Tally
from tests.entry.web.journey import DESK, PHONE, Language, faults, journey
from tests.entry.web.merchant_site import MerchantSite, merchant_site
from tests.loop.lake import START, SmallLake
from tests.loop.street import ZONE

ENGLISH = Speech("en", Catalogue({}))
_ABOUT_FOUR = "About 4 visits would not have come without it."
HERE, NEW = "/merchant/campaigns", "/merchant/campaigns/new"


@pytest.fixture
async def site(database_urls: Urls, tmp_path: Path) -> AsyncIterator[MerchantSite]:
    """Give a merchant's console."""
    async with merchant_site(database_urls.application_url, tmp_path) as site:
        yield site


async def form(site: MerchantSite, **changes: str) -> dict[str, str]:
    """Return a form that is filled in: an offer of two yuan, 100 yuan, four weeks from today."""
    now = datetime.now(tz=UTC)
    offer = await site.street.publish(now - timedelta(seconds=6))
    days = {"starts": now.date().isoformat(), "ends": (now + timedelta(days=28)).date().isoformat()}
    usual = {"name": "Spring", "goal": "new", "offer": str(offer.id), "budget": "100", "comparison": "10"}
    return {**usual, "scene": "yes", **days, **changes}


async def test_a_campaign_is_made_once_and_runs(site: MerchantSite) -> None:
    """The forecast shows before anything is kept; two sendings of one press are one draft; its steps are buttons."""
    assert "No campaign yet" in (await site.get(HERE)).text
    fields = await form(site)
    only = await site.send(NEW, NEW, show="forecast", **fields)
    assert (only.status_code, "¥100.00" in only.text, await site.count("campaign")) == (200, True, 0)
    sent = {"once": await site.press(NEW), **fields}
    first, second = [await site.client.post(NEW, data=sent) for _ in range(2)]
    assert first.url.path == second.url.path
    assert (await site.count("campaign"), "A draft." in first.text) == (1, True)
    path = first.url.path
    started = await site.send(path, path, step="start")
    assert "Too early to say: nobody has met it yet." in started.text
    assert "running" in (await site.get(HERE)).text
    assert "Start" in (await site.send(path, path, step="pause")).text
    ended = await site.send(path, path, step="end")
    assert "Run it again" in ended.text
    copied = await site.send(path, path, step="copy")
    assert copied.url.path != path
    assert await site.count("campaign", "copied_from IS NOT NULL") == 1


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("name", "", "Give the campaign a name."),
        ("offer", "", "Choose one of your offers."),
        ("budget", "much", "Say how much money it may use"),
        ("starts", "soon", "Choose the first day."),
        ("ends", "", "Choose the last day."),
        ("comparison", "4", "The comparison group is 5 to 10 percent."),
        ("budget", "0.50", "The budget has to pay for one voucher at least."),
        ("audience", "need:casinos", "Nobody is chosen by this."),
        ("audience", "tribe:00000000-0000-0000-0000-000000000007", "Nobody is chosen by this."),
        ("from", "14:00", "Type both hours, such as 14:00 and 17:00"),
        ("goal", "quiet_hours", "Say from when to when it is quiet, or on which days."),
    ],
)
async def test_what_is_wrong_stands_at_its_field(site: MerchantSite, field: str, text: str, words: str) -> None:
    """What is missing or out of bounds is said at its field, and nothing is kept."""
    answer = await site.send(NEW, NEW, **await form(site, **{field: text}))
    assert (answer.status_code, words in answer.text) == (422, True)
    assert await site.count("campaign") == 0


async def test_a_campaign_by_message_says_whom_it_reached(site: MerchantSite) -> None:
    """Before the first morning nobody was sent anything; channels have a row each, and their states add up."""
    fields = await form(site, scene="", message="yes")
    sent = {"once": await site.press(NEW), **fields}
    path = (await site.client.post(NEW, data=sent)).url.path
    await site.send(path, path, step="start")
    assert await site.count("campaign", "channels = '{message}'") == 1
    text = (await site.get(path)).text
    assert "people were sent the voucher" in text
    assert "Messages by channel" not in text
    assert text.count('class="bubble"') == 2
    assert re.search(r"In Chinese · [0-9]+ letters, sent as [2-5] text messages", text)
    counts = (
        ("sent", None, 23),
        ("delivered", None, 3),
        ("opened", None, 4),
        ("failed", "address_unknown", 2),
        ("failed", "too_late", 1),
    )
    figures = MessageFigures(0, 33, {}, [Tally("sms", *one) for one in counts], 4)
    assert channels_of(ENGLISH, figures) == [["Text message", "0", "30", "4", "3", "0"]]


async def test_a_need_on_some_days_is_kept_as_it_was_said(site: MerchantSite) -> None:
    """The forecast says visits, how many more than without, and how wide that is; the draft has audience and hours."""
    fields = await form(site, audience="need:books", goal="quiet_hours", day1="yes", day3="yes")
    fields |= {"from": "14:00", "until": "17:00"}
    page = await site.send(NEW, NEW, show="forecast", **fields)
    assert (page.status_code, await site.count("campaign")) == (200, 0)
    for words in (
        "visits with its voucher (between",
        "visits would not have come without it. It may be anything from ",
        "more, so it may also bring nothing.",
        "The range is wide, because nothing like it has been tried in this network yet",
        "How many people that is cannot be told",
    ):
        assert words in page.text
    kept = await site.send(NEW, NEW, **fields)
    assert "Probably wants this week: books" in kept.text
    row = 'audience = \'{"kind": "need", "category": "books"}\' AND weekdays = \'{1,3}\' AND from_minute = 840'
    assert await site.count("campaign", f"{row} AND until_minute = 1020") == 1


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((12, 5, 20), "About 12 visits would not have come without it (between 5 and 20)."),
        ((4, 0, 39), "About 4 visits would not have come without it: at most 39, and perhaps none."),
        (
            (4, -7, 39),
            f"{_ABOUT_FOUR} It may be anything from 7 fewer to 39 more, so it may also bring nothing.",
        ),
        ((0, -7, 3), "It will probably bring no more visits: anything from 7 fewer to 3 more."),
        ((-5, -9, -2), "It will probably bring no more visits: anything from 9 fewer to 0 more."),
    ],
)
def test_what_it_may_cost_is_said_without_a_sign(more: tuple[int, int, int], words: str) -> None:
    """Beside the visits, not as a part of them: people read of fewer visits, never of a number below nought."""
    assert more_in_words(ENGLISH, VisitRange(*more)) == words


async def test_a_form_goes_on_in_the_language_of_its_address(site: MerchantSite) -> None:
    """Sent from a page in Chinese, the form with its faults is Chinese, and so is the next page."""
    assert "新活动" in (await site.get(f"{NEW}?lang=zh")).text
    fields = await form(site, name="")
    assert "请" in (await site.send(NEW, NEW, **fields)).text
    assert '<html lang="zh-Hans"' in (await site.get(HERE)).text
    assert '<html lang="en"' in (await site.get(f"{HERE}?lang=en")).text
    assert '<html lang="en"' in (await site.get(f"{HERE}?lang=xx")).text


async def test_the_last_day_is_the_one_that_was_typed(site: MerchantSite) -> None:
    """A campaign ends with its last day; the day after it is named nowhere."""
    path = (await site.send(NEW, NEW, **await form(site, ends="2027-12-26"))).url.path
    for text in ((await site.get(path)).text, (await site.get(HERE)).text):
        assert ("Dec 26, 2027" in text, "Dec 27, 2027" in text) == (True, False)


async def test_another_merchants_campaign_is_none(site: MerchantSite) -> None:
    """By its address nobody else reads or ends it."""
    path = (await site.send(NEW, NEW, **await form(site))).url.path
    site.client.cookies.set("rm_account", await site.cookie_of(1))
    assert (await site.get(path)).status_code == 404
    assert (await site.send(path, "/merchant/offers/new", step="end")).status_code == 404
    assert await site.count("campaign_event") == 1


async def measured(site: MerchantSite) -> str:
    """Let a campaign run of which the lake knows 800 people, who came far more often with it; return its page."""
    path = (await site.send(NEW, NEW, **await form(site))).url.path
    await site.send(path, path, step="start")
    random, campaign_id = np.random.default_rng(1), path.rpartition("/")[2]
    shop = str(site.street.shops[0])
    lake = SmallLake(site.home / "lake", site.street.network_id)
    on = (datetime.now(tz=UTC) - START) / timedelta(days=1) - 20
    for number in range(800):
        who, treated = f"p{number}", bool(random.random() >= 0.1)
        lake.deal(campaign_id, who, on, treated=treated)
        for after in random.uniform(0, 14, random.poisson(1 + 1.5 * treated)):
            lake.sale(f"{who}-{after}", who, shop, on + float(after))
    lake.write()
    return path


async def test_what_it_brought_is_said_in_words(site: MerchantSite) -> None:
    """From the lake: so many more visits, between two figures, and the same as a table; in Chinese, too."""
    path = await measured(site)
    shown = (await site.get(path)).text
    assert "more visits than without it (between" in shown
    assert "like them, chosen by chance, could not." in shown
    assert "the range is wider" in shown
    assert "<td>more visits</td>" in shown
    assert "比没有它多带来" in (await site.get(f"{path}?lang=zh")).text


def lift(state: State, total: float | None, low: float, high: float, days: int | None = None) -> CampaignLift:
    """Return a reading of 1,800 people and 200 to compare with."""
    interval = None if total is None else Interval(low, high)
    one = Reading(state, 1_800, 200, total, interval)
    return CampaignLift(14, 2_000, 30, None, False, one, one, days)


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        (
            lift(State.EFFECT, 41.2, 12.4, 69.8),
            "Brought 41 more visits than without it (between 12 and 70).",
        ),
        (
            lift(State.EFFECT, -30.0, -50.0, -10.0),
            "Cost 30 visits that would have come without it (between 10 and 50).",
        ),
        (
            lift(State.NO_EFFECT_SEEN, 5.0, -20.0, 30.0),
            "No effect was seen: it may have brought between -20 and 30 visits.",
        ),
        (lift(State.TOO_EARLY, 5.0, -20.0, 30.0, 9), "Too early to say: needs about 9 more days."),
        (lift(State.TOO_EARLY, None, 0, 0, 1), "Too early to say: needs about 1 more day."),
        (lift(State.TOO_EARLY, None, 0, 0), "Too early to say."),
        (lift(State.MISCOUNTED, None, 0, 0), "Cannot be said."),
    ],
)
def test_readings_in_words(reading: CampaignLift, words: str) -> None:
    """Each state has its sentence; before there is an answer no figure is shown."""
    told = pages.visits_in_words(ENGLISH, reading)
    assert told.sentence == words
    assert told.shows == (reading.visits.state in (State.EFFECT, State.NO_EFFECT_SEEN))


@pytest.mark.browser
@pytest.mark.parametrize(("size", "language"), [(PHONE, "zh"), (DESK, "en")])
async def test_the_pages_bear_being_looked_at(
    site: MerchantSite, browser: Browser, size: ViewportSize, language: Language
) -> None:
    """List, form and report have no findings of axe, small targets, or sideways scrolling."""
    path = await measured(site)
    async with journey(browser, site.url, "campaigns", size=size, language=language) as walk:
        await walk.page.context.add_cookies([{"name": "rm_account", "value": site.cookie, "url": site.url}])
        for page in (HERE, NEW, path):
            await walk.page.goto(page)
            assert "\n".join(await faults(walk.page)) == ""
        # A chart is drawn when it comes into sight.
        await walk.page.locator("[data-chart]").scroll_into_view_if_needed()
        await walk.page.locator("[data-chart] svg path").first.wait_for(state="attached")


async def test_a_form_asks_only_what_its_goal_needs(site: MerchantSite, browser: Browser) -> None:
    """How long somebody stayed away is asked where that is the goal; the first day is today by the shop's clock."""
    await form(site)
    async with journey(browser, site.url, "goals", size=DESK, language="en") as walk:
        await walk.page.context.add_cookies([{"name": "rm_account", "value": site.cookie, "url": site.url}])
        await walk.page.goto(NEW)
        asked = walk.page.get_by_label("Stayed away for how many days")
        seen = []
        for goal in ("new", "lapsed", "quiet_hours"):
            await walk.page.get_by_label("What for").select_option(goal)
            seen.append(await asked.is_visible())
        first = await walk.page.get_by_label("First day").input_value()
    assert seen == [False, True, False]
    assert first == datetime.now(ZoneInfo(ZONE)).date().isoformat()
