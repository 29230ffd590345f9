"""Fixtures of the tests of the doors."""

from collections.abc import AsyncIterator

import pytest

from ringmain.kit.migrate import Urls
from tests.network.town import Installation, Town, installation


@pytest.fixture
async def here(database_urls: Urls) -> AsyncIterator[Installation]:
    """Give the application on this worker's database."""
    async with installation(database_urls.application_url) as here:
        yield here


@pytest.fixture
async def town(here: Installation) -> Town:
    """Give a network of its own to a test."""
    return await here.town()
