"""What merchants are told of tribes does not tell one person, and a plain count would."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from ringmain.segment.reach import Reach, in_fives, reached, rounded, week_of

KEY = b"k" * 32
MOVES = range(5)


def _apart(told: Callable[[int, int], int | None], people: int) -> float:
    """Return by how much answers differ with one person more: 0 never, 1 always (total variation over draws)."""
    fewer = Counter(told(people, moved) for moved in MOVES)
    more = Counter(told(people + 1, moved) for moved in MOVES)
    return sum(abs(fewer[answer] - more[answer]) for answer in {*fewer, *more}) / (2 * len(MOVES))


def test_one_person_more_seldom_changes_an_answer() -> None:
    """Whoever knows all but one person learns of that one in a case of five, at every size, nine to ten included."""
    assert max(_apart(in_fives, people) for people in range(200)) <= 0.2 + 1e-9


def test_a_planted_leak_is_caught() -> None:
    """Control: plain counts from ten on, or plain fives, tell the one person who makes the difference for certain."""
    plain = [_apart(lambda people, _: people if people >= 10 else None, people) for people in range(200)]
    fives = [_apart(lambda people, _: people // 5 * 5 if people >= 10 else None, people) for people in range(200)]
    assert (max(plain), max(fives)) == (1.0, 1.0)


def test_nothing_is_told_of_fewer_than_ten() -> None:
    """Nine are never told, fourteen always, and what is told are fives that are right on average."""
    assert [in_fives(9, moved) for moved in MOVES] == [None] * 5
    assert None not in [in_fives(14, moved) for moved in MOVES]
    assert [in_fives(10, moved) for moved in MOVES] == [None, None, None, None, 10]
    for people in range(14, 100):
        assert sum(in_fives(people, moved) or 0 for moved in MOVES) / 5 == people


def test_the_same_people_give_the_same_answer_and_others_another() -> None:
    """Counted again, nothing moves, whatever the order; over many groups of one size every answer comes up."""
    people = [f"p{number}" for number in range(17)]
    assert rounded(people, KEY) == rounded(people[::-1], KEY)
    groups = [[f"{group}-{number}" for number in range(17)] for group in range(200)]
    answers = Counter(rounded(group, KEY) for group in groups)
    assert set(answers) == {15, 20}
    assert 0.25 < answers[20] / 200 < 0.55
    assert [rounded(group, KEY) for group in groups] != [rounded(group, b"other" * 6) for group in groups]


def test_a_tribe_that_nearly_everybody_is_of_is_not_told() -> None:
    """Where fewer than ten guests are not of it, each guest would be known for it; who may not be counted is not."""
    everybody = {f"p{number}": 0 if number < 40 else -1 for number in range(60)}
    noodle_bar = [*(f"p{number}" for number in range(40)), "p40", "p41"]
    cafe = [*(f"p{number}" for number in range(20)), *(f"p{number}" for number in range(40, 60))]
    strangers = [f"stranger {number}" for number in range(50)]
    told = reached({"bar": noodle_bar, "cafe": [*cafe, *strangers]}, everybody, KEY)
    assert [one.merchant for one in told] == ["cafe"]
    assert told[0] in {Reach("cafe", 0, 20, per_cent) for per_cent in (45, 50, 55)}


def test_a_week_is_four_whole_weeks_by_the_networks_clock() -> None:
    """On a Monday morning in Shanghai it is still Sunday in UTC; the week ended at midnight there."""
    week = week_of(datetime(2026, 3, 1, 17, 0, tzinfo=UTC), ZoneInfo("Asia/Shanghai"))
    assert week.monday == date(2026, 3, 2)
    assert (week.since, week.until) == (datetime(2026, 2, 1, 16, tzinfo=UTC), datetime(2026, 3, 1, 16, tzinfo=UTC))
    assert week_of(datetime(2026, 3, 1, 15, 0, tzinfo=UTC), ZoneInfo("Asia/Shanghai")).monday == date(2026, 2, 23)
