"""Flow, closure and leaks by hand-computed examples, and what must hold for any flow."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ringmain.loop.model import (
    Beside,
    Edge,
    Grants,
    Rate,
    Redemptions,
    Transitions,
    closure,
    flow,
    leaks,
    permuted,
    second_visits,
    strongest_edges,
    transitions,
)

DAY = 86_400_000_000
Moves = list[tuple[int, int, int, int]]


def made(moves: Moves, shops: int = 10) -> Transitions:
    """Return flow from (member, origin, destination, day)."""
    columns = np.array(moves, dtype=np.int64).reshape(-1, 4).T
    return transitions(columns[0], columns[1], columns[2], columns[3] * DAY, shops=shops)


def walk(member: int, *shops: int) -> Moves:
    """Return the transitions of a member who goes from shop to shop, one a day."""
    return [(member, one, other, day) for day, (one, other) in enumerate(pairwise(shops))]


def test_shared_flow_is_the_share_on_edges_of_two_members_and_more() -> None:
    """Of five transitions, the two on 0 -> 1 are shared by two members; three by one member on 2 -> 3 are not."""
    total = flow(made([(0, 0, 1, 0), (1, 0, 1, 0), (2, 2, 3, 0), (2, 2, 3, 1), (2, 2, 3, 2)])).total
    assert (total.flow, total.edges, total.members) == (5, 2, 3)
    assert total.shared.value == 2 / 5


@pytest.mark.parametrize(
    ("moves", "met"),
    [
        ([(0, 0, 1, 0), (1, 1, 0, 0)], 2 / 2),
        ([(0, 0, 1, 0), (0, 1, 0, 1)], 0.0),
        # Member 0 goes both ways twice, member 1 back once: only that one, and one of member 0's, meet.
        ([(0, 0, 1, 0), (0, 1, 0, 1), (0, 0, 1, 2), (0, 1, 0, 3), (1, 1, 0, 0)], 2 / 5),
        # Two members go both ways: each meets the other in both directions.
        ([(0, 0, 1, 0), (0, 1, 0, 1), (1, 0, 1, 0), (1, 1, 0, 1)], 4 / 4),
        ([(0, 0, 1, 0), (1, 0, 1, 0), (2, 0, 1, 0), (3, 1, 0, 0)], 2 / 4),
        ([(0, 0, 1, 0), (1, 1, 2, 0)], 0.0),
    ],
    ids=["two members", "the same member", "one other", "both ways", "three to one", "a chain"],
)
def test_return_by_others_matches_transitions_of_different_members(moves: Moves, met: float) -> None:
    """A -> B counts as returned as far as it can be matched, one to one, with B -> A of another member."""
    assert flow(made(moves)).total.returned_by_others.value == pytest.approx(met)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=7))
def test_return_by_others_is_the_greatest_matching(between: list[tuple[int, bool]]) -> None:
    """The closed form agrees with trying all matchings of the transitions between two shops."""
    forth = [member for member, is_forth in between if is_forth]
    back = [member for member, is_forth in between if not is_forth]

    def most(place: int, free: frozenset[int]) -> int:
        if place == len(forth):
            return 0
        tried = [1 + most(place + 1, free - {one}) for one in free if back[one] != forth[place]]
        return max([most(place + 1, free), *tried])

    moves = made([(member, *((0, 1) if is_forth else (1, 0)), 0) for member, is_forth in between])
    # Of its null nothing is asked, and it takes most of the time.
    total = flow(moves, permutations=1).total
    expected = 2 * most(0, frozenset(range(len(back)))) / len(between) if between else None
    assert total.returned_by_others.value == pytest.approx(expected)


def test_the_same_members_return_looks_at_the_next_transition() -> None:
    """0 -> 1 -> 0 -> 2 has one return among the two transitions after which the member went on."""
    figure = flow(made(walk(0, 0, 1, 0, 2))).total.returned_by_same
    assert figure.value == 1 / 2


def test_a_transition_that_begins_elsewhere_does_not_follow() -> None:
    """Where the next transition begins in another shop (a gap in the visits), nobody can tell whether they returned."""
    assert flow(made([(0, 0, 1, 0), (0, 2, 0, 9)])).total.returned_by_same == Beside(None, None, None, None)


def test_concentration_is_gini_and_the_share_of_the_strongest_hundredth() -> None:
    """Edges that carry 1, 1 and 4 have the Gini coefficient 1/3, and the strongest carries 4/6."""
    total = flow(made([(0, 0, 1, 0), (0, 1, 2, 1), *[(1, 2, 3, day) for day in range(4)]])).total
    assert total.gini.value == pytest.approx(1 / 3)
    assert total.top_edges.value == pytest.approx(4 / 6)
    assert total.top_members == pytest.approx(4 / 6)


def test_windows_divide_the_flow_and_have_nulls_of_their_own() -> None:
    """Each transition lies in one window; a window's null is made of its own destinations alone."""
    moves = [(0, 0, 1, 0), (1, 0, 1, 6), (0, 2, 3, 7), (2, 4, 5, 20)]
    result = flow(made(moves), window_days=7)
    first = datetime(1970, 1, 1, tzinfo=UTC)
    assert [window.flow for window in result.windows] == [2, 1, 1]
    assert [window.start for window in result.windows] == [first, first + timedelta(7), first + timedelta(14)]
    assert result.windows[-1].end == first + timedelta(days=20, microseconds=1)
    assert result.windows[0].shared == Beside(1.0, 1.0, 1.0, 1.0)
    assert result.windows[1].shared == Beside(0.0, 0.0, 0.0, 0.0)
    assert sum(window.flow for window in result.windows) == result.total.flow


