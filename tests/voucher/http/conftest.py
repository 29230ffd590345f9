"""Fixtures of the tests of the voucher routes."""

from collections.abc import AsyncIterator

import pytest

from ringmain.kit.migrate import Urls
from tests.network.town import installation
from tests.voucher.http.street import Street, small_street


@pytest.fixture
async def street(database_urls: Urls) -> AsyncIterator[Street]:
    """Give a street of its own to a test."""
    async with installation(database_urls.application_url) as here:
        yield await small_street(here)
