"""Partners on pages: proposed by one merchant, answered by the other, ended, and nobody else's business."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from httpx2 import Response
from playwright.async_api import Browser, ViewportSize

from ringmain.campaign import api as campaign
from ringmain.kit.migrate import Urls
from ringmain.network import api as network
from tests.entry.web.journey import DESK, PHONE, Language, faults, journey
from tests.entry.web.merchant_site import MerchantSite, merchant_site
from tests.entry.web.test_campaigns import NEW as NEW_CAMPAIGN
from tests.entry.web.test_campaigns import form as campaign_form

HERE, NEW, TODAY = "/merchant/partners", "/merchant/partners/new", "/merchant"
_ID = re.compile(rf'action="{HERE}/([0-9a-f-]{{36}})"')


@pytest.fixture
async def site(database_urls: Urls, tmp_path: Path) -> AsyncIterator[MerchantSite]:
    """Give a merchant's console."""
    async with merchant_site(database_urls.application_url, tmp_path) as site:
        yield site


@asynccontextmanager
async def signed_in(site: MerchantSite, merchant: int) -> AsyncIterator[None]:
    """Let the client be another merchant's for a while."""
    site.client.cookies.set("rm_account", await site.cookie_of(merchant))
    yield
    site.client.cookies.set("rm_account", site.cookie)


async def propose(site: MerchantSite, **changes: str) -> Response:
    """Propose a partnership to the noodle house, of at most 150 yuan at once."""
    usual = {"name": "Tea and noodles", "partner": "Noodle", "limit": "150"}
    return await site.send(NEW, NEW, **{**usual, **changes})


async def proposed(site: MerchantSite) -> str:
    """Propose it and return its address."""
    found = _ID.search((await propose(site)).text)
    assert found is not None
    return f"{HERE}/{found[1]}"


async def exchange(site: MerchantSite, path: str) -> str:
    """Start a campaign of 100 yuan under a partnership; it waits for the partner. Return its address."""
    fields = await campaign_form(site, goal="exchange", partnership=path.rpartition("/")[2])
    made = await site.send(NEW_CAMPAIGN, NEW_CAMPAIGN, **fields)
    await site.send(made.url.path, made.url.path, step="start")
    assert await site.count("campaign_event", "state = 'awaiting_approval'") == 1
    return made.url.path


async def test_one_proposes_the_other_agrees_and_ends(site: MerchantSite) -> None:
    """It waits on the partner's day; agreed, an exchange binds money; ending that is asked about once more."""
    assert "No partner yet" in (await site.get(HERE)).text
    await site.street.publish(datetime.now(tz=UTC) - timedelta(seconds=6))
    assert 'href="/merchant/partners/new"' in (await site.get(NEW_CAMPAIGN)).text
    path = await proposed(site)
    assert "Waits for others" in (await site.get(HERE)).text
    assert "proposes a partnership" not in (await site.get(TODAY)).text
    async with signed_in(site, 1):
        assert "Tea proposes a partnership" in (await site.get(TODAY)).text
        assert "Waits for your answer" in (await site.get(HERE)).text
        agreed = await site.send(path, HERE, step="agree")
        assert "Agreed by all" in agreed.text
        assert "proposes a partnership" not in (await site.get(TODAY)).text
    chosen = (await site.get(f"{NEW_CAMPAIGN}?partnership={path.rpartition('/')[2]}")).text
    assert '<option value="exchange" selected>' in chosen
    made = await exchange(site, path)
    async with signed_in(site, 1):
        # Of 150 yuan the tea house has bound 100, the noodle house nothing.
        bound = (await site.get(HERE)).text
        assert ("¥100.00" in bound, "¥50.00" in bound, "¥0.00" in bound) == (True, True, True)
        asked = await site.send(path, HERE, step="end")
        assert "Money is bound under it." in asked.text
        assert await site.count("partnership_event", "kind = 'ended'") == 0
        ended = await site.send(path, HERE, step="end", sure="yes")
        assert "Over" in ended.text
    assert await site.count("partnership_event", "kind = 'ended'") == 1
    # It waited for approval: now it is a draft that binds nothing, and its owner is told.
    assert "Your campaigns under it are over" in (await site.get(HERE)).text
    assert "Noodle has ended the partnership" in (await site.get(TODAY)).text
    assert "Its partnership was ended before all had approved it." in (await site.get(made)).text
    assert await site.count("campaign_event", "state = 'draft'") == 2


