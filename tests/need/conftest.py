"""Fixtures of the tests of needs."""

from collections.abc import Callable

import pytest

from ringmain.kit.migrate import Urls


@pytest.fixture
def new_database_urls(new_database: Callable[[], Urls]) -> Urls:
    """Give a database in which no other test has networks: the worker's jobs go through all there are."""
    return new_database()
