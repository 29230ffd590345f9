"""Which prizes a winner may choose among, and how probable each of them is there: pure."""

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from ringmain.campaign.games.model import PrizeShops

MOST_CHOICES = 3
_FLOAT_BITS = 53

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


def clashing(prizes: Sequence[PrizeShops]) -> Bools:
    """Return which prizes (rows) may not stand beside which others (columns), each of them not beside itself.

    Those that lead to one shop; and of those that lead everywhere only one, since they are no other shop's.
    """
    shops = [{shop for _, shop in prize.shops} for prize in prizes]
    own = np.eye(len(shops), dtype=np.bool_)
    everywhere = np.array([not one for one in shops])
    shared = np.array([[not one.isdisjoint(other) for other in shops] for one in shops])
    clash: Bools = own | shared | (everywhere[:, None] & everywhere)
    return clash


def further(id_: bytes, first: int, odds: Floats, clash: Bools, count: int) -> list[int]:
    """Return the columns that a winner may choose among: `first`, and as many others as there are, `count` at most.

    Others are drawn by their `odds` (0: not here, or none left) among those that do not clash with one before. Chance
    is made of the play's id, so who knows it can draw again.
    """
    places = [first]
    weights = np.where(clash[first], 0.0, odds)
    while len(places) < count and (total := float(weights.sum())) > 0:
        ends = np.cumsum(weights)
        drawn = int(np.searchsorted(ends, _chance(id_, len(places)) * total, side="right"))
        # Rounding may carry a point to the very end: then it is the last prize that has odds.
        drawn = min(drawn, int(np.flatnonzero(weights)[-1]))
        places.append(drawn)
        weights = np.where(clash[drawn], 0.0, weights)
    return places


def _chance(id_: bytes, number: int) -> float:
    """Return a number in [0, 1) from the id of a play, another one for each `number`."""
    digest = blake2b(id_ + number.to_bytes(1), digest_size=8).digest()
    return float((int.from_bytes(digest) >> (64 - _FLOAT_BITS)) / 2**_FLOAT_BITS)


def shown_chances(odds: Floats, clash: Bools, count: int) -> Floats:
    """Return for each prize the probability that the next winner finds it among `count` (1 to 3) to choose from."""
    total = odds.sum()
    if not total:
        return np.zeros(len(odds))
    first: Floats = odds / total
    if count == 1:
        return first
    second = _next(np.where(clash, 0.0, odds))
    found: Floats = first + first @ second
    if count == MOST_CHOICES:
        for place in np.flatnonzero(first):
            left = np.where(clash[place] | clash, 0.0, odds)
            found = found + first[place] * (second[place] @ _next(left))
    return found


def _next(weights: Floats) -> Floats:
    """Return the probabilities of each row's next draw; rows of zeros where there is none."""
    totals = weights.sum(axis=1, keepdims=True)
    chances: Floats = np.divide(weights, totals, out=np.zeros_like(weights), where=totals > 0)
    return chances
