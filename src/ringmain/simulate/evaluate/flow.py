"""Flow: what a ring of shops looks like in recorded visits, each figure beside that of destinations dealt anew.

A person's path is a walk, so that nearly all flow lies on circles in any set of visits, dealt anew or not: raw
circulation proves nothing and is not reported. What many people share, and what others bring back, can be told from
chance.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ringmain.kit.learn.intervals import Estimate
from ringmain.loop.api import Beside, FlowFigures, Transitions, flow, transitions
from ringmain.simulate.complete_journey import load
from ringmain.simulate.evaluate.checkins import read_checkins
from ringmain.simulate.evaluate.closure import discs, shops
from ringmain.simulate.evaluate.report import Figures, Result
from ringmain.simulate.evaluate.tasks import Progress

Int64s = NDArray[np.int64]

# Two visits further apart are no way from one shop to the other; as in the report of a network's own flow.
_GAP_DAYS, _WINDOW_DAYS, _PERMUTATIONS = 14, 28, 20
_MICROSECONDS = 1_000_000
_DAY_US = 86_400 * _MICROSECONDS
_NULL = "destinations permuted"
_MEASURES = ("shared", "returned_by_others", "returned_by_same", "gini", "top_edges")


def evaluate(folder: Path | None, seed: int, progress: Progress) -> Result:
    """Measure the shops of a city and those of twelve discs, or without a folder the stores of the recorded year.

    Raises `EvaluationDataMissing`, `EvaluationDataWrong`, `DataMissing`.
    """
    ours: dict[str, Estimate] = {}
    null: dict[str, Estimate] = {}
    moves = 0
    for name, walked in (recorded_stores() if folder is None else recorded_shops(folder)).items():
        progress(f"{name}: {len(walked.at):,} moves")
        moves += len(walked.at)
        found = flow(walked, window_days=_WINDOW_DAYS, permutations=_PERMUTATIONS, seed=seed)
        figures = [("", found.total), *((f"@{_day(one.start)}", one) for one in found.windows)]
        for when, one in figures:
            ours |= {f"{name}.{measure}{when}": figure for measure, figure in _values(one, when).items()}
            null |= {f"{name}.{measure}{when}": figure for measure, figure in _nulls(one, when).items()}
    return Result(
        n=moves,
        metrics=ours,
        baselines={_NULL: null},
        notes=(
            f"A move: two visits of a person in a row, at different shops of a ring, at most {_GAP_DAYS} days apart.",
            f"In brackets behind the null: least and greatest of {_PERMUTATIONS} permutations; nothing is resampled.",
            f"@ is the first day of {_WINDOW_DAYS}; the last window may be cut short.",
        ),
    )


def recorded_shops(folder: Path) -> Mapping[str, Transitions]:
    """Return the moves between shops of a city, and between those of one disc, by population."""
    checkins = read_checkins(folder)
    journal = checkins.journal
    rings = {"shops": shops(checkins), "local": discs(checkins)}
    at = journal.second * _MICROSECONDS
    return {name: walk(journal.person, ring[journal.place], journal.place, at) for name, ring in rings.items()}


def recorded_stores() -> Mapping[str, Transitions]:
    """Return the moves of households between the stores of the recorded year."""
    baskets = load().baskets
    one_ring = np.zeros(len(baskets.store), dtype=np.int64)
    return {"stores": walk(baskets.household, one_ring, baskets.store, baskets.sold_at_us)}


def walk(person: NDArray[np.integer], ring: Int64s, shop: NDArray[np.integer], at: Int64s) -> Transitions:
    """Return the moves of visits in the order of time, `(n,)` each; `ring` -1: at no shop; `at` in microseconds."""
    order = np.lexsort((np.arange(len(at)), at, ring, person))
    order = order[ring[order] >= 0]
    who, where, there, when = (column.astype(np.int64)[order] for column in (person, ring, shop, at))
    moved = (who[1:] == who[:-1]) & (where[1:] == where[:-1]) & (there[1:] != there[:-1])
    moved &= np.diff(when) <= _GAP_DAYS * _DAY_US
    return transitions(
        who[1:][moved], there[:-1][moved], there[1:][moved], when[1:][moved], shops=int(there.max(initial=-1)) + 1
    )


def _measures(figures: FlowFigures, when: str) -> Iterable[tuple[str, Beside]]:
    """Return every measure of all time, and of a window what is shared."""
    return [(name, getattr(figures, name)) for name in (_MEASURES[:1] if when else _MEASURES)]


def _values(figures: FlowFigures, when: str) -> Figures:
    return {name: Estimate(one.value) for name, one in _measures(figures, when) if one.value is not None}


def _nulls(figures: FlowFigures, when: str) -> Figures:
    return {
        name: Estimate(one.null, one.null_low, one.null_high)
        for name, one in _measures(figures, when)
        if one.null is not None
    }


def _day(start: datetime | None) -> str:
    assert start is not None
    return str(start.date())
