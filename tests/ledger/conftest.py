"""Fixtures of the tests of the ledger."""

import uuid
from collections.abc import AsyncIterator

import pytest

from ringmain.kit.db import Database
from ringmain.kit.migrate import Urls
from tests.ledger.books import Books


@pytest.fixture
async def books(database_urls: Urls) -> AsyncIterator[Books]:
    """Give a network of its own with a purse that is guarded and a till that is not."""
    async with Database(database_urls.application_url) as database:
        books = Books(database, uuid.uuid4())
        await books.open()
        yield books
        await books.check()
