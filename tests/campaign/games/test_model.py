"""Prizes are drawn by their odds, never beyond what is left, and what will not last is told in time."""

import uuid
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ringmain.campaign.games.model import (
    NO_PRIZE,
    PrizeShops,
    alarms,
    allowed,
    chance_of,
    decide,
    expected_plays,
    packed,
    stand_in,
)

AT = datetime(2026, 10, 1, 4, 30, tzinfo=UTC)
HOUR = datetime(2026, 10, 1, 4, tzinfo=UTC)


def _drawn(odds: list[float], left: list[int], plays: int) -> list[int]:
    chance = np.random.default_rng(7).random(plays)
    rows = np.zeros(plays, dtype=np.int64)
    drawn = decide(np.array([odds]), rows, np.array(left), chance)
    return [int(count) for count in np.bincount(drawn[drawn >= 0], minlength=len(odds))]


def test_prizes_are_drawn_by_their_odds() -> None:
    """Of 100,000 plays with odds of 1, 3 and 6, as many win each prize as chance lets expect, within 4 deviations."""
    counts = _drawn([1, 3, 6], [100_000] * 3, 100_000)

    assert sum(counts) == 100_000
    for count, part in zip(counts, (0.1, 0.3, 0.6), strict=True):
        assert abs(count - 100_000 * part) < 4 * np.sqrt(100_000 * part * (1 - part))


def test_what_runs_out_is_shared_by_the_odds_of_the_others() -> None:
    """Ten are left of the likeliest prize: ten win it, and the others divide the rest as 1 to 3."""
    counts = _drawn([1, 3, 6], [100_000, 100_000, 10], 100_000)

    assert counts[2] == 10
    assert abs(counts[0] - 99_990 * 0.25) < 4 * np.sqrt(99_990 * 0.25 * 0.75)


@pytest.mark.parametrize(("left", "won"), [([3, 4, 5], 12), ([0, 0, 1], 1), ([0, 0, 0], 0)])
def test_nothing_is_drawn_beyond_what_is_left(left: list[int], won: int) -> None:
    """A hundred play for fewer prizes: each prize is given as often as it is left, and not once more."""
    assert _drawn([1, 3, 6], left, 100) == left
    assert sum(left) == won


def test_who_comes_first_has_the_last_one() -> None:
    """One prize is left for three: the first of them wins it, and the others draw nothing."""
    drawn = decide(np.array([[1.0]]), np.zeros(3, dtype=np.int64), np.array([1]), np.array([0.9, 0.1, 0.5]))

    assert drawn.tolist() == [0, NO_PRIZE, NO_PRIZE]


def test_what_stands_in_is_given_in_order_of_arrival() -> None:
    """Two stand-ins for three: whoever drew nothing and came last gets none; who drew keeps what was drawn."""
    drawn = np.array([0, NO_PRIZE, NO_PRIZE, NO_PRIZE])
    given = stand_in(np.array([[False, True]]), np.zeros(4, dtype=np.int64), drawn, np.array([1, 2]))

    assert given.tolist() == [0, 1, 1, NO_PRIZE]


def test_nobody_wins_what_leads_to_the_shop_itself_or_to_a_rival() -> None:
    """A declared rival is kept away in both directions; what is good everywhere may be won everywhere."""
    (m1, s1), (m2, s2) = here, there = (uuid.uuid4(), uuid.uuid4()), (uuid.uuid4(), uuid.uuid4())

    assert allowed(here, PrizeShops((there,)), frozenset())
    assert not allowed(here, PrizeShops((here,)), frozenset())
    assert not allowed(here, PrizeShops((there,)), frozenset({(m1, s2)}))
    assert not allowed(here, PrizeShops((there,)), frozenset({(m2, s1)}))
    assert allowed(here, PrizeShops(()), frozenset({(m1, s2)}))
    assert allowed(None, PrizeShops((here,)), frozenset())


def test_chance_is_the_last_62_bits_of_a_play() -> None:
    """All zeros are 0; all ones lie just below 1."""
    ids = packed([uuid.UUID(int=0), uuid.UUID(int=2**128 - 1), uuid.UUID(int=1 << 61)])

    assert chance_of(ids).tolist() == [0.0, 1.0 - 2.0**-53, 0.5]


def test_what_is_to_come_is_foreseen_from_the_last_day() -> None:
    """1,200 plays in the last 12 hours of a game make 100 an hour: with five hours to go, 500 are expected."""
    before = {HOUR - timedelta(hours=back): 100 * (11 - back) for back in range(12)}
    now = HOUR + timedelta(hours=1)

    assert expected_plays(before, 1_200, now, now + timedelta(hours=5)) == 500
    assert expected_plays({}, 1_200, now, now + timedelta(hours=5)) == 0
    assert expected_plays({HOUR: 20}, 70, AT, AT + timedelta(hours=2)) == 100


def test_the_operator_is_told_by_what_is_left() -> None:
    """Prizes that will not last, stand-ins that will not, or nothing to tell."""
    assert alarms(500, 500, 0) == []
    assert alarms(500, 499, 1) == ["prizes"]
    assert alarms(500, 400, 99) == ["prizes", "stand_ins"]
