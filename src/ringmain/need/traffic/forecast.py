"""Learns from past origins how far shops part from their level and week, and forecasts their next days.

The error of a forecast p of y payments is |p - y| / (p + y) = |tanh((log p - log y) / 2)| for y > 0: symmetric in the
logarithm, and flat far out. So the best p is the centre of the predicted *logarithm* where that is symmetric, there is
nothing to gain from shrinking it, and days without payments teach nothing about p > 0, for their error is 1 whatever
p > 0 is. They are a decision of their own: whether to forecast 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringmain.kit.learn.boosting import Trees, grow
from ringmain.need.traffic.features import Window
from ringmain.need.traffic.history import WEEK, Floats, History
from ringmain.need.traffic.holidays import Kind
from ringmain.need.traffic.levels import WEEKS

Bools = NDArray[np.bool_]

# Chosen on origins from June to mid-July 2016 of the shops of docs/evaluation.md, none of which is reported there.
_TREES: Final = 250
_CLOSED_TREES: Final = 120
# More rows add nothing that could be measured: neighbouring days of a shop say much the same.
_ROWS: Final = 120_000
# So many origins back, and an example this many days older counts half.
_PAST: Final = 20
_HALF_LIFE: Final = 60.0
# An expected error l where there are payments and a mean error L of all: 0 is right above (1 - l) / (2 - l - L).
_CLOSED_ABOVE: Final = 0.5
_PARAMETERS: Final = {
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.6,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
    "max_bin": 63,
}


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A window of the past with what was paid: `taken` (rows,), and which rows are `trusted` (rows,) to learn from."""

    window: Window
    taken: Floats
    trusted: Bools


@dataclass(frozen=True, slots=True, eq=False)
class Forecaster:
    """What was learnt: trees for the logarithm above the base, and trees for the chance of a day without payments."""

    counts: tuple[Trees, ...]
    closed: Trees

    def forecast(self, window: Window) -> Floats:
        """Return the payments (rows,) to expect; 0 for shops that took none in eight weeks or will rather be closed."""
        above = np.mean([np.asarray(trees.predict(window.features)) for trees in self.counts], axis=0)
        expected = np.exp(window.base + above)
        closed = np.asarray(self.closed.predict(window.features)) > _CLOSED_ABOVE
        return np.where(closed | ~np.isfinite(window.base), 0.0, expected)


def origins(end: int, horizon: int) -> tuple[int, ...]:
    """Return the columns to learn from, newest first and whole weeks apart, whose horizon has passed at `end`."""
    return tuple(range(end - -(-horizon // WEEK) * WEEK, WEEKS * WEEK - 1, -WEEK))[:_PAST]


def example(history: History, window: Window) -> Example:
    """Return a window, whose days are all recorded, with what was paid."""
    trusted = np.isfinite(window.base) & (history.kinds[window.day] != Kind.UNTRUSTED)
    return Example(window, history.pays[window.shop, window.day], trusted)


def learn(examples: Sequence[Example], seed: int) -> Forecaster:
    """Return a forecaster; the same examples and seed give the same one."""
    random = np.random.default_rng(seed)
    share = min(_ROWS / sum(int(each.trusted.sum()) for each in examples), 1.0)
    kept = [np.flatnonzero(each.trusted & (random.random(len(each.trusted)) < share)) for each in examples]
    pairs = list(zip(examples, kept, strict=True))
    features = np.concatenate([each.window.features[rows] for each, rows in pairs])
    taken = np.concatenate([each.taken[rows] for each, rows in pairs])
    base = np.concatenate([each.window.base[rows] for each, rows in pairs])
    day = np.concatenate([each.window.day[rows] for each, rows in pairs])
    weight = 0.5 ** ((day.max() - day) / _HALF_LIFE)
    paid = taken > 0
    above = np.log(taken[paid]) - base[paid]
    counts = tuple(
        grow(
            {**_PARAMETERS, "objective": "l1"},
            features[paid],
            above,
            rounds=_TREES,
            seed=seed * 10 + turn,
            weights=weight[paid],
        )
        for turn in range(2)
    )
    parameters = {**_PARAMETERS, "objective": "binary"}
    closed = grow(parameters, features, ~paid, rounds=_CLOSED_TREES, seed=seed * 10, weights=weight)
    return Forecaster(counts, closed)
