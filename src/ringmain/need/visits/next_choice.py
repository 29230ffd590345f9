"""Where the next visit goes and what kinds of goods it takes: candidates ranked by boosted trees."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringmain.kit.learn.boosting import grow
from ringmain.need.visits.choices import Candidates, Events, candidates
from ringmain.need.visits.records import Visits
from ringmain.need.visits.return_time import example_days

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]

# Labels need the first basket after an example's day: four weeks bring it for nearly all who are to come at all.
_AHEAD = 28
_PARAMETERS = {
    "objective": "cross_entropy",
    "learning_rate": 0.06,
    "num_leaves": 15,
    "min_data_in_leaf": 50,
    "lambda_l2": 5.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "max_bin": 127,
}


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """Scores of `choice` (rows,) for `person` (rows,), comparable within a person."""

    person: Int64s
    choice: Int64s
    score: Floats

    def best(self, k: int, persons: int) -> Int64s:
        """Return the `k` best choices of each person (persons, k), -1 where there are fewer; ties by number."""
        order = np.lexsort((self.choice, -self.score, self.person))
        person, choice = self.person[order], self.choice[order]
        place = np.arange(len(person)) - np.searchsorted(person, person)
        found = np.full((persons, k), -1, dtype=np.int64)
        kept = place < k
        found[person[kept], place[kept]] = choice[kept]
        return found


def rank_stores(visits: Visits, today: int, *, seed: int, threads: int) -> Ranked:
    """Return each person's stores, scored by where the first visit from `today` on will go; only the past is read."""
    return _rank(visits, today, kinds=False, seed=seed, threads=threads)


def rank_kinds(visits: Visits, today: int, *, seed: int, threads: int) -> Ranked:
    """Return kinds of goods, scored by the share of the next basket's kinds; only the past is read."""
    return _rank(visits, today, kinds=True, seed=seed, threads=threads)


def _rank(visits: Visits, today: int, *, kinds: bool, seed: int, threads: int) -> Ranked:
    past = visits.before(today)
    examples, rounds, popular = (3, 120, 40) if kinds else (8, 120, 2)
    tables, labels = [], []
    for day in example_days(past, today, _AHEAD, examples):
        some = candidates(_events(past.before(day), kinds=kinds), day, popular)
        label, known = _labels(past, day, some, kinds=kinds)
        tables.append(some.features[known])
        labels.append(label[known])
    parameters = {**_PARAMETERS, "num_threads": threads}
    trees = grow(parameters, np.concatenate(tables), np.concatenate(labels), rounds=rounds, seed=seed)
    asked = candidates(_events(past, kinds=kinds), today, popular)
    return Ranked(asked.person, asked.choice, np.asarray(trees.predict(asked.features), dtype=np.float64))


def _events(past: Visits, *, kinds: bool) -> Events:
    if kinds:
        basket = past.kind_basket
        return Events(past.person[basket], past.kind, past.day[basket], basket, past.persons, past.kinds)
    return Events(past.person, past.store, past.day, np.arange(len(past.day)), past.persons, past.stores)


def _labels(past: Visits, day: int, some: Candidates, *, kinds: bool) -> tuple[Floats, NDArray[np.bool_]]:
    """Return 1 / kinds in the next basket for those in it (for its store: 1), and whether there is a next basket."""
    basket = past.first_from(day)[some.person]
    known = basket >= 0
    if not kinds:
        return np.where(known & (past.store[basket] == some.choice), 1.0, 0.0), known
    size = np.bincount(past.kind_basket, minlength=len(past.day))
    key = past.kind_basket * past.kinds + past.kind
    bought = known & np.isin(basket * past.kinds + some.choice, key)
    return np.where(bought, 1 / np.maximum(size[basket], 1), 0.0), known & (size[basket] > 0)
