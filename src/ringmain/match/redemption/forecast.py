"""The chance of a redemption: three small models of different kinds, their log odds averaged.

There are a few thousand sendings to learn from and a tenth of them redeemed, so each model is held back strongly; what
they err in differs, which is what the average lives on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringmain.kit.learn.boosting import grow

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_BOOSTED = {
    "objective": "binary",
    "num_leaves": 5,
    "learning_rate": 0.03,
    "min_data_in_leaf": 20,
    "lambda_l2": 20.0,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
}
_ROUNDS, _SEEDS = 150, 3
_EDGE = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Logistic:
    """A ridge logistic regression on standardised, signed logarithms."""

    mean: Floats
    scale: Floats
    model: Any

    def chance(self, features: Floats) -> Floats:
        """Return the probability of each row."""
        return np.asarray(self.model.predict_proba(self._standard(features))[:, 1], dtype=np.float64)

    def _standard(self, features: Floats) -> Floats:
        # What lies far outside of all that was seen must not carry the forecast away.
        return np.clip((_soften(features) - self.mean) / self.scale, -4.0, 4.0)


def fit_logistic(features: Floats, labels: Bools, strength: float) -> Logistic:
    """Fit on `features` (rows, columns); `strength` is the inverse of the ridge."""
    soft = _soften(features)
    mean, scale = soft.mean(axis=0), soft.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    # Imported when something is fitted: it takes seconds, which nobody who only asks should wait.
    linear: Any = import_module("sklearn.linear_model")
    fitted = Logistic(mean, scale, linear.LogisticRegression(C=strength, max_iter=500))
    fitted.model.fit(np.clip((soft - mean) / scale, -4.0, 4.0), labels)
    return fitted


def _soften(features: Floats) -> Floats:
    return np.asarray(np.sign(features) * np.log1p(np.abs(features)), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class RedemptionModel:
    """What foretells redemptions; `columns` are the names of the features, in order."""

    columns: tuple[str, ...]
    logistic: Logistic
    boosted: tuple[Any, ...]
    forest: Any

    def chance(self, features: Mapping[str, Floats]) -> Floats:
        """Return the probability of a redemption (rows,); `features` by name (rows,)."""
        table = _table(features, self.columns)
        boosted = np.mean([trees.predict(table) for trees in self.boosted], axis=0)
        forest = self.forest.predict_proba(table)[:, 1]
        parts = [_log_odds(part) for part in (self.logistic.chance(table), boosted, forest)]
        return np.asarray(1 / (1 + np.exp(-np.mean(parts, axis=0))), dtype=np.float64)


def train(features: Mapping[str, Floats], labels: Bools, *, seed: int) -> RedemptionModel:
    """Fit on sendings whose campaigns have ended: `features` by name (rows,), `labels` (rows,) whether redeemed.

    The same seed gives the same model.
    """
    ensemble: Any = import_module("sklearn.ensemble")
    columns = tuple(features)
    table = _table(features, columns)
    boosted = tuple(
        grow(_BOOSTED, table, labels.astype(np.float64), rounds=_ROUNDS, seed=seed * _SEEDS + turn)
        for turn in range(_SEEDS)
    )
    forest = ensemble.ExtraTreesClassifier(200, min_samples_leaf=5, max_features=0.3, random_state=seed, n_jobs=1)
    return RedemptionModel(columns, fit_logistic(table, labels, 0.01), boosted, forest.fit(table, labels))


def _table(features: Mapping[str, Floats], columns: Sequence[str]) -> Floats:
    return np.column_stack([features[name] for name in columns])


def _log_odds(chance: Floats) -> Floats:
    clipped = np.clip(chance, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(clipped / (1 - clipped)), dtype=np.float64)
