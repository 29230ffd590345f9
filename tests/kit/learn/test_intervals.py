"""Intervals over persons cover what they should, and those over events would not."""

import numpy as np
import pytest

from ringmain.kit.learn.intervals import Estimate, ratio_over_persons, resample_persons

TRUTH = 0.3


def _visits(random: np.random.Generator, persons: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """Return person and outcome of events: a person's events are alike, so they are not independent."""
    own = random.beta(3.0, 7.0, size=persons)
    events = random.integers(1, 30, size=persons)
    person = np.repeat(np.arange(persons), events)
    return person, (random.random(len(person)) < own[person]).astype(float)


def _covered(by_person: bool) -> float:
    random = np.random.default_rng(11)
    covered = 0
    for turn in range(100):
        person, hits = _visits(random)
        found = ratio_over_persons(person if by_person else np.arange(len(person)), hits, seed=turn, times=100)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= TRUTH <= found.high
    return covered / 100


def test_the_interval_covers_the_truth_19_times_of_20() -> None:
    """Of 100 simulated networks the interval holds the true rate in about 95 %."""
    assert 0.88 <= _covered(by_person=True) <= 0.99


def test_resampling_events_instead_would_promise_too_much() -> None:
    """Control: where events are taken for independent, the truth is missed far too often."""
    assert _covered(by_person=False) < 0.80


def test_a_ratio_is_the_sum_of_hits_by_the_sum_of_weights() -> None:
    """Persons may be named by anything that sorts."""
    person = np.array(["a", "a", "b"])

    assert ratio_over_persons(person, np.array([1.0, 0.0, 1.0]), seed=0).value == pytest.approx(2 / 3)
    weighed = ratio_over_persons(person, np.array([1.0, 0.0, 1.0]), np.array([1.0, 1.0, 2.0]), seed=0)
    assert weighed.value == pytest.approx(0.5)
    assert (weighed.low, weighed.high) == (0.5, 0.5)


def test_draws_without_any_weight_are_left_out() -> None:
    """Where only one of two persons has a case, half the draws have none, and the interval is that of the others."""
    found = ratio_over_persons(np.array([1, 2]), np.array([1.0, 0.0]), np.array([2.0, 0.0]), seed=0)

    assert found == Estimate(0.5, 0.5, 0.5)


def test_of_nothing_there_is_no_figure() -> None:
    """No rows, or no weight, give NaN and no interval."""
    nothing = np.empty(0)
    for found in (
        ratio_over_persons(nothing, nothing, seed=0),
        ratio_over_persons(np.ones(2), np.zeros(2), np.zeros(2), seed=0),
        resample_persons(nothing, lambda rows: float(len(rows)), seed=0),
    ):
        assert np.isnan(found.value)
        assert (found.low, found.high) == (None, None)


def test_a_person_drawn_twice_counts_twice() -> None:
    """The statistic sees all rows of a drawn person, as often as the person was drawn."""
    person = np.array([5, 3, 5, 3, 5])
    seen: list[tuple[int, int]] = []

    def statistic(rows: np.ndarray) -> float:
        seen.append((int((person[rows] == 5).sum()), int((person[rows] == 3).sum())))
        return float(len(rows))

    found = resample_persons(person, statistic, seed=1, times=50)

    assert found.value == 5
    assert set(seen[:-1]) == {(6, 0), (3, 2), (0, 4)}
    assert seen[-1] == (3, 2)


def test_undefined_draws_are_left_out() -> None:
    """A statistic that is NaN for some draws gets its interval from the others; from none, no interval."""
    person = np.array([0, 1])

    found = resample_persons(person, lambda rows: 1.0 if len(set(rows.tolist())) == 2 else float("nan"), seed=0)
    assert found == Estimate(1.0, 1.0, 1.0)
    assert resample_persons(person, lambda rows: float("nan"), seed=0).low is None


def test_the_same_seed_gives_the_same_interval() -> None:
    """Two runs agree to the last bit, another seed does not."""
    person, hits = _visits(np.random.default_rng(3))

    assert ratio_over_persons(person, hits, seed=5) == ratio_over_persons(person, hits, seed=5)
    assert ratio_over_persons(person, hits, seed=5) != ratio_over_persons(person, hits, seed=6)
    mean = lambda rows: float(hits[rows].mean())  # noqa: E731
    assert resample_persons(person, mean, seed=5) == resample_persons(person, mean, seed=5)


def test_both_ways_agree() -> None:
    """The quick ratio and the general way give the same mean and nearly the same interval."""
    person, hits = _visits(np.random.default_rng(4), persons=300)

    quick = ratio_over_persons(person, hits, seed=1, times=2_000)
    general = resample_persons(person, lambda rows: float(hits[rows].mean()), seed=2, times=2_000)

    assert quick.value == pytest.approx(general.value)
    assert quick.low == pytest.approx(general.low, abs=0.006)
    assert quick.high == pytest.approx(general.high, abs=0.006)
