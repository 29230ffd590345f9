"""Gives vouchers by a score until a budget is really spent: every rule is measured at the same spend.

What is spent is what redemptions take off, and telling people. A rule knows estimates, the budget knows the truth, as a
network's does: it ends when the money is gone.
"""

from dataclasses import dataclass

import numpy as np

from ringmain.simulate.world.shops import Floats, Int64s

_STEPS = 60


@dataclass(frozen=True, slots=True, eq=False)
class Offers:
    """One row per person and offer, those of a person together: `first[i]` to `first[i + 1]`, all with as many rows.

    `effect` and `cost` are the truth: incremental visits expected, and minor units that will be spent.
    """

    people: int
    effect: Floats
    cost: Floats


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule reached when the budget was spent: true incremental visits, minor units, vouchers given."""

    effect: float
    spent: float
    vouchers: float


def by_price(offers: Offers, value: Floats, cost: Floats, budget: float) -> Outcome:
    """Give each person the offer that is worth most after its price; the price of money is set so that it lasts.

    `value` and `cost` are what the rule believes. With the truth for both this is the best there is, up to one voucher:
    the Lagrangian of the knapsack with one voucher a person.
    """
    worth, paid = value.reshape(offers.people, -1), cost.reshape(offers.people, -1)

    def at(price: float) -> Outcome:
        left = worth - price * paid
        best = left.argmax(axis=1)
        takes = np.flatnonzero(left[np.arange(len(left)), best] > 0)
        return _outcome(offers, takes * worth.shape[1] + best[takes])

    free = at(0.0)
    if free.spent <= budget:
        return free
    low, high = 0.0, float((value / np.maximum(cost, 1e-9)).max())
    below, above = at(high), free
    for _ in range(_STEPS):
        middle = (low + high) / 2
        found = at(middle)
        if found.spent > budget:
            low, above = middle, found
        else:
            high, below = middle, found
    return _between(below, above, budget)


def by_rank(offers: Offers, score: Floats, budget: float) -> Outcome:
    """Give each person the offer of their highest score, the highest first, until the money is gone."""
    table = score.reshape(offers.people, -1)
    best = table.argmax(axis=1)
    order = np.argsort(-table[np.arange(len(table)), best], kind="stable")
    rows = order * table.shape[1] + best[order]
    spent = np.cumsum(offers.cost[rows])
    last = int(np.searchsorted(spent, budget, side="right"))
    below = _outcome(offers, rows[:last])
    return below if last == len(rows) else _between(below, _outcome(offers, rows[: last + 1]), budget)


def _outcome(offers: Offers, rows: Int64s) -> Outcome:
    return Outcome(float(offers.effect[rows].sum()), float(offers.cost[rows].sum()), float(len(rows)))


def _between(below: Outcome, above: Outcome, budget: float) -> Outcome:
    """Return what is reached with exactly the budget: the last step is taken in part."""
    if above.spent <= below.spent:
        return below
    part = (budget - below.spent) / (above.spent - below.spent)
    return Outcome(
        below.effect + part * (above.effect - below.effect),
        budget,
        below.vouchers + part * (above.vouchers - below.vouchers),
    )
