"""Serving groups on pages: plans made, changed and ended; what works where; packs; for merchants and the operator."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, ViewportSize

from ringmain.campaign import api as campaign
from ringmain.campaign.api import Benefit, NewServicePlan, Said
from ringmain.campaign.service import serve
from ringmain.entry.web.audiences import ACCOUNT_LIFE
from ringmain.kit.migrate import Urls
from ringmain.kit.pages import open_session
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.settings import Settings
from ringmain.member import api as member
from ringmain.network import api as network
from ringmain.network.terminals import make_terminal
from ringmain.scene import api as scene
from ringmain.scene.api import NewScene, SceneKind
from ringmain.segment import store as tribes
from tests.entry.web.journey import DESK, PHONE, Language, faults, journey
from tests.entry.web.merchant_site import KEYRING, MerchantSite, merchant_site
from tests.entry.web.person_site import PersonSite, person_site
from tests.entry.web.tribes import counted, placed
from tests.loop.lake import START, SmallLake

SHOTS = os.environ.get("RINGMAIN_SHOTS")
TABLE = Benefit("A table kept till 19:00", "留座到 19:00")
DAY = timedelta(days=1)


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
    assert "Too little was sold of late to tell" in (await site.get(page)).text
    done = (await site.send(page, page, keys="first_meal", usual="60")).text
    assert ("They reckon with a usual purchase of" in done, "60.00, as you have typed it." in done) == (True, True)
    assert ("1 draft was made." in done, await site.count("campaign"), await site.count("offer", "paused")) == (
        True,
        1,
        1,
    )
    assert (await site.get("/merchant/packs/none")).status_code == 404


@pytest.fixture
async def people(database_urls: Urls) -> AsyncIterator[PersonSite]:
    """Give a street, and phones of people."""
    async with person_site(database_urls.application_url) as site:
        yield site


async def test_a_benefit_is_read_on_the_phone_and_at_the_till(
    people: PersonSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first meeting on: with the prizes, on the voucher, and at a till that scans the guest's own code."""
    monkeypatch.setattr(serve, "is_compared", lambda *_: False)
    street = people.street
    first, second = await street.poster(), await street.poster()
    async with people.phone() as phone:
        await phone.win(first)
        assert "Also for you" not in phone.page
        subject_id = await street.value("SELECT subject_id FROM voucher")
        member_id = await street.value("SELECT id FROM member")
        async with street.database.unit(street.network_id) as uow:
            answer = member.Answer(member.Purpose.PERSONALISATION, True, "2026-01", "en")
            await member.record_consents(uow, member_id, [answer], member.Place("page", member_id))
        await placed(street.database, street.network_id, subject_id)
        tribe_id = await street.value("SELECT tribe_id FROM tribe_member")
        new = NewServicePlan(
            owner_id=street.network_id, tribe_id=tribe_id, scene="poster", said=Said(benefits=(TABLE,))
        )
        async with street.database.unit(street.network_id) as uow:
            await campaign.make_plan(uow, new, by=None)
        await phone.open(f"/s/{second}")
        assert ("Also for you" in phone.page, "A table kept till 19:00" in phone.page) == (True, True)
        await phone.send(f"/s/{second}", offer=phone.offers[0])
        assert "A table kept till 19:00" in phone.page
        async with street.database.unit(street.network_id) as uow:
            till = await make_terminal(uow, street.keyring, street.shops[1], "Counter")
            facts = {"merchant_id": str(street.merchants[1]), "shop_id": str(street.shops[1])}
            own = street.merchants[1], street.shops[1]
            cashier = await network.add_staff(uow, street.keyring, *own, "Li", "cashier", "7391")
            staff = {"staff_id": str(cashier.id), "staff_name": "Li", "staff_role": "cashier"}
            _, cookie = await open_session(uow, "till", till.terminal.id, DAY, facts | staff)
            code = (await member.show_code(uow, street.keyring, member_id)).code
        phone.client.cookies.set("rm_till", cookie)
        sent = {"key": str(uuid7(datetime.now(tz=UTC))), "scanned": code}
        answered = (await phone.client.post("/till/identify", json=sent)).json()
        (benefit,) = answered["member"]["benefits"]
        assert benefit["text"] == "A table kept till 19:00"
        for key, status in (("9", 200), ("9", 200), ("8", 200)):
            press = {"key": key, "token": benefit["token"]}
            assert (await phone.client.post("/till/benefit", json=press)).status_code == status
        wrong = await phone.client.post("/till/benefit", json={"key": "7", "token": "A" * 76})
        assert (wrong.status_code, wrong.json()["code"]) == (404, "benefit_not_due")
        async with street.unit() as uow:
            rows = await (await uow.connection.execute("SELECT shop_id FROM benefit_given")).fetchall()
        assert rows == [(street.shops[1],)]
        number = await phone.client.post("/till/identify", json=sent | {"key": "2", "scanned": phone.number})
        # Whom the cashier knows by a phone only is not given away as one of the group.
        assert number.json()["member"]["benefits"] == []


