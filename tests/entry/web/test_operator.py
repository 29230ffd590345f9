"""The operator's console: every page in both sizes and languages without a fault, and each form with its one effect."""

import os
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import Browser

from ringmain.kit.audit import Actor, Filter, audit, entries
from ringmain.network import api as network
from ringmain.simulate.api import street
from tests.entry.web.journey import DESK, Journey, faults, journey
from tests.entry.web.served import Served

pytestmark = pytest.mark.browser
PAGES = (
    "/operator",
    "/operator/ring",
    "/operator/pressure",
    "/operator/what-if",
    "/operator/merchants",
    "/operator/merchants/new",
    f"/operator/merchants/{street.STALLS[0].merchant_id}",
    "/operator/lease-list",
    "/operator/offers",
    "/operator/games",
    "/operator/games/new",
    "/operator/messages",
    "/operator/models",
    "/operator/requests",
    "/operator/accounts",
    "/operator/keys",
    "/operator/webhooks",
    "/operator/audit",
    "/operator/jobs",
)
SHOTS = os.environ.get("RINGMAIN_SHOTS")
_SOMEBODY = Actor("system")
_FROM_US = {"sec-fetch-site": "same-origin"}


async def sign_in(walk: Journey) -> None:
    """Take the operator's role of the demo street."""
    answer = await walk.page.request.post("/demo/operator", form={"as": "operator"}, headers=_FROM_US)
    assert answer.url.endswith("/operator")


async def shoot(walk: Journey, name: str) -> None:
    """Keep a picture where somebody wants to look at it."""
    if SHOTS:
        await walk.page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


async def test_the_ring_is_drawn_with_its_table_and_file(served: Served, browser: Browser) -> None:
    """The street's flow is a chart, a map, a table and a file; they tell the same edges."""
    async with journey(browser, served.url, "ring", size=DESK) as walk:
        await sign_in(walk)
        await walk.page.goto("/operator/ring")
        await walk.page.locator(".chart svg").first.wait_for()
        await walk.page.locator("details summary").filter(has_text="The same as a table").first.click()
        rows = await walk.page.locator("figure table tbody tr").count()
        async with walk.page.expect_download() as file:
            await walk.page.locator("a[href='/operator/ring/flow.csv']").click()
        lines = _lines(await (await file.value).path())
    assert lines[0].startswith("won_at_id,won_at,spent_at_id")
    assert 0 < rows == min(40, len(lines) - 1)


def _lines(path: str | Path) -> list[str]:
    return Path(path).read_text("utf-8-sig").splitlines()


async def test_a_merchant_is_brought_on_in_one_form(served: Served, browser: Browser) -> None:
    """One form opens merchant, shop and account in well under five minutes; sent again it is still one."""
    mark = uuid4().hex[:8]
    async with journey(browser, served.url, "onboarding", size=DESK) as walk:
        await sign_in(walk)
        await walk.page.goto("/operator/merchants")
        await walk.start_counting()
        await walk.tap("Add a merchant", role="link")
        await walk.type("Name of the shop", f"Kite shop {mark}")
        await walk.type("What is sold there", "toys")
        await walk.type("Opening hours", "Mon-Sun 10:00-21:00")
        await walk.type("Legal name", f"Kites {mark} Ltd")
        await walk.type("Name of the owner", "Ms Kite")
        await walk.type("E-mail of the owner", f"owner-{mark}@example.org")
        walk.think()
        await walk.tap("Open shop and account")
        await walk.see("Invitation for the owner")
        assert await walk.taps() <= 3
        assert await walk.seconds() < 60
        link = await walk.page.locator("section code").first.inner_text()
        await shoot(walk, "onboarded")
        await walk.page.reload()  # The browser sends the form again.
        assert await walk.page.locator("section code").first.inner_text() == link
    assert "/invitations/" in link

    async def opened() -> tuple[int, list[str]]:
        async with served.database.unit(street.NETWORK_ID) as uow:
            shops = [one for one in await network.all_shops(uow) if mark in one.name]
            log = await entries(uow, Filter(action="onboard_merchant", object_id=shops[0].merchant_id), None, 10)
        return len(shops), [one.actor_kind for one in log]

    assert await served.acall(opened()) == (1, ["account"])


async def test_money_and_rivals_of_a_merchant(served: Served, browser: Browser) -> None:
    """A payment is credited once per reference, a rival declared and withdrawn; each leaves an entry."""
    merchant = street.STALLS[1].merchant_id
    mark = uuid4().hex
    async with journey(browser, served.url, "merchant", size=DESK) as walk:
        await sign_in(walk)
        await walk.page.goto(f"/operator/merchants/{merchant}")
        before = await walk.page.locator("dd").first.inner_text()
        await walk.type("Amount in CNY", "123.45")
        await walk.type("Reference of the payment", mark)
        await walk.tap("Credit it")
        after = await walk.page.locator("dd").first.inner_text()
        assert round(_yuan(after) - _yuan(before), 2) == 123.45
        await walk.page.select_option("#declare", label=street.STALLS[0].name)
        await walk.tap("Declare a rival")
        await walk.tap("No rival any more")
        await walk.page.goto(f"/operator/audit?object={street.STALLS[0].shop_id}")
        assert await walk.page.locator("li strong code").all_inner_texts() == ["withdraw_rival", "declare_rival"]


def _yuan(text: str) -> float:
    return float(text.replace("¥", "").replace(",", "").replace("CN", ""))


