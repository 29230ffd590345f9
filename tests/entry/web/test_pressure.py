"""Pages of pressure: how the ring turns for a merchant, told in both languages, and never of too few people."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ringmain.kit.migrate import Urls
from tests.entry.web.merchant_site import MerchantSite, merchant_site


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
