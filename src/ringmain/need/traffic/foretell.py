"""Foretell each shop's next days with what did best at moments of the past, with the interval of its past errors.

Every candidate is asked at the same rolling origins, of which it knew nothing after them: the dumb counts, and the
learnt forecaster where there is past enough to learn from at each. The forecaster is taken only where its loss is below
that of every count with the whole paired interval over shops. The interval is conformal: the middle four fifths of the
errors that were made at the origins, as ratios, of the shop itself where it has enough of them, else of all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from ringmain.kit.learn.intervals import ratio_over_persons
from ringmain.need.traffic.features import window
from ringmain.need.traffic.forecast import example, learn, origins
from ringmain.need.traffic.history import Floats, History
from ringmain.need.traffic.simple import BASELINES, LEAST_PAST

HORIZON: Final = 14
LEAST_DAYS: Final = 56
MODEL: Final = "model"
_ORIGINS: Final = 3
# With fewer rows trees say nothing that levels and weeks do not.
_LEAST_ROWS: Final = 2_000
_OUTSIDE: Final = 0.1
_OWN_ERRORS: Final = 28
_GROUP: Final = "kind"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Foretold:
    """Payments per shop and day from the day after the history: (shops, `HORIZON`) each.

    `made_by` is `MODEL` or the name of a count; `losses` tells how each candidate did, the lower the better.
    """

    expected: Floats
    low: Floats
    high: Floats
    made_by: str
    losses: Mapping[str, float]


def foretell(history: History, seed: int, progress: Progress) -> Foretold:
    """Return what to expect of the days after a history of `LEAST_DAYS` days at least."""
    asked = [history.days - HORIZON * back for back in range(_ORIGINS, 0, -1)]
    asked = [origin for origin in asked if origin >= LEAST_PAST]
    truth = np.stack([history.pays[:, origin : origin + HORIZON] for origin in asked])
    said = {name: np.stack([rule(history.pays[:, :one], HORIZON) for one in asked]) for name, rule in BASELINES.items()}
    if all(_can_learn(history, origin) for origin in asked):
        progress("learning at moments of the past")
        said[MODEL] = np.stack([_learnt(history, origin, seed) for origin in asked])
    losses = {name: _losses(forecast, truth) for name, forecast in said.items()}
    mean = {name: float(np.nanmean(loss)) if np.isfinite(loss).any() else 1.0 for name, loss in losses.items()}
    chosen = min(BASELINES, key=lambda name: mean[name])
    if MODEL in said and all(_is_below(losses[MODEL], losses[name], seed) for name in BASELINES):
        chosen = MODEL
    progress("forecasting")
    end = history.days
    expected = _learnt(history, end, seed) if chosen == MODEL else BASELINES[chosen](history.pays, HORIZON)
    low, high = _between(expected, said[chosen], truth)
    return Foretold(expected, low, high, chosen, mean)


def _can_learn(history: History, origin: int) -> bool:
    return origin >= LEAST_DAYS and len(history.pays) * HORIZON * len(origins(origin, HORIZON)) >= _LEAST_ROWS


def _learnt(history: History, origin: int, seed: int) -> Floats:
    """Return what is expected (shops, `HORIZON`) from a column on by what was known before it."""
    pasts = origins(origin, HORIZON)
    model = learn([example(history, window(history, past, HORIZON, _GROUP)) for past in pasts], seed)
    return model.forecast(window(history, origin, HORIZON, _GROUP)).reshape(-1, HORIZON)


def _losses(forecast: Floats, truth: Floats) -> Floats:
    """Return |p - y| / (p + y) of each shop-day (origins, shops, days), NaN where both are 0."""
    total = forecast + truth
    return np.asarray(np.divide(np.abs(forecast - truth), total, out=np.full(total.shape, np.nan), where=total > 0))


def _is_below(ours: Floats, other: Floats, seed: int) -> bool:
    """Say whether a loss is below another with the whole paired interval over shops."""
    both = np.isfinite(ours) & np.isfinite(other)
    shop = np.broadcast_to(np.arange(ours.shape[1])[None, :, None], ours.shape)[both]
    return (ratio_over_persons(shop, (other - ours)[both], seed=seed).low or 0.0) > 0


def _between(expected: Floats, said: Floats, truth: Floats) -> tuple[Floats, Floats]:
    """Return the bounds (shops, days) between which the middle of past errors lies; the half keeps zeros finite."""
    error = np.log((truth + 0.5) / (said + 0.5))
    own = np.moveaxis(error, 1, 0).reshape(len(expected), -1)
    if own.shape[1] < _OWN_ERRORS:
        own = np.broadcast_to(error.reshape(1, -1), (len(expected), error.size))
    bounds = np.quantile(own, (_OUTSIDE, 1 - _OUTSIDE), axis=1)[:, :, None]
    low, high = (np.maximum((expected + 0.5) * np.exp(bound) - 0.5, 0.0) for bound in bounds)
    return np.minimum(low, expected), np.maximum(high, expected)
