"""A shop's level and its week, from logarithms of daily counts: medians, so that one odd day moves nothing."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringmain.need.traffic.history import WEEK, Floats, History, Int64s
from ringmain.need.traffic.holidays import Kind

WEEKS = 8
# So many weeks of a shop's own weigh as much as the week of its group.
_OWN_WEEKS = 2.0
_ROUNDS = 3
# Logarithms further than this from the shop's median are pulled in before they enter a mean.
_FENCE = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """The last eight weeks before a day `origin`, as logarithms of counts above zero, NaN where there is none.

    `logs` (shops, 8, 7): week 0 is the oldest, column j holds the weekday of `origin + j`; days that are not ordinary
    are NaN. `week` (shops, 7) is the shop's profile of the week and `rest` = `logs` - `week`.
    """

    origin: int
    logs: Floats
    week: Floats
    rest: Floats

    def smooth(self, half_life: float) -> Floats:
        """Return the level (shops,): the mean of `rest` without outliers, a day's weight halved in `half_life` days."""
        rest = self.rest.reshape(len(self.rest), -1)
        middle = median(rest[:, -4 * WEEK :])[:, None]
        rest = np.clip(rest, middle - _FENCE, middle + _FENCE)
        weight = 0.5 ** (np.arange(rest.shape[1])[::-1] / half_life) * np.isfinite(rest)
        total = weight.sum(axis=1)
        weighed = (np.nan_to_num(rest) * weight).sum(axis=1)
        level: Floats = np.divide(weighed, total, out=np.full(len(rest), np.nan), where=total > 0)
        return level

    def recent(self, days: int, skip: int = 0) -> Floats:
        """Return the median of `rest` (shops,) over `days` days that end `skip` days before the origin."""
        rest = self.rest.reshape(len(self.rest), -1)
        return median(rest[:, rest.shape[1] - skip - days : rest.shape[1] - skip])


def levels(history: History, origin: int, group: Int64s) -> Levels:
    """Return the levels at the columns before `origin`, which has eight weeks before it; weeks lean on `group`."""
    span = WEEKS * WEEK
    if origin < span:
        raise ValueError("eight weeks have to be known before the origin")
    logs = logs_of(history.pays[:, origin - span : origin])
    logs[:, history.kinds[origin - span : origin] != Kind.ORDINARY] = np.nan
    logs = logs.reshape(-1, WEEKS, WEEK)
    week = np.zeros((len(logs), WEEK))
    for _ in range(_ROUNDS):
        # Median polish (Tukey 1977): levels of weeks and profile of the week in turn, each from what the other leaves.
        level = median((logs - week[:, None, :]), axis=2)
        week = median(logs - level[:, :, None], axis=1)
        week -= np.nan_to_num(median(week, axis=1))[:, None]
    known = np.isfinite(logs).sum(axis=1)
    typical = group_median(week, group)
    own = known / (known + _OWN_WEEKS)
    week = np.where(np.isfinite(week), own * np.nan_to_num(week) + (1 - own) * typical, typical)
    return Levels(origin, logs, week, logs - week[:, None, :])


def logs_of(counts: Floats) -> Floats:
    """Return the logarithms of counts, NaN where nothing was counted."""
    return np.log(counts, out=np.full(counts.shape, np.nan), where=counts > 0)


def median(values: Floats, axis: int = 1) -> Floats:
    """Return the median along an axis, NaN left out; NaN where nothing is left."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(np.nanmedian(values, axis=axis))


def group_median(values: Floats, group: NDArray[np.int64], least: int = 5) -> Floats:
    """Return for each row the median of its group's rows, or of all rows where fewer than `least` know a value.

    `values` (rows,) or (rows, columns), NaN left out; 0 where nobody knows.
    """
    table = values[:, None] if values.ndim == 1 else values
    everyone = np.nan_to_num(median(table, axis=0))
    result = np.broadcast_to(everyone, table.shape).copy()
    for code in np.unique(group):
        rows = np.flatnonzero(group == code)
        known = np.isfinite(table[rows]).sum(axis=0) >= least
        if known.any():
            result[np.ix_(rows, np.flatnonzero(known))] = median(table[np.ix_(rows, np.flatnonzero(known))], axis=0)
    return result[:, 0] if values.ndim == 1 else result
