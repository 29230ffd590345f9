"""Fixtures of the tests of statements."""

from collections.abc import AsyncIterator

import pytest

from ringmain.kit.migrate import Urls
from tests.loop.street import Street
from tests.loop.street import street as open_street


@pytest.fixture
async def street(database_urls: Urls) -> AsyncIterator[Street]:
    """Give a street of its own to a test."""
    async with open_street(database_urls.application_url) as street:
        yield street
