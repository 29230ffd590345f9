"""Prices of budgets and bands: the minimum of the Lagrangian dual, by multiplicative steps that learn their length.

Let a coin of budget b cost `budget[b]` and power of merchant m cost `power[m]`. Then everybody simply takes the offers
that are worth most after their price, and the prices are right when no budget is asked for more than it has. Whatever
the prices, the value that people take so, plus what all budgets and bands are worth at them, is above the value of
every allowed allocation (weak duality): the least such sum that was seen is the bound.

Each step moves every price by a power of how many times its limit is asked for. Prices span many orders of magnitude,
as budgets do, so steps are taken in their logarithms; a price whose pressure changes sign has been passed, and moves by
less from then on. Over many people the demand is nearly smooth, and some dozens of passes suffice.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ringmain.campaign.allocation.problem import NOBODY, Bands, Bools, Floats, Int64s, Problem

_CELLS = 160_000
_MOST_PASSES = 160
# A bound that in so many passes became better by less than this share is as good as it gets.
_PATIENCE, _BETTER = 12, 2e-5
_FIRST_STEP, _LONGEST_STEP, _GROWTH, _SHRINK = 0.5, 1.0, 1.15, 0.6
_FURTHEST = 1.5
# Prices stay within so many times the usual worth of a coin; what sinks to the floor is free.
_SPAN, _BANDS_BEGIN = 1e6, 1e-2


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """What a coin of each budget costs (float64, 0 or more), and power of each merchant (float64, of either sign).

    The power of a merchant that has given its most costs something to give and pays those who bring some back.
    `bound`: no allocation that keeps all limits is worth more. `passes`: how often all candidates were looked at.
    """

    budget: Floats
    power: Floats
    bound: float
    passes: int

    def of_offers(self, problem: Problem) -> Floats:
        """Return the price of one coin of each offer, wherever it is given: float64 (offers,)."""
        of_budgets = np.bincount(
            problem.budgets.offer, self.budget[problem.budgets.budget], minlength=problem.budgets.offers
        )
        return np.asarray(of_budgets - _of(self.power, problem.bands.receiver), dtype=np.float64)

    def of_people(self, problem: Problem) -> Floats:
        """Return what a coin costs in addition where each person is met: float64 (people,)."""
        return _of(self.power, problem.bands.sender)


def _of(power: Floats, merchant: Int64s) -> Floats:
    """Return the price of power of each of these merchants, 0 of nobody."""
    return np.append(power, 0.0)[np.where(merchant == NOBODY, len(power), merchant)]


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """Some people with about as many candidates each, as a table: cells without a candidate are worth minus infinity.

    `people`, `first`, `most` (rows,); `offer`, `value`, `cost` (rows, columns).
    """

    people: Int64s
    first: Int64s
    most: Int64s
    offer: Int64s
    value: Floats
    cost: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What everybody asks for at some prices: edges, and the sum of what they are worth after their price."""

    edge: Int64s
    person: Int64s
    worth: float


class Market:
    """The candidates of a problem, laid out so that one pass over all of them is fast."""

    def __init__(self, problem: Problem) -> None:
        """Lay out a problem."""
        self.problem = problem
        self._blocks = list(_blocks(problem))

    def asked(self, prices: Prices) -> Asked:
        """Return what each person asks for: the best after their price, above zero, as many as the person may get."""
        of_offers, of_people = prices.of_offers(self.problem), prices.of_people(self.problem)
        edges: list[Int64s] = []
        people: list[Int64s] = []
        worth = 0.0
        for block in self._blocks:
            coin = of_offers[block.offer]
            coin += of_people[block.people][:, None]
            coin *= block.cost
            left = np.subtract(block.value, coin, out=coin)
            rows = np.arange(len(left))
            for turn in range(int(block.most.max())):
                column = left.argmax(axis=1)
                best = left[rows, column]
                wanted = np.flatnonzero((best > 0) & (turn < block.most))
                if not len(wanted):
                    break
                worth += float(best[wanted].sum())
                edges.append(block.first[wanted] + column[wanted])
                people.append(block.people[wanted])
                left[rows, column] = -np.inf
        none = [np.empty(0, dtype=np.int64)]
        return Asked(np.concatenate(edges or none), np.concatenate(people or none), worth)


def _blocks(problem: Problem) -> Iterator[_Block]:
    edges = problem.candidates
    value = np.where(problem.possible(), edges.value, -np.inf)
    degree = np.diff(edges.first)
    order = np.lexsort((edges.most, degree))
    order = order[(degree[order] > 0) & (edges.most[order] > 0)]
    begin = 0
    while begin < len(order):
        # Ascending, so that the last one within reach is the widest; at least one person, however many candidates.
        reach = order[begin : begin + _CELLS]
        rows = max(int(np.searchsorted(degree[reach] * np.arange(1, len(reach) + 1), _CELLS, side="right")), 1)
        people = order[begin : begin + rows]
        begin += rows
        columns = np.arange(int(degree[people[-1]]))
        first = edges.first[people]
        there = columns < degree[people][:, None]
        cell = np.where(there, first[:, None] + columns, first[:, None])
        yield _Block(
            people=people,
            first=first,
            most=np.minimum(edges.most[people], degree[people]),
            offer=edges.offer[cell],
            value=np.where(there, value[cell], -np.inf),
            cost=edges.cost[cell].astype(np.float64),
        )