async def fill(site: MerchantSite) -> None:
    """Leave fourteen people of a group and twelve others who met the tea house's poster, and the lake of it."""
    street, until = site.street, datetime.now(tz=UTC) - 28 * DAY
    lake = SmallLake(Settings(home=site.home).lake_folder, street.network_id)
    async with street.database.unit(street.network_id) as uow:
        place = (await scene.place_scenes(uow, [NewScene(SceneKind.POSTER, "Door", street.shops[0])]))[0]
        phones = [member.identifier(member.IdentifierKind.PHONE, f"+86137001{number:05}") for number in range(26)]
        enrolled = await member.enrol(uow, KEYRING, [member.Enrolment(phone) for phone in phones])
        for one in enrolled:
            answer = member.Answer(member.Purpose.PERSONALISATION, True, "2026-01", "en")
            await member.record_consents(uow, one.known.member_id, [answer], member.Place("page", one.known.member_id))
    now = datetime.now(tz=UTC)
    async with street.database.unit(street.network_id) as uow:
        query = b"SELECT tribe_id FROM tribe_reach ORDER BY people DESC"
        row = await (await uow.connection.execute(query)).fetchone()
        assert row is not None
        rows = [tribes.MemberRow(one.known.subject_id, row[0], None, [50, 50], now) for one in enrolled[:14]]
        await tribes.save_members(uow, rows, now)
    on = (until - START) / DAY
    for one in enrolled:
        who, shop = str(one.known.subject_id), str(street.shops[0])
        lake.touch(str(place.id), who, on)
        lake.rows["touch"][-1]["shop_id"] = shop
        lake.sale(f"{who}-1", who, shop, on + 1)
        lake.rows["sale"][-1]["merchant_id"] = str(street.merchants[0])
    lake.write()


async def test_a_row_is_read_and_leads_to_a_plan(site: MerchantSite) -> None:
    """The operator reads fourteen people exactly; the merchant in fives; each with an action that leads to the form."""
    await fill(site)
    own = (await site.get("/merchant/scenes")).text
    assert ("Make a plan" in own, "/merchant/plans/new?tribe=" in own, ">14<" in own) == (True, True, False)
    site.client.cookies.set("rm_account", await operator(site))
    every = (await site.get("/operator/scenes")).text
    assert (">14<" in every, "¥112.00" in every, "not stated" in every) == (True, True, True)
    file = (await site.get("/operator/scenes.csv")).text
    assert "Posters,14,14,0,11200,,0.0,CNY,Nothing was tried" in file


@pytest.mark.browser
@pytest.mark.parametrize(("size", "language"), [(PHONE, "zh"), (DESK, "en")])
async def test_the_pages_bear_being_looked_at(
    site: MerchantSite, browser: Browser, size: ViewportSize, language: Language
) -> None:
    """No page of either console has findings of axe, small targets, or sideways scrolling."""
    await fill(site)
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
