"""How far the rhythms of a made-up town are from recorded ones: when, how often, where again, how far, who shares ways.

Distances: Kolmogorov-Smirnov (the greatest difference of two distribution functions) for quantities, total variation
(half the sum of absolute differences) for shares of hours and weekdays, the plain difference for single shares. All lie
between 0 and 1. Persons with fewer than five visits are left out on both sides, because the recordings left them out.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np

from ringmain.loop.api import flow
from ringmain.simulate.complete_journey import ZONE, load
from ringmain.simulate.evaluate.checkins import read_checkins
from ringmain.simulate.evaluate.closure import shops as commercial
from ringmain.simulate.evaluate.flow import walk
from ringmain.simulate.world.days import live_all
from ringmain.simulate.world.families.registry import family_of
from ringmain.simulate.world.parameters import Parameters
from ringmain.simulate.world.shops import DAYS_A_WEEK, Floats, Int64s
from ringmain.simulate.world.world import build

# What is compared: so many days, of which the second half tells how many visits are returns.
DAYS = 140
_FEWEST_VISITS = 5
_HOURS = 24
_DAY_S, _HOUR_S = 86_400, 3_600
_MINUTE_S, _US = 60, 1_000_000
# The first Monday after the epoch.
_MONDAY_S = 4 * _DAY_S
_MONTH = 28.0
_PERMUTATIONS = 5
_TOP = 0.1


class Rhythms(msgspec.Struct, frozen=True):
    """What is compared; `km` is empty where a recording names no places."""

    gap_days: Floats
    visits_a_month: Floats
    hours: Floats
    weekdays: Floats
    km: Floats
    top_tenth: float
    returns: float
    shared: float
    shared_by_chance: float


@dataclass(frozen=True, slots=True)
class Distance:
    """One measure: the figure of each side (a median, or a share), and how far apart they are."""

    measure: str
    kind: str
    ours: float
    recorded: float
    distance: float


@dataclass(frozen=True, slots=True, eq=False)
class Walked:
    """Visits in any order: `second` counts local seconds from a Monday's midnight, `place` (visits, 2) is in km."""

    person: Int64s
    shop: Int64s
    second: Int64s
    place: Floats | None