def descend(market: Market) -> Prices:
    """Return the prices at which the bound of a market was least; the same market gives the same prices."""
    problem = market.problem
    budgets, bands = len(problem.budgets.limit), len(problem.bands.most)
    usual = _usual_worth(problem)
    # The price of power is what its upper bound costs less what its lower bound pays: each moves on its own.
    price = np.concatenate([np.full(budgets, usual), np.full(2 * bands, usual * _BANDS_BEGIN)])
    step = np.full(len(price), _FIRST_STEP)
    before = np.zeros(len(price))
    best = free = _priced(market, np.zeros(len(price)))
    if _keeps(problem, market.asked(free)):
        return free
    since = 0
    for passes in range(1, _MOST_PASSES + 1):
        now = _prices(price, budgets, bands)
        asked = market.asked(now)
        bound = asked.worth + _endowment(problem, price)
        since = 0 if bound < best.bound * (1 - _BETTER) else since + 1
        if bound < best.bound:
            best = Prices(now.budget, now.power, bound, passes)
        if since >= _PATIENCE:
            break
        pressure = _pressure(problem, asked)
        step = np.where(pressure * before < 0, step * _SHRINK, np.minimum(step * _GROWTH, _LONGEST_STEP))
        before = pressure
        price = price * np.exp(np.clip(step * pressure, -_FURTHEST, _FURTHEST))
        price = np.clip(price, usual / _SPAN, usual * _SPAN)
    return _tidied(market, best, usual)


def _priced(market: Market, price: Floats) -> Prices:
    problem = market.problem
    now = _prices(price, len(problem.budgets.limit), len(problem.bands.most))
    return Prices(now.budget, now.power, market.asked(now).worth + _endowment(problem, price), 0)


def _tidied(market: Market, best: Prices, usual: float) -> Prices:
    """Return the prices with those that sank as good as to nothing set to zero, where that makes the bound no worse."""
    small = usual / _SPAN * 10
    power = np.where(np.abs(best.power) < small, 0.0, best.power)
    price = np.concatenate(
        [np.where(best.budget < small, 0.0, best.budget), np.maximum(power, 0.0), np.maximum(-power, 0.0)]
    )
    tidy = _priced(market, price)
    return Prices(tidy.budget, tidy.power, tidy.bound, best.passes) if tidy.bound <= best.bound else best


def _usual_worth(problem: Problem) -> float:
    """Return the median of what a coin brings, in value per minor unit; 1 where nothing costs anything."""
    edges = problem.candidates
    paid = problem.possible() & (edges.cost > 0)
    return float(np.median(edges.value[paid] / edges.cost[paid])) if paid.any() else 1.0


def _prices(price: Floats, budgets: int, bands: int) -> Prices:
    return Prices(price[:budgets], price[budgets : budgets + bands] - price[budgets + bands :], np.inf, 0)


def _endowment(problem: Problem, price: Floats) -> float:
    """Return what all limits are worth at these prices."""
    bands = problem.bands
    return float(price @ np.concatenate([problem.budgets.limit, bands.most, -bands.least]))


def used(problem: Problem, edge: Int64s) -> Int64s:
    """Return what some edges draw on each budget, in minor units: int64 (budgets,)."""
    edges, budgets = problem.candidates, problem.budgets
    of_offers = _sums(edges.offer[edge], edges.cost[edge], budgets.offers)
    return _sums(budgets.budget, of_offers[budgets.offer], len(budgets.limit))


def moved(problem: Problem, edge: Int64s, person: Int64s) -> tuple[Int64s, Int64s]:
    """Return how much power each merchant gives and receives by some edges: two of int64 (merchants,)."""
    edges, bands = problem.candidates, problem.bands
    sender, receiver = bands.sender[person], bands.receiver[edges.offer[edge]]
    cost, merchants = edges.cost[edge], len(bands.most)
    # Nobody stands at the end, and is cut off.
    given, received = (
        _sums(np.where(who == NOBODY, merchants, who), cost, merchants + 1) for who in (sender, receiver)
    )
    return given[:-1], received[:-1]


def _sums(place: Int64s, amount: Int64s, count: int) -> Int64s:
    found = np.zeros(count, dtype=np.int64)
    np.add.at(found, place, amount)
    return found


def _pressure(problem: Problem, asked: Asked) -> Floats:
    """Return the logarithm of how many times each limit is asked for: budgets, then most given, then most received."""
    bands: Bands = problem.bands
    given, received = moved(problem, asked.edge, asked.person)
    wanted = np.concatenate([used(problem, asked.edge), given, received])
    there = np.concatenate([problem.budgets.limit, received + bands.most, given - bands.least])
    # One coin more on both sides: what is nothing has a logarithm too.
    return np.asarray(np.log((wanted + 1.0) / (there + 1.0)), dtype=np.float64)


def _keeps(problem: Problem, asked: Asked) -> bool:
    """Say whether all limits are kept."""
    given, received = moved(problem, asked.edge, asked.person)
    kept: Bools = used(problem, asked.edge) <= problem.budgets.limit
    within = (given - received <= problem.bands.most) & (given - received >= problem.bands.least)
    return bool(kept.all() and within.all())
