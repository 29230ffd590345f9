"""Fixtures of the tests of vouchers."""

from collections.abc import AsyncIterator

import pytest

from ringmain.kit.migrate import Urls
from tests.voucher.ring import Ring, small_ring


@pytest.fixture
async def ring(database_urls: Urls) -> AsyncIterator[Ring]:
    """Give a ring of its own to a test, and check its books afterwards."""
    async with small_ring(database_urls.application_url) as ring:
        yield ring
        await ring.check()
