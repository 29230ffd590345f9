"""Tests of how rows become objects."""

from dataclasses import dataclass

import pytest
from msgspec import Struct

from ringmain.kit.db import Database
from ringmain.kit.migrate import Urls


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns, the second of which may be left out."""

    first: int
    second: str = "none"


class Fast(Struct, frozen=True):
    """The same without a dataclass."""

    first: int
    second: str = "none"


@pytest.mark.parametrize("into", [Pair, Fast])
@pytest.mark.parametrize(
    ("query", "first", "second"),
    [
        ("SELECT 1 AS first, 'a' AS second", 1, "a"),
        ("SELECT 'a' AS second, 1 AS first", 1, "a"),
        ("SELECT 1 AS first", 1, "none"),
    ],
)
async def test_columns_find_their_fields_by_name_in_any_order(
    database_urls: Urls, into: type[Pair], query: str, first: int, second: str
) -> None:
    """Columns in the order of the fields, in another one, and fewer columns than fields give the same objects."""
    async with Database(database_urls.application_url) as database, database.unit(None) as uow:
        assert await uow.rows(into, query) == [into(first, second)]


async def test_what_does_not_say_what_it_takes_is_called_by_name(database_urls: Urls) -> None:
    """A dictionary has every column under its name."""
    async with Database(database_urls.application_url) as database, database.unit(None) as uow:
        assert await uow.rows(dict, "SELECT 1 AS first, 'a' AS second") == [{"first": 1, "second": "a"}]


async def test_a_column_that_nobody_knows_is_an_error(database_urls: Urls) -> None:
    """A third column raises instead of landing in the wrong field."""
    async with Database(database_urls.application_url) as database, database.unit(None) as uow:
        with pytest.raises(TypeError):
            await uow.rows(Pair, "SELECT 1 AS first, 'a' AS second, 2 AS third")
