"""Who is moved: the effect of a treatment on each person, learnt from a randomised experiment by several learners.

An effect is never seen, and single learners err in ways of their own; their mean errs less. Buying is not being moved:
whoever buys anyway has no effect.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringmain.kit.learn.boosting import grow, grow_from
from ringmain.kit.learn.linear import fit_log_odds, fit_logistic, fit_ridge

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]

# From what is known of persons (rows as in training) to the effect on each.
Effects = Callable[["Known"], Floats]

# The weight of the ridge, in rows: coefficients of standardised columns are drawn to zero by as many.
_RIDGE = 20.0
_PSEUDO_RIDGE = 500.0
_COMMON = {
    "learning_rate": 0.05,
    "lambda_l2": 10.0,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
}
_OUTCOME_TREES = {**_COMMON, "objective": "binary", "num_leaves": 6, "min_data_in_leaf": 200}
_EFFECT_TREES = {**_COMMON, "objective": "regression", "num_leaves": 4, "min_data_in_leaf": 300}
_ROUNDS = 80
# How far a weight may differ between the groups, beside how far the groups may lie apart as wholes.
_DIFFERS, _SHIFTS = 0.3, 5.0
_REST_TREES = {**_COMMON, "objective": "binary", "num_leaves": 8, "min_data_in_leaf": 200}
_REST_ROUNDS = 60


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of persons before the treatment, one row each: `linear` with products, `raw` for trees."""

    linear: Floats
    raw: Floats

    def of(self, rows: Int64s) -> "Known":
        """Return some of the rows."""
        return Known(self.linear[rows], self.raw[rows])


@dataclass(frozen=True, slots=True)
class Experiment:
    """Persons of whom chance decided who is treated; `outcome` is 0 or 1."""

    known: Known
    treated: Bools
    outcome: Floats

    def of(self, rows: Int64s) -> "Experiment":
        """Return some of the rows."""
        return Experiment(self.known.of(rows), self.treated[rows], self.outcome[rows])


def two_logistic(experiment: Experiment, seed: int) -> Effects:
    """Return the difference of two ridge logistic regressions, one per group (a T-learner)."""
    del seed
    groups = (experiment.treated, ~experiment.treated)
    treated, others = (
        fit_logistic(experiment.known.linear[group], experiment.outcome[group], _RIDGE) for group in groups
    )
    return lambda known: treated(known.linear) - others(known.linear)


def two_boosted(experiment: Experiment, seed: int) -> Effects:
    """Return the difference of two forests of boosted trees, one per group (a T-learner)."""
    groups = (experiment.treated, ~experiment.treated)
    treated, others = (
        _boosted(experiment.known.raw[group], experiment.outcome[group], _OUTCOME_TREES, seed) for group in groups
    )
    return lambda known: treated(known.raw) - others(known.raw)


def doubly_robust(experiment: Experiment, seed: int) -> Effects:
    """Return the mean of a ridge regression and of boosted trees on doubly robust outcomes (a DR-learner).

    The outcome of a row (Kennedy, Towards optimal doubly robust estimation of heterogeneous causal effects, 2023) has
    the effect as its mean whatever the two regressions say, since the chance to be treated is known.
    """
    known, treated, outcome = experiment.known, experiment.treated, experiment.outcome
    share = treated.mean()
    of_treated = fit_logistic(known.linear[treated], outcome[treated], _RIDGE)(known.linear)
    of_others = fit_logistic(known.linear[~treated], outcome[~treated], _RIDGE)(known.linear)
    surprise = np.where(treated, (outcome - of_treated) / share, (of_others - outcome) / (1 - share))
    pseudo = of_treated - of_others + surprise
    straight = fit_ridge(known.linear, pseudo, _PSEUDO_RIDGE)
    trees = _boosted(known.raw, pseudo, _EFFECT_TREES, seed)
    return lambda asked: (straight(asked.linear) + trees(asked.raw)) / 2


@dataclass(frozen=True, slots=True)
class Chances:
    """The chance of the outcome by row, without the treatment and with it."""

    without: Floats
    treated: Floats

    @property
    def effect(self) -> Floats:
        """Return what the treatment adds."""
        return self.treated - self.without


def both_chances(experiment: Experiment, seed: int) -> Callable[[Known], Chances]:
    """Return one model of both groups (an S-learner), for whoever needs chances that fit together.

    A logistic regression whose every weight may differ between the groups, but is drawn to one shift of the odds for
    everybody: where data are thin, the average is what is left. Trees then add what is not linear in it.
    """
    known, middle = experiment.known, experiment.known.linear.mean(axis=0)
    spread = experiment.known.linear.std(axis=0)
    spread[spread == 0] = 1.0

    def design(linear: Floats, side: Floats) -> Floats:
        scaled = (linear - middle) / spread
        return np.column_stack([scaled, scaled * (_DIFFERS * side)[:, None], _SHIFTS * side])

    side = np.where(experiment.treated, 0.5, -0.5)
    columns = design(known.linear, side)
    straight = fit_log_odds(columns, experiment.outcome, _RIDGE)
    rows = np.column_stack([known.raw, side])
    trees = grow_from(straight(columns), _REST_TREES, rows, experiment.outcome, rounds=_REST_ROUNDS, seed=seed)

    def chance(asked: Known, side: Floats) -> Floats:
        rest = np.asarray(trees.predict(np.column_stack([asked.raw, side]), raw_score=True), dtype=np.float64)
        return np.asarray(1.0 / (1.0 + np.exp(-straight(design(asked.linear, side)) - rest)))

    def answer(asked: Known) -> Chances:
        half = np.full(len(asked.raw), 0.5)
        return Chances(chance(asked, -half), chance(asked, half))

    return answer


def shown_effects(experiment: Experiment, foretold: Chances, share: float) -> Floats:
    """Return for each row a figure whose mean over any rows is their mean effect, whatever `foretold` says of them.

    `share` is the chance with which rows were treated, and `foretold` by models that have not seen the rows (augmented
    inverse probability weighting; Robins, Rotnitzky, Zhao 1994). What was foretold well makes the figures less noisy.
    """
    of_treated = (experiment.outcome - foretold.treated) / share
    of_others = (experiment.outcome - foretold.without) / (1.0 - share)
    return foretold.effect + np.where(experiment.treated, of_treated, -of_others)


LEARNERS = (two_logistic, two_boosted, doubly_robust)


def effects(experiment: Experiment, seed: int) -> Effects:
    """Return the mean effect of all learners, fitted to `experiment`."""
    fitted = [learner(experiment, seed) for learner in LEARNERS]
    return lambda known: np.mean([effect(known) for effect in fitted], axis=0)


def cross_fitted(
    experiment: Experiment,
    learner: Callable[[Experiment, int], Effects],
    *,
    folds: int,
    repeats: int,
    seed: int,
) -> Floats:
    """Return the effect on each row by models that have not seen it, averaged over `repeats` ways to cut `folds`."""
    rows = len(experiment.treated)
    total = np.zeros(rows)
    for repeat in range(repeats):
        fold = np.random.default_rng([seed, repeat]).permutation(rows) % folds
        for turn in range(folds):
            held = np.flatnonzero(fold == turn)
            fitted = learner(experiment.of(np.flatnonzero(fold != turn)), seed + repeat)
            total[held] += fitted(experiment.known.of(held)) / repeats
    return total


def _boosted(columns: Floats, target: Floats, parameters: dict[str, Any], seed: int) -> Callable[[Floats], Floats]:
    trees = grow(parameters, columns, target, rounds=_ROUNDS, seed=seed)
    return lambda rows: np.asarray(trees.predict(rows), dtype=np.float64)
