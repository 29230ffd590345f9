"""Importing sales in the console: columns are guessed, all is checked, imported once, and refused rows come back."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx2 import Response

from ringmain.kit.migrate import Urls
from tests.entry.web.merchant_site import MerchantSite, merchant_site

_GOOD = "".join(f"B{number},2026-03-0{number % 9 + 1} 12:00:00,{number}.50\n" for number in range(1, 31))
_FILE = "Receipt,Time,Amount\n" + _GOOD + "B99,yesterday,1.00\n"
_FIELDS = {"receipt": "Receipt", "sold_at": "Time", "total": "Amount", "time": "iso", "decimal": ".", "unit": "major"}


@pytest.fixture
async def site(database_urls: Urls, tmp_path: Path) -> AsyncIterator[MerchantSite]:
    """Give a running server with a street of its own."""
    async with merchant_site(database_urls.application_url, tmp_path) as site:
        yield site


async def _upload(site: MerchantSite, text: str, name: str = "sales.csv") -> Response:
    press = await site.press("/merchant/import")
    return await site.client.post("/merchant/import", data={"once": press}, files={"file": (name, text.encode())})


async def _do(site: MerchantSite, path: str, do: str, **fields: str) -> Response:
    """Check or import, and wait until it is over."""
    shop = str(site.street.shops[0])
    answer = await site.send(path, path, do=do, **{**_FIELDS, "one_shop": shop, **fields})
    for _ in range(100):
        if "/progress" not in answer.text:
            break
        await asyncio.sleep(0.1)
        answer = await site.get(path)
    return answer


async def test_a_file_is_checked_imported_once_and_its_refused_rows_come_back(site: MerchantSite) -> None:
    """The first rows show with what they become; a check writes nothing; an import twice makes no doubles."""
    shown = await _upload(site, _FILE)
    path = shown.url.path
    assert shown.status_code == 200
    assert "Receipt number" in shown.text
    assert "2026-03-02 12:00:00" in shown.text
    checked = await _do(site, path, "check")
    assert "Checked: this would happen" in checked.text
    assert await site.count("sale") == 0
    done = await _do(site, path, "run")
    assert ">Imported<" in done.text
    assert await site.count("sale") == 30
    assert await site.count("sale", "total_minor = 150 AND minimal = false") == 1
    rejected = await site.get(f"{path}/rejected.csv")
    lines = rejected.text.removeprefix("\ufeff").splitlines()
    assert lines[0] == "line,rule,sentence,row"
    assert lines[1].startswith("32,")
    assert '"B99,yesterday,1.00"' in lines[1]
    assert len(lines) == 2
    again = await _upload(site, _FILE)
    assert again.url.path == path
    await _do(site, path, "run")
    assert await site.count("sale") == 30


async def test_what_cannot_be_read_is_said_at_the_field(site: MerchantSite) -> None:
    """No file, no text, and a mapping without a column are refused with a reason, and nothing is kept of them."""
    press = await site.press("/merchant/import")
    missing = await site.client.post("/merchant/import", data={"once": press}, files={"other": ("x", b"1")})
    assert missing.status_code == 422
    broken = await _upload(site, "a\x00b", "sales.csv")
    assert (broken.status_code, "it is no text" in broken.text) == (422, True)
    assert list(site.home.rglob("state.json")) == []
    path = (await _upload(site, _FILE)).url.path
    bare = await _do(site, path, "check", total="")
    assert (bare.status_code, "total" in bare.text) == (422, True)
    assert await site.count("sale_import") == 0


async def test_another_merchants_file_and_shop_do_not_exist(site: MerchantSite) -> None:
    """Who has not uploaded a file cannot see it, and no file brings sales to another merchant's shop."""
    path = (await _upload(site, _FILE)).url.path
    foreign = await _do(site, path, "run", one_shop=str(site.street.shops[1]))
    assert "of yours in this network" in foreign.text
    assert await site.count("sale") == 0
    site.client.cookies.set("rm_account", await site.cookie_of(1))
    assert (await site.get(path)).status_code == 404
    assert (await site.get(f"{path}/rejected.csv")).status_code == 404


async def test_a_file_with_the_number_of_a_payment_card_shows_it_nowhere(site: MerchantSite) -> None:
    """Such a cell is withheld in the first rows and in the report."""
    shown = await _upload(site, "Receipt,Time,Amount\n4111 1111 1111 1111,2026-03-01 12:00:00,1.00\n")
    assert "4111" not in shown.text
    done = await _do(site, shown.url.path, "check")
    report = await site.get(f"{done.url.path}/rejected.csv")
    assert (report.status_code, "4111" in report.text) == (200, False)
