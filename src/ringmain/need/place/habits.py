"""What a person's own visits say of each of their places: past visits, weighted by how alike the moment is."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ringmain.need.place.journal import DAY_S, HOURS_A_DAY, HOURS_A_WEEK, Floats, Int64s, Journal, Queries

# Days of the week from here on are the weekend.
_SATURDAY = 5
# Gaps between visits are compared on a log scale, from this many seconds up.
_SHORTEST_GAP_S = 30.0
_NEAR_M = 300.0
_NEVER_DAYS = 999.0

NAMES = (
    "visits", "fades2", "fades7", "fades30", "fades90", "after_place", "after_place30", "after_two", "after_category30",
    "after_near30", "previous_hour30", "previous_hour_place", "previous_week30", "gap_before30", "soon3", "soon10",
    "hour_narrow", "hour30", "hour_wide30", "week30", "week7", "hour_daytype30", "gap30", "gap_place", "gap_hour30",
    "hour_place", "hour_category30", "minute",
)  # fmt: skip
TIMED_FROM = NAMES.index("hour_narrow")
STATE_NAMES = ("idle_days", "known_days", "steps_ago", "recency", "overdue", "is_last", "is_before_last", "days_share")
# Sums that are also given as a share of all that the person's places have together.
SHARED = (
    "visits", "fades7", "fades30", "after_place30", "after_category30", "after_near30", "previous_week30", "soon3",
    "hour30", "hour_wide30", "week30", "hour_daytype30", "gap30", "gap_hour30", "minute", "hour_category30",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Habits:
    """Own places of each question: `query`, `place` `(r,)`, and `values` `(r, len(names(timed)))`.

    Rows are sorted by question, and within one by the order in which the person first came to the places.
    `category` holds per question and category `(q, categories, 3)`: visits that fade in 30 days, those of them at this
    time of day, and all.
    """

    query: Int64s
    place: Int64s
    values: Floats
    category: Floats


def names(*, timed: bool) -> tuple[str, ...]:
    """Return the names of the columns of `Habits.values`."""
    kept = NAMES if timed else NAMES[:TIMED_FROM]
    return (*kept, *STATE_NAMES, *(f"{name}_share" for name in SHARED if name in kept))


def habits(journal: Journal, queries: Queries) -> Habits:
    """Sum each question's past visits of its person by place; memory grows with the past visits of all questions."""
    own = journal.own
    past = np.where(queries.last >= 0, own.position[queries.last] + 1, 0)
    query = np.repeat(np.arange(len(queries)), past)
    offset = np.cumsum(past) - past
    step = np.arange(len(query)) - offset[query]
    visit = own.sorted[own.start[queries.person[query]] + step]
    distinct = np.where(queries.last >= 0, own.distinct[queries.last], 0)
    base = np.cumsum(distinct) - distinct
    group = base[query] + own.number[visit]
    rows = int(distinct.sum())
    row_query = np.repeat(np.arange(len(queries)), distinct)

    kept = NAMES if queries.timed else NAMES[:TIMED_FROM]
    sums = np.empty((rows, len(kept)))
    by_category = np.zeros((len(queries), journal.categories, 3))
    cell = query * journal.categories + journal.category[visit]
    for column, (name, weight) in enumerate(_weights(journal, queries, query, visit)):
        assert name == kept[column]
        sums[:, column] = np.bincount(group, weights=weight, minlength=rows)
        layer = _CATEGORY_LAYERS[queries.timed].get(name)
        if layer is not None:
            size = len(queries) * journal.categories
            by_category[:, :, layer] = np.bincount(cell, weights=weight, minlength=size).reshape(len(queries), -1)
    place = np.empty(rows, dtype=np.int64)
    place[group] = journal.place[visit]
    state = _state(journal, queries, _Groups(query, visit, group, row_query, past, rows), place)
    shares = [_share(sums[:, kept.index(name)], row_query, len(queries)) for name in SHARED if name in kept]
    return Habits(row_query, place, np.column_stack([sums, state, *shares]), by_category)


_CATEGORY_LAYERS = {
    True: {"fades30": 0, "hour30": 1, "visits": 2},
    False: {"fades30": 0, "previous_hour30": 1, "visits": 2},
}


@dataclass(frozen=True, slots=True)
class _Groups:
    query: Int64s
    visit: Int64s
    group: Int64s
    row_query: Int64s
    past: Int64s
    rows: int


def _share(sums: Floats, query: Int64s, queries: int) -> Floats:
    total = np.bincount(query, weights=sums, minlength=queries)
    return sums / np.maximum(total[query], 1e-9)


def _near(distance: Floats, width: float) -> Floats:
    return np.exp(-0.5 * np.square(distance / width))


def _around(one: Floats, other: Floats, period: float) -> Floats:
    """Return how far two moments of a cycle are from each other."""
    apart = np.abs(one - other)
    return np.minimum(apart, period - apart)