def test_no_flow_has_no_figures() -> None:
    """An empty network gives None, not a division by zero and not a zero that looks like a finding."""
    result = flow(made([]))
    assert (result.total.flow, result.total.edges, result.windows) == (0, 0, ())
    assert result.total.shared == Beside(None, None, None, None)
    assert result.total.gini.value is None
    assert strongest_edges(made([]), 10) == []


def test_an_empty_window_between_two_has_no_figures() -> None:
    """A window in which nobody moved says None."""
    result = flow(made([(0, 0, 1, 0), (0, 0, 1, 20)]), window_days=7)
    assert [window.flow for window in result.windows] == [1, 0, 1]
    assert result.windows[1].shared.value is None
    assert result.windows[1].gini.value is None


def test_the_strongest_edges_come_first_with_their_members() -> None:
    """Edges are listed by flow, then by code, with how many different members used them."""
    moves = [(0, 1, 2, 0), (0, 1, 2, 1), (1, 1, 2, 0), (0, 2, 0, 2), (1, 2, 1, 3)]
    assert strongest_edges(made(moves), 2) == [Edge(1, 2, 3, 2), Edge(2, 0, 1, 1)]


MOVES = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 3), st.integers(0, 30)).filter(
        lambda move: move[1] != move[2]
    ),
    min_size=1,
    max_size=40,
)


@settings(deadline=None)
@given(MOVES, st.integers(0, 2**32))
def test_permuting_keeps_who_left_and_how_often_each_shop_was_reached(moves: Moves, seed: int) -> None:
    """In every window, permuted flow has the same origins, members and in-degrees; only who went where is lost."""
    real = made(moves)
    window = real.at // (7 * DAY)
    destination = permuted(real, window, np.random.default_rng(seed))
    for one in np.unique(window):
        here = window == one
        assert sorted(destination[here]) == sorted(real.destination[here])
    raw = np.bincount(real.origin, minlength=10)
    again = transitions(real.member, real.origin, destination, real.at, shops=10)
    assert (np.bincount(again.origin, minlength=10) == raw).all()


@settings(deadline=None)
@given(MOVES)
def test_figures_stay_in_their_range_and_do_not_depend_on_names(moves: Moves) -> None:
    """Shares lie between 0 and 1, and renaming members and shops changes no figure of the real flow."""
    total = flow(made(moves), permutations=2).total
    renamed = flow(made([(4 - m, 9 - a, 9 - b, day) for m, a, b, day in moves]), permutations=2).total
    for name in ("shared", "returned_by_others", "returned_by_same", "gini", "top_edges"):
        value = getattr(total, name).value
        assert value is None or -1e-12 <= value <= 1
        assert getattr(renamed, name).value == pytest.approx(value)


def walkers(random: np.random.Generator, ring_share: float) -> Transitions:
    """Return 150 members of 200 shops who take 20 steps: to the next shop of a ring, or anywhere."""
    shops, steps = 200, 20
    moves: Moves = []
    for member in range(150):
        path = [int(random.integers(shops))]
        for _ in range(steps):
            on_the_ring = random.random() < ring_share
            path.append((path[-1] + 1) % shops if on_the_ring else int(random.integers(shops)))
        moves += [move for move in walk(member, *path) if move[1] != move[2]]
    return made(moves, shops)


def test_a_planted_ring_is_seen_above_its_null() -> None:
    """Where a third of the steps follow one ring, shared flow is far above anything that permuting gives."""
    shared = flow(walkers(np.random.default_rng(1), 1 / 3)).total.shared
    assert shared.value is not None
    assert shared.null_high is not None
    assert shared.value > 2 * shared.null_high


def test_independent_walkers_share_no_more_than_their_null() -> None:
    """The control: people who walk anywhere show a shared flow that permuting shows as well."""
    shared = flow(walkers(np.random.default_rng(2), 0.0)).total.shared
    assert shared.value is not None
    assert shared.null is not None
    assert shared.value == pytest.approx(shared.null, abs=0.03)


