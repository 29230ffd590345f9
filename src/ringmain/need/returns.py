"""Who comes back, and how often: a lifetime model, corrected by where it was wrong inside the known window."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringmain.kit.learn.boosting import grow
from ringmain.kit.learn.linear import fit_poisson
from ringmain.need.lifetimes import BgNbd, Histories, fit_bg_nbd

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]

WEEK = 7
# Where inside the known window forecasts are rehearsed, as a share of it. At a half, the past is as long as the future,
# as where a forecast reaches as far ahead as the window reaches back; it decides on the level.
REHEARSALS = (1 / 2, 9 / 16, 2 / 3)
# With fewer purchases to learn from, a correction would be noise.
ENOUGH = 200
_BAGS = 5
_TREES = 60
# Few leaves, and many persons in each: outcomes of single persons are mostly chance.
_PARAMETERS = {
    "objective": "poisson",
    "num_leaves": 5,
    "learning_rate": 0.05,
    "min_data_in_leaf": 100,
    "lambda_l2": 10.0,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
}


@dataclass(frozen=True, slots=True)
class Purchases:
    """What persons bought: one entry per person and day. `person` is 0 to `persons` - 1, `day` counts from any day."""

    person: Int64s
    day: Int64s
    amount: Floats
    persons: int

    def until(self, day: float) -> "Purchases":
        """Return those up to and including `day`."""
        known = self.day <= day
        return Purchases(self.person[known], self.day[known], self.amount[known], self.persons)

    def counts(self, after: float, until: float) -> Floats:
        """Return the purchases of each person after day `after`, up to and including `until`."""
        return np.bincount(self.person[(self.day > after) & (self.day <= until)], minlength=self.persons).astype(float)


@dataclass(frozen=True, slots=True)
class Forecast:
    """The expected purchases of those persons who were known (row numbers in `persons`), by the model and by BG/NBD."""

    persons: Int64s
    expected: Floats
    plain: Floats
    model: BgNbd
    level: float


def gather(person: NDArray[np.generic], day: Int64s, amount: Floats) -> Purchases:
    """Return purchases with those of one person on one day as one, amounts added; persons in sorted order."""
    names, who = np.unique(person, return_inverse=True)
    first = int(day.min(initial=0))
    days = int(day.max(initial=first)) - first + 1
    visits, entry = np.unique(who * days + (day - first), return_inverse=True)
    total = np.bincount(entry, weights=amount).astype(np.float64)
    return Purchases(visits // days, visits % days + first, total, len(names))


def histories(purchases: Purchases, day: float) -> tuple[Int64s, Histories]:
    """Return the persons who had bought up to `day`, and what lifetime models know of them at its end, in weeks."""
    known = purchases.until(day)
    first: Floats = np.full(purchases.persons, np.inf)
    last: Floats = np.full(purchases.persons, -np.inf)
    np.minimum.at(first, known.person, known.day)
    np.maximum.at(last, known.person, known.day)
    count = np.bincount(known.person, minlength=purchases.persons)
    who = np.flatnonzero(count)
    began, repeats = first[who], count[who].astype(np.float64) - 1
    return who, Histories(repeats, (last[who] - began) / WEEK, (day - began) / WEEK)


def forecast(purchases: Purchases, day: int, days: int, *, seed: int) -> Forecast:
    """Return what is expected of each person in the `days` after `day`; purchases after `day` are never looked at.

    BG/NBD expects; forecasts rehearsed inside the window say where it errs. Its total is multiplied by what followed
    the rehearsal at half of the window, by what BG/NBD had expected there. Within that total, what recent and large
    purchases tell beyond the expectation (Poisson, with the expectation as exposure) moves purchases between persons:
    the mean of boosted trees and of a power of the expectation, learnt from all rehearsals. With fewer than `ENOUGH`
    purchases after the rehearsal at half nothing is corrected.
    """
    known = purchases.until(day)
    who, history = histories(known, day)
    model = fit_bg_nbd(history)
    plain = model.expected(history, days / WEEK)
    rehearsals = [found for share in REHEARSALS if (found := _rehearse(known, day, share)) is not None]
    if not rehearsals or rehearsals[0].share != REHEARSALS[0]:
        return Forecast(who, plain, plain, model, 1.0)
    level = float(rehearsals[0].outcome.sum() / rehearsals[0].expected.sum())
    features = _features(known, day, who, history, plain)
    moved = plain * (_boosted(rehearsals, features, seed) + _power(rehearsals, features))
    return Forecast(who, moved * (level * plain.sum() / moved.sum()), plain, model, level)


@dataclass(frozen=True, slots=True)
class _Rehearsal:
    """A forecast made inside the window at a share of it, and what followed until the window's end."""

    share: float
    features: Floats
    expected: Floats
    outcome: Floats


def _rehearse(known: Purchases, day: int, share: float) -> _Rehearsal | None:
    start = int(known.day.min())
    cut = start + int((day - start) * share)
    who, history = histories(known, cut)
    outcome = known.counts(cut, day)[who]
    if outcome.sum() < ENOUGH:
        return None
    expected = fit_bg_nbd(history).expected(history, (day - cut) / WEEK)
    return _Rehearsal(share, _features(known.until(cut), cut, who, history, expected), expected, outcome)


def _features(known: Purchases, day: int, who: Int64s, history: Histories, expected: Floats) -> Floats:
    """Return one row per person: expectation, repeats, silence, money, and purchases in the last parts of the window.

    Times are shares of the window or of the person's own time, amounts and counts multiples of the mean, so that
    windows of other lengths look alike.
    """
    start = int(known.day.min())
    spent = np.bincount(known.person, weights=known.amount, minlength=known.persons)[who]
    second_half = known.counts(start + (day - start) / 2, day)[who]
    last_quarter = known.counts(start + (day - start) * 3 / 4, day)[who]
    silence = (history.age - history.last) / np.maximum(history.age, 1 / WEEK)
    multiples = [_of_mean(column) for column in (history.repeats, np.maximum(spent, 0.0), second_half, last_quarter)]
    return np.column_stack([np.log(expected / expected.mean()), silence, *(np.log1p(column) for column in multiples)])


def _of_mean(column: Floats) -> Floats:
    mean = column.mean()
    return column / mean if mean else column


def _boosted(rehearsals: Sequence[_Rehearsal], features: Floats, seed: int) -> Floats:
    """Return for each row of `features` the factor by which boosted trees would correct its expectation."""
    exposure = np.concatenate([one.expected for one in rehearsals])
    outcome = np.concatenate([one.outcome for one in rehearsals])
    rows = np.vstack([one.features for one in rehearsals])
    factors = np.zeros(len(features))
    for bag in range(_BAGS):
        trees = grow(_PARAMETERS, rows, outcome / exposure, rounds=_TREES, seed=seed * _BAGS + bag, weights=exposure)
        factors += trees.predict(features) / _BAGS
    return factors


def _power(rehearsals: Sequence[_Rehearsal], features: Floats) -> Floats:
    """Return the factors of a Poisson regression on the logarithm of the expectation, which shrinks what is extreme."""
    exposure = np.concatenate([one.expected for one in rehearsals])
    outcome = np.concatenate([one.outcome for one in rehearsals])
    expectation = np.concatenate([one.features[:, :1] for one in rehearsals])
    return fit_poisson(expectation, outcome / exposure, exposure)(features[:, :1])
