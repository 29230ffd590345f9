"""When, where, what next: the visits of the recorded households after four days of the year.

At each cut nothing of that day or later is known to any model, and everything is learnt anew. Judged are all households
with a basket before the cut; where and what only for those that came again, by their first basket from the cut on. A
visit is a day with a basket. The gap is the days from a visit of the 14 days after the cut to the next one, 30 at most:
asked at that visit, answered from what was known before the cut.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ringmain.kit.learn.intervals import Estimate, ratio_over_persons, resample_persons
from ringmain.kit.learn.metrics import auc, calibration_error, hit_within, log_loss
from ringmain.need.api import Visits, foretell_gaps, foretell_returns, own_gaps, own_rate, rank_kinds, rank_stores
from ringmain.simulate.complete_journey import load
from ringmain.simulate.evaluate.recorded_year import day_numbers, visits
from ringmain.simulate.evaluate.report import Result
from ringmain.simulate.evaluate.tasks import Progress

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]

CUTS = (date(2017, 7, 1), date(2017, 8, 15), date(2017, 10, 1), date(2017, 11, 15))
_DAYS, _LATELY, _LONGEST, _K = 14, 90, 30, 10
_THREADS = 1


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """What one way of foretelling said at one cut, judged.

    `chance`, `came`, `count_error` are one per `person`, `store_hit` and `kind_recall` per person of `again`, who came
    again, and `gap_error` (days) per visit of `visitor`.
    """

    person: Int64s
    chance: Floats
    came: NDArray[np.bool_]
    count_error: Floats
    again: Int64s
    store_hit: Floats
    kind_recall: Floats
    visitor: Int64s
    gap_error: Floats


def evaluate(folder: Path | None, seed: int, progress: Progress) -> Result:
    """Foretell from each cut, by our models and by each person's own past, and judge all cuts together.

    Raises `DataMissing`, `DataInconsistent`.
    """
    progress("reading the year")
    year = visits(load(folder))
    ours, own = [], []
    for cut in day_numbers(np.array(CUTS, dtype="datetime64[D]")).tolist():
        progress(f"learning until {np.datetime64(cut, 'D')}")
        ours.append(foretold(year, cut, seed))
        own.append(from_own_past(year, cut))
    return Result(
        sum(len(case.person) for case in ours),
        _figures(ours, seed),
        {"own past": _figures(own, seed)},
        notes=(
            "own past: rate of 90 days, store and categories most frequent in 90 days, median gap.",
            f"{sum(len(case.again) for case in ours):,} of the cases came again before the year's end.",
        ),
    )


def foretold(year: Visits, cut: int, seed: int) -> Case:
    """Return what our models say at a cut, judged."""
    returns = foretell_returns(year, cut, seed=seed, threads=_THREADS)
    stores = rank_stores(year, cut, seed=seed, threads=_THREADS).best(1, year.persons)[:, 0]
    kinds = rank_kinds(year, cut, seed=seed, threads=_THREADS).best(_K, year.persons)
    again, basket = _next_baskets(year, cut)
    who, kind = _kinds_of(year, basket)
    hit = (kinds[again[who]] == kind[:, None]).any(axis=1) * 1.0
    visitor, day, _ = _gaps(year, cut)
    gaps = foretell_gaps(year, cut, visitor, day, seed=seed, threads=_THREADS)
    return _case(year, cut, (returns.chance, returns.visits, gaps), stores[again] == year.store[basket], (who, hit))


def from_own_past(year: Visits, cut: int) -> Case:
    """Return what each person's own past says at a cut, judged; ties count by their expected place."""
    past = year.before(cut)
    known = past.known()
    rate = own_rate(year, cut, _LATELY)[known]
    # Half a visit more than seen, so that nobody is held to be gone for ever.
    chance = 1 - np.exp(-(rate * _LATELY + 0.5) / _LATELY * _DAYS)
    again, basket = _next_baskets(year, cut)
    lately = np.searchsorted(past.day, cut - _LATELY)
    stores = _counts(past.person[lately:], past.store[lately:], past.persons, past.stores)
    pairs = past.kind_basket >= lately
    kinds = _counts(past.person[past.kind_basket[pairs]], past.kind[pairs], past.persons, past.kinds)
    who, kind = _kinds_of(year, basket)
    store_hit = _expected_hits(stores, again, year.store[basket], 1)
    kind_hit = _expected_hits(kinds, again[who], kind, _K)
    visitor, _, _ = _gaps(year, cut)
    gaps = own_gaps(year, cut)[visitor]
    gaps = np.where(np.isnan(gaps), _LONGEST, np.minimum(gaps, _LONGEST))
    return _case(year, cut, (chance, rate * _DAYS, gaps), store_hit, (who, kind_hit))


