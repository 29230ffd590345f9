"""What the tests of pages share: Lantern Street on a server, and a browser."""

import os
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from playwright.async_api import Browser

from ringmain.kit.migrate import Urls
from tests.entry.web.journey import browser_missing, chromium
from tests.entry.web.served import Served, serving_street


@pytest.fixture(scope="session")
def served(new_database: Callable[[], Urls]) -> Iterator[Served]:
    """Give the street, opened once per worker in a database of its own; tests share it and clean nothing up."""
    with serving_street(new_database().application_url) as street:
        yield street


@pytest.fixture
def own_street(new_database: Callable[[], Urls]) -> Iterator[Served]:
    """Give a street of its own to a test that leaves it in ruins."""
    with serving_street(new_database().application_url) as street:
        yield street


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Give this worker's browser, in which every journey opens a context of its own.

    Skips with a reason where there is none, outside continuous integration.
    """
    if browser_missing() and not os.environ.get("CI"):
        pytest.skip("chromium is not installed")
    async with chromium() as one:
        yield one
