"""All that the histories of everybody say, ready to be asked for candidates and their features."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from ringmain.need.basket import own
from ringmain.need.basket.calendar import Calendar, read_calendar
from ringmain.need.basket.histories import BasketHistories, Int64s
from ringmain.need.basket.linear import item_weights
from ringmain.need.basket.neighbours import mean_weights, nearest, personal_vectors

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]

NEIGHBOURS = 300
LINEAR_ITEMS = 3_000
LINEAR_RIDGE = 60.0
PERIODS, ROUNDS, PRIOR = 16, 20, 5.0
# How many persons' dense scores are held at once.
CHUNK = 512

ITEM_COLUMNS = ("holders", "bought", "lately", "trend", "again", "again_next", "company")
PERSON_COLUMNS = ("baskets", "mean_size", "last_size", "different", "repeats", "now", "unsure", "taste")
SCORE_COLUMNS = ("neighbours", "neighbours_late", "linear", "follows", "season", "season_gain", "vector")
COLUMNS = (*own.COLUMNS, *ITEM_COLUMNS, *PERSON_COLUMNS, *SCORE_COLUMNS)


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """What was learnt from histories; `features` and `candidates` read it and nothing else."""

    known: BasketHistories
    vectors: csr_array
    binary: csr_array
    late: csr_array
    neighbours: csr_array
    linear_items: Int64s
    linear: Floats32
    follows: csr_array
    calendar: Calendar
    own: own.Own
    of_item: Floats32
    of_person: Floats32


def learn(known: BasketHistories) -> Knowledge:
    """Return what `known` says."""
    vectors = personal_vectors(known)
    binary = known.matrix(np.ones(len(known.person)))
    binary.data[:] = 1.0
    late = known.matrix(0.6 ** known.age.astype(np.float64))
    calendar = read_calendar(known, PERIODS, ROUNDS, PRIOR)
    now = calendar.last @ np.arange(PERIODS)
    holders: Floats = np.asarray(binary.sum(axis=0), dtype=np.float64).ravel()
    linear_items = np.sort(np.argsort(-holders, kind="stable")[: min(LINEAR_ITEMS, known.items)]).astype(np.int64)
    return Knowledge(
        known,
        vectors.astype(np.float32),
        binary.astype(np.float32),
        late.astype(np.float32),
        mean_weights(nearest(vectors, NEIGHBOURS)).astype(np.float32),
        linear_items,
        item_weights(binary[:, linear_items], LINEAR_RIDGE),
        _follows(known).astype(np.float32),
        calendar,
        own.own_items(known, calendar.when, now),
        _of_items(known, holders),
        _of_persons(known, calendar, now, holders),
    )


def _follows(known: BasketHistories, smoothing: float = 10.0) -> csr_array:
    """Return how often item j is in the basket after one with item i (items, items), as a smoothed share."""
    count = known.baskets_of
    offset = np.concatenate(([0], np.cumsum(count)))[:-1]
    row = offset[known.person] + known.basket
    shape = (int(count.sum()), known.items)
    contents = csr_array((np.ones(len(row), dtype=np.float32), (row, known.item)), shape=shape)
    has_next = known.age > 0
    before = csr_array(
        (np.ones(int(has_next.sum()), dtype=np.float32), (row[has_next] + 1, known.item[has_next])), shape=shape
    )
    moves = csr_array(before.T @ contents)
    times: Floats = np.asarray(before.sum(axis=0), dtype=np.float64).ravel()
    return csr_array(diags_array(1 / (times + smoothing)) @ moves)


def _of_items(known: BasketHistories, holders: Floats) -> Floats32:
    bought = np.bincount(known.item, minlength=known.items).astype(np.float64)
    lately = np.bincount(known.item[known.age == 0], minlength=known.items)
    # Each purchase but those of the last basket had a chance to be repeated: later on, and in the very next basket.
    key = known.person.astype(np.int64) * known.items + known.item
    order = np.lexsort((known.basket, key))
    same = key[order][1:] == key[order][:-1]
    next_one = same & (np.diff(known.basket[order]) == 1)
    repeated = np.bincount(known.item[order][:-1][same], minlength=known.items)
    at_once = np.bincount(known.item[order][:-1][next_one], minlength=known.items)
    chances = np.bincount(known.item[known.age > 0], minlength=known.items)
    overall, overall_next = repeated.sum() / max(chances.sum(), 1), at_once.sum() / max(chances.sum(), 1)
    sizes = np.bincount(known.person.astype(np.int64) * 1000 + known.basket)
    size = sizes[known.person.astype(np.int64) * 1000 + known.basket]
    company = np.bincount(known.item, weights=size, minlength=known.items) / np.maximum(bought, 1)
    share_late = lately.sum() / max(bought.sum(), 1)
    return np.column_stack(
        (
            np.log1p(holders),
            np.log1p(bought),
            np.log1p(lately),
            (lately + 5 * share_late) / (bought + 5) / max(share_late, 1e-9),
            (repeated + 10 * overall) / (chances + 10),
            (at_once + 10 * overall_next) / (chances + 10),
            company,
        )
    ).astype(np.float32)


def _of_persons(known: BasketHistories, calendar: Calendar, now: Floats, holders: Floats) -> Floats32:
    count = known.baskets_of
    rows = np.bincount(known.person, minlength=known.persons)
    last = np.bincount(known.person[known.age == 0], minlength=known.persons)
    different = np.bincount(np.unique(known.person.astype(np.int64) * known.items + known.item) // known.items)
    taste = np.bincount(known.person, weights=np.log1p(holders[known.item]), minlength=known.persons)
    some = np.maximum(rows, 1)
    unsure = -(calendar.last * np.log(np.maximum(calendar.last, 1e-12))).sum(axis=1)
    return np.column_stack(
        (
            count,
            rows / np.maximum(count, 1),
            last,
            different,
            1 - different / some,
            now,
            unsure,
            taste / some,
        )
    ).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Candidates of persons: `person` (pairs,) ascending, `item` (pairs,), `features` (pairs, COLUMNS)."""

    person: Int64s
    item: Int64s
    features: Floats32


