"""Tests of reading lift: known data, few people, unequal groups, and alarms about experiments without effect."""

from datetime import timedelta

import numpy as np
import pytest

from ringmain.loop.model import lift
from ringmain.loop.model.lift import Comparison, Dealt, State


def dealt(effect: float, people: int = 2_000, share: float = 0.1, seed: int = 7) -> Dealt:
    """Return people who come three times on average, `effect` more when treated, much as they came before."""
    random = np.random.default_rng(seed)
    rate = random.gamma(3.0, 1.0, people)
    treated = random.random(people) >= share
    return Dealt(treated, random.poisson(rate + effect * treated).astype(float), random.poisson(rate).astype(float))


def test_the_difference_of_small_groups_by_hand() -> None:
    """Four against four without a covariate: the difference of means and Welch's standard error."""
    outcome = np.array([3.0, 5.0, 4.0, 4.0, 1.0, 3.0, 2.0, 2.0])
    found = lift.compare(Dealt(np.arange(8) < 4, outcome, np.zeros(8)))
    assert found is not None
    assert found.effect == 2.0
    assert found.error == pytest.approx(np.sqrt(2 / 3 / 4 * 2))
    assert found.freedom == pytest.approx(6.0)
    assert found.skewness == pytest.approx(0.0)
    # Student's t with 6 degrees of freedom is 2.4469; its expansion is near that even for so few.
    assert lift.fixed(found).high - 2.0 == pytest.approx(2.4469 * found.error, abs=0.01)


def test_what_was_before_makes_the_interval_narrower() -> None:
    """Taking off what earlier visits foretold leaves the same effect with less error; a covariate of noise does not."""
    known = dealt(0.5)
    with_before = lift.compare(known)
    without = lift.compare(Dealt(known.treated, known.outcome, np.zeros(len(known.outcome))))
    assert with_before is not None
    assert without is not None
    assert with_before.error < 0.92 * without.error
    assert abs(with_before.effect - 0.5) < 2 * with_before.error


def test_skewed_data_have_a_lopsided_interval() -> None:
    """Where the comparison group has a long tail upwards, the true effect may lie further below than above."""
    plain = Comparison(1.0, 0.5, 100.0, 0.0, 900, 100)
    skewed = Comparison(1.0, 0.5, 100.0, -0.2, 900, 100)
    assert lift.fixed(plain).high - 1.0 == pytest.approx(1.0 - lift.fixed(plain).low)
    assert 1.0 - lift.fixed(skewed).low > 1.1 * (lift.fixed(skewed).high - 1.0)


def test_the_sequence_is_wider_and_is_tuned_where_it_says() -> None:
    """The sequence is 1.55 times as wide as the fixed interval where it is tuned, and wider far from there."""
    half = {n: lift.sequence(Comparison(0.0, 1.0, 1e9, 0.0, n - n // 10, n // 10)).high for n in (20, 2_000, 200_000)}
    assert half[2_000] == pytest.approx(3.04, abs=0.02)
    assert half[20] > half[2_000]
    assert half[200_000] > half[2_000]


def test_a_chance_agrees_with_its_interval() -> None:
    """The chance is 5 % exactly where nought is at the border of the fixed interval, also for skewed data."""
    for skewness in (-0.2, 0.0, 0.2):
        base = Comparison(1.0, 1.0, 60.0, skewness, 900, 100)
        at_border = Comparison(1.0 - lift.fixed(base).low, 1.0, 60.0, skewness, 900, 100)
        assert lift.chance(at_border) == pytest.approx(0.05, abs=0.001)


def test_what_is_said_of_a_campaign() -> None:
    """A large effect is told at once; none stays open while it runs, and is told as such when it has ended."""
    strong = lift.read(dealt(1.0), 0.1, final=False)
    assert strong.state is State.EFFECT
    assert strong.total is not None
    assert strong.interval is not None
    assert strong.total == pytest.approx((strong.per_person or 0) * strong.treated)
    assert strong.interval.low > 0
    running, ended = (lift.read(dealt(0.0), 0.1, final=final) for final in (False, True))
    assert (running.state, ended.state) == (State.TOO_EARLY, State.NO_EFFECT_SEEN)
    assert ended.interval is not None
    assert ended.interval.holds(0.0)


def test_too_few_people_are_told_nothing_but_how_many_more() -> None:
    """With 20 people in the comparison group nothing is said; 30 more there are about 300 more people in all."""
    random = np.random.default_rng(1)
    few = Dealt(np.arange(200) >= 20, random.poisson(2.0, 200).astype(float), np.zeros(200))
    found = lift.read(few, 0.1, final=True)
    assert (found.state, found.total, found.interval) == (State.TOO_EARLY, None, None)
    assert found.people_needed == 300
    assert lift.days_needed(300, 200, timedelta(days=10)) == 15
    assert lift.days_needed(None, 200, timedelta(days=10)) is None


def test_a_tail_too_heavy_for_so_few_is_told_nothing() -> None:
    """Where a handful of people spend nearly everything, no interval is given; counts of the same people have one."""
    random = np.random.default_rng(3)
    treated = np.arange(600) >= 60
    spent = np.exp(random.normal(3.0, 2.5, 600))
    spent[random.random(600) >= 0.2] = 0.0
    assert lift.read(Dealt(treated, spent, np.zeros(600)), 0.1, final=True).interval is None
    came = (spent > 0).astype(np.float64)
    assert lift.read(Dealt(treated, came, np.zeros(600)), 0.1, final=True).interval is not None


def test_groups_of_other_sizes_than_promised_are_told_nothing() -> None:
    """A campaign that promised 10 % and has 5 % in its comparison group was not dealt as it says."""
    wrong = dealt(1.0, share=0.05)
    assert lift.read(wrong, 0.1, final=True).state is State.MISCOUNTED
    assert lift.read(wrong, 0.05, final=True).state is State.EFFECT


def test_more_people_are_needed_for_a_small_effect() -> None:
    """While it runs, the number of people still needed is told, and is larger for a smaller effect."""
    small, larger = (lift.read(dealt(effect), 0.1, final=False).people_needed for effect in (0.15, 0.3))
    assert small is not None
    assert larger is None or larger < small


def test_chances_without_effect_are_watched() -> None:
    """Even chances are no alarm, and those of a broken dealing are; with fewer than 20 nothing is judged."""
    even = [(n + 0.5) / 100 for n in range(100)]
    quiet = lift.watch(even)
    assert (quiet.count, quiet.below_alpha, quiet.alarm) == (100, 5, False)
    assert quiet.chance == pytest.approx(1.0)
    broken = lift.watch([one**2 for one in even])
    assert broken.alarm
    assert broken.chance is not None
    assert broken.chance < 0.001
    assert lift.watch([0.001] * 19).chance is None
