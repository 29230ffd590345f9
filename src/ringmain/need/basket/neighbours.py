"""Neighbours by what persons bought, recent baskets counting more.

TIFU-KNN: Hu, He, Gao, Zhang, "Modeling Personalized Item Frequency Information for Next-basket Recommendation", SIGIR
2020: within groups of baskets the weight decays by one rate, over groups by another; a prediction mixes a person's own
vector with the mean of the nearest.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from ringmain.need.basket.histories import BasketHistories

Floats32 = NDArray[np.float32]

# The authors' values for a grocery of this size.
GROUP, WITHIN, OVER = 7, 0.9, 0.7
_CHUNK = 512


def personal_vectors(known: BasketHistories) -> csr_array:
    """Return the repeated purchases of each person, decayed in groups (persons, items)."""
    count = known.baskets_of[known.person]
    groups = np.ceil(count / GROUP)
    # Groups are filled from the newest basket on; the oldest may be smaller.
    group, place = known.age // GROUP, known.age % GROUP
    size = np.minimum(GROUP, count - group * GROUP)
    return known.matrix(WITHIN**place / size * OVER**group / groups)


def nearest(vectors: csr_array, k: int, among: csr_array | None = None) -> csr_array:
    """Return the cosines of the `k` most similar others of each row of `vectors` (rows, persons), others zero."""
    pool = _unit(vectors if among is None else among)
    own = pool if among is None else _unit(vectors)
    turned = pool.T.tocsr()
    rows, columns, values = [], [], []
    for start in range(0, own.shape[0], _CHUNK):
        part = (own[start : start + _CHUNK] @ turned).toarray()
        if among is None:
            part[np.arange(len(part)), start + np.arange(len(part))] = 0
        few = min(k, part.shape[1])
        best = np.argpartition(-part, few - 1, axis=1)[:, :few]
        rows.append(np.repeat(np.arange(start, start + len(part)), few))
        columns.append(best.ravel())
        values.append(np.take_along_axis(part, best, axis=1).ravel())
    shape = (own.shape[0], pool.shape[0])
    found = csr_array((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=shape)
    found.eliminate_zeros()
    return found


def _unit(vectors: csr_array) -> csr_array:
    length = np.sqrt(vectors.multiply(vectors).sum(axis=1))
    return csr_array(diags_array(1 / np.maximum(length, 1e-12)) @ vectors).astype(np.float32)


def mean_weights(cosines: csr_array) -> csr_array:
    """Return the cosines divided by their sum in each row, so that a product with vectors is a weighted mean."""
    total = cosines.sum(axis=1)
    return csr_array(diags_array(1 / np.maximum(total, 1e-12)) @ cosines)
