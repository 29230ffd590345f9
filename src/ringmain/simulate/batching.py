"""Cuts a replay into batches in which no visit depends on another; pure.

What is decided inside one transaction is decided from the state before it, so two visits of which one needs what the
other leaves behind must not share a batch. What a visit needs is a question of the rules that are replayed:

- `previous_visit`: everything that the same household did before. Safe for any rule, and costly: in the Complete
  Journey the busiest household alone makes 780 visits, so no schedule has fewer than 780 batches.
- `earning_visit`: the visit that may have earned a voucher spent here. Enough for the ring's rule, and `batches` then
  keeps strict time order with far larger batches. Two visits of one batch may reach for the same voucher, earned
  before the batch: a batch decides in arrival order, so the first has it.
"""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from ringmain.simulate.journey import Int32s, Int64s


def previous_visit(household: Int32s) -> Int64s:
    """Return for each visit (rows by time) the row of the same household's visit before it, or -1."""
    order = np.argsort(household, kind="stable")
    same = household[order[1:]] == household[order[:-1]]
    before = np.full(len(household), -1, dtype=np.int64)
    before[order[1:][same]] = order[:-1][same]
    return before


def earning_visit(
    household: Int32s,
    store: Int32s,
    sold_at_us: Int64s,
    can_spend: NDArray[np.bool_],
    valid: timedelta,
    absent: timedelta,
) -> Int64s:
    """Return for each visit the latest earlier row that may have earned a voucher which is spent here, or -1.

    Rows are visits by time; `can_spend` is true where the basket reaches the voucher's minimum. The rule: a visit earns
    a voucher of another store, which the household had not visited in the time `absent` before (or never), to be spent
    within `valid`. Which store is chosen need not be known. Whoever counts in days instead of microseconds passes a
    day more of `valid` and a day less of `absent`.
    """
    valid_us, absent_us = valid // timedelta(microseconds=1), absent // timedelta(microseconds=1)
    times, stores, able = sold_at_us.tolist(), store.tolist(), can_spend.tolist()
    visits: dict[int, list[int]] = {}
    visits_here: dict[tuple[int, int], list[int]] = {}

    def earned_at(row: int, history: list[int], history_here: list[int]) -> int:
        for earlier in reversed(history):
            if times[row] - times[earlier] > valid_us:
                break
            known = bisect_left(history_here, earlier) - 1
            strange = known < 0 or times[earlier] - times[history_here[known]] >= absent_us
            if strange and stores[earlier] != stores[row]:
                return earlier
        return -1

    earned = np.full(len(times), -1, dtype=np.int64)
    for row, who in enumerate(household.tolist()):
        history = visits.setdefault(who, [])
        history_here = visits_here.setdefault((who, stores[row]), [])
        if able[row]:
            earned[row] = earned_at(row, history, history_here)
        history.append(row)
        history_here.append(row)
    return earned


def batches(depends_on: Int64s, start: int, stop: int, limit: int) -> Iterator[slice]:
    """Yield consecutive runs of the rows `start` to `stop`, each as long as its rows do not need one another.

    `depends_on` holds for each row the latest earlier row that it needs, or -1. A run has at most `limit` rows. The
    same `start` gives the same runs, so a replay that resumes at a run's start goes on as it would have.
    """
    if limit < 1:
        raise ValueError(f"a batch holds at least one visit, not {limit}")
    first = start
    for row, needed in enumerate(depends_on[start:stop].tolist(), start):
        if needed >= first or row - first == limit:
            yield slice(first, row)
            first = row
    if first < stop:
        yield slice(first, stop)
