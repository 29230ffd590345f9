"""The merchant's console: each form does what it says, once; refusals stand at the field; others' things are none."""

import io
import re
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ringmain.kit.migrate import Urls
from tests.entry.web.merchant_site import MerchantSite, busy_day, merchant_site

_OFFER = {
    "name": "Welcome",
    "kind": "cash",
    "face": "5",
    "minimum": "20",
    "days": "14",
    "limit": "money",
    "much": "100",
}


@pytest.fixture
async def site(database_urls: Urls, tmp_path: Path) -> AsyncIterator[MerchantSite]:
    """Give a running server with a street of its own."""
    async with merchant_site(database_urls.application_url, tmp_path) as site:
        yield site


async def test_an_empty_console_says_what_comes_next(site: MerchantSite) -> None:
    """Without anything the first page is the checklist with one main action, and every page says what it will be."""
    shown = (await site.get("/merchant")).text
    assert "Say when the shop is open" in shown
    assert ">Counted<" not in shown
    assert shown.count('class="button  "') <= 1
    for path, words in (
        ("offers", "No offer yet"),
        ("members", "Nobody yet"),
        ("terminals", "No till yet"),
        ("print", "Nothing hangs yet"),
        ("statements?month=2000-01", "Nothing moved in this month."),
    ):
        answer = await site.get(f"/merchant/{path}")
        assert (path, answer.status_code, words in answer.text) == (path, 200, True)


async def test_the_day_shows_what_was_counted(site: MerchantSite) -> None:
    """Seven new guests, six vouchers of two yuan paid, two back at full price; nothing is said to be caused."""
    await busy_day(site)
    shown = (await site.get("/merchant")).text
    assert "7 new guests, ¥12.00 paid for vouchers, 2 came back at full price." in shown
    assert "there is no comparison group yet" in shown
    chinese = (await site.get("/merchant?lang=zh")).text
    assert "7 位新客，为代金券付出 ¥12.00" in chinese.replace(", ", "，")
    rows = (await site.get("/merchant/days.csv")).text.splitlines()
    assert len(rows) == 29
    assert re.fullmatch(r"\d{4}-\d\d-\d\d,10,6,1200", rows[-1])


async def test_an_offer_is_previewed_published_once_paused_and_followed(site: MerchantSite) -> None:
    """The cost shows before anything is written; two sendings of one press are one offer; it can be paused."""
    part = await site.get("/merchant/offers/preview?" + "&".join(f"{name}={text}" for name, text in _OFFER.items()))
    assert ">20<" in part.text
    assert "¥100.00" in part.text
    only = await site.send("/merchant/offers/new", "/merchant/offers/new", show="preview", **_OFFER)
    assert (only.status_code, ">20<" in only.text) == (200, True)
    assert await site.count("offer") == 0
    fields = {"once": await site.press("/merchant/offers/new"), **_OFFER, "once_each": "yes"}
    first = await site.client.post("/merchant/offers/new", data=fields)
    second = await site.client.post("/merchant/offers/new", data=fields)
    assert first.url.path == second.url.path
    where = "stock = 20 AND kind = 'cash' AND terms->>'face_minor' = '500' AND terms->>'per_member' = '1'"
    assert (await site.count("offer"), await site.count("offer", where)) == (1, 1)
    path = first.url.path
    assert "Nobody has won one yet" in first.text
    paused = await site.send(f"{path}/paused", path, paused="yes")
    assert "Go on" in paused.text
    assert await site.count("offer", "paused") == 1


