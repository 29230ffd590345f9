"""From prices to vouchers: an allocation that keeps every budget, cap and band, and how far it may be from the best."""

from dataclasses import dataclass

import numpy as np

from ringmain.campaign.allocation.duals import Market, Prices, descend
from ringmain.campaign.allocation.problem import NOBODY, Bools, Int64s, Problem

# Power that flows back makes room for what had to wait; so often at most those that wait are looked at again.
_MOST_ROUNDS = 60


@dataclass(frozen=True, slots=True, eq=False)
class Allocation:
    """What is given: `edge` int64, ascending, the places of the chosen candidates; `value` is their sum.

    No allocation that keeps all limits is worth more than `prices.bound`.
    """

    prices: Prices
    edge: Int64s
    value: float

    @property
    def gap(self) -> float:
        """Return the share of the bound that was not reached, from 0 to 1; the best possible may be nearer."""
        bound = self.prices.bound
        return max(0.0, 1.0 - self.value / bound) if bound > 0 else 0.0


def allocate(problem: Problem) -> Allocation:
    """Return prices and an allocation that keeps all limits; the same problem gives the same answer.

    What people ask for at the prices is admitted in the order of what a coin of it brings after its price, as long as
    every limit holds; what was not asked for fills the room that is left.
    """
    market = Market(problem)
    prices = descend(market)
    edges, person = problem.candidates, problem.candidates.person()
    coin = prices.of_offers(problem)[edges.offer] + prices.of_people(problem)[person]
    worth = edges.value - coin * edges.cost
    desk = _Desk(problem, person)
    asked = market.asked(prices).edge
    desk.admit(asked[np.argsort(-worth[asked] / np.maximum(edges.cost[asked], 1), kind="stable")])
    others = desk.open(problem.possible())
    desk.admit(others[np.argsort(-edges.value[others], kind="stable")])
    given = np.array(sorted(desk.given), dtype=np.int64)
    return Allocation(prices, given, float(edges.value[given].sum()))


class _Desk:
    """Admits one edge after the other, as long as every limit holds."""

    def __init__(self, problem: Problem, person: Int64s) -> None:
        edges, budgets, bands = problem.candidates, problem.budgets, problem.bands
        self._edges, self._budgets = edges, budgets
        self._person = person
        self._sender, self._receiver = bands.sender[person], bands.receiver[edges.offer]
        self._draws: list[list[int]] = [[] for _ in range(budgets.offers)]
        for offer, budget in zip(budgets.offer.tolist(), budgets.budget.tolist(), strict=True):
            self._draws[offer].append(budget)
        self._left: list[int] = budgets.limit.tolist()
        self._spare: list[int] = edges.most.tolist()
        self._net = [0] * len(bands.most)
        self._least: list[int] = bands.least.tolist()
        self._most: list[int] = bands.most.tolist()
        self.given: set[int] = set()

    def admit(self, edge: Int64s) -> None:
        """Give these edges in their order, each that still fits."""
        waiting = edge
        for _ in range(_MOST_ROUNDS):
            held = self._round(waiting)
            if len(held) in (0, len(waiting)):
                return
            waiting = np.array(held, dtype=np.int64)

    def _round(self, edge: Int64s) -> list[int]:
        """Give what fits; return what only a band keeps from being given."""
        held: list[int] = []
        columns = (edge, self._person[edge], self._edges.offer[edge], self._edges.cost[edge])
        parties = (self._sender[edge], self._receiver[edge])
        for one, person, offer, cost, sender, receiver in zip(
            *(column.tolist() for column in (*columns, *parties)), strict=True
        ):
            if self._spare[person] <= 0:
                continue
            draws = self._draws[offer]
            if any(self._left[budget] < cost for budget in draws):
                continue
            if not self._moves(sender, receiver, cost):
                held.append(one)
                continue
            self._spare[person] -= 1
            for budget in draws:
                self._left[budget] -= cost
            self.given.add(one)
        return held

    def _moves(self, sender: int, receiver: int, cost: int) -> bool:
        """Move power between two merchants, where both bands allow it."""
        if sender == receiver:
            return True
        if sender != NOBODY and self._net[sender] + cost > self._most[sender]:
            return False
        if receiver != NOBODY and self._net[receiver] - cost < self._least[receiver]:
            return False
        if sender != NOBODY:
            self._net[sender] += cost
        if receiver != NOBODY:
            self._net[receiver] -= cost
        return True

    def open(self, possible: Bools) -> Int64s:
        """Return the edges that budgets and people still have room for."""
        left, pairs = np.array(self._left, dtype=np.int64), self._budgets
        smallest = np.full(pairs.offers, np.iinfo(np.int64).max)
        np.minimum.at(smallest, pairs.offer, left[pairs.budget])
        spare = np.array(self._spare, dtype=np.int64)
        fits = possible & (self._edges.cost <= smallest[self._edges.offer]) & (spare[self._person] > 0)
        fits[list(self.given)] = False
        return np.flatnonzero(fits)
