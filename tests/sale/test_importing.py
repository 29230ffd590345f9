"""Imports of sales: what they write, what they refuse, and that nothing is written twice."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ringmain.kit.migrate import Urls
from ringmain.kit.pure.ids import uuid7_of
from tests.member.people import Town, small_town
from tests.sale.import_tools import HEADER, contents, mapping, run


@pytest.fixture
async def town(database_urls: Urls) -> AsyncIterator[Town]:
    """Give a network of its own to a test."""
    async with small_town(database_urls.application_url) as town:
        yield town


async def test_a_row_becomes_a_sale(town: Town, tmp_path: Path) -> None:
    """A row is written as a sale of its shop, with an id derived from time, shop and receipt, and announced."""
    path = tmp_path / "sales.csv"
    path.write_text(f"{HEADER}\nA,7,2026-02-01 09:30:00,12.50\nB,7,2026-02-01 09:30:00,-3\n", encoding="utf-8")
    report = await run(town, path, mapping(town))
    at = datetime(2026, 2, 1, 1, 30, tzinfo=UTC)
    first, second = uuid7_of(at, town.shop_id, "7"), uuid7_of(at, town.other_shop_id, "7")
    assert report.finished
    assert (report.counts.rows, report.counts.sales_new, report.counts.rows_refused) == (2, 2, 0)
    assert sorted(await contents(town)) == sorted(
        [
            (first, town.shop_id, town.merchant_id, None, "7", False, 1250, "CNY", at, 0, None, None),
            (second, town.other_shop_id, town.other_merchant_id, None, "7", False, -300, "CNY", at, 0, None, None),
        ]
    )
    assert sorted(await town.facts("sale")) == sorted([first, second])
