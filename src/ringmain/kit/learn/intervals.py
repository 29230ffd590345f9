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

    `person`, `hits` and `weights` (default: ones) have one entry per event. A mean per event is the plain case.
    """
    _, index = np.unique(person, return_inverse=True)
    persons = int(index.max(initial=-1)) + 1
    top = np.bincount(index, weights=hits, minlength=persons)
    bottom = np.bincount(index, weights=weights, minlength=persons).astype(np.float64)
    if not persons or not bottom.sum():
        return Estimate(float("nan"))
    random = np.random.default_rng(seed)
    drawn = np.empty(times)
    for turn in range(times):
        chosen = random.integers(persons, size=persons)
        drawn[turn] = top[chosen].sum() / bottom[chosen].sum()
    low, high = np.percentile(drawn, _PERCENTILES)
    return Estimate(float(top.sum() / bottom.sum()), float(low), float(high))


def resample_persons(
    person: NDArray[np.generic], statistic: Callable[[Int64s], float], *, seed: int, times: int = 200
) -> Estimate:
    """Return `statistic(all rows)` with its percentile bootstrap over persons.

    `statistic` is handed row numbers, those of a person drawn twice twice; draws for which it is NaN are left out.
    """
    _, index, counts = np.unique(person, return_inverse=True, return_counts=True)
    rows = np.split(np.argsort(index, kind="stable"), np.cumsum(counts)[:-1])
    random = np.random.default_rng(seed)
    drawn = [
        statistic(np.concatenate([rows[who] for who in random.integers(len(rows), size=len(rows))]))
        for _ in range(times)
    ]
    value = statistic(np.arange(len(person), dtype=np.int64))
    known = [figure for figure in drawn if not np.isnan(figure)]
    if not known:
        return Estimate(value)
    low, high = np.percentile(known, _PERCENTILES)
    return Estimate(value, float(low), float(high))
