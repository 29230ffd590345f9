"""Gradient-boosted trees: what all of ours have in common, and the one place where LightGBM is loaded."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

# With these the same rows and seed give the same trees, whatever else the machine does. Rows are counted by row: which
# way is quicker would else be tried out, and the two add up in another order.
_COMMON = {"deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1}


class Trees(Protocol):
    """Trees as LightGBM grew them."""

    def predict(self, data: NDArray[np.generic], /, **options: Any) -> Any:
        """Return the answer for each row of `data` `(rows, columns)`, on the scale of the objective: `(rows,)`."""

    def model_to_string(self) -> str:
        """Return the trees as text, of which `from_text` makes trees that answer the same to the last digit."""


def grow(
    parameters: Mapping[str, Any],
    rows: NDArray[np.generic],
    labels: NDArray[np.generic],
    *,
    rounds: int,
    seed: int,
    weights: NDArray[np.float64] | None = None,
    sizes: NDArray[np.int64] | None = None,
    categorical: Sequence[int] = (),
) -> Trees:
    """Grow `rounds` trees on `rows` `(n, columns)` and `labels` `(n,)`; `parameters` are LightGBM's own names.

    `weights` `(n,)` counts rows, `sizes` `(questions,)` says how many rows each question of a ranking has, in order;
    `categorical` numbers the columns whose values are labels.
    """
    # It brings scikit-learn and takes a second to load, which a server that only serves should not wait for.
    lightgbm: Any = import_module("lightgbm")
    data = lightgbm.Dataset(
        rows,
        label=labels,
        weight=weights,
        group=sizes,
        categorical_feature=list(categorical) or "auto",
    )
    trees: Trees = lightgbm.train({**_COMMON, **parameters, "seed": seed}, data, num_boost_round=rounds)
    return trees


def grow_from(
    offset: NDArray[np.float64],
    parameters: Mapping[str, Any],
    rows: NDArray[np.generic],
    labels: NDArray[np.generic],
    *,
    rounds: int,
    seed: int,
) -> Trees:
    """Grow trees as `grow` does, each row starting from its `offset` `(n,)` on the scale before the objective's link.

    What they predict (ask for `raw_score`) is what comes on top.
    """
    lightgbm: Any = import_module("lightgbm")
    data = lightgbm.Dataset(rows, label=labels, init_score=offset)
    trees: Trees = lightgbm.train({**_COMMON, **parameters, "seed": seed}, data, num_boost_round=rounds)
    return trees


def from_text(text: str) -> Trees:
    """Return the trees that were written by `model_to_string`. Raises ValueError where it is no such text."""
    lightgbm: Any = import_module("lightgbm")
    try:
        trees: Trees = lightgbm.Booster(model_str=text)
    except lightgbm.basic.LightGBMError as error:
        raise ValueError("these are no trees of LightGBM") from error
    return trees
