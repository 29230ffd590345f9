"""Names on the operator's pages: areas by their first shop, kinds of shops in the reader's language."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from ringmain.campaign.api import area_of
from ringmain.entry.web.operator.common import Names, area_names, kind_names
from ringmain.kit.pages.languages import Catalogue, Speech
from ringmain.network.api import Network, Shop

AT = datetime(2026, 11, 1, tzinfo=UTC)
NETWORK = Network(UUID(int=1), "Old Town", "EUR", "Europe/Berlin", AT)


def shop(number: int, category: str, opened_at: datetime) -> Shop:
    """Return a shop; all stand in one area."""
    name = f"Shop {number}"
    return Shop(UUID(int=number), UUID(int=9), name, category, 52.52, 13.40, "Europe/Berlin", None, opened_at)


def known(*shops: Shop) -> Names:
    """Return the names of a network with these shops."""
    return Names(NETWORK, {}, {one.id: one for one in shops})


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("en", {"bakery": "bakery", "hairdresser": "hairdresser", "curling": "curling"}),
        ("zh", {"bakery": "面包店", "hairdresser": "理发店", "curling": "curling"}),
    ],
)
def test_kinds_are_told_in_the_readers_language(language: str, names: dict[str, str]) -> None:
    """A kind that has no name here stays as its merchant wrote it."""
    shops = [shop(number, kind, AT) for number, kind in enumerate(names, 1)]
    assert kind_names(Speech(language, Catalogue({})), known(*shops)) == names


def test_an_area_is_named_after_its_first_shop() -> None:
    """Not after the one that happens to be read first."""
    shops = shop(1, "books", AT + timedelta(days=1)), shop(2, "books", AT)
    assert area_names(Speech("en", Catalogue({})), known(*shops)) == {area_of(52.52, 13.40): "Around Shop 2"}