def _weights(journal: Journal, queries: Queries, query: Int64s, visit: Int64s) -> Iterator[tuple[str, Floats]]:
    """Yield per name of `NAMES` the weight of each past visit."""
    own = journal.own
    age = (queries.second[query] - journal.second[visit]) / DAY_S
    fades30 = np.exp2(-age / 30)
    yield "visits", np.ones(len(visit))
    yield "fades2", np.exp2(-age / 2)
    yield "fades7", np.exp2(-age / 7)
    yield "fades30", fades30
    yield "fades90", np.exp2(-age / 90)
    previous, last = own.previous[visit], queries.last[query]
    has = previous >= 0
    after_place = has & (journal.place[previous] == journal.place[last])
    after_category = has & (journal.category[previous] == journal.category[last])
    yield "after_place", after_place.astype(np.float64)
    yield "after_place30", after_place * fades30
    earlier = own.before[visit]
    two = after_place & (earlier >= 0) & (journal.place[earlier] == journal.place[own.previous[last]])
    yield "after_two", two.astype(np.float64)
    yield "after_category30", after_category * fades30
    apart = np.hypot(journal.x[previous] - journal.x[last], journal.y[previous] - journal.y[last])
    yield "after_near30", has * _near(apart, _NEAR_M) * fades30
    week_then, week_last = journal.week_hour[previous], journal.week_hour[last]
    previous_hour = has * _near(_around(week_then % HOURS_A_DAY, week_last % HOURS_A_DAY, HOURS_A_DAY), 1.0)
    yield "previous_hour30", previous_hour * fades30
    yield "previous_hour_place", previous_hour * after_place
    yield "previous_week30", has * _near(_around(week_then, week_last, HOURS_A_WEEK), 1.5) * fades30
    gaps = _gaps(journal)
    yield "gap_before30", has * _near(gaps[previous] - gaps[last], 0.5) * after_place * fades30
    wait = (journal.week_hour[visit] - week_last) % HOURS_A_DAY
    yield "soon3", np.exp(-wait / 3) * fades30
    yield "soon10", np.exp(-wait / 10) * fades30
    if queries.timed:
        yield from _timed_weights(journal, queries, query, visit)


def _timed_weights(journal: Journal, queries: Queries, query: Int64s, visit: Int64s) -> Iterator[tuple[str, Floats]]:
    """Yield the weights that need the moment of the visit."""
    own = journal.own
    age = (queries.second[query] - journal.second[visit]) / DAY_S
    fades30 = np.exp2(-age / 30)
    now, then = queries.week_hour[query], journal.week_hour[visit]
    apart = _around(now % HOURS_A_DAY, then % HOURS_A_DAY, HOURS_A_DAY)
    hour = _near(apart, 1.0)
    week = _near(_around(now, then, HOURS_A_WEEK), 1.5)
    same_type = (now >= _SATURDAY * HOURS_A_DAY) == (then >= _SATURDAY * HOURS_A_DAY)
    yield "hour_narrow", _near(apart, 0.4)
    yield "hour30", hour * fades30
    yield "hour_wide30", _near(apart, 3.0) * fades30
    yield "week30", week * fades30
    yield "week7", week * np.exp2(-age / 7)
    yield "hour_daytype30", hour * same_type * fades30
    previous, last = own.previous[visit], queries.last[query]
    has = previous >= 0
    gap_now = np.log(np.maximum(queries.second[query] - journal.second[last], _SHORTEST_GAP_S))
    gap = has * _near(_gaps(journal)[visit] - gap_now, 0.5)
    after_place = has & (journal.place[previous] == journal.place[last])
    after_category = has & (journal.category[previous] == journal.category[last])
    yield "gap30", gap * fades30
    yield "gap_place", gap * after_place
    yield "gap_hour30", gap * hour * fades30
    yield "hour_place", hour * after_place
    yield "hour_category30", hour * after_category * fades30
    yield "minute", _near(apart, 0.1) * same_type * fades30


def _gaps(journal: Journal) -> Floats:
    """Return per visit the log seconds since the person's previous one."""
    previous = journal.own.previous
    gap = np.where(previous >= 0, journal.second - journal.second[previous], _NEVER_DAYS * DAY_S)
    return np.log(np.maximum(gap, _SHORTEST_GAP_S))


def _state(journal: Journal, queries: Queries, groups: _Groups, place: Int64s) -> Floats:
    """Return the columns `STATE_NAMES` of each row."""
    first = np.full(groups.rows, len(journal), dtype=np.int64)
    latest = np.full(groups.rows, -1, dtype=np.int64)
    np.minimum.at(first, groups.group, groups.visit)
    np.maximum.at(latest, groups.group, groups.visit)
    count = np.bincount(groups.group, minlength=groups.rows)
    now = queries.second[groups.row_query]
    idle = (now - journal.second[latest]) / DAY_S
    known = (now - journal.second[first]) / DAY_S
    rhythm = np.where(count > 1, (known - idle) / np.maximum(count - 1, 1), np.maximum(known, 1.0))
    steps = groups.past[groups.row_query] - journal.own.position[latest]
    order = np.lexsort((steps, groups.row_query))
    recency = np.empty(groups.rows)
    begins = np.searchsorted(groups.row_query, np.arange(len(queries)))
    recency[order] = np.arange(groups.rows) - begins[groups.row_query[order]]
    last = queries.last[groups.row_query]
    before = journal.own.previous[last]
    days = journal.second[groups.visit] // int(DAY_S)
    # Visits of one day to a place count once: the first of them is told by the day of the person's visit before.
    new_day = np.ones(len(days), dtype=bool)
    by_group = np.argsort(groups.group, kind="stable")
    same = np.diff(groups.group[by_group]) == 0
    new_day[by_group[1:]] = ~(same & (np.diff(days[by_group]) == 0))
    on_days = np.bincount(groups.group, weights=new_day, minlength=groups.rows)
    return np.column_stack([
        idle, known, steps, recency, idle / np.maximum(rhythm, 1e-3), place == journal.place[last],
        (before >= 0) & (place == journal.place[before]), on_days / np.maximum(known, 1.0),
    ])  # fmt: skip