def test_the_null_is_the_same_for_the_same_seed() -> None:
    """A report can be made again, number for number."""
    walked = walkers(np.random.default_rng(3), 0.2)
    assert flow(walked, seed=7) == flow(walked, seed=7)
    assert flow(walked, seed=7).total.shared.null != flow(walked, seed=8).total.shared.null


def days(*values: int) -> NDArray[np.int64]:
    """Return days as microseconds; -1 stays what it is."""
    return np.array([value if value == -1 else value * DAY for value in values], dtype=np.int64)


def flags(*values: int) -> NDArray[np.bool_]:
    """Return zeros and ones as truth."""
    return np.array(values, dtype=np.bool_)


# Six vouchers granted on day 200 and one on day 395, of members 0, 0, 0, 1, nobody, 2 and 1. Member 2 came to the data
# on day 100 only, too late to tell habit from discovery.
GRANTS = Grants(
    member=np.array([0, 0, 0, 1, -1, 2, 1], dtype=np.int64),
    granted_at=days(200, 200, 200, 200, 200, 200, 395),
    valid_until=days(214, 214, 214, 214, 214, 214, 409),
    redeemed_at=days(205, 212, -1, -1, 203, 201, 396),
    came_at=days(205, 212, 206, -1, -1, -1, 396),
    history_from=days(0, 0, 0, 18, -1, 100, 18),
    has_visited=flags(1, 0, 0, 1, 0, 1, 1),
    has_unvisited=flags(0, 1, 1, 0, 1, 1, 0),
    redeemed_where_visited=flags(1, 0, 0, 0, 0, 0, 1),
)


def test_closure_is_counted_per_voucher_and_per_member_within_the_days() -> None:
    """Within 7 days 3 of 6 close; member 0 closes 1/3, member 1 none, member 2 all; young grants wait."""
    seven, fourteen = closure(GRANTS, 400 * DAY).within
    assert (seven.days, fourteen.days) == (7, 14)
    assert seven.every == Rate(6, 3, 3, 3 / 6, (1 / 3 + 0 + 1) / 3)
    assert fourteen.every == Rate(6, 4, 3, 4 / 6, (2 / 3 + 0 + 1) / 3)


def test_habit_and_discovery_are_told_apart_only_with_26_weeks_of_history() -> None:
    """Habit and discovery are rates of their own vouchers; those without history are in neither, but in unknown."""
    fourteen = closure(GRANTS, 400 * DAY).within[1]
    assert fourteen.habit == Rate(2, 1, 2, 1 / 2, (1 + 0) / 2)
    assert fourteen.discovery == Rate(2, 1, 1, 1 / 2, 1 / 2)
    assert fourteen.unknown == Rate(2, 2, 1, 1.0, 1.0)


def test_history_of_exactly_26_weeks_suffices() -> None:
    """Member 1's history begins 182 days before the grant and counts; with 183 days asked for, it does not."""
    assert closure(GRANTS, 400 * DAY, history_days=182).within[0].unknown.vouchers == 2
    assert closure(GRANTS, 400 * DAY, history_days=183).within[0].unknown.vouchers == 3


def test_leaks_are_counted_by_stage_once_vouchers_have_ended() -> None:
    """Of five ended vouchers of known holders, four came (one seen by the redemption only), three redeemed."""
    found = leaks(GRANTS, 400 * DAY)
    assert (found.granted, found.came, found.redeemed) == (5, 4, 3)
    assert (found.running, found.unidentified) == (1, 1)
    assert found.never_came == pytest.approx(1 / 5)
    assert found.came_and_kept == pytest.approx(1 / 4)


def test_nothing_granted_leaks_nothing() -> None:
    """Without grants the shares are None."""
    none = Grants(**{name: getattr(GRANTS, name)[:0] for name in Grants.__slots__})
    found = leaks(none, 0)
    assert (found.granted, found.never_came, found.came_and_kept) == (0, None, None)
    assert closure(none, 0).within[0].every == Rate(0, 0, 0, None, None)


def test_second_visits_are_those_within_the_days_that_spent_no_voucher() -> None:
    """Of four old redemptions one came back freely, one with a voucher, one too late, one never; a young one waits."""
    redemptions = Redemptions(
        member=np.array([0, 0, 1, 1, 2], dtype=np.int64),
        redeemed_at=days(10, 20, 10, 10, 95),
        next_at=days(38, 25, 39, -1, 96),
        next_paid_with_voucher=flags(0, 1, 0, 0, 0),
        is_known=flags(1, 1, 1, 0, 1),
        is_habit=flags(0, 1, 0, 0, 0),
    )
    found = second_visits(redemptions, 100 * DAY)
    assert found.every == Rate(4, 1, 2, 1 / 4, 1 / 4)
    assert found.discovery == Rate(2, 1, 2, 1 / 2, 1 / 2)
    assert found.habit == Rate(1, 0, 1, 0.0, 0.0)
    assert found.unknown == Rate(1, 0, 1, 0.0, 0.0)
