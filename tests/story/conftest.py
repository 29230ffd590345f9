"""Fixtures of the stories."""

from collections.abc import AsyncIterator

import pytest

from ringmain.kit.migrate import Urls
from tests.story.street import Street, march, street


@pytest.fixture
async def here(database_urls: Urls) -> AsyncIterator[Street]:
    """Give a street of its own to a story, opened in the early morning of Monday, 2 March 2026."""
    async with street(database_urls, march(2, "08:00")) as here:
        yield here
