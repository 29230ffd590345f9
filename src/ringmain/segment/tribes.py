"""Finds tribes: small groups of people, each held together by one thing that stands out in what they do.

What stands out is measured in nats: a person's share s of a category, shrunk towards everybody's share g, adds
s log(s / g) to how far the person is from everybody (the terms of the Kullback-Leibler divergence). A tribe has an
*anchor*, a category; people belong to the anchor that adds most, or to no anchor where none adds enough. Anchors are
taken greedily for what they add over all people, which is a submodular sum, so that greed is near the best (Nemhauser
et al. 1978), and only those are kept that are taken again in most resamples of the people (stability selection,
Meinshausen and Buehlmann 2010): what a resample of the same people would not find again is withheld.

What people do may be seen from several sides (what for, when, how dearly): the columns of one side are one *block*,
and shares are shares of that block. Where a grid asks to be `sure`, a share stands out only where chance would hardly
give it from so few things done: by so many nats of likelihood against everybody's share, which is half of the G
statistic (Woolf 1957).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]

# A person is taken to have done this many things as everybody does them, before anything is known of them.
_EVERYBODY: Final = 5.0
# An anchor that adds less (nats) does not stand out.
_STANDS_OUT: Final = 0.05
_RESAMPLES: Final = 200
# An anchor is kept where so many of the resamples take it, too.
_KEPT_AT: Final = 0.7
# A group of fewer people is none: neither shown nor kept.
FEWEST: Final = 10


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """What the columns are: `blocks` (columns,) tells them apart by side, `eligible` (columns,) which may be anchors.

    `sure`: by how many nats a person's share has to beat chance to stand out; 0 asks for nothing.
    """

    blocks: Int64s
    eligible: Bools
    sure: float = 0.0

    @classmethod
    def one_block(cls, columns: int) -> "Grid":
        """Return the grid of columns that are shares of one whole, all of which may be anchors."""
        return cls(np.zeros(columns, dtype=np.int64), np.ones(columns, dtype=np.bool_))

    def totals(self, counts: Floats) -> Floats:
        """Return beside each count (people, columns) the sum of its block."""
        belongs = self.blocks[:, None] == np.unique(self.blocks)[None]
        return np.asarray((counts @ belongs) @ belongs.T)

    def shares(self, counts: Floats) -> Floats:
        """Return each count (people, columns) as a share of its block, 0 where there is nothing in it."""
        return np.asarray(counts / np.maximum(self.totals(counts), 1))


@dataclass(frozen=True, slots=True, eq=False)
class Tribes:
    """What was found: `anchors` (tribes,) are columns, `everybody` (columns,) the shares of everybody together.

    `centres` (tribes + 1, columns) are mean shares of the members; the last row is of people without a tribe. Without
    a `grid` all columns are one block.
    """

    anchors: Int64s
    everybody: Floats
    centres: Floats
    grid: Grid | None = None

    def standing(self, counts: Floats) -> Floats:
        """Return how much each anchor adds (people, tribes + 1), the last column being what has to be exceeded."""
        adds = stands_out(counts, self.everybody, self.grid)[:, self.anchors]
        return np.column_stack([adds, np.full(len(counts), _STANDS_OUT)])

    def place(self, counts: Floats) -> Int64s:
        """Return the tribe of each person (people,), `len(anchors)` for none; few facts seldom make a tribe."""
        return np.asarray(self.standing(counts).argmax(axis=1), dtype=np.int64)


def find(counts: Floats, seed: int, most: int = 11, grid: Grid | None = None) -> Tribes:
    """Return the tribes of `counts` (people, columns): how often each person did each thing.

    At most `most` tribes, none of fewer than ten people; the same counts and seed give the same tribes.
    """
    everybody = shares_of_everybody(counts, grid)
    taken = np.mean(_resampled(counts, everybody, grid, seed, _RESAMPLES, most), axis=0)
    kept = np.flatnonzero(taken >= _KEPT_AT)
    return only(counts, everybody, kept[np.argsort(-taken[kept], kind="stable")], grid)


def only(counts: Floats, everybody: Floats, anchors: Int64s, grid: Grid | None) -> Tribes:
    """Return the tribes of these anchors, without those that ten people do not belong to."""
    while True:
        tribes = Tribes(anchors, everybody, np.zeros((0, 0)), grid)
        sizes = np.bincount(tribes.place(counts), minlength=len(anchors) + 1)[: len(anchors)]
        if not len(anchors) or sizes.min() >= FEWEST:
            break
        # The smallest goes, and its people to what stands out next.
        anchors = np.delete(anchors, int(sizes.argmin()))
    return Tribes(anchors, everybody, centres(counts, tribes.place(counts), len(anchors) + 1, grid), grid)


def refound(counts: Floats, tribes: Tribes, seed: int, times: int, most: int = 11) -> list[Int64s]:
    """Return the anchors that each of so many resamples of the same people takes."""
    drawn = _resampled(counts, tribes.everybody, tribes.grid, seed, times, most)
    return [np.flatnonzero(row) for row in drawn]


def shares_of_everybody(counts: Floats, grid: Grid | None = None) -> Floats:
    """Return the mean share (columns,) of each thing over people, so that those who do much do not decide it."""
    grid = grid or Grid.one_block(counts.shape[1])
    share = grid.shares(counts).mean(axis=0) + 1 / max(counts.sum(), 1)
    return np.asarray(share / grid.totals(share))


def stands_out(counts: Floats, everybody: Floats, grid: Grid | None = None) -> Floats:
    """Return what each column adds (people, columns) to a person's distance from everybody, in nats."""
    grid = grid or Grid.one_block(counts.shape[1])
    share = shrunk(counts, everybody, _EVERYBODY, grid)
    adds = share * np.log(share / everybody)
    if grid.sure:
        adds = np.where(_beyond_chance(counts, everybody, grid) >= grid.sure, adds, np.minimum(adds, 0.0))
    return np.asarray(adds)


