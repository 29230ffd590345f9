"""The journal of visits in the order of one clock, and questions to it that see nothing from after their moment."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]

DAY_S = 86_400.0
HOURS_A_DAY = 24.0
HOURS_A_WEEK = 168.0
# Length of a degree of latitude; that of longitude is this times the cosine of the latitude.
_METRES_A_DEGREE = 111_195.0
_NEARBY_M, _NEARBY_LIMIT_M = 600.0, 1_800.0


@dataclass(frozen=True)
class Journal:
    """`n` visits in order of time. Ids are dense: 0 up to the number of persons, places, categories.

    `second` is UTC; `week_hour` the local hour of the week with its fraction, [0, 168); `x`, `y` are metres on a plane.
    """

    person: Int64s
    place: Int64s
    category: Int64s
    second: Int64s
    week_hour: Floats
    x: Floats
    y: Floats
    persons: int
    places: int
    categories: int

    def __len__(self) -> int:
        return len(self.person)

    @cached_property
    def by_person(self) -> "AsOf":
        """The visits of each person in order."""
        return AsOf(self.person)

    @cached_property
    def own(self) -> "Own":
        """What each visit was for its own person."""
        return Own.of(self)

    @cached_property
    def first(self) -> Int64s:
        """First visit of each place, `(places,)`; a place is known from then on, with the facts of that visit."""
        first = np.full(self.places, len(self), dtype=np.int64)
        np.minimum.at(first, self.place, np.arange(len(self)))
        return first

    @cached_property
    def place_category(self) -> Int64s:
        """Category of each place, `(places,)`."""
        return self.category[np.minimum(self.first, len(self) - 1)]

    @cached_property
    def place_x(self) -> Floats:
        """Metres east of each place, `(places,)`."""
        return self.x[np.minimum(self.first, len(self) - 1)]

    @cached_property
    def place_y(self) -> Floats:
        """Metres north of each place, `(places,)`."""
        return self.y[np.minimum(self.first, len(self) - 1)]

    @cached_property
    def neighbours(self) -> csr_matrix:
        """exp(-distance / 600 m) between places less than 1.8 km apart, `(places, places)`, zero elsewhere."""
        tree = scipy.spatial.cKDTree(np.column_stack([self.place_x, self.place_y]))
        one, other = tree.query_pairs(_NEARBY_LIMIT_M, output_type="ndarray").T
        everyone = np.arange(self.places)
        row, column = np.concatenate([one, other, everyone]), np.concatenate([other, one, everyone])
        apart = np.hypot(self.place_x[row] - self.place_x[column], self.place_y[row] - self.place_y[column])
        weight = np.exp(-apart / _NEARBY_M).astype(np.float32)
        return csr_matrix((weight, (row, column)), shape=(self.places, self.places))


@dataclass(frozen=True, slots=True)
class Own:
    """Per visit, `(n,)`: facts about its place among those of its own person.

    `previous` and `before` are the person's visits one and two earlier (-1: none); `position` counts the person's
    visits from 0; `number` is the place's number in the order in which this person first came to places; `distinct`
    how many places the person knows after the visit; `new` whether the person had never been there.
    """

    previous: Int64s
    before: Int64s
    position: Int64s
    number: Int64s
    distinct: Int64s
    new: Bools
    # Visits sorted by person, then time; `start[person]` is where a person begins.
    sorted: Int64s
    start: Int64s

    @staticmethod
    def of(journal: Journal) -> "Own":
        """Compute the facts from the journal."""
        n = len(journal)
        order = journal.by_person.event
        person = journal.person[order]
        starts = np.searchsorted(person, np.arange(journal.persons + 1))
        position = np.arange(n) - starts[person]
        pair = AsOf(journal.person * journal.places + journal.place)
        new = np.zeros(n, dtype=bool)
        new[pair.event[pair.count == 1]] = True
        running = np.cumsum(new[order])
        distinct = running - (running[starts[person]] - 1)
        number = np.empty(n, dtype=np.int64)
        first = new[order]
        at_first = np.empty(n, dtype=np.int64)
        at_first[order] = distinct - 1
        # All visits of a pair carry the number of its first one.
        leader = pair.event[np.arange(n) - (pair.count - 1)]
        number[pair.event] = at_first[leader]
        assert bool((number[order][first] == distinct[first] - 1).all())
        previous = np.full(n, -1, dtype=np.int64)
        before = np.full(n, -1, dtype=np.int64)
        previous[order[1:]] = np.where(position[1:] > 0, order[:-1], -1)
        before[order[2:]] = np.where(position[2:] > 1, order[:-2], -1)
        scattered = np.empty((2, n), dtype=np.int64)
        scattered[:, order] = position, distinct
        return Own(previous, before, scattered[0], number, scattered[1], new, order, starts)


class AsOf:
    """Visits grouped by a key; answers which was the latest of a key before a given visit.

    `event` are all visits sorted by key, then order, `(n,)`; `count` how often the key had come up by then, itself
    included.
    """

    def __init__(self, key: Int64s, events: Int64s | None = None) -> None:
        """Group `events` (default: all) by `key`, which has one entry per event and is not negative."""
        events = np.arange(len(key)) if events is None else events
        order = np.argsort(key, kind="stable")
        self.event: Int64s = events[order]
        sorted_key = key[order]
        self._span = int(events.max(initial=0)) + 2
        self._composite = sorted_key * self._span + self.event
        starts = np.flatnonzero(np.diff(sorted_key, prepend=-1))
        self.count: Int64s = np.arange(len(key)) - np.repeat(starts, np.diff(starts, append=len(key))) + 1
        self._key = sorted_key

    def find(self, key: Int64s, upto: Int64s) -> Int64s:
        """Return for each question the position in `event` of its key's latest visit before visit `upto`; -1: none."""
        upto = np.minimum(upto, self._span - 1)
        at = np.searchsorted(self._composite, key * self._span + upto) - 1
        found = (at >= 0) & (self._key[np.maximum(at, 0)] == key) if len(self._key) else np.zeros(len(at), dtype=bool)
        return np.where(found, at, -1)

    def after(self, key: Int64s, visit: Int64s) -> Int64s:
        """Return for each question its key's first visit after `visit`; -1: none. It looks ahead: for judging only."""
        at = np.searchsorted(self._composite, key * self._span + visit, side="right")
        inside = np.minimum(at, len(self._key) - 1)
        return np.where((at < len(self._key)) & (self._key[inside] == key), self.event[inside], -1)

    def counts(self, at: Int64s) -> Floats:
        """Return how many visits stand up to the positions `at`; 0 for -1."""
        return np.where(at >= 0, self.count[at], 0).astype(np.float64) if len(self.count) else np.zeros(len(at))

    def decayed(self, second: Int64s, days: float) -> Floats:
        """Return per position the sum over the key's visits so far of 2 ** -(age / half-life), at that visit's time."""
        state = np.ones(len(self.event))
        time = second[self.event] / DAY_S
        decay = np.ones(len(self.event))
        decay[1:] = np.exp2(np.minimum(time[:-1] - time[1:], 0) / days)
        by_count = np.argsort(self.count, kind="stable")
        bounds = np.searchsorted(self.count[by_count], np.arange(2, int(self.count.max(initial=1)) + 2))
        for begin, end in pairwise(bounds):
            rows = by_count[begin:end]
            state[rows] += state[rows - 1] * decay[rows]
        return state


