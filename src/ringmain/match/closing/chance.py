"""The chance that a person who is at one shop comes to another within days: boosted trees, calibrated on later visits.

This is knowledge of people, not effect: nobody was handed a voucher in what it learns from.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

from ringmain.kit.learn.boosting import grow
from ringmain.need.api import (
    AsOf,
    Bools,
    Chunk,
    Floats,
    Floats32,
    Int64s,
    Journal,
    Rows,
    Table,
    after_visits,
    chunks,
    fit_retriever,
    retrieve,
)

DAY_S = 86_400
# Rows of shops that the person has not come to are many and alike: trees see this share of them, weighted up.
_NEGATIVES_KEPT = 0.25
_RETRIEVER_VISITS = 2_000
# Visits to learn from, and visits to calibrate on.
_LEARNT_VISITS = 6_000
_ROUNDS = 150
# The last part of what is learnt from calibrates what the first part taught.
_CALIBRATED_FROM = 0.7
_PARAMETERS = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 100,
    "lambda_l2": 10.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "max_bin": 63,
}


@dataclass(frozen=True, slots=True)
class Shops:
    """Where vouchers lead: `group` `(places,)` tells which ring of shops a place belongs to, -1: it is no shop.

    A person at a shop is handed vouchers of other shops of the same group. `days` is how long one is valid.
    """

    group: Int64s
    days: int

    def reachable(self, place: Int64s) -> Bools:
        """Return which places a voucher may lead to from each of `place`, `(q, places)`."""
        reach: Bools = (self.group[place][:, None] == self.group[None, :]) & (self.group[place] >= 0)[:, None]
        reach[np.arange(len(place)), place] = False
        return reach


@dataclass(frozen=True, slots=True)
class Offered:
    """Shops that could be handed out at some visits, sorted by visit: `visit` numbers the visits asked for, `(r,)`.

    `own`: the person had been there (habit), else discovery. `closes`: they came within the days. `chunk` is what the
    rows were made from.
    """

    visit: Int64s
    place: Int64s
    own: Bools
    closes: Bools
    rows: Rows
    chunk: Chunk


class Outcomes:
    """Looks up whether a person came to a place within some days after a visit; for learning and judging only."""

    def __init__(self, journal: Journal, days: int) -> None:
        """Index the visits of each person and place."""
        self.journal, self._seconds = journal, days * DAY_S
        self._pairs = AsOf(journal.person * journal.places + journal.place)

    def close(self, visit: Int64s, place: Int64s) -> Bools:
        """Return whether the person of `visit` came to `place` after it, `(r,)` each."""
        journal = self.journal
        coming = self._pairs.after(journal.person[visit] * journal.places + place, visit)
        wait = journal.second[np.maximum(coming, 0)] - journal.second[visit]
        return (coming >= 0) & (wait <= self._seconds)

    def later(self, visit: Int64s) -> tuple[Int64s, Int64s]:
        """Return all visits of the same persons within the days after each of `visit`, as pairs (row, later visit)."""
        journal = self.journal
        own = journal.own
        at = own.start[journal.person[visit]] + own.position[visit]
        # Within a person time only grows, so one search over (person, time) finds where the days end.
        span = np.int64(journal.second[-1] - journal.second[0] + self._seconds + 2)
        clock = journal.person[own.sorted] * span + journal.second[own.sorted] - journal.second[0]
        until = journal.person[visit] * span + journal.second[visit] - journal.second[0] + self._seconds
        count = np.searchsorted(clock, until, side="right") - at - 1
        row = np.repeat(np.arange(len(visit)), count)
        step = np.arange(len(row)) - (np.cumsum(count) - count)[row]
        return row, own.sorted[at[row] + 1 + step]


@dataclass(frozen=True, slots=True)
class Curve:
    """A non-decreasing line through (`said`, `true`), flat beyond its ends: what was said, how often it was so."""

    said: Floats
    true: Floats

    @staticmethod
    def none() -> "Curve":
        """Return the curve of what never came true, for where nothing is known."""
        return Curve(np.zeros(1), np.zeros(1))

    @staticmethod
    def fit(said: Floats, came: Bools) -> "Curve":
        """Fit by pooling adjacent violators; a line through the middles of what was pooled."""
        if not len(said):
            return Curve.none()
        order = np.argsort(said, kind="stable")
        pooled = scipy.optimize.isotonic_regression(came[order].astype(np.float64))
        middles = (pooled.blocks[:-1] + pooled.blocks[1:] - 1) // 2
        return Curve(said[order][middles], pooled.x[middles])

    def __call__(self, said: Floats) -> Floats:
        """Return the probability for each of `said`."""
        probability: Floats = np.interp(said, self.said, self.true)
        return probability


@dataclass(frozen=True, slots=True)
class Side:
    """Trees for one class of vouchers and the curve that turns what they say of the best shop into a probability.

    `trees` is None where there was nothing to learn from.
    """

    trees: Any
    curve: Curve

    def rank(self, values: Floats32) -> Floats:
        """Return what the trees say of each row: for ranking; only the curve makes a probability of it."""
        if self.trees is None or not len(values):
            return np.zeros(len(values))
        said: Floats = self.trees.predict(values, num_threads=1)
        return said


@dataclass(frozen=True, slots=True)
class Closing:
    """What chooses the shop of a voucher: a retriever of new shops, and one side each for habit and discovery."""

    shops: Shops
    weights: Floats
    habit: Side
    discovery: Side


def offered(
    journal: Journal, table: Table, shops: Shops, weights: Floats, visits: Int64s, new_places: int
) -> Iterator[Offered]:
    """Yield the shops that could be handed out at `visits`: those the person knows, and the likeliest new ones."""
    outcomes = Outcomes(journal, shops.days)
    for chunk in chunks(journal, after_visits(journal, visits)):
        reach = shops.reachable(journal.place[visits[chunk.rows]])
        query, place, score = retrieve(journal, chunk, weights, new_places, reach)
        rows = table.fill(chunk, query, place, score)
        position = np.zeros(len(visits), dtype=np.int64)
        position[chunk.rows] = np.arange(len(chunk.rows))
        kept = reach[position[rows.query], rows.place]
        rows = rows.take(kept)
        yield Offered(rows.query, rows.place, rows.own, outcomes.close(visits[rows.query], rows.place), rows, chunk)


def fit_new_shops(journal: Journal, shops: Shops, visits: Int64s, random: np.random.Generator) -> Floats:
    """Return the retriever's weights, fitted to first comings to shops within the days after `visits`."""
    row, later = Outcomes(journal, shops.days).later(visits)
    here, there = journal.place[visits[row]], journal.place[later]
    wanted = journal.own.new[later] & (shops.group[here] == shops.group[there]) & (shops.group[here] >= 0)
    chosen = np.flatnonzero(wanted)
    chosen = random.choice(chosen, min(len(chosen), _RETRIEVER_VISITS), replace=False)
    reachable = shops.group >= 0
    return fit_retriever(journal, after_visits(journal, visits[row[chosen]]), there[chosen], random, reachable)


