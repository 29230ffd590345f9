"""Estimates with 95 % intervals: persons are resampled, never their single events, which are not independent."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]

_PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval; `low` and `high` are None where nothing was resampled."""

    value: float
    low: float | None = None
    high: float | None = None


def ratio_over_persons(
    person: NDArray[np.generic], hits: Floats, weights: Floats | None = None, *, seed: int, times: int = 1_000
) -> Estimate:
    """Return sum(hits) / sum(weights) with its percentile bootstrap over persons.

    `person`, `hits` and `weights` (default: ones) have one entry per event. A mean per event is the plain case. NaN
    where nothing has a weight; a draw of persons without any is left out.
    """
    _, index = np.unique(person, return_inverse=True)
    persons = int(index.max(initial=-1)) + 1
    top = np.bincount(index, weights=hits, minlength=persons)
    bottom = np.bincount(index, weights=weights, minlength=persons).astype(np.float64)
    if not persons or not bottom.sum():
        return Estimate(float("nan"))
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(times):
        chosen = random.integers(persons, size=persons)
        if weight := bottom[chosen].sum():
            drawn.append(top[chosen].sum() / weight)
    return _estimate(float(top.sum() / bottom.sum()), drawn)


def resample_persons(
    person: NDArray[np.generic], statistic: Callable[[Int64s], float], *, seed: int, times: int = 200
) -> Estimate:
    """Return `statistic(all rows)` with its percentile bootstrap over persons.

    `statistic` is handed row numbers, those of a person drawn twice twice; draws for which it is NaN are left out.
    NaN where there are no rows.
    """
    if not len(person):
        return Estimate(float("nan"))
    _, index, counts = np.unique(person, return_inverse=True, return_counts=True)
    order = np.argsort(index, kind="stable")
    rows = np.split(order, np.cumsum(counts)[:-1])
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(times):
        chosen = random.integers(len(rows), size=len(rows))
        # With one row each, which is common, the rows need not be gathered person by person.
        drawn.append(statistic(order[chosen] if len(rows) == len(order) else np.concatenate([rows[i] for i in chosen])))
    value = statistic(np.arange(len(person), dtype=np.int64))
    return _estimate(value, [figure for figure in drawn if not np.isnan(figure)])


def _estimate(value: float, drawn: list[float]) -> Estimate:
    if not drawn:
        return Estimate(value)
    low, high = np.percentile(drawn, _PERCENTILES)
    return Estimate(value, float(low), float(high))
