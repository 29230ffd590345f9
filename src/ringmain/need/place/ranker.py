"""Ranks the places where a person may be next: boosted trees over candidates, learnt from visits that came."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ringmain.kit.learn.boosting import Trees, grow
from ringmain.need.place import table
from ringmain.need.place.journal import Bools, Floats, Int64s, Journal, Queries, before_visits
from ringmain.need.place.retrieve import fit_retriever
from ringmain.need.place.town import Floats32

NEW_PLACES = 50
# Trees see every place of the person and a draw of the new ones, and so do the ranks they learn from.
_NEW_KEPT = 0.5
_RETRIEVER_VISITS = 2_000
_ROUNDS = 150
_PARAMETERS = {
    "objective": "lambdarank",
    "lambdarank_truncation_level": 12,
    "learning_rate": 0.06,
    "num_leaves": 31,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "max_bin": 63,
}


@dataclass(frozen=True, slots=True)
class Examples:
    """Candidates of many questions, sorted by question: `values` `(r, columns)`, `hit` `(r,)`, `sizes` per question."""

    values: Floats32
    hit: Bools
    sizes: Int64s


@dataclass(frozen=True, slots=True)
class Ranker:
    """A retriever of new places and trees that rank them among a person's own; `timed`: it knows when the visit is."""

    weights: Floats
    trees: Trees
    timed: bool

    def ranked(self, candidates: table.Table, journal: Journal, visits: Int64s) -> Iterator[tuple[table.Rows, Floats]]:
        """Yield the candidates of the questions to which `visits` are the answers, each with its score."""
        queries = before_visits(journal, visits, timed=self.timed)
        for rows in candidates.rows(queries, self.weights, NEW_PLACES):
            yield rows, self.trees.predict(rows.values, num_threads=1)


@dataclass(frozen=True, slots=True)
class Answered:
    """Questions with their answers: the place of each, and whether it was new to the person, `(q,)`."""

    queries: Queries
    place: Int64s
    new: Bools


def fit(journal: Journal, candidates: table.Table, visits: Int64s, *, timed: bool, seed: int) -> Ranker:
    """Learn from `visits`; each is asked with nothing known from after it."""
    queries = before_visits(journal, visits, timed=timed)
    answered = Answered(queries, journal.place[visits], journal.own.new[visits])
    random = np.random.default_rng(seed)
    weights = retriever(journal, answered, random)
    return Ranker(weights, boost(gather(candidates, answered, weights, random), seed), timed)


def retriever(journal: Journal, answered: Answered, random: np.random.Generator) -> Floats:
    """Return the weights of the evidence for new places, fitted to the questions whose answer is one."""
    new = np.flatnonzero(answered.new)
    new = random.choice(new, min(len(new), _RETRIEVER_VISITS), replace=False)
    return fit_retriever(journal, answered.queries.take(new), answered.place[new], random)


def gather(candidates: table.Table, answered: Answered, weights: Floats, random: np.random.Generator) -> Examples:
    """Return the candidates of those questions that have their answer among them."""
    values, hits, sizes = [], [], []
    for rows in candidates.rows(answered.queries, weights, NEW_PLACES):
        hit = rows.place == answered.place[rows.query]
        begins = np.flatnonzero(np.diff(rows.query, prepend=-1))
        found = np.repeat(np.add.reduceat(hit, begins) > 0, np.diff(begins, append=len(hit)))
        kept = found & (rows.own | hit | (random.random(len(hit)) < _NEW_KEPT))
        values.append(rows.values[kept])
        hits.append(hit[kept])
        sizes.append(np.diff(np.flatnonzero(np.diff(rows.query[kept], prepend=-1, append=-1))))
    return Examples(np.concatenate(values), np.concatenate(hits), np.concatenate(sizes))


def boost(examples: Examples, seed: int) -> Trees:
    """Return trees that put hits above the other candidates of their question."""
    hit = examples.hit.astype(np.int8)
    return grow(_PARAMETERS, examples.values, hit, rounds=_ROUNDS, seed=seed, sizes=examples.sizes)
