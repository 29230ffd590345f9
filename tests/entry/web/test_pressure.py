"""Pages of pressure: how the ring turns for a merchant, told in both languages, and never of too few people."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ringmain.entry.web.audiences import ACCOUNT_LIFE
from ringmain.kit.migrate import Urls
from ringmain.kit.pages import open_session
from ringmain.kit.pure.ids import uuid7
from ringmain.loop import api as loop
from ringmain.member import api as member
from ringmain.network import api as network
from ringmain.network.api import NewShop
from tests.entry.web.merchant_site import KEYRING, MerchantSite, merchant_site
from tests.loop.lake import START, SmallLake


@pytest.fixture
async def site(database_urls: Urls, tmp_path: Path) -> AsyncIterator[MerchantSite]:
    """Give a merchant's console."""
    async with merchant_site(database_urls.application_url, tmp_path) as site:
        yield site


async def test_the_ring_of_a_new_merchant_says_that_nothing_can_be_said(site: MerchantSite) -> None:
    """Too early, or too few: never a number that rests on nobody."""
    english = (await site.get("/merchant/ring")).text
    assert english.count("too early to say") == 2
    assert english.count("fewer than 10 people at 3 other merchants") == 3
    assert "No voucher has gone between you and another merchant yet." in english
    assert "还不能判断" in (await site.get("/merchant/ring?lang=zh")).text


async def test_a_note_is_read_by_its_merchant_when_it_was_sent(site: MerchantSite) -> None:
    """A draft is nobody's to read; sent, it stands on the first page in the reader's language, with one action."""
    async with site.street.database.unit(site.street.network_id) as uow:
        await loop.draft_notes(uow, [loop.Balance(site.street.shops[0], 0, 40)])
        (note,) = await loop.notes_to(uow, None)
    assert "A note from your network" not in (await site.get("/merchant")).text
    async with site.street.database.unit(site.street.network_id) as uow:
        await loop.decide_note(uow, note.id, "send")
    english = (await site.get("/merchant")).text
    assert "In 28 days guests spent 40 vouchers of other shops at Tea, and won 0 there." in english
    assert 'href="/merchant/print"' in english
    assert "28 天内，顾客在“Tea”用了 40 张别家的券" in (await site.get("/merchant?lang=zh")).text


async def test_a_standing_top_up_is_set_and_paused_on_its_page(site: MerchantSite) -> None:
    """Faults stand at their fields and nothing is kept; then it is set, paused, and goes on."""
    here = "/merchant/top-ups"
    wrong = await site.send(here, here, add="", month="1", days="", below="")
    assert (wrong.status_code, await site.count("top_up_order")) == (422, 0)
    assert "Say one of the two limits." in wrong.text
    assert "Say how much to add, such as 100." in wrong.text
    kept = await site.send(here, here, add="30", month="60", days="7", below="2000")
    assert "Your money is low" in kept.text
    assert await site.count("top_up_order", "below_minor = 200000 AND add_minor = 3000 AND month_minor = 6000") == 1
    assert "Paused: nothing is added." in (await site.send(here, here, step="pause")).text
    assert "Your money is low" in (await site.send(here, here, step="resume")).text


@pytest.fixture
async def told(site: MerchantSite) -> MerchantSite:
    """Give the operator's console of a network with eight areas and people of whom something can be told."""
    made, now = site.street, datetime.now(tz=UTC)
    async with made.database.unit(made.network_id) as uow:
        new = [NewShop(made.tea, f"Far {one}", "tea", 32 + one / 10, 121.0, "Asia/Shanghai") for one in range(7)]
        await network.open_shops(uow, new)
        facts = {"role": "operator", "name": "Office"}
        _, site.cookie = await open_session(uow, "account", uuid7(now), ACCOUNT_LIFE, facts)
        items = [
            member.Enrolment(member.identifier(member.IdentifierKind.PHONE, f"+86138000000{n:02}"), verified=True)
            for n in range(12)
        ]
        people = [one.known for one in await member.enrol(uow, KEYRING, items)]
        for known in people:
            answer = member.Answer(member.Purpose.PERSONALISATION, True, "2026-01", "en")
            await member.record_consents(uow, known.member_id, [answer], member.Place("page", known.member_id))
    lake, on = SmallLake(site.home / "lake", made.network_id), (now - START).total_seconds() / 86_400
    for known in people:
        lake.walk(str(known.subject_id), (str(made.shops[0]), on - 3), (str(made.shops[0]), on - 1))
    lake.write()
    site.client.cookies.set("rm_account", site.cookie)
    return site


async def test_the_operator_is_told_which_shops_to_recruit(told: MerchantSite) -> None:
    """Twelve people find nothing they want; each row names a shop, what it would do, and one thing to do."""
    page = (await told.get("/operator/pressure")).text
    assert "12 people would find one wanted prize more." in page
    # The one tea house without an offer is asked once in the order; for the others one is brought on.
    order = page.partition("Next, in this order")[2].partition("</ol>")[0]
    assert (order.count("Ask Tea for an offer"), order.count("/operator/merchants/new?category=tea")) == (1, 2)
    assert "够得着的想要的奖品" in (await told.get("/operator/pressure?lang=zh")).text
    filled = (await told.get("/operator/merchants/new?category=cafe&latitude=30.1&longitude=120.2")).text
    assert 'value="cafe"' in filled
    assert 'value="30.1"' in filled


async def test_a_switch_off_is_planned_and_stopped_on_the_page(told: MerchantSite) -> None:
    """Of eight areas a half from tomorrow on; there is one at a time; given everywhere again, one can plan anew."""
    here = "/operator/pressure"
    assert "In how many of the 8 areas" in (await told.get(here)).text
    planned = await told.send(f"{here}/switch-off", here, share="50", days="90")
    assert await told.count("switch_off", "share_bp = 5000 AND stopped_at IS NULL") == 1
    assert "Give everywhere again" in planned.text
    assert "In how many of the" not in planned.text
    path = re.search(rf'action="({here}/switch-off/[0-9a-f-]{{36}})"', planned.text)
    assert path is not None
    stopped = await told.send(path[1], here)
    assert "Called off." in stopped.text
    assert await told.count("switch_off", "stopped_at IS NOT NULL") == 1


async def test_what_would_happen_is_asked_and_stopped_on_its_page(told: MerchantSite) -> None:
    """Each form asks one question; one that waits can be stopped and says so; what there is not is refused."""
    here = "/operator/what-if"
    asked = await told.send(here, here, ask="remove", shop=str(told.street.shops[0]))
    assert "It waits for its turn" in asked.text
    await told.send(here, here, ask="double", merchant=str(told.street.tea))
    await told.send(here, here, ask="add", kind="tea", area="1600:6050")
    assert await told.count("what_if") == 3
    assert (await told.send(here, here, ask="remove", shop="nothing")).status_code == 422
    path = re.search(rf'action="({here}/[0-9a-f-]{{36}})"', asked.text)
    assert path is not None
    assert "Stopped before anything was known." in (await told.send(path[1], here)).text
