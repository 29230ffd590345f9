"""Tests of ranking as pure decisions: distances, hours, words, order and reasons."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest

from ringmain.match.model import (
    PERSONAL_REASONS,
    Catalogue,
    Context,
    ListedOffer,
    Match,
    MatchedOffer,
    Opening,
    Person,
    Place,
    ShopFacts,
    ShopVisits,
    Stand,
    WordQuery,
    clock_text,
    distances_m,
    left_of,
    normal,
    opening,
    points,
    usual_name,
)
from ringmain.match.model import rank as rank_columns

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # A Monday, 12:00 in Shanghai.
HERE = Place(31.2, 121.5)
DAILY = tuple(((600, 1_320),) for _ in range(7))
OFFER = MatchedOffer(
    id=UUID(int=900),
    name="Two off",
    kind="cash",
    currency="CNY",
    face_minor=200,
    percent_bp=None,
    minimum_minor=0,
    parts=1,
    goods=None,
    price_points=0,
    stock=None,
    valid_days=14,
    ends_at=None,
)


def _shop(number: int, metres: float = 0, **changes: object) -> ShopFacts:
    shop = ShopFacts(
        id=UUID(int=number),
        merchant_id=UUID(int=100 + number),
        name=f"Shop {number}",
        category="tea",
        latitude=31.2 + metres / 111_195,
        longitude=121.5,
        time_zone="Asia/Shanghai",
        hours=DAILY,
        offers=(replace(OFFER, id=UUID(int=900 + number)),),
    )
    return replace(shop, **changes)  # type: ignore[arg-type]


def rank(shops: list[ShopFacts], context: Context, person: Person, stand: Stand | None = None) -> list[Match]:
    """Rank shops with offers of their own, of which all can be granted."""
    purse = UUID(int=0)
    offers = {offer.id: ListedOffer(offer, purse, 0, (shop.id,)) for shop in shops for offer in shop.offers}
    catalogue = Catalogue([replace(shop, offers=()) for shop in shops], offers.values())
    stocks = [-1 if one.offer.stock is None else one.offer.stock for one in offers.values()]
    return rank_columns(catalogue, left_of(catalogue, stocks, [0]), context, person, stand)


def _order(shops: list[ShopFacts], person: Person | None = None, **changes: object) -> list[int]:
    context = replace(Context(at=AT, place=HERE), **changes)  # type: ignore[arg-type]
    return [one.shop.id.int for one in rank(shops, context, person or Person())]


def test_distances_are_those_of_the_great_circle() -> None:
    """A degree of latitude is 111,195 m; London to Paris is 343.5 km; the same place is 0 m."""
    there = points(np.array([52.5074, 48.8566, 51.5074]), np.array([-0.1278, 2.3522, -0.1278]))
    found = distances_m(Place(51.5074, -0.1278), there)
    assert [round(float(one)) for one in found] == [111_195, 343_557, 0]
    # A step of a metre is a metre, and the other side of the earth is half its girth away.
    steps = points(np.array([0.000_009, 0.0]), np.array([0.0, 180.0]))
    assert [round(float(one), 3) for one in distances_m(Place(0.0, 0.0), steps)] == [1.001, 20_015_114.442]


@pytest.mark.parametrize(
    ("weekday", "minute", "expected"),
    [
        (0, 720, Opening(is_open=True, until=1_320)),
        (0, 599, Opening(is_open=False, opens=600, opens_days=0)),
        (0, 1_320, Opening(is_open=False, opens=600, opens_days=1)),
        (5, 1_400, Opening(is_open=True, until=120)),  # Saturday's bar closes on Sunday at 2.
        (6, 60, Opening(is_open=True, until=120)),
        (6, 130, Opening(is_open=False, opens=600, opens_days=1)),
    ],
)
def test_hours_are_those_of_the_shop(weekday: int, minute: int, expected: Opening) -> None:
    """Open until when, or when again: over midnight, over the end of the week, on days of rest."""
    hours = (*[((600, 1_320),)] * 5, ((1_200, 1_560),), ())
    assert opening(hours, weekday, minute) == expected


def test_a_shop_that_never_closes_has_no_end() -> None:
    """24 hours on seven days, unknown hours, and no hours at all are three different things."""
    assert opening(tuple(((0, 1_440),) for _ in range(7)), 3, 100) == Opening(is_open=True)
    assert opening(None, 3, 100) == Opening(is_open=True)
    assert opening(((),) * 7, 3, 100) == Opening(is_open=False)
    # A break at noon is a break; two spans that touch are one.
    assert opening((((600, 720), (720, 800)), *[()] * 6), 0, 650) == Opening(is_open=True, until=800)
    assert (clock_text(1_320), clock_text(5)) == ("22:00", "00:05")


@pytest.mark.parametrize(
    ("words", "how"),
    [
        ("cafe leon", "name"),
        ("CAFÉ", "name"),
        ("cof", None),
        ("coffee", "category"),
        ("cofee", "category"),
        ("咖啡", "category"),
        ("lepn", "similar"),
        ("two", "offer"),
        ("noodles", None),
        ("面", None),
        ("x", None),
        ("!!", None),
    ],
)
def test_words_find_names_and_categories(words: str, how: str | None) -> None:
    """Case, accents, one slip and the other language do not matter; what does not fit is not found."""
    found = WordQuery(words).fit("Café Léon", "espresso", ["Two off"])
    assert (found.how if found else None) == how


def test_chinese_names_are_found_by_a_part() -> None:
    """A part of a Chinese name is enough, and full-width letters are letters."""
    found = WordQuery("面馆").fit("兰州面馆", "餐厅")
    assert found is not None
    assert (found.how, found.word) == ("name", "兰州面馆")
    assert normal("ＣＡＦÉ") == "cafe"


def test_near_open_and_worthwhile_shops_come_first() -> None:
    """Each rule alone decides between two shops that are otherwise alike; ties go by id."""
    closed = tuple(((1_300, 1_320),) for _ in range(7))
    assert _order([_shop(1, 900), _shop(2, 100)]) == [2, 1]
    assert _order([_shop(1, hours=closed), _shop(2)]) == [2, 1]
    assert _order([_shop(1), _shop(2, offers=(replace(OFFER, face_minor=900),))]) == [2, 1]
    assert _order([_shop(1), _shop(2, offers=(replace(OFFER, ends_at=AT + timedelta(days=1)),))]) == [2, 1]
    assert _order([_shop(2), _shop(1)]) == [1, 2]
    assert _order([_shop(1, 9_000), _shop(2, 100)], place=None) == [1, 2]
    known = Person(visits={UUID(int=1): ShopVisits(3, AT - timedelta(days=2))})
    assert _order([_shop(1), _shop(2)], known) == [2, 1]
    assert _order([_shop(1, offers=()), _shop(2)], with_offers_only=True) == [2]
    assert _order([_shop(n) for n in range(1, 9)], limit=3) == [1, 2, 3]


def test_what_is_expected_of_a_person_moves_shops_up_within_bounds() -> None:
    """A chance counts as one term among others: never more than it would at certainty, and not where it is unknown."""
    shops = [_shop(1), _shop(2), _shop(3, 2_000)]
    nobody = {one.shop.id.int: one.score for one in rank(shops, Context(at=AT, place=HERE), Person())}
    expects = Person(needs={UUID(int=2): 0.4, UUID(int=3): 7.0, UUID(int=99): 1.0})
    found = {one.shop.id.int: one.score for one in rank(shops, Context(at=AT, place=HERE), expects)}
    assert _order(shops, expects) == [2, 1, 3]
    assert {id_: round(score - nobody[id_], 6) for id_, score in found.items()} == {1: 0.0, 2: 0.2, 3: 0.5}


@pytest.mark.parametrize(("chance", "told"), [(0.15, True), (0.14, False), (None, False)])
def test_a_need_is_told_where_it_is_probable(chance: float | None, told: bool) -> None:
    """What is hardly more than a guess is no reason."""
    person = Person(needs={} if chance is None else {UUID(int=1): chance})
    (found,) = rank([_shop(1)], Context(at=AT, place=HERE), person)
    needs = [dict(one.facts) for one in found.reasons if one.code == "need"]
    assert needs == ([{"category": found.shop.category}] if told else [])


def test_what_a_tribe_does_moves_its_category_up_and_a_need_says_more() -> None:
    """A share of the tribe's visits counts half as much as a chance of one's own; the need is told where one is."""
    shops = [_shop(1), replace(_shop(2), category="unheard of"), replace(_shop(3, 2_000), category="unheard of")]
    nobody = {one.shop.id.int: one.score for one in rank(shops, Context(at=AT, place=HERE), Person())}
    person = Person(prior={"unheard of": 0.8, "nothing here": 1.0}, needs={UUID(int=3): 0.4})
    found = rank(shops, Context(at=AT, place=HERE), person)
    assert [one.shop.id.int for one in found] == [2, 1, 3]
    assert {one.shop.id.int: round(one.score - nobody[one.shop.id.int], 6) for one in found} == {1: 0.0, 2: 0.2, 3: 0.4}
    told = {one.shop.id.int: [why.code for why in one.reasons if why.code in ("need", "tribe")] for one in found}
    assert told == {1: [], 2: ["tribe"], 3: ["need"]}


def test_reasons_are_data() -> None:
    """Distance, hours, end and past come as codes with facts, which pages put into words."""
    offers = (replace(OFFER, ends_at=AT + timedelta(hours=30), stock=7),)
    person = Person(visits={UUID(int=1): ShopVisits(3, AT - timedelta(days=2))})
    context = Context(at=AT, place=HERE, words="shop")
    first, second = rank([_shop(1, 300, offers=offers), _shop(2, 300)], context, person)
    told = {one.shop.id.int: [(reason.code, dict(reason.facts)) for reason in one.reasons] for one in (first, second)}
    assert told[1] == [
        ("words", {"how": "name", "word": "shop"}),
        ("distance", {"metres": 300}),
        ("open_until", {"time": "22:00"}),
        ("ends", {"days": 1}),
        ("few_left", {"left": 7}),
        ("here_before", {"visits": 3, "days": 2}),
    ]
    assert ("new_to_you", {}) in told[2]
    late = rank([_shop(1)], replace(context, at=AT + timedelta(hours=11), words=""), Person())[0]
    assert ("closed", {"opens": "10:00", "days": 1}) in [(one.code, dict(one.facts)) for one in late.reasons]


def test_what_may_not_be_shown_never_is() -> None:
    """The shop where somebody stands, rivals declared by either side, and blocks: however good the match would be."""
    shops = [_shop(n, offers=(replace(OFFER, id=UUID(int=900 + n), face_minor=10_000),)) for n in range(1, 6)]
    stand = Stand(UUID(int=1), UUID(int=101), frozenset({(UUID(int=101), UUID(int=2)), (UUID(int=103), UUID(int=1))}))
    person = Person(frozenset({UUID(int=4)}), frozenset({UUID(int=905)}))
    found = rank(shops, Context(at=AT, place=HERE), person, stand)
    assert [(one.shop.id.int, one.offers) for one in found] == [(5, ())]
    # The control: without these rules all of them are found.
    assert len(rank(shops, Context(at=AT, place=HERE), Person())) == 5


def test_what_is_told_of_a_person_is_named_as_personal() -> None:
    """The reasons that a person adds, and no others, are those that tills are not told."""
    shops = [_shop(1), _shop(2, category="books"), _shop(3, category="toys"), _shop(4)]
    person = Person(visits={shops[0].id: ShopVisits(3, AT)}, needs={shops[1].id: 0.5}, prior={"toys": 0.4})
    context = Context(at=AT, place=HERE, first_offers=frozenset({UUID(int=904)}))
    codes = [{reason.code for one in rank(shops, context, who) for reason in one.reasons} for who in (person, Person())]
    assert codes[0] - codes[1] == PERSONAL_REASONS


def test_of_many_shops_the_first_are_those_of_the_whole_order() -> None:
    """However few are asked for, they begin the order of all of them, with the ties of equals at the cut."""
    shops = [_shop(number, metres=100 * (number % 5)) for number in range(1, 40)]
    whole = _order(shops, limit=100)
    assert len(whole) == 39
    for limit in range(1, 40):
        assert _order(shops, limit=limit) == whole[:limit]


@pytest.mark.parametrize(
    ("category", "language", "name"),
    [
        pytest.param("cafe", "zh", "咖啡馆", id="known words are told in Chinese"),
        pytest.param("Cafés", "zh", "Cafés", id="others stay as they are"),
        pytest.param("Noodles", "zh", "面馆", id="whatever their case"),
        pytest.param("茶馆", "en", "tea", id="and in English"),
        pytest.param("cafe", "en", "cafe", id="what is said in a language stays as it was said"),
        pytest.param("拉面", "zh", "拉面", id="in either"),
        pytest.param("noodle bar", "zh", "noodle bar", id="two words are nobody's kind"),
    ],
)
def test_kinds_of_shops_are_told_in_the_readers_language(category: str, language: str, name: str) -> None:
    """Table: the word of a merchant, the reader's language, and what is read."""
    assert usual_name(category, language) == name
