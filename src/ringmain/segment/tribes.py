"""Finds tribes: small groups of people, each held together by one thing that stands out in what they do.

What stands out is measured in nats: a person's share s of a category, shrunk towards everybody's share g, adds
s log(s / g) to how far the person is from everybody (the terms of the Kullback-Leibler divergence). A tribe has an
*anchor*, a category; people belong to the anchor that adds most, or to no anchor where none adds enough. Anchors are
taken greedily for what they add over all people, which is a submodular sum, so that greed is near the best (Nemhauser
et al. 1978), and only those are kept that are taken again in most resamples of the people (stability selection,
Meinshausen and Buehlmann 2010): what a resample of the same people would not find again is withheld.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]

# A person is taken to have done this many things as everybody does them, before anything is known of them.
_EVERYBODY: Final = 5.0
# An anchor that adds less (nats) does not stand out.
_STANDS_OUT: Final = 0.05
_RESAMPLES: Final = 200
# An anchor is kept where so many of the resamples take it, too.
_KEPT_AT: Final = 0.7
_FEWEST: Final = 10


@dataclass(frozen=True, slots=True, eq=False)
class Tribes:
    """What was found: `anchors` (tribes,) are columns, `everybody` (columns,) the shares of everybody together.

    `centres` (tribes + 1, columns) are mean shares of the members; the last row is of people without a tribe.
    """

    anchors: Int64s
    everybody: Floats
    centres: Floats

    def standing(self, counts: Floats) -> Floats:
        """Return how much each anchor adds (people, tribes + 1), the last column being what has to be exceeded."""
        adds = stands_out(counts, self.everybody)[:, self.anchors]
        return np.column_stack([adds, np.full(len(counts), _STANDS_OUT)])

    def place(self, counts: Floats) -> Int64s:
        """Return the tribe of each person (people,), `len(anchors)` for none; few facts seldom make a tribe."""
        return np.asarray(self.standing(counts).argmax(axis=1), dtype=np.int64)


def find(counts: Floats, seed: int, most: int = 11) -> Tribes:
    """Return the tribes of `counts` (people, columns): how often each person did each thing.

    At most `most` tribes, none of fewer than ten people; the same counts and seed give the same tribes.
    """
    everybody = shares_of_everybody(counts)
    adds = stands_out(counts, everybody)
    candidates = np.flatnonzero(np.bincount(adds.argmax(axis=1), minlength=counts.shape[1]) > 0)
    random = np.random.default_rng(seed)
    taken = np.zeros(counts.shape[1])
    for _ in range(_RESAMPLES):
        weight = np.bincount(random.integers(len(counts), size=len(counts)), minlength=len(counts))
        taken[candidates[_greedy(adds[:, candidates], weight.astype(np.float64), most)]] += 1
    kept = np.flatnonzero(taken >= _KEPT_AT * _RESAMPLES)
    anchors = kept[np.argsort(-taken[kept], kind="stable")]
    while True:
        tribes = Tribes(anchors, everybody, np.zeros((0, 0)))
        sizes = np.bincount(tribes.place(counts), minlength=len(anchors) + 1)[: len(anchors)]
        if not len(anchors) or sizes.min() >= _FEWEST:
            break
        # The smallest goes, and its people to what stands out next.
        anchors = np.delete(anchors, int(sizes.argmin()))
    return Tribes(anchors, everybody, _centres(counts, tribes.place(counts), len(anchors) + 1))


def shares_of_everybody(counts: Floats) -> Floats:
    """Return the mean share (columns,) of each thing over people, so that those who do much do not decide it."""
    share = (counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)).mean(axis=0) + 1 / max(counts.sum(), 1)
    return np.asarray(share / share.sum())


def stands_out(counts: Floats, everybody: Floats) -> Floats:
    """Return what each column adds (people, columns) to a person's distance from everybody, in nats."""
    share = shrunk(counts, everybody, _EVERYBODY)
    return np.asarray(share * np.log(share / everybody))


def shrunk(counts: Floats, prior: Floats, weight: float) -> Floats:
    """Return shares (people, columns): counts with `weight` more things done as `prior`, (columns,) or per person."""
    return np.asarray((counts + weight * prior) / (counts.sum(axis=1, keepdims=True) + weight))


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


def _centres(counts: Floats, tribe: Int64s, tribes: int) -> Floats:
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    centres = np.zeros((tribes, counts.shape[1]))
    np.add.at(centres, tribe, share)
    return np.asarray(centres / np.maximum(np.bincount(tribe, minlength=tribes), 1)[:, None])
