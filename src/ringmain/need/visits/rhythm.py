"""What the past visits of each person say of the next, on the eve of a day."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ringmain.need.visits.records import LONGEST_WAIT, Visits

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]

_WINDOWS = (3, 7, 14, 28, 56, 90, 180)
_FORTNIGHTS = 6
_WEEK = 7
_LOOKBACK = 90
# Days of which the wait until the next visit is looked up; the last ones are cut off by what is not known yet.
_STEP = 3


def rhythm(visits: Visits, today: int) -> Mapping[str, Floats]:
    """Return features by name (persons,), NaN where undefined; nothing of `today` or later is read."""
    past = visits.before(today)
    columns = {f"visits_{window}": past.count_between(today - window, today) * 1.0 for window in _WINDOWS}
    for number in range(1, _FORTNIGHTS + 1):
        end = today - 14 * (number - 1)
        columns[f"fortnight_{number}"] = past.count_between(end - 14, end) * 1.0
    columns |= {f"weekday_{number}": column for number, column in enumerate(_weekdays(past, today).T)}
    columns |= _spending(past, today)
    columns |= _gaps(past, today)
    columns |= waits(past, today)
    active = len(past.known())
    columns["everybody_14"] = np.full(visits.persons, past.count_between(today - 14, today).sum() / max(active, 1))
    columns["everybody_56"] = np.full(visits.persons, past.count_between(today - 56, today).sum() / max(active, 1))
    return {name: np.asarray(column, dtype=np.float64) for name, column in columns.items()}


def at_visit(visits: Visits, today: int, person: Int64s, day: Int64s) -> Floats:
    """Return features (rows, columns) of visits of `person` (rows,) on `day` (rows,), `today` or later.

    Of the past only what lies before `today` is read; of the visit itself, which day it is.
    """
    past = visits.before(today)
    known = np.column_stack([column for name, column in rhythm(visits, today).items() if "weekday" not in name])
    turned = np.zeros((len(person), _WEEK))
    weekdays = _weekdays(past, today)
    for number in range(_WEEK):
        turned[:, number] = weekdays[person, (day - today + number) % _WEEK]
    shares = turned / np.maximum(turned.sum(axis=1, keepdims=True), 1)
    return np.column_stack((known[person], turned, shares, day - today, day % _WEEK))


def own_gaps(visits: Visits, today: int) -> Floats:
    """Return the median days between each person's visits before `today` (persons,), NaN for less than two."""
    return _gaps(visits.before(today), today)["gap_median"]


def _weekdays(past: Visits, today: int) -> Floats:
    """Return the visits of the last twelve weeks by how many days from `today` their weekday comes (persons, 7)."""
    person, day = past.days_between(today - 12 * _WEEK, today)
    counts = np.bincount(person * _WEEK + (day - today) % _WEEK, minlength=past.persons * _WEEK)
    return counts.reshape(past.persons, _WEEK).astype(np.float64)


def own_rate(visits: Visits, today: int, days: int) -> Floats:
    """Return each person's visits per day over the last `days`, or since the first one of anybody (persons,)."""
    past = visits.before(today)
    length = min(days, today - int(visits.day[0])) if len(visits.day) else days
    return past.count_between(today - length, today) / max(length, 1)


def _spending(past: Visits, today: int) -> dict[str, Floats]:
    count = np.bincount(past.person, minlength=past.persons)
    recent = past.day >= today - 28
    columns = {
        "paid": np.bincount(past.person, weights=past.paid, minlength=past.persons) / np.maximum(count, 1),
        "paid_28": np.bincount(past.person[recent], weights=past.paid[recent], minlength=past.persons),
    }
    last = np.full(past.persons, -1)
    last[past.person] = np.arange(len(past.person))
    columns["paid_last"] = np.where(last >= 0, past.paid[last] if len(past.paid) else 0.0, np.nan)
    columns["stores"] = (
        np.bincount(np.unique(past.person * past.stores + past.store) // past.stores, minlength=past.persons) * 1.0
    )
    return {name: np.asarray(column, dtype=np.float64) for name, column in columns.items()}


def _gaps(past: Visits, today: int) -> dict[str, Floats]:
    """Return recency, and the gaps between days with visits."""
    keys = np.unique(past.person * (today + 1) + past.day)
    person, day = keys // (today + 1), keys % (today + 1)
    days = np.bincount(person, minlength=past.persons)
    first, last = np.full(past.persons, np.nan), np.full(past.persons, np.nan)
    last[person] = day
    first[person[::-1]] = day[::-1]
    same = person[1:] == person[:-1]
    who, gap = person[1:][same], np.diff(day)[same].astype(np.float64)
    recent = day[1:][same] >= today - _LOOKBACK
    count = np.bincount(who, minlength=past.persons)
    mean = np.bincount(who, weights=gap, minlength=past.persons) / np.maximum(count, 1)
    spread = np.bincount(who, weights=gap**2, minlength=past.persons) / np.maximum(count, 1) - mean**2
    ago = today - last
    median = group_medians(who, gap, past.persons)
    return {
        "ago": ago,
        "tenure": today - first,
        "days": days * 1.0,
        "gap_mean": np.where(count > 0, mean, np.nan),
        "gap_spread": np.where(count > 1, np.sqrt(np.maximum(spread, 0)), np.nan),
        "gap_median": median,
        "gap_median_90": group_medians(who[recent], gap[recent], past.persons),
        "overdue": ago / median,
        "gap_left": median - ago,
    }


def waits(visits: Visits, today: int) -> dict[str, Floats]:
    """Return the median and mean wait until the next visit from the days of the last 90 (persons,).

    A wait that is not over yet counts as it is so far, where that is the longest, and else is left out.
    """
    past = visits.before(today)
    parts_who, parts_wait = [], []
    start = max(today - _LOOKBACK, int(past.day[0]) if len(past.day) else today)
    for day in range(start, today, _STEP):
        wait = past.wait(day)
        over = (past.first_from(day) >= 0) | (today - day >= LONGEST_WAIT)
        parts_who.append(np.flatnonzero(over))
        parts_wait.append(wait[over])
    who = np.concatenate([np.empty(0, dtype=np.int64), *parts_who])
    wait = np.concatenate([np.empty(0), *parts_wait])
    count = np.bincount(who, minlength=past.persons)
    return {
        "wait_median": group_medians(who, wait, past.persons),
        "wait_mean": np.bincount(who, weights=wait, minlength=past.persons) / np.where(count > 0, count, np.nan),
    }


def group_medians(group: Int64s, values: Floats, groups: int) -> Floats:
    """Return the median of the values of each group (groups,), NaN for empty ones."""
    order = np.lexsort((values, group))
    group, values = group[order], values[order]
    start = np.searchsorted(group, np.arange(groups))
    size = np.searchsorted(group, np.arange(groups), side="right") - start
    medians = np.full(groups, np.nan)
    some = size > 0
    low, high = start[some] + (size[some] - 1) // 2, start[some] + size[some] // 2
    medians[some] = (values[low] + values[high]) / 2
    return medians
