"""Boosted trees that rank candidates, learnt from what each person's last known basket turned out to hold."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ringmain.kit.learn.boosting import grow
from ringmain.need.basket.histories import BasketHistories, Int64s
from ringmain.need.basket.knowledge import CHUNK, Knowledge, Pairs, candidates, learn

Floats = NDArray[np.float64]
Progress = Callable[[str], None]

_SEEDS = 2
_ROUNDS = 160
# Of the candidates that a person neither held nor bought next, every how manieth is learnt from.
_THINNING = 4
_PARAMETERS = {
    "objective": "cross_entropy",
    "learning_rate": 0.07,
    "num_leaves": 31,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 127,
}


@dataclass(frozen=True, slots=True, eq=False)
class BasketModel:
    """Trees of several seeds, and what is known of everybody now."""

    knowledge: Knowledge
    trees: tuple[Any, ...]

    def rank(self, persons: Int64s, k: int) -> NDArray[np.int64]:
        """Return the numbers of the `k` best items of each person (persons, k), best first, -1 where there are fewer.

        Equal scores stand in the order of item numbers.
        """
        best = np.full((len(persons), k), -1, dtype=np.int64)
        for start in range(0, len(persons), CHUNK):
            part = persons[start : start + CHUNK]
            pairs = candidates(self.knowledge, part)
            score = np.mean([tree.predict(pairs.features) for tree in self.trees], axis=0)
            order = np.lexsort((pairs.item, -score, pairs.person))
            person, item = pairs.person[order], pairs.item[order]
            first = np.searchsorted(person, part)
            size = np.searchsorted(person, part, side="right") - first
            for place in range(k):
                some = np.flatnonzero(size > place)
                best[start + some, place] = item[first[some] + place]
        return best


def train(known: BasketHistories, *, seed: int, threads: int, progress: Progress) -> BasketModel:
    """Learn from the last basket of each person in `known` what follows; then take in that basket, too.

    Persons with one basket only add to what is known of everybody. The same seed gives the same model.
    """
    before, after = known.without_last()
    progress("learning from all baskets but the last")
    features, labels, weights = _examples(learn(before), after, np.random.default_rng(seed), progress)
    trees = []
    for turn in range(_SEEDS):
        progress(f"growing trees, {turn + 1} of {_SEEDS}")
        trees.append(
            grow(
                {**_PARAMETERS, "num_threads": threads},
                features,
                labels,
                rounds=_ROUNDS,
                seed=seed * _SEEDS + turn,
                weights=weights,
            )
        )
    progress("learning from all baskets")
    return BasketModel(learn(known), tuple(trees))


def _examples(
    knowledge: Knowledge, after: csr_array, random: np.random.Generator, progress: Progress
) -> tuple[NDArray[np.float32], Floats, Floats]:
    """Return features, labels and weights of the candidates of all persons with a basket before the last.

    The label of an item that was bought is 1 / items bought, so that expected labels order by expected recall.
    """
    persons = np.flatnonzero(knowledge.known.baskets_of > 0)
    size = np.asarray(after.sum(axis=1)).ravel()
    parts = []
    for start in range(0, len(persons), CHUNK):
        progress(f"candidates of {start:,} of {len(persons):,} persons")
        part = persons[start : start + CHUNK]
        pairs = candidates(knowledge, part)
        bought = after[part].toarray()[np.searchsorted(part, pairs.person), pairs.item]
        kept, weight = _thinned(pairs, bought, random)
        parts.append((pairs.features[kept], (bought / size[pairs.person])[kept], weight[kept]))
    return (
        np.concatenate([features for features, _, _ in parts]),
        np.concatenate([labels for _, labels, _ in parts]),
        np.concatenate([weights for _, _, weights in parts]),
    )


def _thinned(pairs: Pairs, bought: Floats, random: np.random.Generator) -> tuple[NDArray[np.bool_], Floats]:
    held = ~np.isnan(pairs.features[:, 0])
    whole = (bought > 0) | held
    kept = whole | (random.random(len(bought)) < 1 / _THINNING)
    return kept, np.where(whole, 1.0, float(_THINNING))
