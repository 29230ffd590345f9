"""Fixtures of the tests of matches and plays."""

from collections.abc import AsyncIterator

import pytest

from ringmain.kit.migrate import Urls
from tests.match.street import Street, small_street


@pytest.fixture
async def street(database_urls: Urls) -> AsyncIterator[Street]:
    """Give a street of its own to a test."""
    async with small_street(database_urls.application_url) as street:
        yield street
