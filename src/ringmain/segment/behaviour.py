"""What people do, as a matrix: a person's visits seen from five sides, each of which is one whole of shares."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringmain.segment.sensitive import is_sensitive
from ringmain.segment.tribes import FEWEST, Grid

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]

# Of fewer visits hardly anything can be said for sure; such people are placed, and do not make tribes.
ENOUGH_VISITS: Final = 10
# So many nats beyond chance: one in 400 people would stand out in a thing by luck.
_SURE: Final = 4.0


class Side(StrEnum):
    """A side from which visits are seen."""

    CATEGORY = "category"
    PART = "part"
    WEEK = "week"
    SPEND = "spend"
    SHOPS = "shops"


# What `Side.CATEGORY` calls the categories that too few people know or that nobody is told of; it describes nobody.
OTHER: Final = ""
KEYS: Final[dict[Side, tuple[str, ...]]] = {
    Side.PART: ("night", "morning", "midday", "afternoon", "evening"),
    Side.WEEK: ("weekday", "weekend"),
    Side.SPEND: ("low", "middle", "high"),
    Side.SHOPS: ("new", "known"),
}
# Which sides rest on what a field of somebody's image says.
_SIDES_OF: Final[dict[str, frozenset[Side]]] = {
    "favourite_shops": frozenset({Side.SHOPS}),
    "favourite_categories": frozenset({Side.CATEGORY}),
    "usual_day_part": frozenset({Side.PART, Side.WEEK}),
    "average_basket": frozenset({Side.SPEND}),
    "spending_power": frozenset({Side.SPEND}),
    "novelty": frozenset({Side.SHOPS}),
}


@dataclass(frozen=True, slots=True, order=True)
class Column:
    """One thing that people do: a category of shops, a part of the day, dear or cheap, at shops new to them."""

    side: Side
    key: str

    @property
    def name(self) -> str:
        """Return what it is called in tables."""
        return f"{self.side.value}:{self.key}"

    @classmethod
    def named(cls, name: str) -> "Column":
        """Return the column that a table calls so."""
        side, _, key = name.partition(":")
        return cls(Side(side), key)


@dataclass(frozen=True, slots=True, eq=False)
class Behaviour:
    """`counts` (people, columns): how many visits of each person were so; `visits` (people,) how many they were.

    `people` are subject ids as text, in order.
    """

    people: tuple[str, ...]
    columns: tuple[Column, ...]
    counts: Floats
    visits: Int64s

    @property
    def grid(self) -> Grid:
        """The sides as blocks; everything but the rest of the categories may be what a tribe stands out in."""
        sides = list(Side)
        return Grid(
            np.array([sides.index(one.side) for one in self.columns], dtype=np.int64),
            np.array([one.key != OTHER for one in self.columns], dtype=np.bool_),
            _SURE,
        )

    def of(self, people: NDArray[np.bool_]) -> "Behaviour":
        """Return what these people (people,) do."""
        rows = np.flatnonzero(people)
        chosen = tuple(self.people[row] for row in rows.tolist())
        return Behaviour(chosen, self.columns, self.counts[rows], self.visits[rows])

    def without(self, hidden: Mapping[str, Collection[str]]) -> "Behaviour":
        """Return the same without the sides from which people (subjects) do not want to be seen.

        `hidden` are the fields of their images that they hide, as `profile` names them.
        """
        counts = self.counts.copy()
        for row, person in enumerate(self.people):
            for name in hidden.get(person, ()):
                sides = _SIDES_OF.get(name, frozenset())
                counts[row, [one.side in sides for one in self.columns]] = 0
        return Behaviour(self.people, self.columns, counts, self.visits)


def behaviour(people: list[str], names: list[str], person: Int64s, column: Int64s, visits: Int64s) -> Behaviour:
    """Return the matrix of cells: `visits` visits of `person` (a code of `people`) were of `column` (of `names`).

    Categories that fewer than ten people know, or that say too much of a person, stand together as the rest.
    """
    given = [Column.named(name) for name in names]
    known = np.bincount(np.asarray(column), minlength=len(given))
    kept = {
        one if one.side is not Side.CATEGORY or _may_be_told(one, int(known[code])) else Column(Side.CATEGORY, OTHER)
        for code, one in enumerate(given)
    } | {Column(side, key) for side, keys in KEYS.items() for key in keys}
    columns = tuple(sorted(kept, key=lambda one: (list(Side).index(one.side), one.key)))
    place = {one: code for code, one in enumerate(columns)}
    rest = place.get(Column(Side.CATEGORY, OTHER), 0)
    moved = np.array([place.get(one, rest) for one in given], dtype=np.int64)
    counts = np.zeros((len(people), len(columns)))
    if len(person):
        np.add.at(counts, (person, moved[column]), visits)
    week = [code for code, one in enumerate(columns) if one.side is Side.WEEK]
    return Behaviour(tuple(people), columns, counts, counts[:, week].sum(axis=1).astype(np.int64))


def _may_be_told(category: Column, people: int) -> bool:
    return people >= FEWEST and not is_sensitive(category.key)
