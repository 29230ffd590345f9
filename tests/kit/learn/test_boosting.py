"""Trees that start from what is known already add what is left."""

import numpy as np
import pytest

from ringmain.kit.learn.boosting import grow_from


def test_trees_add_what_their_offset_lacks() -> None:
    """Rows whose odds are known but for a step: offset and trees together find the chances."""
    random = np.random.default_rng(1)
    rows = random.random((20_000, 2))
    offset = 2.0 * rows[:, 0] - 2.0
    odds = offset + 1.5 * (rows[:, 1] > 0.5)
    labels = random.random(20_000) < 1 / (1 + np.exp(-odds))
    parameters = {"objective": "binary", "num_leaves": 4, "learning_rate": 0.2}

    trees = grow_from(offset, parameters, rows, labels, rounds=40, seed=0)

    added = np.asarray(trees.predict(rows, raw_score=True))
    assert added[rows[:, 1] > 0.55].mean() == pytest.approx(1.5, abs=0.15)
    assert added[rows[:, 1] < 0.45].mean() == pytest.approx(0.0, abs=0.15)
    assert abs(np.corrcoef(added, rows[:, 0])[0, 1]) < 0.1
