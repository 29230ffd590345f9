"""Tests of lease lists: 120 tenants at once, known again, all or nothing, and paid for by the mall."""

import asyncio
import csv
import io
import time

import pytest

from ringmain.network import api as network
from ringmain.network.errors import TenantsUnreadable
from tests.network.town import Installation

MALL = (31.23, 121.47)
HEADER = "merchant,shop,category,latitude,longitude,hours,owner_email,unit\n"
LIST = HEADER + "".join(
    f"Tenant {number} Ltd,Shop {number},food,31.2{number:03},121.4,Mon-Sun 10:00-22:00,owner{number}@example.com,B1\n"
    for number in range(120)
)


async def _import(here: Installation, network_id: object, text: str | bytes, **more: object) -> network.TenantImport:
    async with here.database.unit(network_id) as uow:  # type: ignore[arg-type]
        data = text if isinstance(text, bytes) else text.encode()
        return await network.import_tenants(uow, data, **more)  # type: ignore[arg-type]


async def _names(here: Installation, network_id: object) -> list[str]:
    async with here.database.unit(network_id) as uow:  # type: ignore[arg-type]
        return [shop.name for shop in await network.all_shops(uow)]


async def test_120_tenants_are_opened_at_once_and_known_again(here: Installation) -> None:
    """One transaction of well under a second; the same file once more changes nothing; accounts are open."""
    town = await here.town()
    started = time.perf_counter()
    first = await _import(here, town.network_id, LIST)
    assert time.perf_counter() - started < 2.0
    assert (first.written, first.rows, first.merchants_new, first.shops_new, first.shops_known) == (
        True,
        120,
        120,
        120,
        0,
    )
    assert [one.email for one in first.owners] == [f"owner{number}@example.com" for number in range(120)]
    before = await _names(here, town.network_id)
    again = await _import(here, town.network_id, LIST.replace("Tenant 7 Ltd", "  tenant ７ LTD"))
    assert (again.written, again.merchants_new, again.shops_new, again.shops_known) == (True, 0, 0, 120)
    assert again.owners == ()
    assert await _names(here, town.network_id) == before
    async with here.database.unit(town.network_id) as uow:
        (shop,) = [one for one in await network.all_shops(uow) if one.name == "Shop 42"]
        assert (shop.latitude, shop.longitude, shop.category, shop.time_zone) == (
            31.2042,
            121.4,
            "food",
            "Asia/Shanghai",
        )
        assert shop.hours == (((600, 1_320),),) * 7
        balance = await network.merchant_balance(uow, shop.merchant_id)
        assert (balance.available_minor, balance.held_minor) == (0, 0)


async def test_a_dry_run_writes_nothing_and_says_the_same(here: Installation) -> None:
    """The counts are those of the import."""
    town = await here.town()
    rehearsed = await _import(here, town.network_id, LIST, dry_run=True)
    assert (rehearsed.written, rehearsed.merchants_new, rehearsed.shops_new) == (False, 120, 120)
    assert len(await _names(here, town.network_id)) == 2


BAD = (
    HEADER
    + """\
Good Ltd,Good,food,,,,,
,Nameless,food,,,,,
Far Ltd,Far,food,91,0,,,
Half Ltd,Half,food,31,,,,
Odd Ltd,Odd,food,,,ask inside,,
Over Ltd,Over,food,,,"Mon 10-14, 12-18",,
Mail Ltd,Mail,food,,,,not an address,
"Two
Lines Ltd",Two Lines,food,,,,,
good ltd, GOOD ,food,,,,,
Wide Ltd,Wide,food,,,,,B1,extra
"""
)
PROBLEMS = [
    (3, "text_missing"),
    (4, "place_invalid"),
    (5, "place_invalid"),
    (6, "hours_unreadable"),
    (7, "hours_unreadable"),
    (8, "email_invalid"),
    (11, "shop_twice"),
    (12, "cells_too_many"),
]


async def test_one_bad_row_stops_the_import_and_is_named_by_its_line(here: Installation) -> None:
    """Nothing is written; every bad row has its line and reason; the file of them can be mended and sent again."""
    town = await here.town()
    refused = await _import(here, town.network_id, BAD, place=MALL)
    assert not refused.written
    assert [(row.line, row.problem) for row in refused.rejected] == PROBLEMS
    assert len(await _names(here, town.network_id)) == 2
    rows = list(csv.DictReader(io.StringIO(refused.rejected_csv())))
    assert [(row["line"], row["shop"]) for row in rows][:2] == [("3", "Nameless"), ("4", "Far")]
    assert rows[4]["problem"].startswith("Write hours such as")
    partly = await _import(here, town.network_id, BAD, place=MALL, partly=True)
    assert (partly.written, partly.shops_new, len(partly.rejected)) == (True, 2, 8)
    assert set((await _names(here, town.network_id))[2:]) == {"Good", "Two Lines"}
    mended = refused.rejected_csv().replace("not an address", "a@example.com").splitlines()
    again = await _import(here, town.network_id, "\n".join([mended[0], mended[6]]), place=MALL)
    assert (again.written, again.shops_new) == (True, 1)


