"""Rankings by effect are measured as one could count them by hand."""

import numpy as np
import pytest

from ringmain.kit.learn.effects import gain_at, qini, qini_p

SCORES = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2])
TREATED = np.array([True, False, True, False, True, False, True, False])
OUTCOME = np.array([1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0])


def _experiment(effect: float, rows: int = 8_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a score, the treatment and the outcome: `effect` is what treatment adds where the score is 1."""
    random = np.random.default_rng(3)
    score = random.random(rows)
    treated = random.random(rows) < 0.5
    return score, treated, (random.random(rows) < 0.1 + effect * score * treated).astype(float)


def test_the_gain_is_a_difference_of_rates() -> None:
    """Among the upper half both treated came and no other did; over all it is a half."""
    assert gain_at(SCORES, TREATED, OUTCOME, 0.5) == 1.0
    assert gain_at(SCORES, TREATED, OUTCOME, 1.0) == 0.5
    assert gain_at(-SCORES, TREATED, OUTCOME, 0.5) == 0.0


def test_without_a_ranking_the_gain_is_the_average_effect() -> None:
    """Equal scores share the places, whatever the order of the rows."""
    assert gain_at(np.zeros(8), TREATED, OUTCOME, 0.3) == pytest.approx(0.5)
    assert np.isnan(gain_at(SCORES, np.ones(8, dtype=bool), OUTCOME, 0.5))


def test_the_qini_is_the_area_above_the_straight_line() -> None:
    """The curve is 1, 1, 2, 2, 2, 2, 2, 2 of eight rows; the line ends at the same 2."""
    curve = np.array([0, 1, 1, 2, 2, 2, 2, 2, 2]) / 8

    area = ((curve[1:] + curve[:-1]) / 2).mean() - curve[-1] / 2

    assert qini(SCORES, TREATED, OUTCOME) == pytest.approx(area)
    assert qini(np.zeros(8), TREATED, OUTCOME) == pytest.approx(0)


def test_a_ranking_that_knows_is_told_from_one_that_does_not() -> None:
    """A true effect has a small p; a shuffled score and an experiment without effect have none."""
    score, treated, outcome = _experiment(effect=0.2)
    shuffled = np.random.default_rng(4).permutation(score)
    _, _, without = _experiment(effect=0.0)

    assert qini(score, treated, outcome) > 0
    assert qini_p(score, treated, outcome, seed=0, times=200) == pytest.approx(1 / 201)
    assert qini_p(-score, treated, outcome, seed=0, times=200) == 1.0
    assert qini_p(shuffled, treated, outcome, seed=0, times=200) > 0.05
    assert qini_p(score, treated, without, seed=0, times=200) > 0.05


def test_a_ranking_of_equals_is_no_better_than_chance() -> None:
    """Where all scores are equal every deal is as high: p is one."""
    _, treated, outcome = _experiment(effect=0.2, rows=400)

    assert qini_p(np.zeros(400), treated, outcome, seed=0, times=50) == 1.0
