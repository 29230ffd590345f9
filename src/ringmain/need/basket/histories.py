"""Baskets of many persons as three columns; order is all that is known of time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class BasketHistories:
    """One entry per person, basket and item, sorted by them and without doubles.

    `person` (rows,) and `item` (rows,) are numbers below `persons` and `items`; `basket` (rows,) counts the baskets of
    a person from 0, oldest first, without gaps.
    """

    person: Int32s
    basket: Int32s
    item: Int32s
    persons: int
    items: int

    @property
    def baskets_of(self) -> Int64s:
        """Return how many baskets each person has (persons,)."""
        counts = np.zeros(self.persons, dtype=np.int64)
        np.maximum.at(counts, self.person, self.basket.astype(np.int64) + 1)
        return counts

    @property
    def age(self) -> Int64s:
        """Return for each row how many baskets of the same person came after its own (rows,)."""
        return self.baskets_of[self.person] - 1 - self.basket

    def matrix(self, weights: Floats) -> csr_array:
        """Return the sums of `weights` (rows,) as a sparse matrix (persons, items)."""
        summed = csr_array((weights, (self.person, self.item)), shape=(self.persons, self.items))
        summed.sum_duplicates()
        return summed

    def kept(self, rows: NDArray[np.bool_]) -> "BasketHistories":
        """Return the histories of some rows; whole baskets have to go at the end, and none in the middle."""
        return BasketHistories(self.person[rows], self.basket[rows], self.item[rows], self.persons, self.items)

    def without_last(self) -> tuple["BasketHistories", csr_array]:
        """Return the histories without the last basket of each person, and these baskets as ones (persons, items)."""
        last = self.age == 0
        return self.kept(~last), self.kept(last).matrix(np.ones(int(last.sum())))


def basket_histories(person: Int64s, basket: Int64s, item: Int64s, persons: int, items: int) -> BasketHistories:
    """Return rows in any order, with any ascending basket numbers and doubles, as histories."""
    rows = np.unique(np.column_stack((person, basket, item)), axis=0)
    new = np.ones(len(rows), dtype=np.bool_)
    new[1:] = (rows[1:, :2] != rows[:-1, :2]).any(axis=1)
    number = np.cumsum(new) - 1
    first = np.full(persons, len(rows), dtype=np.int64)
    np.minimum.at(first, rows[:, 0], number)
    return BasketHistories(
        rows[:, 0].astype(np.int32),
        (number - first[rows[:, 0]]).astype(np.int32),
        rows[:, 2].astype(np.int32),
        persons,
        items,
    )