def shrunk(counts: Floats, prior: Floats, weight: float, grid: Grid | None = None) -> Floats:
    """Return shares (people, columns): counts with `weight` more things done as `prior`, (columns,) or per person."""
    grid = grid or Grid.one_block(counts.shape[1])
    return np.asarray((counts + weight * prior) / (grid.totals(counts) + weight))


def centres(counts: Floats, tribe: Int64s, tribes: int, grid: Grid | None = None) -> Floats:
    """Return the mean shares (tribes, columns) of the people of each of so many tribes."""
    grid = grid or Grid.one_block(counts.shape[1])
    found = np.zeros((tribes, counts.shape[1]))
    np.add.at(found, tribe, grid.shares(counts))
    return np.asarray(found / np.maximum(np.bincount(tribe, minlength=tribes), 1)[:, None])


def _beyond_chance(counts: Floats, everybody: Floats, grid: Grid) -> Floats:
    """Return by how many nats (people, columns) counts above everybody's share are likelier by a share of their own."""
    total = grid.totals(counts)
    share = counts / np.maximum(total, 1)
    rest, others = total - counts, np.maximum(1 - everybody, 1e-12)
    own = counts * np.log(np.maximum(share, 1e-12) / everybody)
    remaining = rest * np.log(np.maximum(1 - share, 1e-12) / others)
    return np.asarray(np.where(share > everybody, own + remaining, 0.0))


def _resampled(counts: Floats, everybody: Floats, grid: Grid | None, seed: int, times: int, most: int) -> Floats:
    """Return which columns (times, columns) greed takes as anchors in each of so many resamples of the people."""
    adds = stands_out(counts, everybody, grid)
    eligible = np.ones(counts.shape[1], dtype=np.bool_) if grid is None else grid.eligible
    candidates = np.flatnonzero((np.bincount(adds.argmax(axis=1), minlength=counts.shape[1]) > 0) & eligible)
    random = np.random.default_rng(seed)
    taken = np.zeros((times, counts.shape[1]))
    for row in taken:
        weight = np.bincount(random.integers(len(counts), size=len(counts)), minlength=len(counts))
        row[candidates[_greedy(adds[:, candidates], weight.astype(np.float64), most)]] = 1
    return taken


def _greedy(adds: Floats, weight: Floats, most: int) -> list[int]:
    """Return columns, each the one that adds most to the sum over people of the largest one taken."""
    chosen: list[int] = []
    best = np.full(len(adds), _STANDS_OUT)
    for _ in range(min(most, adds.shape[1])):
        total = weight @ np.maximum(adds, best[:, None])
        total[chosen] = -np.inf
        chosen.append(int(total.argmax()))
        best = np.maximum(best, adds[:, chosen[-1]])
    return chosen
