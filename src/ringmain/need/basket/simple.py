"""Dumb ways to foresee a basket, against which a model has to hold: how often, by all or by oneself; TIFU-KNN."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from ringmain.need.basket.histories import BasketHistories, Int64s
from ringmain.need.basket.neighbours import mean_weights, nearest, personal_vectors

Floats = NDArray[np.float64]
# From numbers of persons to their scores of all items (persons, items).
Scores = Callable[[Int64s], Floats]

# The authors' values for this kind of shop: neighbours, and the weight of a person's own vector.
_NEIGHBOURS, _OWN = 300, 0.7


def simple_scores(known: BasketHistories) -> Mapping[str, Scores]:
    """Return each simple way by name."""
    counts = known.matrix(np.ones(len(known.person)))
    overall: Floats = np.asarray(counts.sum(axis=0), dtype=np.float64).ravel()
    vectors = personal_vectors(known)
    near = mean_weights(nearest(vectors, _NEIGHBOURS))
    own_share = 1 / max(overall.max(initial=0) + 1, 1)

    def everybody(persons: Int64s) -> Floats:
        return np.asarray(np.tile(overall, (len(persons), 1)), dtype=np.float64)

    def own(persons: Int64s) -> Floats:
        return np.asarray(counts[persons].toarray(), dtype=np.float64)

    def own_then_everybody(persons: Int64s) -> Floats:
        return np.asarray(own(persons) + overall * own_share, dtype=np.float64)

    def tifu(persons: Int64s) -> Floats:
        mixed = _OWN * vectors[persons] + (1 - _OWN) * (near[persons] @ vectors)
        return np.asarray(mixed.toarray(), dtype=np.float64)

    return {
        "global frequency": everybody,
        "personal frequency": own,
        "personal, filled by global": own_then_everybody,
        "TIFU-KNN untuned": tifu,
    }
