"""The question: people with candidate offers, budgets that offers draw on, and bands that merchants agreed to."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]

NOBODY = -1


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The offers that each person may get: person i has the edges `first[i]` to `first[i + 1]`, each offer once.

    `first` int64 (people + 1,), ascending from 0. `offer` int64 (edges,): the place of an offer. `value` float64
    (edges,): what is expected of it, such as incremental visits; an edge without a value above zero is never given.
    `cost` int64 (edges,): minor units that giving it sets aside, 0 or more. `most` int64 (people,): how many vouchers
    this person may get at most.
    """

    first: Int64s
    offer: Int64s
    value: Floats
    cost: Int64s
    most: Int64s

    def people(self) -> int:
        """Return how many people there are."""
        return len(self.first) - 1

    def person(self) -> Int64s:
        """Return the person of each edge, int64 (edges,)."""
        return np.repeat(np.arange(self.people()), np.diff(self.first))


@dataclass(frozen=True, slots=True, eq=False)
class Budgets:
    """What offers draw on: pair n says that every voucher of `offer[n]` draws its cost on `budget[n]` too.

    `offer`, `budget` int64 (pairs,), each pair once. `limit` int64 (budgets,): minor units that may still be set
    aside, 0 or more. `offers`: how many offers there are; one that draws on nothing is free.
    """

    offer: Int64s
    budget: Int64s
    limit: Int64s
    offers: int


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """How much power, in minor units of vouchers, each merchant may give more than it receives, and the reverse.

    A voucher won at a shop of one merchant that leads to a shop of another moves its cost as power from the sender to
    the receiver. `sender` int64 (people,): at whose shop each person is met; `receiver` int64 (offers,): to whose shop
    each offer leads; `NOBODY` where it is no merchant's. `least`, `most` int64 (merchants,): given minus received stays
    between them; they enclose 0, so that giving nothing is always allowed. Who is outside already is told by a bound
    of 0 on that side: nothing may make it worse.
    """

    sender: Int64s
    receiver: Int64s
    least: Int64s
    most: Int64s


def no_bands(people: int, offers: int) -> Bands:
    """Return bands of no merchant at all."""
    none = np.empty(0, dtype=np.int64)
    return Bands(np.full(people, NOBODY), np.full(offers, NOBODY), none, none)


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """One question to `allocate`. Raises `ValueError` where its arrays do not fit together."""

    candidates: Candidates
    budgets: Budgets
    bands: Bands

    def __post_init__(self) -> None:
        edges, budgets, bands = self.candidates, self.budgets, self.bands
        fits = (
            len(edges.offer) == len(edges.value) == len(edges.cost) == int(edges.first[-1])
            and len(edges.most) == edges.people() == len(bands.sender)
            and len(budgets.offer) == len(budgets.budget)
            and len(bands.receiver) == budgets.offers
            and len(bands.least) == len(bands.most)
        )
        if not fits:
            raise ValueError("The arrays of an allocation differ in length.")
        if _least(edges.cost) < 0 or _least(budgets.limit) < 0 or _least(edges.most) < 0:
            raise ValueError("Costs, limits and caps are 0 or more.")
        if _least(-bands.least) < 0 or _least(bands.most) < 0:
            raise ValueError("A band encloses 0.")
        if not np.isfinite(edges.value).all():
            raise ValueError("Values are finite.")

    @classmethod
    def of(cls, candidates: Candidates, budgets: Budgets, bands: Bands | None = None) -> "Problem":
        """Return a question; without bands where none are given."""
        return cls(candidates, budgets, bands or no_bands(candidates.people(), budgets.offers))

    def possible(self) -> Bools:
        """Return which edges could be given at all: worth something, and within each of their budgets alone."""
        smallest = np.full(self.budgets.offers, np.iinfo(np.int64).max)
        np.minimum.at(smallest, self.budgets.offer, self.budgets.limit[self.budgets.budget])
        edges = self.candidates
        return np.asarray((edges.value > 0) & (edges.cost <= smallest[edges.offer]), dtype=np.bool_)


def _least(numbers: Int64s) -> int:
    return int(numbers.min()) if len(numbers) else 0
