"""Tests of reading turns: exact chances of few pairs, cover of many, and the control without chance."""

import numpy as np
import pytest

from ringmain.loop.model.switchback import read_turns


def test_six_pairs_by_hand() -> None:
    """Of 64 schedules two give a difference as large as six pairs of one sign: the chance is 1 in 32."""
    found = read_turns(np.array([5.0, 6, 7, 5, 6, 7]), np.array([4.0, 5, 5, 4, 4, 5]), seed=0)
    assert found is not None
    assert found.pairs == 6
    assert found.effect == pytest.approx(1.5)
    assert found.chance == pytest.approx(2 / 64)
    assert found.interval.low > 0
    assert found.interval.holds(1.5)


def test_five_pairs_say_nothing() -> None:
    """With fewer than six pairs nothing could be refused, so nothing is said."""
    assert read_turns(np.ones(5), np.zeros(5), seed=0) is None


@pytest.mark.long
def test_the_interval_holds_the_truth_in_95_of_100() -> None:
    """Over 400 schedules of 20 pairs with a strong rhythm and a heavy tail the cover is 95 %, within chance."""
    random = np.random.default_rng(5)
    holds = 0
    for turn in range(400):
        level = random.lognormal(3, 1, 20)
        first, second = level + random.exponential(5, 20), level + random.exponential(5, 20)
        heads = random.random(20) < 0.5
        found = read_turns(np.where(heads, first, second) + 2, np.where(heads, second, first), seed=turn)
        assert found is not None
        holds += found.interval.holds(2.0)
    assert 372 <= holds <= 390


def test_without_chance_in_the_order_the_rhythm_looks_like_an_effect() -> None:
    """The control: a campaign that always has the busier turn of its pairs seems to work; one by chance does not."""
    random = np.random.default_rng(6)
    busy, calm = random.normal(12, 1, 20), random.normal(10, 1, 20)
    always, drawn = read_turns(busy, calm, seed=0), random.random(20) < 0.5
    fair = read_turns(np.where(drawn, busy, calm), np.where(drawn, calm, busy), seed=0)
    assert always is not None
    assert fair is not None
    assert always.interval.shows_effect
    assert not fair.interval.shows_effect
