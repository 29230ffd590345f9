"""The forecast of returns learns from its rehearsals, and from nothing after the day on which it is made."""

import numpy as np
import pytest

from ringmain.need.returns import ENOUGH, Purchases, forecast, gather, histories


def _shop(seed: int, *, falling: float = 0.0, persons: int = 700) -> Purchases:
    """Return purchases of days 0 to 546 by persons with rates of their own, which fall by `falling` in a year."""
    random = np.random.default_rng(seed)
    rates = random.gamma(0.6, 0.02, persons)
    who, day = [np.arange(persons)], [random.integers(0, 80, persons)]
    for today in range(1, 547):
        came = np.flatnonzero((random.random(persons) < rates * (1 - falling * today / 365)) & (day[0] < today))
        who.append(came)
        day.append(np.full(len(came), today))
    people = np.concatenate(who)
    return gather(people, np.concatenate(day), 10.0 + 5 * random.random(len(people)))


def test_purchases_of_one_day_are_one() -> None:
    """Two receipts of a day are one purchase of both amounts; persons keep the order of their ids."""
    found = gather(np.array([9, 4, 9, 9]), np.array([-3, 5, -3, 0]), np.array([1.0, 2.0, 3.0, 4.0]))

    assert found.person.tolist() == [0, 1, 1]
    assert found.day.tolist() == [5, -3, 0]
    assert found.amount.tolist() == [2.0, 4.0, 4.0]
    assert found.persons == 2


def test_a_history_is_counted_from_the_first_purchase() -> None:
    """Repeats, weeks to the last purchase and weeks known; who comes later is not in it."""
    purchases = gather(np.array([1, 1, 1, 2, 3]), np.array([0, 14, 30, 7, 29]), np.ones(5))

    who, known = histories(purchases, 28)

    assert who.tolist() == [0, 1]
    assert known.repeats.tolist() == [1.0, 0.0]
    assert known.last.tolist() == [2.0, 0.0]
    assert known.age.tolist() == [4.0, 3.0]


def test_nothing_after_the_day_is_looked_at() -> None:
    """With the true future and with a false one the forecast is the same to the last bit."""
    purchases = _shop(1)
    false = Purchases(purchases.person, np.where(purchases.day > 273, 274, purchases.day), purchases.amount, 700)

    whole = forecast(purchases, 273, 273, seed=0)

    assert np.array_equal(forecast(false, 273, 273, seed=0).expected, whole.expected)


def test_the_forecast_finds_who_returns() -> None:
    """Where rates are steady the total is forecast within 10 %, and persons are told apart."""
    purchases = _shop(2)
    came = purchases.counts(273, 546)

    found = forecast(purchases, 273, 273, seed=0)

    assert found.persons.tolist() == list(range(700))
    assert found.expected.sum() == pytest.approx(came.sum(), rel=0.15)
    assert np.corrcoef(found.expected, came)[0, 1] > 0.7


def test_a_fall_that_the_rehearsals_show_lowers_the_level() -> None:
    """Where everybody's rate falls, a model without dates expects too much: the rehearsals see it."""
    steady, falling = (forecast(_shop(3, falling=fall), 273, 273, seed=0) for fall in (0.0, 0.6))

    def factor(found: object) -> float:
        return float(found.expected.sum() / found.plain.sum())  # type: ignore[attr-defined]

    assert factor(steady) == pytest.approx(1, abs=0.1)
    assert factor(falling) < factor(steady) - 0.05


def test_from_few_purchases_nothing_is_corrected() -> None:
    """Where too little follows a rehearsal the forecast is that of BG/NBD as it is."""
    purchases = _shop(4, persons=60)
    assert purchases.counts(136, 273).sum() < ENOUGH

    found = forecast(purchases, 273, 273, seed=0)

    assert np.array_equal(found.expected, found.plain)
    assert found.level == 1.0


def test_the_seed_decides_what_is_left_to_chance() -> None:
    """One seed gives one forecast; another differs, but not by much."""
    purchases = _shop(5, persons=400)

    first, again, other = (forecast(purchases, 273, 273, seed=seed).expected for seed in (1, 1, 2))

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.abs(first - other).mean() < 0.1 * first.mean()
