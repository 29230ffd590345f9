"""The time of baskets of which only the order is known, read off what was sold.

Goods come and go (offers, seasons), so baskets with the same short-lived goods lie in the same weeks. A hidden Markov
model that only moves forward says in which of a few periods each basket probably lies: every period has its own shares
of items, every person passes through the periods in order. Fitted by expectation maximisation (Baum-Welch: Rabiner, "A
tutorial on hidden Markov models", Proc. IEEE 77, 1989), started from the place of a basket in its person's history.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ringmain.need.basket.histories import BasketHistories

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """Periods of equal say: what is sold in each, and where baskets lie.

    `shares` (periods, items) sum to one in each period; `last` and `next` (persons, periods) are the chances of where a
    person's last basket lies and where the next will; `when` (rows of the histories,) is the expected period.
    """

    shares: Floats
    last: Floats
    next: Floats
    when: Floats


def read_calendar(known: BasketHistories, periods: int, rounds: int, prior: float) -> Calendar:
    """Fit the periods on all histories.

    `prior` is how many sales, spread as overall, each item's share in a period is smoothed by.
    """
    count = known.baskets_of
    row = np.cumsum(np.concatenate(([0], count)))[:-1][known.person] + known.basket
    contents = csr_array((np.ones(len(row)), (row, known.item)), shape=(int(count.sum()), known.items))
    owner = np.repeat(np.arange(known.persons), count)
    place = np.arange(len(owner)) - np.cumsum(np.concatenate(([0], count)))[:-1][owner]
    centre = (place + 0.5) / count[owner] * periods - 0.5
    chance = np.exp(-0.5 * ((np.arange(periods) - centre[:, None]) / (periods / 4)) ** 2)
    chance /= chance.sum(axis=1, keepdims=True)
    step = np.triu(np.ones((periods, periods)) * 0.5 ** np.abs(np.subtract.outer(range(periods), range(periods))))
    start = np.ones(periods) / periods
    sold: Floats = np.asarray(contents.sum(axis=0), dtype=np.float64).ravel()
    overall = sold / sold.sum()
    shares = _shares(contents, chance, overall, prior)
    for _ in range(rounds):
        likelihood = _likelihood(contents, shares, overall)
        step = step / step.sum(axis=1, keepdims=True)
        chance, step_counts = _passes(likelihood, place, start, step)
        step = np.triu(step_counts + 1.0)
        start = chance[place == 0].mean(axis=0) + 1e-3
        start /= start.sum()
        shares = _shares(contents, chance, overall, prior)
    step = step / step.sum(axis=1, keepdims=True)
    last = np.zeros((known.persons, periods))
    final = place == count[owner] - 1
    last[owner[final]] = chance[final]
    return Calendar(shares, last, last @ step, (chance @ np.arange(periods))[row])


def _shares(contents: csr_array, chance: Floats, overall: Floats, prior: float) -> Floats:
    sold = np.asarray(contents.T @ chance).T
    total = sold.sum(axis=1, keepdims=True)
    # An item's sales are spread over periods as all sales are, `prior` of them, before its own count.
    spread = total / total.sum()
    mixed: Floats = (sold + prior * spread) / (total + prior * spread * len(overall))
    shares: Floats = mixed / mixed.sum(axis=1, keepdims=True)
    return shares


def _likelihood(contents: csr_array, shares: Floats, overall: Floats) -> Floats:
    """Return how much likelier each basket is in each period than anywhere (baskets, periods), its greatest one."""
    log = np.asarray(contents @ np.log(shares / np.maximum(overall, 1e-12)).T)
    likelihood: Floats = np.exp(log - log.max(axis=1, keepdims=True))
    return likelihood


def _passes(likelihood: Floats, place: NDArray[np.int64], start: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Return each basket's chance of each period and the expected moves, by one pass forward and one back.

    Rows of one person follow each other, so the row before is the basket before; all persons advance together.
    """
    forward = likelihood.copy()
    at = [np.flatnonzero(place == k) for k in range(int(place.max()) + 1)]
    forward[at[0]] *= start
    forward[at[0]] /= forward[at[0]].sum(axis=1, keepdims=True)
    for rows in at[1:]:
        moved = (forward[rows - 1] @ step) * likelihood[rows]
        forward[rows] = moved / np.maximum(moved.sum(axis=1, keepdims=True), 1e-300)
    backward = np.ones_like(likelihood)
    moves = np.zeros_like(step)
    for rows in reversed(at[1:]):
        after = likelihood[rows] * backward[rows]
        before = after @ step.T
        joint = (forward[rows - 1] * before).sum(axis=1)
        moves += (forward[rows - 1] / np.maximum(joint, 1e-300)[:, None]).T @ after * step
        backward[rows - 1] = before / np.maximum(before.sum(axis=1, keepdims=True), 1e-300)
    chance = forward * backward
    return chance / np.maximum(chance.sum(axis=1, keepdims=True), 1e-300), moves