@dataclass(frozen=True, slots=True)
class Queries:
    """Questions "where will this person be", `(q,)` each: visits before `upto` are known and nothing else.

    `second` and `week_hour` are the moment of the visit where `timed`, else that of the person's last known visit.
    `last` is that visit, -1 where there is none.
    """

    person: Int64s
    upto: Int64s
    second: Int64s
    week_hour: Floats
    last: Int64s
    timed: bool

    def __len__(self) -> int:
        return len(self.person)

    def take(self, rows: Int64s | slice) -> "Queries":
        """Return some of the questions."""
        return Queries(
            self.person[rows], self.upto[rows], self.second[rows], self.week_hour[rows], self.last[rows], self.timed
        )


def before_visits(journal: Journal, visits: Int64s, *, timed: bool) -> Queries:
    """Return the question to which each of `visits` is the answer.

    `timed`: asked at its moment. Otherwise asked right after the person's previous visit, with what was known then; a
    person's first visit, which has none, is asked at its own moment.
    """
    last = journal.own.previous[visits]
    if timed:
        return Queries(
            journal.person[visits], visits, journal.second[visits], journal.week_hour[visits], last, timed=True
        )
    moment = np.where(last >= 0, last, visits)
    upto = np.where(last >= 0, last + 1, visits)
    return Queries(journal.person[visits], upto, journal.second[moment], journal.week_hour[moment], last, timed=False)


def after_visits(journal: Journal, visits: Int64s) -> Queries:
    """Return the questions asked right after each of `visits`: where will this person be next."""
    return Queries(
        journal.person[visits],
        visits + 1,
        journal.second[visits],
        journal.week_hour[visits],
        visits,
        timed=False,
    )


def plane(lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    """Return metres east and north of degrees, on the equirectangular plane through the median latitude."""
    middle = float(np.median(lat)) if len(lat) else 0.0
    return lon * _METRES_A_DEGREE * float(np.cos(np.radians(middle))), lat * _METRES_A_DEGREE