async def test_what_is_wrong_with_an_offer_stands_at_its_field(site: MerchantSite) -> None:
    """A missing name, no worth, a budget below one voucher, a percentage above all; then nothing is published."""
    for field, text, words in (
        ("name", "", "Give the offer a name."),
        ("face", "much", "Say how much the voucher is worth"),
        ("much", "4", "That is less than one voucher costs."),
        ("days", "900", "A voucher is good for 1 to 365 days."),
    ):
        answer = await site.send("/merchant/offers/new", "/merchant/offers/new", **{**_OFFER, field: text})
        assert (field, answer.status_code, words in answer.text) == (field, 422, True)
        assert f'id="{field}-error"' in answer.text
    percent = {**_OFFER, "kind": "discount", "percent": "101"}
    answer = await site.send("/merchant/offers/new", "/merchant/offers/new", **percent)
    assert (answer.status_code, "A discount is 1 to 100 percent." in answer.text) == (422, True)
    assert await site.count("offer") == 0


async def test_each_voucher_can_be_followed(site: MerchantSite) -> None:
    """Won, came, spent and undone as numbers, a line for each voucher, and all of them as a file without codes."""
    offer_id = await busy_day(site)
    shown = (await site.get(f"/merchant/offers/{offer_id}")).text
    cells = re.findall(r"<tr><td>(Won|Came|Spent|Undone)</td><td class=\"num\">(\d+)</td></tr>", shown)
    assert cells == [("Won", "12"), ("Came", "7"), ("Spent", "6"), ("Undone", "1")]
    assert shown.count("another shop") == 12
    rows = (await site.get(f"/merchant/offers/{offer_id}/vouchers.csv")).text.splitlines()
    assert len(rows) == 13
    assert "secret" not in rows[0]


async def test_a_statement_and_its_lines_agree(site: MerchantSite) -> None:
    """The page shows openings, lines and closings; the file has every transfer."""
    await busy_day(site)
    shown = (await site.get("/merchant/statements")).text
    assert "¥976.00" in shown  # 1,000 less twelve vouchers of two.
    assert "¥12.00" in shown
    rows = (await site.get("/merchant/statements/lines.csv")).text.splitlines()
    # One deposit, twelve holds, seven redemptions, one of them reversed.
    assert len(rows) == 1 + 21
    assert sum(row.split(",")[2] == "reversal" for row in rows) == 1


async def test_staff_get_a_pin_a_new_one_and_leave(site: MerchantSite) -> None:
    """Added with a PIN that is shown nowhere, changed, taken off; a simple PIN is refused at its field."""
    add = {"name": "Mei", "role": "cashier", "shop_id": "", "pin": "7391"}
    simple = await site.send("/merchant/staff", "/merchant/staff", **{**add, "pin": "1111"})
    assert (simple.status_code, 'id="pin-error"' in simple.text) == (422, True)
    shown = await site.send("/merchant/staff", "/merchant/staff", **add)
    assert "Mei" in shown.text
    assert "7391" not in shown.text
    path = re.findall(r"/merchant/staff/[0-9a-f-]{36}", shown.text)[0]
    await site.send(path, path, pin="5824")
    assert await site.count("staff", "left_at IS NULL") == 1
    await site.send(path, path, do="leave")
    assert await site.count("staff", "left_at IS NULL") == 0


async def test_a_till_gets_a_code_that_runs_out_and_can_be_revoked(site: MerchantSite) -> None:
    """The code shows large and as a picture, another one replaces it, and a revoked till is gone from the list."""
    shop = str(site.street.shops[0])
    shown = await site.send("/merchant/terminals", "/merchant/terminals", name="Counter", shop_id=shop)
    (code,) = re.findall(r'class="pairing"[^>]*>([2-9A-Z]{6})<', shown.text)
    assert "<svg" in shown.text
    again = await site.get(str(shown.url.copy_with(query=None)))
    assert (again.status_code, code in again.text) == (200, False)
    other = await site.send(shown.url.path, shown.url.path)
    (new_code,) = re.findall(r'class="pairing"[^>]*>([2-9A-Z]{6})<', other.text)
    assert new_code != code
    await site.send(shown.url.path.replace("/code", "/revoke"), "/merchant/terminals")
    assert await site.count("terminal", "revoked_at IS NULL") == 0


