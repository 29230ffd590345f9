"""Fixtures of the tests of the till."""

from collections.abc import AsyncIterator

import pytest

from ringmain.kit.migrate import Urls
from tests.sale.tills import Till
from tests.voucher.ring import small_ring


@pytest.fixture
async def till(database_urls: Urls) -> AsyncIterator[Till]:
    """Give the cafe's till in a network of its own, and check the network's books afterwards."""
    async with small_ring(database_urls.application_url) as ring:
        yield Till(ring)
        await ring.check()
