"""How alike two partitions of the same rows are."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]


def _pairs(counts: NDArray[np.generic]) -> float:
    table = np.asarray(counts, dtype=np.float64)
    return float((table * (table - 1) / 2).sum())


def table(first: Int64s, second: Int64s) -> Floats:
    """Return how many rows (first's parts, second's parts) lie in each pair of parts; parts count from 0."""
    counts = np.zeros((int(first.max(initial=-1)) + 1, int(second.max(initial=-1)) + 1))
    np.add.at(counts, (first, second), 1)
    return counts


def adjusted_rand(first: Int64s, second: Int64s) -> float:
    """Return the Rand index adjusted for chance (Hubert and Arabie 1985): 1 for equal partitions, 0 by chance."""
    counts = table(first, second)
    rows, columns = _pairs(counts.sum(axis=1)), _pairs(counts.sum(axis=0))
    expected = rows * columns / max(_pairs(counts.sum(keepdims=True)), 1)
    greatest = (rows + columns) / 2
    return 1.0 if greatest == expected else (_pairs(counts) - expected) / (greatest - expected)


def best_jaccard(first: Int64s, second: Int64s) -> Floats:
    """Return for each part of `first` the Jaccard index with the part of `second` that is most like it."""
    counts = table(first, second)
    either = counts.sum(axis=1, keepdims=True) + counts.sum(axis=0, keepdims=True) - counts
    return np.asarray((counts / np.maximum(either, 1)).max(axis=1))