def _gaps(year: Visits, cut: int) -> tuple[Int64s, Int64s, Floats]:
    """Return person, day and gap of the visits of 14 days after the cut by persons known before it.

    Visits whose gap the end of the recording cuts off are left out.
    """
    person, day, gap = year.gaps_after(cut, cut + _DAYS)
    asked = np.isin(person, year.before(cut).known()) & (day + _LONGEST <= year.day[-1])
    return person[asked], day[asked], gap[asked]


def _next_baskets(year: Visits, cut: int) -> tuple[Int64s, Int64s]:
    """Return the persons known before the cut that come again, and the numbers of their first baskets from it on."""
    known = year.before(cut).known()
    basket = year.first_from(cut)[known]
    return known[basket >= 0], basket[basket >= 0]


def _kinds_of(year: Visits, basket: Int64s) -> tuple[Int64s, Int64s]:
    """Return (place in `basket`, kind) of all kinds of goods in some baskets."""
    start = np.searchsorted(year.kind_basket, basket)
    size = np.searchsorted(year.kind_basket, basket, side="right") - start
    who = np.repeat(np.arange(len(basket)), size)
    return who, year.kind[np.repeat(start - (np.cumsum(size) - size), size) + np.arange(len(who))]


def _counts(person: Int64s, choice: Int64s, persons: int, choices: int) -> Floats:
    counts = np.bincount(person * choices + choice, minlength=persons * choices)
    return counts.reshape(persons, choices).astype(np.float64)


def _expected_hits(counts: Floats, person: Int64s, choice: Int64s, k: int) -> Floats:
    own = counts[person, choice]
    better, equal = (counts[person] > own[:, None]).sum(axis=1), (counts[person] == own[:, None]).sum(axis=1)
    return hit_within(better.astype(np.float64), equal.astype(np.float64), k)


def _case(
    year: Visits,
    cut: int,
    foretold: tuple[Floats, Floats, Floats],
    store_hit: NDArray[np.generic],
    kind_hits: tuple[Int64s, Floats],
) -> Case:
    known = year.before(cut).known()
    again, _ = _next_baskets(year, cut)
    count = year.count_between(cut, cut + _DAYS)[known]
    chance, number, gaps = foretold
    visitor, _, gap = _gaps(year, cut)
    who, hit = kind_hits
    size = np.bincount(who, minlength=len(again))
    recall = np.bincount(who, weights=hit, minlength=len(again)) / np.where(size > 0, size, np.nan)
    return Case(
        known,
        chance,
        count > 0,
        np.abs(number - count),
        again,
        store_hit.astype(np.float64),
        recall,
        visitor,
        np.abs(gaps - gap),
    )


def _figures(cases: list[Case], seed: int) -> Mapping[str, Estimate]:
    person, again = (np.concatenate([getattr(case, name) for case in cases]) for name in ("person", "again"))
    chance, came = np.concatenate([case.chance for case in cases]), np.concatenate([case.came for case in cases])
    recall = np.concatenate([case.kind_recall for case in cases])
    visitor, gap = (np.concatenate([getattr(case, name) for case in cases]) for name in ("visitor", "gap_error"))
    some = ~np.isnan(recall)
    households, row = np.unique(visitor, return_inverse=True)
    each = np.bincount(row, weights=gap) / np.bincount(row)
    return {
        "visit.auc": resample_persons(person, lambda rows: auc(chance[rows], came[rows]), seed=seed),
        "visit.log_loss": resample_persons(person, lambda rows: log_loss(chance[rows], came[rows]), seed=seed),
        "visit.calibration_error": resample_persons(
            person, lambda rows: calibration_error(chance[rows], came[rows]), seed=seed
        ),
        "visits.mae": ratio_over_persons(person, np.concatenate([case.count_error for case in cases]), seed=seed),
        "store.acc@1": ratio_over_persons(again, np.concatenate([case.store_hit for case in cases]), seed=seed),
        "category.recall@10": ratio_over_persons(again[some], recall[some], seed=seed),
        "gap.mae": ratio_over_persons(visitor, gap, seed=seed),
        "gap.mae.household": ratio_over_persons(households, each, seed=seed),
    }