def fit_closing(journal: Journal, table: Table, shops: Shops, visits: Int64s, *, new_places: int, seed: int) -> Closing:
    """Learn from `visits` at shops, in order of time, whose days after are over."""
    random = np.random.default_rng(seed)
    weights = fit_new_shops(journal, shops, visits, random)
    cut = journal.second[visits[int(len(visits) * _CALIBRATED_FROM)]]
    taught = _some(visits[journal.second[visits] + shops.days * DAY_S < cut], random)
    later = _some(visits[journal.second[visits] >= cut], random)
    parts: dict[bool, list[tuple[Floats32, Bools, Floats]]] = {True: [], False: []}
    for part in offered(journal, table, shops, weights, taught, new_places):
        drawn = part.own | part.closes | (random.random(len(part.own)) < _NEGATIVES_KEPT)
        weight = np.where(part.own | part.closes, 1.0, 1 / _NEGATIVES_KEPT)
        for own, gathered in parts.items():
            rows = drawn & (part.own == own)
            gathered.append((part.rows.values[rows], part.closes[rows], weight[rows]))
    sides = {own: Side(_boost(gathered, seed), Curve.none()) for own, gathered in parts.items()}
    handed: dict[bool, list[tuple[Floats, Bools]]] = {True: [], False: []}
    for part in offered(journal, table, shops, weights, later, new_places):
        for own, side in sides.items():
            rows = np.flatnonzero(part.own == own)
            said = side.rank(part.rows.values[rows])
            best = best_rows(part.visit[rows], said, 1)
            handed[own].append((said[best], part.closes[rows[best]]))
    for own, pairs in handed.items():
        if pairs:
            said, closes = (np.concatenate(column) for column in zip(*pairs, strict=True))
            # Of many shops the best is said too well of: the curve is fitted to best ones only.
            sides[own] = Side(sides[own].trees, Curve.fit(said, closes))
    return Closing(shops, weights, habit=sides[True], discovery=sides[False])


def _some(visits: Int64s, random: np.random.Generator) -> Int64s:
    """Return at most `_LEARNT_VISITS` of the visits, in order."""
    if len(visits) <= _LEARNT_VISITS:
        return visits
    return np.sort(random.choice(visits, _LEARNT_VISITS, replace=False))


def best_rows(visit: Int64s, chance: Floats, count: int) -> Int64s:
    """Return the rows of the `count` highest chances of each visit; of equal ones the earlier row."""
    order = np.lexsort((np.arange(len(visit)), -chance, visit))
    begins = np.flatnonzero(np.diff(visit[order], prepend=-1))
    within = np.arange(len(order)) - np.repeat(begins, np.diff(begins, append=len(order)))
    return order[within < count]


def _boost(gathered: list[tuple[Floats32, Bools, Floats]], seed: int) -> Any:
    """Return trees (a LightGBM booster) that say how likely a row closes; None where there is no row."""
    if not sum(len(closes) for _, closes, _ in gathered):
        return None
    values, closes, weight = (np.concatenate(column) for column in zip(*gathered, strict=True))
    return grow(_PARAMETERS, values, closes.astype(np.int8), rounds=_ROUNDS, seed=seed, weights=weight)
