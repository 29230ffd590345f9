"""Baskets of many persons on one clock of days."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int64s = NDArray[np.int64]
Floats = NDArray[np.float64]

# What a day without a later visit, or without an earlier one, counts as.
LONGEST_WAIT = 30


@dataclass(frozen=True, slots=True, eq=False)
class Visits:
    """Baskets by time, and the kinds of goods in each.

    `person`, `store`, `day`, `paid` (cents) are (baskets,), days ascending; `kind_basket`, `kind` (pairs,) say which
    kinds of goods each basket holds, by basket and without doubles. Persons, stores, kinds are numbers below `persons`,
    `stores`, `kinds`.
    """

    person: Int64s
    store: Int64s
    day: Int64s
    paid: Floats
    kind_basket: Int64s
    kind: Int64s
    persons: int
    stores: int
    kinds: int

    def before(self, day: int) -> "Visits":
        """Return the baskets of the days before `day`."""
        baskets = int(np.searchsorted(self.day, day))
        pairs = int(np.searchsorted(self.kind_basket, baskets))
        return Visits(
            self.person[:baskets],
            self.store[:baskets],
            self.day[:baskets],
            self.paid[:baskets],
            self.kind_basket[:pairs],
            self.kind[:pairs],
            self.persons,
            self.stores,
            self.kinds,
        )

    def known(self) -> Int64s:
        """Return the persons with a basket, ascending."""
        return np.unique(self.person)

    def first_from(self, day: int) -> Int64s:
        """Return the number of each person's first basket on or after `day` (persons,), -1 where there is none."""
        start = int(np.searchsorted(self.day, day))
        person, first = np.unique(self.person[start:], return_index=True)
        found = np.full(self.persons, -1, dtype=np.int64)
        found[person] = first + start
        return found

    def count_between(self, first: int, end: int) -> Int64s:
        """Return on how many of the days `first` to `end` - 1 each person has a basket (persons,)."""
        person, _ = self.days_between(first, end)
        return np.bincount(person, minlength=self.persons).astype(np.int64)

    def days_between(self, first: int, end: int) -> tuple[Int64s, Int64s]:
        """Return (person, day) of all visits, which are days with a basket, on the days `first` to `end` - 1."""
        start, stop = np.searchsorted(self.day, (first, end))
        length = max(end - first, 1)
        keys = np.unique(self.person[start:stop] * length + self.day[start:stop] - first)
        return keys // length, keys % length + first

    def wait(self, day: int) -> Floats:
        """Return the days from `day` to each person's next basket (persons,), LONGEST_WAIT at most."""
        first = self.first_from(day)
        days = np.where(first >= 0, self.day[first] - day, LONGEST_WAIT)
        return np.minimum(days, LONGEST_WAIT).astype(np.float64)

    def gaps_after(self, first: int, end: int) -> tuple[Int64s, Int64s, Floats]:
        """Return (person, day, days until the next visit) of the visits on `first` to `end` - 1.

        The days are LONGEST_WAIT at most.
        """
        person, day = self.days_between(first, end + LONGEST_WAIT)
        gap = np.full(len(person), float(LONGEST_WAIT))
        same = person[1:] == person[:-1]
        gap[:-1][same] = np.minimum(np.diff(day)[same], LONGEST_WAIT)
        asked = day < end
        return person[asked], day[asked], gap[asked]
