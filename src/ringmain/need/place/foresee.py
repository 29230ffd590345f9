"""What a kept model expects at a moment: the best places of everybody who was seen lately."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringmain.need.place.forecaster import from_bytes
from ringmain.need.place.journal import Journal
from ringmain.need.place.learn import SEEN_WITHIN_DAYS
from ringmain.need.place.moment import at_moment
from ringmain.need.place.table import Table

MOST_PLACES = 10
_REPORTED_EVERY = 10_000

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The best places of each person, `(r,)`: numbers of a journal, `rank` from 1."""

    person: NDArray[np.int64]
    place: NDArray[np.int64]
    rank: NDArray[np.int64]
    next_chance: NDArray[np.float64]
    week_chance: NDArray[np.float64]
    been: NDArray[np.bool_]


def foresee(journal: Journal, artefact: bytes, second: int, progress: Progress) -> Foreseen:
    """Return what a kept model expects at second `second` of everybody seen lately. Raises `ModelUnreadable`."""
    model = from_bytes(artefact)
    queries = at_moment(journal, second, seen_within_days=SEEN_WITHIN_DAYS)
    parts: list[tuple[NDArray[np.generic], ...]] = [
        (queries.person[:0], queries.person[:0], queries.person[:0], np.zeros(0), np.zeros(0), np.zeros(0, dtype=bool))
    ]
    done = 0
    for one in model.foretell(Table(journal), queries):
        query = one.rows.query
        order = np.lexsort((-one.next, query))
        begins = np.flatnonzero(np.diff(query[order], prepend=-1))
        rank = np.arange(len(order)) - np.repeat(begins, np.diff(begins, append=len(order))) + 1
        best, rank = order[rank <= MOST_PLACES], rank[rank <= MOST_PLACES]
        person = queries.person[query[best]]
        parts.append((person, one.rows.place[best], rank, one.next[best], one.week[best], one.rows.own[best]))
        before, done = done, done + len(begins)
        if before // _REPORTED_EVERY != done // _REPORTED_EVERY:
            progress(f"{done:,} of {len(queries):,} people")
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Foreseen(*columns)