async def test_a_row_without_a_place_needs_that_of_the_mall(here: Installation) -> None:
    """Without coordinates anywhere nothing is guessed."""
    town = await here.town()
    text = "merchant,shop,category\nGood Ltd,Good,food\n"
    refused = await _import(here, town.network_id, text)
    assert [(row.line, row.problem) for row in refused.rejected] == [(2, "place_missing")]
    assert (await _import(here, town.network_id, text, place=MALL)).written


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "the first line names no column"),
        (b"merchant,shop\nA,B\n", "the first line names no column category"),
        (b"merchant,shop,category,store\nA,B,c,d\n", "the first line names a column twice"),
        (b"merchant,shop,category\n", "it has 0 rows"),
        (b'merchant,shop,category\n"A,B,c\n', "a quotation mark is never closed"),
        (b"\xff\xfea", "it is no text in UTF-8"),
        (b"x" * (2 * 1024 * 1024 + 1), "it is larger than 2 MB"),
    ],
)
async def test_a_file_that_is_no_list_is_refused(here: Installation, data: bytes, problem: str) -> None:
    """The refusal says what is wrong with the file."""
    town = await here.town()
    with pytest.raises(TenantsUnreadable) as refusal:
        await _import(here, town.network_id, data)
    assert refusal.value.facts["problem"].startswith(problem)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
async def test_a_chinese_list_of_a_spreadsheet_is_read(here: Installation, encoding: str) -> None:
    """Chinese names of columns, in the encodings that spreadsheets write, parted by semicolons."""
    town = await here.town()
    text = "商户;店铺;业态;营业时间\n莲花茶业有限公司;莲花茶馆;茶;周一至周日 10:00-22:00\n"
    done = await _import(here, town.network_id, text.encode(encoding), place=MALL)
    assert (done.written, done.shops_new) == (True, 1)
    assert (await _names(here, town.network_id))[-1] == "莲花茶馆"


async def test_two_imports_at_once_open_each_tenant_once(here: Installation) -> None:
    """The second waits for the first and then knows everybody."""
    town = await here.town()
    done = await asyncio.gather(*(_import(here, town.network_id, LIST) for _ in range(2)))
    assert sorted(one.merchants_new for one in done) == [0, 120]
    assert len(await _names(here, town.network_id)) == 122


async def test_the_mall_pays_for_vouchers_of_its_tenants(here: Installation) -> None:
    """Import, pool, an offer funded by the network, a grant: the pool is held, no tenant paid; once per reference."""
    town = await here.town()
    operator = here.client(town.tokens["operator"])
    key = "list-1"
    for _ in range(2):
        done = await operator.call("POST", "/v1/tenant-imports", {"csv": LIST}, key=key)
        assert (done.status, done.json["shops_new"], done.json["rejected"]) == (201, 120, [])
        assert "owner7" not in done.body.decode()
    offer = {
        "name": "Mall voucher",
        "kind": "cash",
        "currency": "CNY",
        "face_minor": 500,
        "valid_days": 14,
        "funder_id": str(town.network_id),
        "merchant_id": str(town.merchants[0]),
    }
    published = await operator.post("/v1/offers", offer)
    assert published.status == 201
    phone = (await operator.post("/v1/members/one-time-codes", {"phone": "+8613800138000"})).json
    code = (await operator.get(f"/v1/members/one-time-codes/{phone['challenge_id']}")).json["code"]
    member = (await operator.post("/v1/members", {"challenge_id": phone["challenge_id"], "code": code})).json
    grant = {"offer_id": published.json["id"], "member_id": member["member_id"]}
    assert (await operator.post("/v1/grants", grant)).code == "funds_insufficient"
    deposit = {"amount_minor": 10_000, "currency": "CNY", "reference": "budget 2026-03"}
    assert (await operator.post("/v1/pool/deposits", deposit)).status == 201
    twice = await operator.post("/v1/pool/deposits", deposit)
    assert (twice.status, twice.code) == (409, "pool_deposit_already_made")
    euros = await operator.post("/v1/pool/deposits", deposit | {"currency": "EUR", "reference": "other"})
    assert euros.code == "currency_not_of_network"
    assert (await operator.post("/v1/grants", grant)).status == 201
    pool = (await operator.get("/v1/pool")).json
    assert pool == {"currency": "CNY", "available_minor": 9_500, "held_minor": 500}
    (listed,) = (await operator.get("/v1/pool/deposits")).json["items"]
    assert (listed["reference"], listed["amount_minor"]) == ("budget 2026-03", 10_000)
    balance = (await operator.get(f"/v1/merchants/{town.merchants[0]}/balance")).json
    assert (balance["available_minor"], balance["held_minor"]) == (0, 0)
    merchant = here.client(town.tokens["merchant"])
    refused = await merchant.post("/v1/offers", offer)
    assert (refused.status, refused.code) == (403, "funder_not_allowed")
