"""Tests of what is counted of a person: exact, with evidence, and silent where there is too little."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from ringmain.profile.model import Counted, Field, FieldFact, Visit, day_part, fields_of

AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def _visit(number: int, shop: str = "A", *, total: int | None = 1_000, tenders: tuple[str, ...] = ("cash",)) -> Visit:
    """Return the visit so many days ago."""
    at = AT - timedelta(days=number)
    shop_id = UUID(int=ord(shop))
    return Visit(UUID(int=number + 1), shop_id, shop, f"trade {shop}", at, at, total, "CNY", tenders)


def _field(visits: list[Visit], field: Field) -> FieldFact:
    (found,) = [one for one in fields_of(visits) if one.field is field]
    return found


@pytest.mark.parametrize(
    ("hour", "part"),
    [(0, "night"), (4, "night"), (5, "morning"), (11, "midday"), (14, "afternoon"), (17, "evening"), (22, "night")],
)
def test_parts_of_the_day(hour: int, part: str) -> None:
    """Each begins at its hour."""
    assert day_part(AT.replace(hour=hour)) == part


@pytest.mark.parametrize("number", [0, 1, 2])
def test_fewer_than_three_facts_say_nothing(number: int) -> None:
    """No field claims anything, and each says how many facts there are."""
    for one in fields_of([_visit(day) for day in range(number)]):
        assert (one.known, one.values, one.facts) == (False, (), number)


def test_three_facts_say_what_they_count() -> None:
    """The most frequent comes first, then the most recent; evidence and freshness are those of the visits counted."""
    visits = [_visit(0, "B"), _visit(1), _visit(2, "C"), _visit(9)]
    found = _field(visits, Field.FAVOURITE_SHOPS)
    assert found.values == (
        Counted(str(UUID(int=65)), "A", 2, (UUID(int=2), UUID(int=10))),
        Counted(str(UUID(int=66)), "B", 1, (UUID(int=1),)),
        Counted(str(UUID(int=67)), "C", 1, (UUID(int=3),)),
    )
    assert (found.facts, found.newest_at, found.oldest_at) == (4, AT, AT - timedelta(days=9))
    assert [one.key for one in _field(visits, Field.FAVOURITE_CATEGORIES).values] == ["trade A", "trade B", "trade C"]
    assert [(one.key, one.count) for one in _field(visits, Field.USUAL_DAY_PART).values] == [("midday", 4)]


def test_a_tender_counts_each_way_of_paying() -> None:
    """A visit paid in two ways counts for both; one without a tender for none."""
    visits = [_visit(0, tenders=("card", "cash")), _visit(1), _visit(2, tenders=())]
    found = _field(visits, Field.USUAL_TENDER)
    assert ([(one.key, one.count) for one in found.values], found.facts) == ([("cash", 2)], 3)


def test_a_basket_is_the_mean_of_what_is_known() -> None:
    """Rounded half up; sales of which only the voucher is known are left out, and too few of the others say nothing."""
    visits = [_visit(0, total=1_001), _visit(1, total=None), _visit(2, total=1_000), _visit(3, total=1_000)]
    found = _field(visits, Field.AVERAGE_BASKET)
    assert (found.amount_minor, found.currency, found.facts) == (1_000, "CNY", 3)
    assert _field([_visit(0, total=1), _visit(1, total=1), _visit(2, total=0)], Field.AVERAGE_BASKET).amount_minor == 1
    assert not _field(visits[:3], Field.AVERAGE_BASKET).known