async def test_a_lease_list_of_a_hundred_and_twenty_tenants(served: Served, browser: Browser, tmp_path: Path) -> None:
    """The file is looked at before anything is written; bad rows are named; afterwards all are open."""
    mark = uuid4().hex[:6]
    row = "Tenant {0} {1} Ltd,Shop {0} {1},food,30.25,120.16,Mon-Sun 10:00-22:00,"
    rows = [row.format(mark, place) for place in range(120)]
    file = tmp_path / "tenants.csv"
    header = "merchant,shop,category,latitude,longitude,hours,owner_email"
    file.write_text("\n".join((header, *rows, f"Bad {mark},,food,,,,")))
    async with journey(browser, served.url, "lease list", size=DESK) as walk:
        await sign_in(walk)
        await walk.page.goto("/operator/lease-list")
        await walk.page.set_input_files("#file", file)
        await walk.tap("Look at it first")
        await walk.see("Merchant, shop and category are needed.")
        assert await faults(walk.page) == []
        await shoot(walk, "lease-list-preview")
        await walk.tap("Open them")
        await walk.see("120 merchants and 120 shops are open, 0 owners have an account.")


async def test_what_no_handler_notes_is_in_the_log(served: Served, browser: Browser) -> None:
    """Pausing and resuming an offer leave entries of the account by themselves, because every form goes one way."""
    offer_id = street.STALLS[2].offer_id
    async with journey(browser, served.url, "offers", size=DESK) as walk:
        await sign_in(walk)
        for label in ("Pause", "Resume"):
            await walk.page.goto("/operator/offers")
            await walk.page.locator(f"form[action$='{offer_id}']").get_by_role("button", name=label).click()
            await walk.page.wait_for_url("**/operator/offers")

    async def noted() -> list[tuple[str, str, str]]:
        async with served.database.unit(street.NETWORK_ID) as uow:
            found = await entries(uow, Filter(object_id=offer_id), None, 10)
        return [(one.actor_kind, one.action, one.object_kind) for one in found]

    assert await served.acall(noted()) == [("account", "resume_offer", "offer"), ("account", "pause_offer", "offer")]


async def test_a_key_is_shown_once_and_revoked(served: Served, browser: Browser) -> None:
    """A key that was made here works at the API until it is revoked; the list never shows it."""
    name = f"Key {uuid4().hex[:8]}"
    async with journey(browser, served.url, "keys", size=DESK) as walk:
        await sign_in(walk)
        await walk.page.goto("/operator/keys")
        await walk.type("What it is for", name)
        await walk.page.select_option("#role", "analyst")
        await walk.tap("Make a key")
        token = await walk.page.locator("section[role=status] code").inner_text()
        headers = {"authorization": f"Bearer {token}"}
        assert (await walk.page.request.get("/v1/me", headers=headers)).status == 200
        await walk.page.goto("/operator/keys")
        assert token not in await walk.page.content()
        row = walk.page.locator("li", has_text=name)
        await row.get_by_role("button", name="Revoke").click()
        await walk.page.locator("li", has_text=name).get_by_text("revoked").wait_for()


async def test_a_webhook_is_made_tried_and_deleted(served: Served, browser: Browser) -> None:
    """The secret is shown once; a test event waits to be sent; an address inside is refused with the next step."""
    async with journey(browser, served.url, "webhooks", size=DESK) as walk:
        await sign_in(walk)
        await walk.page.goto("/operator/webhooks")
        url = f"https://pos.example.com/{uuid4().hex}"
        await walk.type("Address", url)
        await walk.tap("Make the webhook")
        assert (await walk.page.locator("section[role=status] code").inner_text()).startswith("whsec_")
        await walk.page.get_by_role("link", name=url).click()
        await walk.tap("Send a test event")
        await walk.page.locator("li", has_text="test").get_by_text("waiting").wait_for()
        assert await faults(walk.page) == []
        await shoot(walk, "webhook")
        await walk.tap("Send again")
        await walk.tap("Delete")
        await walk.page.wait_for_url("**/operator/webhooks")
        assert await walk.page.get_by_role("link", name=url).count() == 0


async def test_the_chain_is_verified_from_the_page(served: Served, browser: Browser) -> None:
    """The page computes the chain again and shows its head; compared with another head it says what is wrong."""

    async def note() -> None:
        async with served.database.unit(street.NETWORK_ID) as uow:
            await audit(uow, _SOMEBODY, "try_the_page", "page", None)

    await served.acall(note())
    async with journey(browser, served.url, "audit", size=DESK) as walk:
        await sign_in(walk)
        await walk.page.goto("/operator/audit")
        await walk.tap("Verify now")
        await walk.see("The chain holds")
        head = await walk.page.locator("section[aria-labelledby=newest] code").inner_text()
        await shoot(walk, "audit-verified")
        await walk.type("A head that you have kept", head)
        await walk.tap("Verify now")
        await walk.see("Compared with the head that you kept.")
        number, _, _ = head.partition(":")
        await walk.type("A head that you have kept", f"{number}:{'0' * 64}")
        await walk.tap("Verify now")
        await walk.see("it differs from the head you kept")


async def test_the_console_is_for_operators_only(served: Served, browser: Browser) -> None:
    """An owner of a shop is led away from every page of the operator."""
    async with journey(browser, served.url, "owner", size=DESK) as walk:
        answers = []
        await walk.page.goto("/demo")
        for path in PAGES:
            answer = await walk.page.request.get(path, max_redirects=0)
            answers.append(answer.status)
    assert set(answers) == {303}
