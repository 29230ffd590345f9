"""Visits of a town whose rhythm is known are foretold, and nothing from the day on is read."""

from dataclasses import replace

import numpy as np

from ringmain.kit.learn.metrics import auc
from ringmain.need.api import Visits, foretell_gaps, foretell_returns, own_gaps, own_rate, rank_kinds, rank_stores
from ringmain.need.visits.rhythm import group_medians, rhythm
from tests.need.visits.town import town


def _scrambled_from(visits: Visits, day: int) -> Visits:
    """Return the same past, and other persons at other stores from a day on."""
    later = visits.day >= day
    return replace(
        visits,
        person=np.where(later, visits.persons - 1 - visits.person, visits.person),
        store=np.where(later, 2 - visits.store, visits.store),
        kind=np.where(later[visits.kind_basket], 19 - visits.kind, visits.kind),
    )


def test_rhythm_is_that_of_the_eve() -> None:
    """Person 2 comes on days 2, 9, ..., 149 before day 150: the last one is yesterday, the gap seven days."""
    features = {name: float(column[2]) for name, column in rhythm(town(), 150).items()}
    assert (features["ago"], features["tenure"], features["days"]) == (1, 148, 22)
    assert (features["gap_median"], features["gap_mean"], features["gap_spread"]) == (7, 7, 0)
    assert (features["visits_14"], features["visits_28"], features["weekday_6"], features["weekday_0"]) == (2, 4, 12, 0)
    assert own_rate(town(), 150, 90)[2] == 13 / 90
    assert own_gaps(town(), 150)[1] == 10


def test_medians_by_group() -> None:
    """Odd and even groups have the median of their values, an empty one has none."""
    medians = group_medians(np.array([0, 0, 0, 2, 2]), np.array([5.0, 1.0, 3.0, 2.0, 4.0]), 3)
    assert medians[[0, 2]].tolist() == [3, 3]
    assert np.isnan(medians[1])


def test_two_baskets_of_a_day_are_one_visit() -> None:
    """Baskets of one person on one day count once, and their gap is to the next day with a basket."""
    visits = Visits(
        np.zeros(3, dtype=np.int64),
        np.zeros(3, dtype=np.int64),
        np.array([4, 4, 9]),
        np.ones(3),
        np.arange(3),
        np.zeros(3, dtype=np.int64),
        1,
        1,
        1,
    )
    assert visits.count_between(0, 10).tolist() == [2]
    person, day, gap = visits.gaps_after(0, 10)
    assert (person.tolist(), day.tolist(), gap.tolist()) == ([0, 0], [4, 9], [5, 30])


def test_who_stopped_is_told_from_who_comes() -> None:
    """Those who came until day 100 get lower chances at day 150 than all who still come; gaps are those of each."""
    visits = town()
    returns = foretell_returns(visits, 150, seed=0, threads=1)
    assert auc(returns.chance, returns.person % 5 != 0) == 1.0
    assert returns.visits[returns.person % 5 == 0].mean() < returns.visits[returns.person % 5 != 0].mean()
    person, day, gap = visits.gaps_after(150, 160)
    foretold = foretell_gaps(visits, 150, person, day, seed=0, threads=1)
    # The constant that errs least errs by 1.5 days.
    assert np.abs(foretold - gap).mean() < 1.0


def test_each_goes_to_the_own_store_for_the_own_kinds() -> None:
    """The first store and the first two kinds of each person are the right ones."""
    visits = town()
    persons = np.arange(60)
    assert np.array_equal(rank_stores(visits, 150, seed=0, threads=1).best(1, 60)[:, 0], persons % 3)
    kinds = rank_kinds(visits, 150, seed=0, threads=1).best(2, 60)
    wanted = [{who % 20, 19} for who in persons.tolist() if who % 20 != 19]
    assert [set(kinds[who].tolist()) for who in persons.tolist() if who % 20 != 19] == wanted


def test_what_happens_from_the_day_on_changes_nothing() -> None:
    """Other visits from day 150 on leave everything that is foretold as it was."""
    visits, other = town(), _scrambled_from(town(), 150)
    first, second = (foretell_returns(some, 150, seed=0, threads=1) for some in (visits, other))
    assert np.array_equal(first.chance, second.chance)
    assert np.array_equal(first.visits, second.visits)
    asked = np.array([3, 4]), np.array([151, 152])
    gaps = [foretell_gaps(some, 150, *asked, seed=0, threads=1) for some in (visits, other)]
    assert np.array_equal(gaps[0], gaps[1])
    for rank in (rank_stores, rank_kinds):
        first_scores, second_scores = (rank(some, 150, seed=0, threads=1).score for some in (visits, other))
        assert np.array_equal(first_scores, second_scores)


def test_what_happened_before_the_day_changes_what_is_foretold() -> None:
    """The control: other visits from day 100 on change the chances."""
    first, second = (
        foretell_returns(some, 150, seed=0, threads=1).chance for some in (town(), _scrambled_from(town(), 100))
    )
    assert not np.array_equal(first, second)
