"""Fixtures of the tests about images of people."""

from collections.abc import AsyncIterator

import pytest

from ringmain.kit.migrate import Urls
from tests.member.people import Town, small_town


@pytest.fixture
async def town(database_urls: Urls) -> AsyncIterator[Town]:
    """Give a network of its own to a test."""
    async with small_town(database_urls.application_url) as town:
        yield town
