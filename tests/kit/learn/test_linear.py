"""Linear models: the least of what they say they make least, whatever scale the columns have."""

import numpy as np
import pytest
from scipy.optimize import minimize

from ringmain.kit.learn.linear import fit_log_odds, fit_logistic, fit_poisson, fit_ridge, platt

RANDOM = np.random.default_rng(6)
COLUMNS = RANDOM.normal([0.0, 5.0, -2.0], [1.0, 30.0, 0.1], size=(400, 3))
STANDARD = np.column_stack([np.ones(400), (COLUMNS - COLUMNS.mean(axis=0)) / COLUMNS.std(axis=0)])


def test_a_logistic_regression_makes_its_loss_least() -> None:
    """Another optimiser finds the same chances; the level is not drawn to zero."""
    labels = RANDOM.random(400) < 1 / (1 + np.exp(-(STANDARD @ [1.5, 1.0, -0.5, 0.0])))

    def loss(weights: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        odds = STANDARD @ weights
        return float(np.sum(np.logaddexp(0, odds) - labels * odds) + 20 / 2 * np.sum(weights[1:] ** 2))

    least = minimize(loss, np.zeros(4), method="BFGS").x

    assert fit_logistic(COLUMNS, labels, 20.0)(COLUMNS) == pytest.approx(1 / (1 + np.exp(-STANDARD @ least)), abs=1e-4)


def test_columns_are_held_back_by_their_scale() -> None:
    """On standard columns the odds are those of the other regression; a small column is kept from mattering."""
    labels = RANDOM.random(400) < 1 / (1 + np.exp(-(STANDARD @ [1.5, 1.0, -0.5, 0.0])))
    chance = fit_logistic(COLUMNS, labels, 20.0)(COLUMNS)

    odds = fit_log_odds(STANDARD[:, 1:], labels, 20.0)(STANDARD[:, 1:])

    assert odds == pytest.approx(np.log(chance / (1 - chance)), abs=1e-2)
    small = STANDARD[:, 1:] * [0.001, 1.0, 1.0]
    held = fit_log_odds(small, labels, 20.0)(small)
    assert abs(np.corrcoef(held, COLUMNS[:, 0])[0, 1]) < 0.1 < np.corrcoef(odds, COLUMNS[:, 0])[0, 1]


def test_a_ridge_regression_solves_its_equations() -> None:
    """The normal equations with the ridge, the level apart, have the same answer."""
    target = STANDARD @ [1.0, 2.0, 0.0, -1.0] + RANDOM.normal(size=400)
    weights = np.linalg.solve(STANDARD.T @ STANDARD + np.diag([0.0, 500.0, 500.0, 500.0]), STANDARD.T @ target)

    assert fit_ridge(COLUMNS, target, 500.0)(COLUMNS) == pytest.approx(STANDARD @ weights)


def test_a_poisson_regression_finds_the_rates() -> None:
    """Rates that double with each unit of a column are found, and events in all are as many as there were."""
    column, exposure = RANDOM.normal(size=(20_000, 1)), RANDOM.uniform(0.5, 2.0, size=20_000)
    events = RANDOM.poisson(exposure * 3 * 2 ** column[:, 0]).astype(float)

    found = fit_poisson(column, events / exposure, exposure)

    assert found(np.array([[0.0], [1.0]])) == pytest.approx([3.0, 6.0], rel=0.03)
    assert (found(column) * exposure).sum() == pytest.approx(events.sum())


def test_platt_finds_what_was_done_to_the_odds() -> None:
    """Odds stretched to the double and moved are put back."""
    odds = RANDOM.normal(size=50_000)
    taken = RANDOM.random(50_000) < 1 / (1 + np.exp(-odds))

    level, slope = platt(2 * odds + 1, taken)

    assert slope == pytest.approx(0.5, abs=0.02)
    assert level == pytest.approx(-0.5, abs=0.03)