def candidates(knowledge: Knowledge, persons: Int64s, each: int = 50) -> Pairs:
    """Return the items worth ranking for at most CHUNK `persons`: their own and the best few of every score."""
    scores = _scores(knowledge, persons)
    chosen = knowledge.binary[persons].toarray() > 0
    own_ones = chosen.copy()
    for name in ("neighbours", "neighbours_late", "linear", "follows", "season"):
        dense = np.where(own_ones, -np.inf, scores[name])
        few = min(each, dense.shape[1])
        best = np.argpartition(-dense, few - 1, axis=1)[:, :few]
        np.put_along_axis(chosen, best, True, axis=1)
    row, item = np.nonzero(chosen)
    person = persons[row]
    columns = [
        knowledge.own.at(person * knowledge.known.items + item),
        knowledge.of_item[item],
        knowledge.of_person[person],
        np.column_stack([scores[name][row, item] for name in SCORE_COLUMNS]),
    ]
    return Pairs(person, item, np.hstack(columns).astype(np.float32))


def _scores(knowledge: Knowledge, persons: Int64s) -> dict[str, Floats32]:
    near = knowledge.neighbours[persons]
    linear = np.zeros((len(persons), knowledge.known.items), dtype=np.float32)
    linear[:, knowledge.linear_items] = knowledge.binary[persons][:, knowledge.linear_items] @ knowledge.linear
    last = knowledge.late[persons]
    season = (knowledge.calendar.next[persons] @ knowledge.calendar.shares).astype(np.float32)
    overall = knowledge.calendar.shares.mean(axis=0).astype(np.float32)
    return {
        "neighbours": (near @ knowledge.vectors).toarray(),
        "neighbours_late": (near @ knowledge.late).toarray(),
        "linear": linear,
        "follows": (last @ knowledge.follows).toarray(),
        "season": season,
        "season_gain": season / overall,
        "vector": knowledge.vectors[persons].toarray(),
    }
