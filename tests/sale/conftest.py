"""Fixtures of the tests of the till."""

from collections.abc import AsyncIterator

import pytest

from ringmain.kit.migrate import Urls
from ringmain.sale import importing
from tests.member.people import Town, small_town
from tests.sale.tills import Till
from tests.voucher.ring import small_ring


@pytest.fixture
async def till(database_urls: Urls) -> AsyncIterator[Till]:
    """Give the cafe's till in a network of its own, and check the network's books afterwards."""
    async with small_ring(database_urls.application_url) as ring:
        yield Till(ring)
        await ring.check()


@pytest.fixture
async def town(database_urls: Urls) -> AsyncIterator[Town]:
    """Give a network of its own to a test."""
    async with small_town(database_urls.application_url) as town:
        yield town


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut imported files into pieces of three rows, whatever they take."""
    monkeypatch.setattr(importing, "FIRST_STEP_ROWS", 3)
    monkeypatch.setattr(importing._Run, "_adapt", lambda self, seconds: setattr(self, "step_rows", 3))
