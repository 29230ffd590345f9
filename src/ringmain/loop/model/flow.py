"""Flow between shops, each figure beside its null.

A person's path is a walk, so almost all flow lies on cycles in any set of visits, and just as much after permuting the
destinations: raw circulation proves nothing. What people share, and what comes back by others, can be told from chance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

Int64s = NDArray[np.int64]
Floats = NDArray[np.float64]

# The strongest edges and members whose share is told: one in a hundred of those that there are, rounded up.
TOP_SHARE = 0.01
_MOST_KEYS = 2**62
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS_PER_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Transitions:
    """Flow as arrays of one length, ordered by member and time.

    `member`, `origin`, `destination` are codes from 0; `at` is microseconds since 1970. `following` is the place of the
    same member's next transition where that one begins in the shop where this one ended, else -1.
    """

    member: Int64s
    origin: Int64s
    destination: Int64s
    at: Int64s
    following: Int64s
    members: int
    shops: int


@dataclass(frozen=True, slots=True)
class Beside:
    """A figure beside what chance gives: mean, least and greatest over the permutations; None where nothing flows."""

    value: float | None
    null: float | None
    null_low: float | None
    null_high: float | None


@dataclass(frozen=True, slots=True)
class FlowFigures:
    """The flow of a span of time; `start` is in it, `end` is not. Shares are of the flow, from 0 to 1.

    - `shared`: on edges that at least two members used.
    - `returned_by_others`: A -> B that can be matched, one to one, with B -> A of another member.
    - `returned_by_same`: of the transitions A -> B whose member went on from B: back to A next.
    - `gini`: over the edges used; 0 where all carry the same. `top_edges`, `top_members`: share of the strongest
      hundredth of the edges and members.
    """

    start: datetime | None
    end: datetime | None
    flow: int
    edges: int
    members: int
    shared: Beside
    returned_by_others: Beside
    returned_by_same: Beside
    gini: Beside
    top_edges: Beside
    top_members: float | None


@dataclass(frozen=True, slots=True)
class Edge:
    """One edge by the codes of its shops, its flow, and how many members used it."""

    origin: int
    destination: int
    flow: int
    members: int


@dataclass(frozen=True, slots=True)
class Flow:
    """All flow, and the same in consecutive windows from the first transition on; the last one may be cut short."""

    total: FlowFigures
    windows: tuple[FlowFigures, ...]


def transitions(member: Int64s, origin: Int64s, destination: Int64s, at: Int64s, *, shops: int) -> Transitions:
    """Return flow from its columns in any order."""
    members = int(member.max(initial=-1)) + 1
    order = np.lexsort((at, member))
    member, origin, destination, at = member[order], origin[order], destination[order], at[order]
    following = np.full(len(member), -1, dtype=np.int64)
    if len(member):
        goes_on = np.flatnonzero((member[1:] == member[:-1]) & (origin[1:] == destination[:-1]))
        following[goes_on] = goes_on + 1
    return Transitions(member, origin, destination, at, following, members, shops)


def permuted(flow: Transitions, window: Int64s, random: np.random.Generator) -> Int64s:
    """Return the destinations in random order among the transitions of the same window.

    Who left which shop, when, and how often each shop was reached in a window stay as they are. A destination may fall
    on its own origin; it counts as any other.
    """
    places = np.argsort(window, kind="stable")
    shuffled = np.lexsort((random.random(len(window)), window))
    destination = np.empty_like(flow.destination)
    destination[places] = flow.destination[shuffled]
    return destination


def flow(
    given: Transitions, *, window_days: int = 28, permutations: int = 20, seed: int = 0, until: int | None = None
) -> Flow:
    """Return the figures of all flow and of each window of `window_days`, beside as many permutations.

    `until` (microseconds) closes the last window; by default the last transition does. The same seed gives the same
    null. Raises ValueError where there are too many members, shops and windows to be told apart by 62 bits.
    """
    whole = np.zeros(len(given.at), dtype=np.int64)
    if not len(given.at):
        return Flow(_figures(given, whole, [(None, None)], permutations, seed)[0], ())
    first, last = int(given.at.min()), max(int(given.at.max()) + 1, until or 0)
    length = window_days * _MICROSECONDS_PER_DAY
    window = (given.at - first) // length
    starts = range(first, last, length)
    spans = [(_time(start), _time(min(start + length, last))) for start in starts]
    total = _figures(given, whole, [(_time(first), _time(last))], permutations, seed)[0]
    return Flow(total, tuple(_figures(given, window, spans, permutations, seed)))


def strongest_edges(given: Transitions, most: int) -> list[Edge]:
    """Return the edges with the most flow, the strongest first; of equals, the lower codes."""
    edges = _edges(given, given.destination, np.zeros(len(given.at), dtype=np.int64))
    order = np.lexsort((edges.key, -edges.size))[:most]
    users = _distinct_members(edges)
    return [
        Edge(*divmod(int(edges.key[place]), given.shops), int(edges.size[place]), int(users[place])) for place in order
    ]


Span = tuple[datetime | None, datetime | None]


def _figures(
    given: Transitions, window: Int64s, spans: Sequence[Span], permutations: int, seed: int
) -> list[FlowFigures]:
    """Return the figures of each window, beside the same of permuted destinations."""
    windows = len(spans)
    if 2 * windows * max(given.members, 1) * max(given.shops, 1) ** 2 > _MOST_KEYS:
        raise ValueError(f"{given.members} members, {given.shops} shops and {windows} windows are too many at once")
    real = _measures(given, given.destination, window, windows)
    random = np.random.default_rng(seed)
    nulls = [_measures(given, permuted(given, window, random), window, windows) for _ in range(permutations)]
    flow_of = np.bincount(window, minlength=windows)
    members, top_members = _members(given, window, windows)
    return [
        FlowFigures(
            start=start,
            end=end,
            flow=int(flow_of[place]),
            edges=int(real["edges"][place]),
            members=int(members[place]),
            shared=_beside("shared", place, real, nulls),
            returned_by_others=_beside("returned_by_others", place, real, nulls),
            returned_by_same=_beside("returned_by_same", place, real, nulls),
            gini=_beside("gini", place, real, nulls),
            top_edges=_beside("top_edges", place, real, nulls),
            top_members=_number(top_members[place]),
        )
        for place, (start, end) in enumerate(spans)
    ]


Measures = Mapping[str, Floats]


def _measures(given: Transitions, destination: Int64s, window: Int64s, windows: int) -> Measures:
    """Return each measure by window; NaN where a window has nothing to measure."""
    edges = _edges(given, destination, window)
    total = np.bincount(window, minlength=windows).astype(np.float64)
    shared = np.bincount(edges.window, weights=edges.size * edges.is_shared, minlength=windows)
    return {
        "edges": np.bincount(edges.window, minlength=windows).astype(np.float64),
        "shared": _share(shared, total),
        "returned_by_others": _share(_matched(given, destination, window, windows), total),
        "returned_by_same": _returned_by_same(given, destination, window, windows),
        "gini": _gini(edges.size, edges.window, windows),
        "top_edges": _top(edges.size, edges.window, windows),
    }


@dataclass(frozen=True, slots=True)
class _Edges:
    """Edges in order of their keys, and below them the transitions of each, ordered by member."""

    key: Int64s
    window: Int64s
    size: Int64s
    is_shared: NDArray[np.bool_]
    start: Int64s
    member: Int64s


def _edges(given: Transitions, destination: Int64s, window: Int64s) -> _Edges:
    members = max(given.members, 1)
    # One integer per transition sorts by window, edge and member at once, several times faster than three columns.
    keys = ((window * given.shops + given.origin) * given.shops + destination) * members + given.member
    keys.sort()
    edge = keys // members
    member = keys - edge * members
    start = _starts(edge)
    size = np.diff(start, append=len(edge))
    last = start + size - 1
    return _Edges(
        edge[start], edge[start] // max(given.shops, 1) ** 2, size, member[start] != member[last], start, member
    )


def _distinct_members(edges: _Edges) -> Int64s:
    if not len(edges.start):
        return edges.start
    is_new = np.diff(edges.member, prepend=-1) != 0
    is_new[edges.start] = True
    return np.add.reduceat(is_new.astype(np.int64), edges.start)


def _matched(given: Transitions, destination: Int64s, window: Int64s, windows: int) -> Floats:
    """Return by window how much flow has its counterpart: A -> B of one member with B -> A of another, one to one.

    In the bipartite graph of the two directions' transitions, with an edge between those of different members, a
    cover leaves out at most the transitions of one member; so (König) the greatest matching of a pair of shops is
    min(AB, BA, AB + BA - the most that one member has of both).
    """
    moved = np.flatnonzero(given.origin != destination)
    if not len(moved):
        return np.zeros(windows)
    origin, to, members = given.origin[moved], destination[moved], max(given.members, 1)
    pair = (window[moved] * given.shops + np.minimum(origin, to)) * given.shops + np.maximum(origin, to)
    keys = (pair * members + given.member[moved]) * 2 + (origin < to)
    keys.sort()
    of_member = keys >> 1
    start_of_member = _starts(of_member)
    by_member = np.diff(start_of_member, append=len(keys))
    pair_of_member = of_member[start_of_member] // members
    most = np.maximum.reduceat(by_member, _starts(pair_of_member))
    start = _starts(of_member // members)
    both = np.diff(start, append=len(keys))
    forth = np.add.reduceat(keys & 1, start)
    matched = np.minimum(np.minimum(forth, both - forth), both - most)
    window_of = (of_member[start] // members) // given.shops**2
    return np.bincount(window_of, weights=2 * matched, minlength=windows).astype(np.float64)


def _returned_by_same(given: Transitions, destination: Int64s, window: Int64s, windows: int) -> Floats:
    goes_on = np.flatnonzero(given.following >= 0)
    back = destination[given.following[goes_on]] == given.origin[goes_on]
    total = np.bincount(window[goes_on], minlength=windows).astype(np.float64)
    return _share(np.bincount(window[goes_on], weights=back, minlength=windows), total)


def _members(given: Transitions, window: Int64s, windows: int) -> tuple[Int64s, Floats]:
    """Return how many members moved in each window, and the share of the strongest hundredth of them."""
    keys = np.sort(window * max(given.members, 1) + given.member)
    start = _starts(keys)
    size = np.diff(start, append=len(keys))
    window_of = keys[start] // max(given.members, 1)
    return np.bincount(window_of, minlength=windows), _top(size, window_of, windows)


def _gini(size: Int64s, window: Int64s, windows: int) -> Floats:
    """Return the Gini coefficient by window: 2 sum(i x_i) / (n sum(x)) - (n + 1) / n, x ascending, i from 1."""
    rank, count = _ranks(size, window, windows)
    total = np.bincount(window, weights=size, minlength=windows)
    weighted = np.bincount(window, weights=rank * size, minlength=windows)
    return _share(2 * weighted, count * total) - _share(count + 1, count)


def _top(size: Int64s, window: Int64s, windows: int) -> Floats:
    """Return the share that the strongest hundredth carries, by window."""
    rank, count = _ranks(size, window, windows)
    is_top = rank > (count - np.ceil(count * TOP_SHARE))[window]
    total = np.bincount(window, weights=size, minlength=windows)
    return _share(np.bincount(window, weights=size * is_top, minlength=windows), total)


def _ranks(size: Int64s, window: Int64s, windows: int) -> tuple[Floats, Floats]:
    """Return each one's rank within its window by size, from 1, and how many each window has."""
    count = np.bincount(window, minlength=windows)
    order = np.lexsort((size, window))
    before = np.cumsum(count) - count
    rank = np.empty(len(size), dtype=np.float64)
    rank[order] = np.arange(len(size)) - before[window[order]] + 1
    return rank, count.astype(np.float64)


def _starts(keys: Int64s) -> Int64s:
    """Return where each run of equal keys begins, in keys that are in order and not negative."""
    return np.flatnonzero(np.diff(keys, prepend=-1))


def _share(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    share: Floats = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return share


def _beside(name: str, place: int, real: Measures, nulls: Sequence[Measures]) -> Beside:
    chance = np.array([null[name][place] for null in nulls])
    if not len(chance) or np.isnan(chance).any():
        return Beside(_number(real[name][place]), None, None, None)
    return Beside(_number(real[name][place]), float(chance.mean()), float(chance.min()), float(chance.max()))


def _number(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)


def _time(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
