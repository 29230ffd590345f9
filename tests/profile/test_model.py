"""Tests of what is counted of a person: exact, with evidence, and silent where there is too little."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from ringmain.profile.model import Confidence, Counted, Field, FieldFact, Visit, day_part, fields_of

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
    """No field claims anything, and each says how many facts there are: a rhythm has one less, other shops none."""
    bare = {Field.NOVELTY: 0, Field.SPENDING_POWER: 0, Field.FAVOURITE_PRODUCTS: 0, Field.USUAL_AREAS: 0}
    gaps = max(number - 1, 0)
    facts = {**bare, Field.REGULARITY: gaps, Field.NEXT_VISIT: gaps}
    for one in fields_of([_visit(day) for day in range(number)]):
        assert (one.known, one.values, one.confidence) == (False, (), None)
        assert one.facts == facts.get(one.field, number), one.field


def test_three_facts_say_what_they_count() -> None:
    """The most frequent comes first, then the most recent; evidence and freshness are those of the visits counted."""
    visits = [_visit(0, "B"), _visit(1), _visit(2, "C"), _visit(9)]
    found = _field(visits, Field.FAVOURITE_SHOPS)
    assert found.values == (
        Counted(str(UUID(int=65)), "A", 2, (UUID(int=2), UUID(int=10)), 4),
        Counted(str(UUID(int=66)), "B", 1, (UUID(int=1),), 4),
        Counted(str(UUID(int=67)), "C", 1, (UUID(int=3),), 4),
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


def test_products_are_counted_by_visits_and_only_those_bought_again() -> None:
    """Twice in one visit is once; what was bought once is no taste; visits of unknown goods are no facts."""
    bought = [("bread", "bread"), ("milk", "bread"), ("milk", "salt"), ("bread",), ()]
    visits = [replace(_visit(day), products=products) for day, products in enumerate(bought)]
    found = _field(visits, Field.FAVOURITE_PRODUCTS)
    assert [(one.words, one.count, one.of) for one in found.values] == [("bread", 3, 4), ("milk", 2, 4)]
    assert found.values[0].sale_ids == (UUID(int=1), UUID(int=2), UUID(int=4))
    once = [replace(_visit(day), products=(f"thing {day}",)) for day in range(4)]
    assert not _field(once, Field.FAVOURITE_PRODUCTS).known


def test_an_area_is_named_after_the_shop_that_has_most_visits_around() -> None:
    """B lies 400 m from A and from C, which are 800 m apart: around B are all three; D is another area."""
    metre = 1 / 111_195
    east = {"A": 0.0, "B": 400.0, "C": 800.0, "D": 5_000.0}
    shops = "DABCADA"
    visits = [replace(_visit(day, shop), place=(0.0, east[shop] * metre)) for day, shop in enumerate(shops)]
    found = _field(visits, Field.USUAL_AREAS)
    assert [(one.words, one.count, one.of) for one in found.values] == [("B", 5, 7), ("D", 2, 7)]
    assert not _field([_visit(day) for day in range(9)], Field.USUAL_AREAS).known


def test_spending_is_beside_what_others_pay_at_the_same_shops() -> None:
    """Twice and half as much are as much in the middle; a shop of which nothing is known says nothing."""
    paid = [(2_000, 1_000), (500, 1_000), (4_000, 1_000), (1_000, 1_000), (9_000, None)]
    visits = [replace(_visit(day, total=own), others_minor=others) for day, (own, others) in enumerate(paid)]
    found = _field(visits, Field.SPENDING_POWER)
    assert (round(found.number or 0, 3), found.facts) == (1.414, 4)
    assert [(one.key, one.count, one.of) for one in found.values] == [("more", 2, 4)]
    assert found.confidence is Confidence.HINT
    even = [replace(_visit(day, total=1_100), others_minor=1_000) for day in range(5)]
    assert [(one.key, one.count) for one in _field(even, Field.SPENDING_POWER).values] == [("about", 5)]


def test_a_share_says_how_many_of_all() -> None:
    """Vouchers of all visits; new shops of the newer half, after the first five; none is a share, too."""
    visits = [replace(_visit(day, shop), with_voucher=day < 2) for day, shop in enumerate("DACABAAAAA")]
    vouchers = _field(visits, Field.VOUCHER_USE)
    assert (vouchers.number, vouchers.values[0].count, vouchers.values[0].of) == (0.2, 2, 10)
    assert vouchers.values[0].sale_ids == (UUID(int=1), UUID(int=2))
    # Wilson's interval of 2 of 10.
    assert (round(vouchers.low or 0, 3), round(vouchers.high or 0, 3)) == (0.057, 0.51)
    novelty = _field(visits, Field.NOVELTY)
    assert (novelty.number, novelty.facts, novelty.values[0].sale_ids) == (
        0.6,
        5,
        tuple(UUID(int=n) for n in (1, 3, 5)),
    )
    none = _field([_visit(day) for day in range(10)], Field.VOUCHER_USE)
    assert (none.known, none.number, none.values[0].count) == (True, 0.0, 0)


def test_loyalty_is_a_part_of_the_visits_in_a_shops_category() -> None:
    """Two bakeries share bread; of a category with two visits nothing is said."""
    visits = [
        replace(_visit(day, shop), category="tea" if shop == "C" else "bread") for day, shop in enumerate("AABACC")
    ]
    found = _field(visits, Field.LOYALTY)
    assert [(one.words, one.count, one.of) for one in found.values] == [("A", 3, 4), ("B", 1, 4)]
    assert found.number == 0.75


def test_a_rhythm_is_the_middle_of_the_gaps_and_foretells_the_next() -> None:
    """Two visits of a day are one; one long gap moves nothing; a day that has passed is foretold no longer."""
    visits = [_visit(day) for day in (0, 0, 7, 14, 21, 28, 60)]
    visits[0] = replace(visits[0], sale_id=UUID(int=99), sold_at=AT + timedelta(hours=1))
    found = _field(visits, Field.REGULARITY)
    assert (found.number, found.facts, found.values[0].count, found.values[0].of) == (7.0, 5, 4, 5)
    following = _field(visits, Field.NEXT_VISIT)
    assert (following.expected_at, following.facts) == (AT + timedelta(days=7, hours=1), 5)
    late = {one.field: one for one in fields_of(visits, AT + timedelta(days=8))}
    assert (late[Field.NEXT_VISIT].known, late[Field.REGULARITY].number) == (False, 7.0)


@pytest.mark.parametrize(
    ("often", "of", "sure"),
    [(3, 3, Confidence.FAIRLY_SURE), (4, 4, Confidence.SURE), (3, 30, Confidence.HINT), (60, 100, Confidence.SURE)],
)
def test_a_choice_is_as_sure_as_the_least_share_that_it_may_have(often: int, of: int, sure: Confidence) -> None:
    """By Wilson's lower bound: half of all is sure, a quarter fairly so."""
    visits = [_visit(day, "A" if day < often else chr(66 + day)) for day in range(of)]
    assert _field(visits, Field.FAVOURITE_SHOPS).confidence is sure


def test_an_amount_is_as_sure_as_its_interval_is_narrow() -> None:
    """Equal baskets are sure; baskets that vary a lot are not, and their interval does not reach below nothing."""
    assert _field([_visit(day) for day in range(5)], Field.AVERAGE_BASKET).confidence is Confidence.SURE
    wide = _field([_visit(day, total=total) for day, total in enumerate((100, 9_000, 200))], Field.AVERAGE_BASKET)
    assert (wide.confidence, wide.low) == (Confidence.HINT, 0.0)
