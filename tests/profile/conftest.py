"""Fixtures of the tests about images of people."""

from collections.abc import AsyncIterator, Callable

import pytest

from ringmain.kit.migrate import Urls
from tests.member.people import Town, small_town


@pytest.fixture
async def town(database_urls: Urls) -> AsyncIterator[Town]:
    """Give a network of its own to a test."""
    async with small_town(database_urls.application_url) as town:
        yield town


@pytest.fixture
def new_database_urls(new_database: Callable[[], Urls]) -> Urls:
    """Give a database in which no other test has networks: the worker's jobs go through all there are."""
    return new_database()
