"""One person, now: a few of many offers, by what each is worth after its price, with some chance for all others.

The prices are those of the batch, so both spend the same budgets on the same grounds. Every choice is drawn with known
probabilities: whoever learns from what happened needs them.
"""

from dataclasses import dataclass
from uuid import UUID

import numpy as np

from ringmain.campaign.allocation.problem import Bools, Floats, Int64s

# This share of the choices is left to chance alone: what nobody is ever shown, nobody learns of.
EXPLORE = 0.04
# A twelfth of the greatest value more, after its price, makes an offer e times as likely: nearly the best, yet no two
# plays alike. An offer whose price takes all of its value is as good as never drawn but by chance.
_STEPS = 12.0
_LEAST_VALUE = 1e-9


@dataclass(frozen=True, slots=True)
class Picked:
    """One choice: the row that was drawn; `propensity` is the probability of its shop here, given those before it."""

    row: int
    propensity: float


def worth(value: Floats, cost: Int64s, price: Floats) -> Floats:
    """Return what each offer is worth after the price of its coins, float64; all arrays are of the same offers."""
    return np.asarray(value - price * cost, dtype=np.float64)


def sharpness_of(value: Floats) -> float:
    """Return how sharply offers of these values are told apart: in proportion to the greatest of them."""
    return _STEPS / max(float(value.max(initial=0.0)), _LEAST_VALUE)


def pick(
    worth: Floats, shop: Int64s, offer: Int64s, seed: UUID, count: int, *, sharpness: float, explore: float = EXPLORE
) -> list[Picked]:
    """Draw up to `count` rows, no two of the same shop or offer; the same rows and seed give the same answer.

    A row is an offer at a shop it leads to; of each shop its best offer that nobody else has taken stands. In each
    place a shop is drawn: with probability `explore` any of those left, all alike; else one with a probability
    proportional to exp(`sharpness` x worth) (Plackett-Luce). All arrays are (rows,); `shop`, `offer` are any numbers.
    """
    random = np.random.Generator(np.random.PCG64(seed.int))
    # By shop, the best offer first; ties go to the first row.
    rows = np.lexsort((-worth, shop))
    picked: list[Picked] = []
    while len(rows) and len(picked) < count:
        heads = rows[_heads(shop[rows])]
        chances = _chances(worth[heads] * sharpness, explore)
        place = min(int(np.searchsorted(chances.cumsum(), random.random(), side="right")), len(heads) - 1)
        row = int(heads[place])
        picked.append(Picked(row, float(chances[place])))
        rows = rows[(shop[rows] != shop[row]) & (offer[rows] != offer[row])]
    return picked


def _heads(shop: Int64s) -> Bools:
    """Return which rows begin a new shop."""
    heads = np.ones(len(shop), dtype=np.bool_)
    heads[1:] = shop[1:] != shop[:-1]
    return heads


def _chances(scores: Floats, explore: float) -> Floats:
    weights = np.exp(scores - scores.max())
    return np.asarray((1 - explore) * weights / weights.sum() + explore / len(weights), dtype=np.float64)
