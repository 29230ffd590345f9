"""The rows a ranker sees: a person's own places and some new ones, with all that speaks for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ringmain.need.place import habits as own_visits
from ringmain.need.place.journal import DAY_S, HOURS_A_DAY, AsOf, Bools, Floats, Int64s, Journal, Queries
from ringmain.need.place.retrieve import Chunk, chunks, retrieve
from ringmain.need.place.town import EVIDENCE, Floats32, evidence

_DAYPARTS = 12
_PRIOR = 5.0
_WEEKDAYS = 7

_CROWD = (
    "idle_here", "fades1_here", "follows_now", "persons_here", "age_here", "category_new", "category_visits",
    "category_idle", "daypart_here", "speed",
)  # fmt: skip
_MOMENT = (
    "wait", "wait_before", "hour", "weekday", "past", "places", "new_rate", "new_lately", "new_last",
    "last_category_new",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rows:
    """Candidates of a chunk of questions, sorted by question: `query` numbers them as in the whole, `(r,)`.

    `own` says that the person has been there; `values` `(r, len(names(timed)))` are single precision.
    """

    query: Int64s
    place: Int64s
    own: Bools
    values: Floats32

    def take(self, kept: Bools) -> "Rows":
        """Return some of the rows."""
        return Rows(self.query[kept], self.place[kept], self.own[kept], self.values[kept])


def names(*, timed: bool) -> tuple[str, ...]:
    """Return the names of the columns of `Rows.values`."""
    return (
        "own",
        "retrieved",
        *own_visits.names(timed=timed),
        *(f"town_{name}" for name in EVIDENCE),
        *_CROWD,
        *_MOMENT,
    )


class Table:
    """Makes rows from a journal; the indexes it looks things up in are made once."""

    def __init__(self, journal: Journal) -> None:
        """Index a journal."""
        self._journal = journal

    def rows(self, queries: Queries, weights: Floats, new_places: int) -> Iterator[Rows]:
        """Yield the candidates of all questions, in chunks: own places and the `new_places` best new ones.

        `weights` are the retriever's.
        """
        for chunk in chunks(self._journal, queries):
            query, place, score = retrieve(self._journal, chunk, weights, new_places)
            yield self.fill(chunk, query, place, score)

    def fill(self, chunk: Chunk, query: Int64s, place: Int64s, score: Floats32) -> Rows:
        """Return rows for the own places of a chunk and for these new ones."""
        own = chunk.habits
        queries = np.concatenate([own.query, query])
        order = np.argsort(queries, kind="stable")
        queries, places = queries[order], np.concatenate([own.place, place])[order]
        is_own = order < len(own.query)
        habit = np.zeros((len(order), own.values.shape[1]), dtype=np.float32)
        habit[is_own] = own.values[order[is_own]]
        retrieved = np.concatenate([np.zeros(len(own.query)), score])[order]
        values = np.column_stack([
            is_own, retrieved, habit, evidence(self._journal, chunk.town, chunk.asked, queries, places),
            self._crowd(chunk, queries, places), self._moment(chunk)[queries],
        ])  # fmt: skip
        return Rows(chunk.rows[queries], places, is_own, values.astype(np.float32))

    @cached_property
    def _by_place(self) -> AsOf:
        return AsOf(self._journal.place)

    @cached_property
    def _fades1(self) -> Floats:
        return self._by_place.decayed(self._journal.second, 1.0)

    @cached_property
    def _by_daypart(self) -> AsOf:
        return AsOf(self._journal.place * _DAYPARTS + _daypart(self._journal.week_hour))

    @cached_property
    def _by_new(self) -> AsOf:
        news = np.flatnonzero(self._journal.own.new)
        return AsOf(self._journal.place[news], news)

    @cached_property
    def _by_step(self) -> AsOf:
        steps = np.flatnonzero(self._journal.own.previous >= 0)
        previous = self._journal.place[self._journal.own.previous[steps]]
        return AsOf(previous * self._journal.places + self._journal.place[steps], steps)

    @cached_property
    def _by_category(self) -> tuple[AsOf, AsOf]:
        news = np.flatnonzero(self._journal.own.new)
        return AsOf(self._journal.category), AsOf(self._journal.category[news], news)

    @cached_property
    def _by_person_category(self) -> AsOf:
        return AsOf(self._journal.person * self._journal.categories + self._journal.category)

    def _new_share(self, category: Int64s, upto: Int64s) -> Floats:
        """Return how often visits to a category were to a place new to the person."""
        every, new = self._by_category
        return (new.counts(new.find(category, upto)) + 1) / (every.counts(every.find(category, upto)) + _PRIOR)

    def _crowd(self, chunk: Chunk, query: Int64s, place: Int64s) -> Floats:
        """Return the columns `_CROWD`: exact to the last visit before the question."""
        journal, asked = self._journal, chunk.queries
        upto, second, person = asked.upto[query], asked.second[query], asked.person[query]
        at = self._by_place.find(place, upto)
        idle = np.where(at >= 0, second - journal.second[self._by_place.event[at]], 1e9)
        fades = np.where(at >= 0, self._fades1[at], 0.0) * np.exp2(-idle / DAY_S)
        last = np.maximum(asked.last, 0)[query]
        follows = self._by_step.counts(self._by_step.find(journal.place[last] * journal.places + place, upto))
        persons = self._by_new.counts(self._by_new.find(place, upto))
        kind = journal.place_category[place]
        kinds = self._by_person_category.find(person * journal.categories + kind, upto)
        kind_idle = np.where(
            kinds >= 0, (second - journal.second[self._by_person_category.event[kinds]]) / DAY_S, 999.0
        )
        part = self._by_daypart.find(place * _DAYPARTS + _daypart(asked.week_hour)[query], upto)
        here = (self._by_daypart.counts(part) + 0.5) / (self._by_place.counts(at) + _PRIOR)
        apart = np.hypot(
            journal.place_x[place] - journal.place_x[journal.place[last]],
            journal.place_y[place] - journal.place_y[journal.place[last]],
        )
        wait = second - journal.second[last] if asked.timed else np.full(len(query), DAY_S)
        return np.column_stack([
            np.log1p(np.maximum(idle, 0)), fades, follows, persons,
            (second - journal.second[journal.first[place]]) / DAY_S, self._new_share(kind, upto),
            chunk.habits.category[query, kind, 2], kind_idle, here,
            np.log((apart + 50) / np.maximum(wait, 60)),
        ])  # fmt: skip

    def _moment(self, chunk: Chunk) -> Floats:
        """Return the columns `_MOMENT` per question: what holds for all of its candidates."""
        journal, asked = self._journal, chunk.queries
        last = np.maximum(asked.last, 0)
        before = journal.own.previous[last]
        wait = np.log1p(np.maximum(asked.second - journal.second[last], 0))
        gap = np.log1p(np.where(before >= 0, journal.second[last] - journal.second[before], 1e7))
        past, places = journal.own.position[last] + 1.0, journal.own.distinct[last] * 1.0
        back = journal.own.sorted[journal.own.start[asked.person] + np.maximum(journal.own.position[last] - 20, 0)]
        lately = (places - journal.own.distinct[back]) / np.maximum(
            journal.own.position[last] - journal.own.position[back], 1
        )
        return np.column_stack([
            wait, gap, asked.week_hour % HOURS_A_DAY, asked.week_hour // HOURS_A_DAY, past, places, places / past,
            lately, journal.own.new[last], self._new_share(journal.category[last], asked.upto),
        ])  # fmt: skip


def _daypart(week_hour: Floats) -> Int64s:
    """Return which two hours of the day."""
    return (week_hour % HOURS_A_DAY / (HOURS_A_DAY / _DAYPARTS)).astype(np.int64)
