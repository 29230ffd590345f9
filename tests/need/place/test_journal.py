"""What the journal knows, and what it knew before."""

import numpy as np
import pytest

from ringmain.need.api import AsOf, after_visits, before_visits
from tests.need.place.walks import journal

# Person 0 goes A B A C A; person 1 goes B B.
A, B, C = range(3)
WALK = journal([(0, A, 0), (1, B, 0.5), (0, B, 1), (0, A, 2), (1, B, 2.5), (0, C, 3), (0, A, 4)])


def test_each_visit_knows_the_one_before_it() -> None:
    """Previous visits are those of the same person."""
    assert WALK.own.previous.tolist() == [-1, -1, 0, 2, 1, 3, 5]
    assert WALK.own.before.tolist() == [-1, -1, -1, 0, -1, 2, 3]


def test_places_are_numbered_in_the_order_of_first_coming() -> None:
    """The number of a place, how many are known, and what was new."""
    assert WALK.own.number.tolist() == [0, 0, 1, 0, 0, 2, 0]
    assert WALK.own.distinct.tolist() == [1, 1, 2, 2, 1, 3, 3]
    assert WALK.own.new.tolist() == [True, True, True, False, False, True, False]


def test_a_counter_sees_only_what_came_before() -> None:
    """The latest visit before a visit, how many there were, and the first one after."""
    by_place = AsOf(WALK.place)
    at = by_place.find(np.array([A, A, B, C]), np.array([0, 6, 2, 5]))
    assert by_place.counts(at).tolist() == [0, 2, 1, 0]
    assert by_place.event[at[1]] == 3
    assert by_place.after(np.array([A, B, C]), np.array([3, 4, 0])).tolist() == [6, -1, 5]


def test_a_visit_fades_by_half_in_its_half_life() -> None:
    """Decayed sums at the moment of each visit."""
    by_pair = AsOf(WALK.person * 3 + WALK.place)
    faded = dict(zip(by_pair.event.tolist(), by_pair.decayed(WALK.second, 2.0), strict=True))
    assert faded[0] == 1
    assert faded[3] == pytest.approx(1.5)
    assert faded[6] == pytest.approx(1.75)


def test_an_untimed_question_is_asked_at_the_last_visit() -> None:
    """With what was known right after it; a timed one with all that came before the visit."""
    visits = np.array([4, 6])
    timed, untimed = before_visits(WALK, visits, timed=True), before_visits(WALK, visits, timed=False)
    assert timed.upto.tolist() == [4, 6]
    assert untimed.upto.tolist() == [2, 6]
    assert untimed.second.tolist() == WALK.second[[1, 5]].tolist()
    assert after_visits(WALK, np.array([5])).upto.tolist() == [6]
