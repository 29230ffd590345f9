"""Likeness of partitions, against values worked out by hand."""

import numpy as np

from ringmain.kit.learn.partitions import adjusted_rand, best_jaccard


def test_the_adjusted_rand_index() -> None:
    """Equal partitions have 1 whatever their numbers, and a known pair its known value."""
    first = np.array([0, 0, 1, 1])
    assert adjusted_rand(first, np.array([1, 1, 0, 0])) == 1.0
    assert round(adjusted_rand(first, np.array([0, 0, 1, 2])), 4) == 0.5714
    assert round(adjusted_rand(first, np.array([0, 1, 0, 1])), 12) == -0.5
    assert adjusted_rand(np.zeros(4, dtype=np.int64), np.zeros(4, dtype=np.int64)) == 1.0


def test_the_best_jaccard_of_each_part() -> None:
    """Each part is compared with the part that is most like it."""
    assert best_jaccard(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])).tolist() == [2 / 3, 0.5]