def rhythms(walked: Walked, seed: int) -> Rhythms:
    """Measure visits of the first `DAYS` days."""
    first = walked.second.min() // (DAYS_A_WEEK * _DAY_S) * DAYS_A_WEEK * _DAY_S
    counts = np.bincount(walked.person, weights=walked.second < first + DAYS * _DAY_S)
    kept = (walked.second < first + DAYS * _DAY_S) & (counts[walked.person] >= _FEWEST_VISITS)
    order = np.flatnonzero(kept)[np.lexsort((walked.second[kept], walked.person[kept]))]
    person, shop, second = walked.person[order], walked.shop[order], walked.second[order] - first
    same = person[1:] == person[:-1]
    km = np.zeros(0)
    if walked.place is not None:
        hop = np.linalg.norm(np.diff(walked.place[order], axis=0), axis=1)
        km = hop[same & (shop[1:] != shop[:-1])]
    moves = flow(
        walk(person, np.zeros(len(person), dtype=np.int64), shop, second * _US), permutations=_PERMUTATIONS, seed=seed
    ).total.shared
    visits = np.sort(counts[counts >= _FEWEST_VISITS])
    return Rhythms(
        gap_days=np.diff(second)[same] / _DAY_S,
        visits_a_month=visits * _MONTH / DAYS,
        hours=_shares(second % _DAY_S // _HOUR_S, _HOURS),
        weekdays=_shares(second // _DAY_S % DAYS_A_WEEK, DAYS_A_WEEK),
        km=km,
        top_tenth=float(visits[-max(1, int(len(visits) * _TOP)) :].sum() / visits.sum()),
        returns=_returns(person, shop, second),
        shared=moves.value or 0.0,
        shared_by_chance=moves.null or 0.0,
    )


def of_town(parameters: Parameters) -> Rhythms:
    """Let a town live for `DAYS` days, and measure it."""
    world = build(msgspec.structs.replace(parameters, days=DAYS))
    visits = live_all(family_of(world))
    second = visits.day.astype(np.int64) * _DAY_S + visits.minute.astype(np.int64) * _MINUTE_S
    return rhythms(Walked(visits.person, visits.shop, second, world.shops.place[visits.shop]), parameters.seed)


def of_checkins(folder: Path, seed: int) -> Rhythms:
    """Measure recorded check-ins at shops (commercial categories).

    Raises `EvaluationDataMissing`, `EvaluationDataWrong`.
    """
    checkins = read_checkins(folder)
    journal = checkins.journal
    rows = commercial(checkins)[journal.place] >= 0
    # Local time: the week's hour is recorded; the week itself follows from the second.
    clock = np.rint(journal.week_hour * _HOUR_S).astype(np.int64)
    week = np.rint((journal.second - clock - _MONDAY_S) / (DAYS_A_WEEK * _DAY_S)).astype(np.int64)
    second = week * DAYS_A_WEEK * _DAY_S + clock
    place = np.column_stack((journal.x, journal.y))[rows] / 1_000.0
    return rhythms(Walked(journal.person[rows], journal.place[rows], second[rows], place), seed)


def of_recorded_year(seed: int) -> Rhythms:
    """Measure the recorded year of the installed package, whose stores have no places. Raises `DataMissing`."""
    baskets = load().baskets
    utc = baskets.sold_at_us // _US
    hours, place = np.unique(utc // _HOUR_S, return_inverse=True)
    ahead = [datetime.fromtimestamp(hour * _HOUR_S, tz=ZONE).utcoffset() for hour in hours.tolist()]
    shift = np.array([int(one.total_seconds()) for one in ahead if one is not None])[place]
    second = utc + shift - _MONDAY_S
    return rhythms(Walked(baskets.household.astype(np.int64), baskets.store.astype(np.int64), second, None), seed)


def distances(ours: Rhythms, recorded: Rhythms) -> tuple[Distance, ...]:
    """Return every measure that both sides have."""
    rows = [
        _quantity("days between visits", ours.gap_days, recorded.gap_days),
        _quantity("visits a month", ours.visits_a_month, recorded.visits_a_month),
        _quantity(
            "visits over their mean", *(one.visits_a_month / one.visits_a_month.mean() for one in (ours, recorded))
        ),
    ]
    if len(ours.km) and len(recorded.km):
        rows.append(_quantity("km between visits", ours.km, recorded.km))
    for name, mine, theirs in (("hour", ours.hours, recorded.hours), ("weekday", ours.weekdays, recorded.weekdays)):
        apart = float(np.abs(mine - theirs).sum() / 2)
        most = float(mine.max()), float(theirs.max())
        rows.append(Distance(f"visits in the busiest {name}", "total variation", *most, apart))
    for name, own, other in (
        ("visits of the busiest tenth", ours.top_tenth, recorded.top_tenth),
        ("visits that are returns", ours.returns, recorded.returns),
        ("visits that are discoveries", 1.0 - ours.returns, 1.0 - recorded.returns),
        ("shared flow", ours.shared, recorded.shared),
        ("shared flow less chance", ours.shared - ours.shared_by_chance, recorded.shared - recorded.shared_by_chance),
    ):
        rows.append(Distance(name, "difference", own, other, abs(own - other)))
    return tuple(rows)


def _quantity(name: str, ours: Floats, recorded: Floats) -> Distance:
    """Return the Kolmogorov-Smirnov distance, and both medians."""
    at = np.sort(np.concatenate((ours, recorded)))
    upto = [np.searchsorted(np.sort(one), at, side="right") / len(one) for one in (ours, recorded)]
    apart = float(np.abs(upto[0] - upto[1]).max())
    return Distance(name, "Kolmogorov-Smirnov", float(np.median(ours)), float(np.median(recorded)), apart)


def _shares(codes: Int64s, size: int) -> Floats:
    counts = np.bincount(codes, minlength=size)
    shares: Floats = counts / counts.sum()
    return shares


def _returns(person: Int64s, shop: Int64s, second: Int64s) -> float:
    """Return which share of the second half's visits is at shops where the person was before."""
    keys = person * (int(shop.max()) + 1) + shop
    order = np.lexsort((second, keys))
    again = np.zeros(len(keys), dtype=np.bool_)
    again[order[1:]] = keys[order[1:]] == keys[order[:-1]]
    return float(again[second >= DAYS * _DAY_S // 2].mean())
