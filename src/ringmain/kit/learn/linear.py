"""Linear models on standardised columns, fitted by scikit-learn; it is loaded when something is fitted, not before."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Answer = Callable[[Floats], Floats]


def fit_logistic(columns: Floats, labels: NDArray[np.generic], ridge: float) -> Answer:
    """Fit a logistic regression to `columns` `(n, k)` and `labels` `(n,)`; the answer tells the chance of other rows.

    What is least is the negative log-likelihood and `ridge` / 2 times the squared weights, the level apart.
    """
    linear: Any = import_module("sklearn.linear_model")
    fitted = _fitted(linear.LogisticRegression(C=1 / ridge, max_iter=1_000, tol=1e-8), columns, labels)
    return lambda rows: np.asarray(fitted.predict_proba(rows)[:, 1], dtype=np.float64)


def fit_log_odds(columns: Floats, labels: NDArray[np.generic], ridge: float) -> Answer:
    """Fit a logistic regression to columns as they are; the answer tells the log-odds of other rows.

    The ridge weighs on a column the more, the smaller its values are: scaling says how far each may go.
    """
    linear: Any = import_module("sklearn.linear_model")
    model = linear.LogisticRegression(C=1 / ridge, max_iter=1_000, tol=1e-5).fit(columns, labels)
    return lambda rows: np.asarray(model.decision_function(rows), dtype=np.float64)


def fit_ridge(columns: Floats, target: Floats, ridge: float) -> Answer:
    """Fit a ridge regression; what is least is the squared error and `ridge` times the squared weights."""
    linear: Any = import_module("sklearn.linear_model")
    fitted = _fitted(linear.Ridge(alpha=ridge), columns, target)
    return lambda rows: np.asarray(fitted.predict(rows), dtype=np.float64)


def fit_poisson(columns: Floats, rate: Floats, exposure: Floats) -> Answer:
    """Fit a Poisson regression to `rate` `(n,)`, events by `exposure`; the answer tells the rate of other rows."""
    linear: Any = import_module("sklearn.linear_model")
    model = linear.PoissonRegressor(alpha=0.0, solver="newton-cholesky", tol=1e-10)
    model.fit(columns, rate, sample_weight=exposure)
    return lambda rows: np.asarray(model.predict(rows), dtype=np.float64)


def platt(odds: Floats, labels: NDArray[np.generic]) -> tuple[float, float]:
    """Return level and slope of the logistic regression of `labels` on log-odds (Platt 1999), which calibrate them."""
    linear: Any = import_module("sklearn.linear_model")
    # So weak a ridge only keeps the slope finite where the odds tell all labels apart.
    model = linear.LogisticRegression(C=1e6, tol=1e-8).fit(odds[:, None], labels)
    return float(model.intercept_[0]), float(model.coef_[0, 0])


def _fitted(model: Any, columns: Floats, target: NDArray[np.generic]) -> Any:
    pipeline: Any = import_module("sklearn.pipeline")
    preprocessing: Any = import_module("sklearn.preprocessing")
    return pipeline.make_pipeline(preprocessing.StandardScaler(), model).fit(columns, target)
