"""What next: the items of each person's next basket, from the baskets of all persons before it.

`history.parquet` (`person_id, basket_no, item_id`) may be learnt from whole; the persons of `future.parquet`
(`person_id, item_id`: one basket each) are judged by the ten items ranked first. Ties count by their expected place.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import gammaln

from ringmain.kit.learn.intervals import Estimate, ratio_over_persons
from ringmain.need.api import BasketHistories, basket_histories, simple_basket_scores, train_baskets
from ringmain.simulate.evaluate.files import read
from ringmain.simulate.evaluate.report import Result
from ringmain.simulate.evaluate.tasks import Progress

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]

_K = 10
_CHUNK = 512
_THREADS = 1


@dataclass(frozen=True, slots=True, eq=False)
class Future:
    """The baskets to foresee: `person`, `item` (rows,) by person, and whether the person `held` the item before."""

    person: Int64s
    item: Int64s
    held: Bools

    @property
    def persons(self) -> Int64s:
        """Return the persons that are judged, ascending."""
        return np.unique(self.person)


def evaluate(folder: Path, seed: int, progress: Progress) -> Result:
    """Train on the histories, rank for the persons of the future, and judge.

    Raises `EvaluationDataMissing`, `EvaluationDataWrong`.
    """
    known, future = load(folder)
    persons = future.persons
    baselines = {}
    for name, scores in simple_basket_scores(known).items():
        progress(f"baseline: {name}")
        baselines[name] = _judged(future, scores, seed)
    model = train_baskets(known, seed=seed, threads=_THREADS, progress=progress)
    progress(f"ranking for {len(persons):,} persons")
    ranked = model.rank(persons, _K)
    hit = ranked[np.searchsorted(persons, future.person)] == future.item[:, None]
    better = np.where(hit.any(axis=1), hit.argmax(axis=1), float(_K)).astype(np.float64)
    found = hit_chances(better, np.ones(len(better)), np.searchsorted(persons, future.person), len(persons))
    return Result(
        len(persons),
        figures(future, better, np.ones(len(better)), found, seed),
        baselines,
        notes=("repeat, new: of the items that the person had, or had not, bought before: the share in the same ten.",),
    )


def _judged(future: Future, scores: Callable[[Int64s], Floats], seed: int) -> dict[str, Estimate]:
    """Return the figures of a way that scores all items for some persons (persons, items)."""
    persons = future.persons
    better, equal, chance = list[Floats](), list[Floats](), list[Floats]()
    for start in range(0, len(persons), _CHUNK):
        part = persons[start : start + _CHUNK]
        first, end = np.searchsorted(future.person, (part[0], part[-1] + 1))
        row = np.searchsorted(part, future.person[first:end])
        above, level = places(scores(part), row, future.item[first:end])
        better.append(above)
        equal.append(level)
        chance.append(hit_chances(above, level, row, len(part)))
    return figures(future, np.concatenate(better), np.concatenate(equal), np.concatenate(chance), seed)


def load(folder: Path) -> tuple[BasketHistories, Future]:
    """Return the histories and the baskets to foresee, persons and items numbered.

    Raises `EvaluationDataMissing`, `EvaluationDataWrong`.
    """
    past = read(folder, "history.parquet", dict.fromkeys(("person_id", "basket_no", "item_id"), pa.int64()))
    ahead = read(folder, "future.parquet", dict.fromkeys(("person_id", "item_id"), pa.int64()))
    column = {name: np.asarray(past.column(name)) for name in past.column_names}
    person_id, person = np.unique(
        np.concatenate((column["person_id"], np.asarray(ahead.column("person_id")))), return_inverse=True
    )
    item_id, item = np.unique(
        np.concatenate((column["item_id"], np.asarray(ahead.column("item_id")))), return_inverse=True
    )
    rows = len(past)
    known = basket_histories(person[:rows], column["basket_no"], item[:rows], len(person_id), len(item_id))
    pairs = np.unique(np.column_stack((person[rows:], item[rows:])), axis=0)
    key = known.person.astype(np.int64) * known.items + known.item
    held = np.isin(pairs[:, 0] * known.items + pairs[:, 1], key)
    return known, Future(pairs[:, 0], pairs[:, 1], held)


def places(scores: Floats, row: Int64s, item: Int64s) -> tuple[Floats, Floats]:
    """Return how many items are better than each target, and how many as good, it included.

    `scores` (persons, items); `row` and `item` (targets,) say which are the targets.
    """
    ordered = np.sort(scores, axis=1)
    above, level = np.empty(len(row)), np.empty(len(row))
    for place, (who, what) in enumerate(zip(row.tolist(), item.tolist(), strict=True)):
        own = scores[who, what]
        left, right = np.searchsorted(ordered[who], own), np.searchsorted(ordered[who], own, side="right")
        above[place], level[place] = scores.shape[1] - right, right - left
    return above, level


def hit_chances(better: Floats, equal: Floats, row: Int64s, persons: int) -> Floats:
    """Return the chance (persons,) that any target of each person is among the first ten, over all orders of ties."""
    sure = np.bincount(row, weights=better + equal <= _K, minlength=persons) > 0
    # Only one group of ties can lie across the tenth place: `slots` of its `equal` places are drawn, without return.
    across = (better < _K) & (better + equal > _K)
    targets = np.bincount(row[across], minlength=persons).astype(np.float64)
    ties, slots = np.ones(persons), np.zeros(persons)
    ties[row[across]], slots[row[across]] = equal[across], _K - better[across]
    others = ties - targets
    possible = others >= slots
    log_none = (
        gammaln(others + 1)
        - gammaln(np.maximum(others - slots, 0) + 1)
        - gammaln(ties + 1)
        + gammaln(np.maximum(ties - slots, 0) + 1)
    )
    none = np.where(possible, np.exp(log_none), 0.0)
    chance: Floats = np.where(sure, 1.0, 1.0 - none)
    return chance


def gains(better: Floats, equal: Floats) -> Floats:
    """Return the expected gain of each target: the mean of 1 / log2(1 + place) over its places, 0 past ten."""
    discount = np.zeros(_K + 1)
    discount[1:] = np.cumsum(1 / np.log2(np.arange(2, _K + 2)))
    first, last = np.minimum(better, _K).astype(np.int64), np.minimum(better + equal, _K).astype(np.int64)
    return (discount[last] - discount[first]) / equal


def figures(future: Future, better: Floats, equal: Floats, chance: Floats, seed: int) -> dict[str, Estimate]:
    """Return all metrics, each the mean over persons (those with such items) with its interval.

    `better`, `equal` are those of `places`, one per row of `future`; `chance` (persons,) is that of any hit.
    """
    persons, row = np.unique(future.person, return_inverse=True)
    hits = np.clip((_K - better) / equal, 0.0, 1.0)
    sizes = np.bincount(row)
    ideal = np.cumsum(1 / np.log2(np.arange(2, sizes.max() + 2)))[sizes - 1]

    def mean(values: Floats, some: Bools) -> Estimate:
        return ratio_over_persons(persons[some], values[some], seed=seed)

    def recall(kind: Bools) -> Estimate:
        wanted = np.bincount(row, weights=kind, minlength=len(persons))
        got = np.bincount(row, weights=hits * kind, minlength=len(persons))
        return mean(got / np.maximum(wanted, 1), wanted > 0)

    everyone = np.ones(len(persons), dtype=np.bool_)
    return {
        "recall@10": recall(np.ones(len(row), dtype=np.bool_)),
        "ndcg@10": mean(np.bincount(row, weights=gains(better, equal)) / ideal, everyone),
        "phr": mean(chance, everyone),
        "repeat.recall@10": recall(future.held),
        "new.recall@10": recall(~future.held),
    }
