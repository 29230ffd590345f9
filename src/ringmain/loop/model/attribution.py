"""Whose doing a campaign's lift is, over many hops: the measured effect, split over what led to each visit.

A visit that a chain of hops led to (a scene, then a voucher, then the shop whose sale brought the next voucher ...)
would not have come about without any one of them. So its credit is shared equally by its different hops: the Shapley
value of that game, in which only all of them together are worth the visit (Shapley: A Value for n-Person Games, 1953).
A visit that nothing led to is the person's own. Each hop's credit per person is then compared between the groups like
any outcome, and as the comparison is linear, the parts add up to the lift, whatever the chains are.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringmain.loop.model.lift import Interval

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]

# The column of visits that nothing led to.
OWN = 0
_PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Part:
    """What one hop has brought of the lift, in visits of all people treated, with its 95 % interval.

    Of `OWN` it is mostly negative: as many of the visits that hops led to would have come about by themselves.
    """

    node: int
    total: float
    interval: Interval


def credit_of(visit_person: Int64s, hop_visit: Int64s, hop_node: Int64s, *, people: int, nodes: int) -> Floats:
    """Return the credit (people x nodes) of each person's visits: each row sums to the number of their visits.

    `visit_person`: whose each visit is. `hop_visit`, `hop_node`: the hops that led to each visit, nodes from 1 on; a
    hop named twice counts once.
    """
    pairs = np.unique(np.column_stack((hop_visit, hop_node)), axis=0) if len(hop_visit) else np.empty((0, 2), np.int64)
    hops = np.bincount(pairs[:, 0], minlength=len(visit_person))
    table = np.zeros((people, nodes))
    np.add.at(table, (visit_person[pairs[:, 0]], pairs[:, 1]), 1.0 / hops[pairs[:, 0]])
    np.add.at(table, (visit_person[hops == 0], OWN), 1.0)
    return table


def attribute(treated: Bools, before: Floats, credit: Floats, *, seed: int, times: int = 400) -> tuple[Part, ...]:
    """Return the part of each node; they sum to the lift of `compare` times the people treated.

    Needs two people of each group. Intervals: people of each group are drawn again with replacement, `times` times.
    """
    value = _difference(treated, before, credit, np.ones(len(treated)))
    random = np.random.default_rng(seed)
    drawn = np.empty((times, credit.shape[1]))
    groups = [np.flatnonzero(treated), np.flatnonzero(~treated)]
    for turn in range(times):
        weight = np.zeros(len(treated))
        for group in groups:
            weight[group] = random.multinomial(len(group), np.full(len(group), 1 / len(group)))
        drawn[turn] = _difference(treated, before, credit, weight)
    count = int(treated.sum())
    low, high = np.percentile(drawn, _PERCENTILES, axis=0)
    return tuple(
        Part(node, float(value[node]) * count, Interval(float(low[node]), float(high[node])).times(count))
        for node in range(credit.shape[1])
    )


def _difference(treated: Bools, before: Floats, credit: Floats, weight: Floats) -> Floats:
    """Return the difference of the groups' means of each column, less what `before` foretold (see `lift.compare`)."""
    means, foretold, spread, shared = [], [], 0.0, np.zeros(credit.shape[1])
    for group in (treated, ~treated):
        own, own_weight = credit[group], weight[group]
        count = own_weight.sum()
        middle = float(own_weight @ before[group] / count)
        off = (before[group] - middle) * own_weight
        means.append(own_weight @ own / count)
        foretold.append(middle)
        spread += float(off @ (before[group] - middle))
        shared += off @ own
    theta = shared / spread if spread > 0 else np.zeros_like(shared)
    return np.asarray(means[0] - means[1] - theta * (foretold[0] - foretold[1]), dtype=np.float64)