async def test_a_proposal_is_declined_with_one_press(site: MerchantSite) -> None:
    """Two sendings of one press are one proposal; declined it cannot be agreed to any more."""
    fields = {"once": await site.press(NEW), "name": "Us", "partner": "noodle", "limit": "9"}
    first, second = [await site.client.post(NEW, data=fields) for _ in range(2)]
    assert (first.text.count("<article"), second.text.count("<article"), await site.count("partnership")) == (1, 1, 1)
    found = _ID.search(second.text)
    assert found is not None
    path = f"{HERE}/{found[1]}"
    async with signed_in(site, 1):
        press = await site.press(HERE)
        assert "declined or withdrawn" in (await site.send(path, HERE, step="end")).text
        # A page that was open meanwhile still has the button.
        late = await site.client.post(path, data={"once": press, "step": "agree"})
        assert late.status_code == 409
    assert await site.count("partnership_event", "kind = 'agreed'") == 1
    assert "declined or withdrawn" in (await site.get(HERE)).text


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("name", " ", "Give the partnership a name."),
        ("limit", "much", "Say how much each of you may bind at once"),
        ("limit", "0", "Say how much each of you may bind at once"),
        ("partner", "", "Nobody with a shop here is called like that."),
        ("partner", "Blacksmith", "Nobody with a shop here is called like that."),
        ("partner", "o", "Several are called like that: Books, Noodle. Type more of it."),
        ("partner", "TEA", "That is you. Choose another merchant."),
        ("partner2", "Noodle", "You have chosen it already."),
        ("partner", "bake", "You and Bakery are declared rivals"),
        ("partner2", "Bakery", "You and Bakery are declared rivals"),
        ("partner2", "Books", "Two of these merchants are declared rivals."),
    ],
)
async def test_what_is_wrong_stands_at_its_field(site: MerchantSite, field: str, text: str, words: str) -> None:
    """Nobody, oneself, a stranger, one twice or a rival of either's declaring is refused there; nothing is kept."""
    made = site.street
    async with made.database.unit(made.network_id) as uow:
        await network.declare_rival(uow, made.merchants[2], made.shops[0])
        await network.declare_rival(uow, made.merchants[1], made.shops[3])
    answer = await propose(site, **{field: text})
    assert (answer.status_code, words in answer.text.replace("&#39;", "'")) == (422, True)
    assert await site.count("partnership") == 0


async def test_others_see_and_change_nothing(site: MerchantSite) -> None:
    """A merchant that is no party neither reads it, nor answers it, nor finds it on its day."""
    path = await proposed(site)
    async with signed_in(site, 2):
        for page in (HERE, TODAY, NEW_CAMPAIGN):
            assert "Tea and noodles" not in (await site.get(page)).text
        for name in ("agree", "end"):
            assert (await site.send(path, NEW, step=name, sure="yes")).status_code == 404
    assert await site.count("partnership_event") == 1


async def agreed_one(site: MerchantSite) -> None:
    """Let the tea house have one partnership of each kind: asked, agreed with an exchange, proposed, ended."""
    made = site.street
    tea, noodle, bakery, books = made.merchants[:4]

    async def make(name: str, by: UUID, with_: list[UUID], *, agreed: bool, over: bool = False) -> UUID:
        async with made.database.unit(made.network_id) as uow:
            id_ = (await campaign.propose_partnership(uow, name, by, with_, 15_000)).id
            for one in with_ if agreed else ():
                await campaign.agree_partnership(uow, id_, party=one)
            if over:
                await campaign.end_partnership(uow, id_, party=by)
        return id_

    await make("Books and tea", books, [tea], agreed=False)
    running = await make("Tea, noodles and bread", tea, [noodle, bakery], agreed=True)
    await make("Tea and bread", tea, [bakery], agreed=False)
    await make("Last winter", noodle, [tea], agreed=True, over=True)
    await exchange(site, f"{HERE}/{running}")


@pytest.mark.browser
@pytest.mark.parametrize(("size", "language"), [(PHONE, "zh"), (DESK, "en")])
async def test_the_pages_bear_being_looked_at(
    site: MerchantSite, browser: Browser, size: ViewportSize, language: Language
) -> None:
    """List, proposal, the question before an end and the day have no findings of axe, small targets or scrolling."""
    await agreed_one(site)
    async with journey(browser, site.url, "partners", size=size, language=language) as walk:
        await walk.page.context.add_cookies([{"name": "rm_account", "value": site.cookie, "url": site.url}])
        for page in (TODAY, NEW_CAMPAIGN, NEW, HERE):
            await walk.page.goto(page)
            assert "\n".join(await faults(walk.page)) == ""
        await walk.page.locator("section[aria-labelledby=running] button[value=end]").click()
        await walk.page.locator("input[name=sure]").wait_for(state="attached")
        assert "\n".join(await faults(walk.page)) == ""
