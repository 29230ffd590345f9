"""Fixtures of the tests about messages."""

from collections.abc import AsyncIterator

import pytest

from ringmain.kit.migrate import Urls
from tests.member.people import Town, small_town
from tests.message.providers import FakeMail, FakeTwilio


@pytest.fixture
async def town(database_urls: Urls) -> AsyncIterator[Town]:
    """Give a network of its own to a test."""
    async with small_town(database_urls.application_url) as town:
        yield town


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    """Give a provider of text messages on this machine."""
    async with FakeTwilio() as server:
        yield server


@pytest.fixture
async def mail() -> AsyncIterator[FakeMail]:
    """Give a mail server on this machine."""
    async with FakeMail() as server:
        yield server
