"""What a counter would say of where somebody goes next: the dumb baselines that a model has to beat."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ringmain.need.place.journal import Floats, Journal

Counts = NDArray[np.int32]

BASELINES = ("own visits", "popular", "after last")


def in_order(names: Iterable[str]) -> list[str]:
    """Return names of rankings in the order in which they are told: the baselines, then any other."""
    return sorted(names, key=lambda name: (BASELINES.index(name) if name in BASELINES else len(BASELINES), name))


class Counter:
    """Counts visits as they come; each baseline ranks all places that are known by then."""

    def __init__(self, journal: Journal) -> None:
        """Start with nothing counted."""
        self._nothing = np.zeros(journal.places, dtype=np.int32)
        # Rows are made when the first visit is counted: most persons and places never need one.
        self._own: dict[int, Counts] = {}
        self._after: dict[int, Counts] = {}
        self._popular = self._nothing.copy()
        self._last: dict[int, int] = {}

    def add(self, person: int, place: int) -> None:
        """Count a visit."""
        self._row(self._own, person)[place] += 1
        self._popular[place] += 1
        if person in self._last:
            self._row(self._after, self._last[person])[place] += 1
        self._last[person] = place

    def scores(self, person: int) -> dict[str, Floats]:
        """Return each baseline's score per place for a person's next visit: -1 for a place not known yet."""
        unknown = self._popular == 0
        after = self._after.get(self._last.get(person, -1), self._nothing)
        rows = (self._own.get(person, self._nothing), self._popular, after)
        return {name: np.where(unknown, -1.0, row) for name, row in zip(BASELINES, rows, strict=True)}

    def _row(self, rows: dict[int, Counts], key: int) -> Counts:
        if key not in rows:
            rows[key] = self._nothing.copy()
        return rows[key]
