"""Fixtures of the tests of groups of people."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ringmain.kit.migrate import Urls
from tests.member.people import Town, small_town
from tests.segment.street import Street, open_street


@pytest.fixture
async def street(database_urls: Urls, tmp_path: Path) -> AsyncIterator[Street]:
    """Give a street of six shops, without people, to a test."""
    async with open_street(database_urls.application_url, tmp_path) as street:
        yield street


@pytest.fixture
async def town(database_urls: Urls) -> AsyncIterator[Town]:
    """Give a network of its own, with two shops, to a test."""
    async with small_town(database_urls.application_url) as town:
        yield town
