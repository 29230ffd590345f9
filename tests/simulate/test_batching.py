"""Batches of a replay: no visit shares one with a visit it needs, and no household's visits change places."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ringmain.simulate.batching import batches, earning_visit, previous_visit
from ringmain.simulate.journey import Days, Int32s, Int64s

DAY_US = 86_400_000_000
VISITS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 20)), max_size=60)
LIMITS = st.integers(1, 12)


def columns(visits: list[tuple[int, int, int]]) -> tuple[Int32s, Int32s, Days]:
    """Return household, store and day columns of visits (household, store, day), sorted by day."""
    rows = sorted(visits, key=lambda visit: visit[2])
    household, store, day = np.array(rows, dtype=np.int32).reshape(-1, 3).T
    return household, store, day.astype("datetime64[D]")


def cut(depends_on: list[int], limit: int) -> list[tuple[int, int]]:
    """Return the batches of all rows as pairs."""
    rows = np.array(depends_on, dtype=np.int64)
    return [(run.start, run.stop) for run in batches(rows, 0, len(rows), limit)]


@pytest.mark.parametrize(
    ("depends_on", "limit", "expected"),
    [
        ([], 3, []),
        ([-1, -1, -1, -1], 3, [(0, 3), (3, 4)]),
        ([-1, 0, -1], 3, [(0, 1), (1, 3)]),
        ([-1, -1, -1, 0], 3, [(0, 3), (3, 4)]),
        ([-1, -1, 0, 1], 9, [(0, 2), (2, 4)]),
        ([-1, 0, 1], 9, [(0, 1), (1, 2), (2, 3)]),
        ([-1, -1, -1], 1, [(0, 1), (1, 2), (2, 3)]),
    ],
)
def test_a_run_ends_at_its_limit_or_before_a_row_that_needs_it(
    depends_on: list[int], limit: int, expected: list[tuple[int, int]]
) -> None:
    """A batch is as long as its rows do not need one another, and no longer than its limit."""
    assert cut(depends_on, limit) == expected


def test_rows_outside_start_and_stop_stay_outside() -> None:
    """Only the asked rows come, and a need of a row before the start cuts nothing."""
    runs = list(batches(np.array([-1, 0, 1, 0, -1]), 2, 4, 9))
    assert runs == [slice(2, 4)]


def test_a_batch_of_nothing_is_refused() -> None:
    """A limit below one is a mistake, not an endless loop."""
    with pytest.raises(ValueError, match="at least one visit"):
        list(batches(np.array([-1]), 0, 1, 0))


@given(VISITS, LIMITS)
def test_no_household_occurs_twice_in_a_run(visits: list[tuple[int, int, int]], limit: int) -> None:
    """Cutting by the previous visit gives consecutive batches that together are all rows, each household once."""
    household, _, _ = columns(visits)
    runs = list(batches(previous_visit(household), 0, len(household), limit))
    assert [row for run in runs for row in range(run.start, run.stop)] == list(range(len(household)))
    for run in runs:
        inside = household[run].tolist()
        assert 0 < len(inside) <= limit
        assert len(set(inside)) == len(inside)


@given(VISITS, LIMITS, st.data())
def test_resuming_at_a_run_goes_on_as_before(
    visits: list[tuple[int, int, int]], limit: int, data: st.DataObject
) -> None:
    """A replay that starts again at the start of a batch makes the same batches from there."""
    household, _, _ = columns(visits)
    before = previous_visit(household)
    runs = list(batches(before, 0, len(household), limit))
    done = data.draw(st.integers(0, len(runs)))
    start = runs[done].start if done < len(runs) else len(household)
    assert list(batches(before, start, len(household), limit)) == runs[done:]


EARNED = {
    "first visit": ([(1, 0)], [-1]),
    "the same store again": ([(1, 0), (1, 1)], [-1, -1]),
    "another store": ([(1, 0), (2, 1)], [-1, 0]),
    "another store, too late": ([(1, 0), (2, 15)], [-1, -1]),
    "on the last moment": ([(1, 0), (2, 14)], [-1, 0]),
    "back after a short time": ([(1, 0), (2, 1), (1, 2)], [-1, 0, -1]),
    "back after a long time": ([(1, 0), (2, 25), (2, 31), (1, 32)], [-1, -1, -1, 2]),
    "back after thirty days to the moment": ([(1, 0), (2, 30), (1, 31)], [-1, -1, 1]),
    "seen less than thirty days before all that could have earned": ([(1, 0), (2, 29), (1, 33)], [-1, -1, -1]),
    "the latest of several": ([(1, 0), (3, 1), (2, 2)], [-1, 0, 1]),
}


@pytest.mark.parametrize(("visits", "expected"), EARNED.values(), ids=EARNED)
def test_earning_visit_by_case(visits: list[tuple[int, int]], expected: list[int]) -> None:
    """Visits (store, day) of one household need the visit that could have earned a voucher spent there."""
    assert earned([(0, store, day) for store, day in visits]).tolist() == expected


def test_a_basket_below_the_minimum_needs_nothing() -> None:
    """Where the voucher cannot be spent, no earlier visit matters; other households never do."""
    assert earned([(0, 1, 0), (0, 2, 1)], np.array([True, False])).tolist() == [-1, -1]
    assert earned([(0, 1, 0), (5, 2, 1)]).tolist() == [-1, -1]


def earned(visits: list[tuple[int, int, int]], can_spend: NDArray[np.bool_] | None = None) -> Int64s:
    """Return the earning visits of (household, store, day) under the ring's rule: 14 days, absent for 30."""
    household, store, day = columns(visits)
    able = np.ones(len(household), np.bool_) if can_spend is None else can_spend
    times = day.astype(np.int64) * DAY_US
    return earning_visit(household, store, times, able, timedelta(days=14), timedelta(days=30))


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 60)), max_size=25))
def test_earning_visit_is_the_rule_read_literally(visits: list[tuple[int, int, int]]) -> None:
    """The quick search finds what a plain reading of the rule over all pairs of visits finds."""
    household, store, day = columns(visits)
    who, where, when = household.tolist(), store.tolist(), day.astype(np.int64).tolist()

    def earns(giver: int, spender: int) -> bool:
        known = any(
            who[row] == who[giver] and where[row] == where[spender] and when[giver] - when[row] < 30
            for row in range(giver)
        )
        in_time = who[giver] == who[spender] and when[spender] - when[giver] <= 14
        return in_time and where[giver] != where[spender] and not known

    literal = [max((giver for giver in range(row) if earns(giver, row)), default=-1) for row in range(len(who))]
    assert earned(visits).tolist() == literal


def test_the_control_a_plain_cut_puts_a_household_twice_into_a_batch() -> None:
    """Cutting by the limit alone breaks the promise, so the properties above can fail."""
    household = np.array([1, 2, 1], dtype=np.int32)
    (run,) = batches(np.full(3, -1), 0, 3, 9)
    assert len(set(household[run].tolist())) < len(household[run])
