"""How well a score ranks those whom a treatment moves, from a randomised experiment: nobody's own effect is seen."""

import numpy as np
from numpy.typing import NDArray

from ringmain.kit.learn.metrics import chance_at_top

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def gain_at(scores: Floats, treated: Bools, outcome: Floats, share: float) -> float:
    """Return the mean outcome of the treated less that of the others, among the `share` of highest scores.

    Rows of equal scores at the border count by their chance to be among them. NaN where one group is empty there.
    """
    weight = chance_at_top(scores, share)
    of_treated, of_others = weight * treated, weight * ~treated
    if not of_treated.sum() or not of_others.sum():
        return float("nan")
    return float(of_treated @ outcome / of_treated.sum() - of_others @ outcome / of_others.sum())


def qini(scores: Floats, treated: Bools, outcome: Floats) -> float:
    """Return the area between the Qini curve and the straight line of a random ranking, per row.

    The curve (Radcliffe 2007) at a depth is the outcome of the treated so far, less that of the others scaled to as
    many. Between the ends of rows with equal scores it is straight. 0 is a ranking that knows nothing. Figures of
    others are normalised in other ways and cannot be set beside it.
    """
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    return _area(treated[order], outcome[order], ends)


def qini_p(scores: Floats, treated: Bools, outcome: Floats, *, seed: int, times: int = 400) -> float:
    """Return the chance of a Qini as high where scores are dealt to the rows at random (a permutation test)."""
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    own = _area(treated[order], outcome[order], ends)
    random = np.random.default_rng(seed)
    as_high = 0
    for _ in range(times):
        dealt = random.permutation(order)
        as_high += _area(treated[dealt], outcome[dealt], ends) >= own
    return (1 + as_high) / (1 + times)


def _area(treated: Bools, outcome: Floats, ends: NDArray[np.int64]) -> float:
    many, others = np.cumsum(treated)[ends], np.cumsum(~treated)[ends]
    scale = many / np.maximum(others, 1)
    curve = np.cumsum(outcome * treated)[ends] - np.cumsum(outcome * ~treated)[ends] * scale
    depth = np.concatenate(([0.0], (ends + 1) / len(treated)))
    height = np.concatenate(([0.0], curve)) / len(treated)
    return float(np.sum(np.diff(depth) * (height[1:] + height[:-1]) / 2) - height[-1] / 2)