async def test_taking_vouchers_at_own_risk_is_off_until_a_merchant_wants_it(site: MerchantSite) -> None:
    """The tick stands as it was saved, the rest of the rule as it was; an entry of the audit log says who did it."""
    assert 'name="anyway" value="yes">' in (await site.get("/merchant/terminals")).text
    await site.send("/merchant/terminals/offline", "/merchant/terminals", anyway="yes")
    assert 'name="anyway" value="yes" checked>' in (await site.get("/merchant/terminals")).text
    assert await site.count("offline_rule", "accept_anyway AND most_leases = 50 AND lease_minutes = 720") == 1
    assert await site.count("audit_entry", "action = 'page change offline rule'") == 1
    await site.send("/merchant/terminals/offline", "/merchant/terminals")
    assert await site.count("offline_rule", "accept_anyway") == 0


async def test_posters_and_tags_are_made_printed_and_taken_down(site: MerchantSite) -> None:
    """A poster leads to its sheet, a tag to its address and bytes; taken down it is not printed any more."""
    fields = {"name": "Door", "shop_id": str(site.street.shops[0])}
    sheet = await site.send("/merchant/print", "/merchant/print", kind="poster", **fields)
    assert (sheet.url.path, sheet.text.count('<article class="poster')) == ("/merchant/print/paper", 1)
    (link,) = set(re.findall(r"http://[^/]+/s/[\w-]{22}", sheet.text))
    stand = await site.get(f"{sheet.url}&form=stand")
    assert stand.text.count('<article class="poster') == 2
    tag = await site.send("/merchant/print", "/merchant/print", kind="nfc", **fields)
    data = (await site.get(f"{tag.url.path}/tag.ndef")).content
    assert data[3:4] == b"U"
    assert link not in tag.text
    await site.send(f"{tag.url.path}/retire", tag.url.path)
    assert await site.count("scene", "retired_at IS NULL") == 1


async def test_hours_are_proposed_kept_and_checked(site: MerchantSite) -> None:
    """The one shop opens at once; an end before the beginning is after midnight; half a day is refused."""
    shown = await site.get("/merchant/shops")
    path = shown.url.path
    assert path == f"/merchant/shops/{site.street.shops[0]}"
    week = {f"{name}{day}": time for day in range(6) for name, time in (("from", "10:00"), ("until", "02:00"))}
    about = {"name": "Tea", "category": "tea", "from6": "", "until6": ""}
    half = await site.send(path, path, **about, **{**week, "until0": ""})
    assert (half.status_code, "Give both times" in half.text) == (422, True)
    saved = await site.send(path, path, **about, **week)
    assert "Saved." in saved.text
    kept = "[" + "[[600,1560]]," * 6 + "[]]"
    assert await site.count("shop", f"hours = '{kept}'") == 1


async def test_everything_can_be_taken_along(site: MerchantSite) -> None:
    """The file is a whole ZIP with the merchant's own rows."""
    await busy_day(site)
    answer = await site.get("/merchant/export/everything.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert len(archive.read("vouchers.csv").splitlines()) == 13


async def test_others_things_do_not_exist_and_strangers_sign_in_first(site: MerchantSite) -> None:
    """Another merchant, a cashier, and nobody: what is not theirs is not shown, and nothing changes."""
    offer_id = await busy_day(site)
    site.client.cookies.set("rm_account", await site.cookie_of(1))
    for path in (f"offers/{offer_id}", f"offers/{offer_id}/vouchers.csv", f"shops/{site.street.shops[0]}"):
        assert (path, (await site.get(f"/merchant/{path}")).status_code) == (path, 404)
    press = await site.press("/merchant/offers/new")
    refused = await site.client.post(f"/merchant/offers/{offer_id}/paused", data={"once": press, "paused": "yes"})
    assert refused.status_code == 404
    assert await site.count("offer", "paused") == 0
    assert "¥12.00" not in (await site.get("/merchant")).text
    for cookie in (await site.cookie_of(0, "cashier"), ""):
        site.client.cookies.set("rm_account", cookie)
        answer = await site.client.get("/merchant/statements", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/sign-in")
