"""Whether everybody always finds something wanted, and which kind of shop, opened where, would help the most people."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]

# A play shows three prizes of three shops; with fewer wanted ones in reach it has to fill up.
ENOUGH = 3
_EARTH_M = 6_371_008.8
_ROWS = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Town:
    """Shops by number: where (degrees), their kind and area by number, and whether a prize of theirs can be won now.

    `apart`: pairs (the shop where somebody stands, a shop never shown there), for rivals.
    """

    latitude: Floats
    longitude: Floats
    kind: Int64s
    area: Int64s
    gives: Bools
    kinds: int
    areas: int
    apart: Int64s
    reach_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Wanting:
    """People: the shop where each was last, which kinds they want (people, kinds), and pairs (person, shop) blocked."""

    last: Int64s
    wants: Bools
    blocked: Int64s


@dataclass(frozen=True, slots=True)
class Opening:
    """One average shop of a kind opened in the middle of an area: whom it would help.

    `reach`: people who would find three wanted prizes, and now do not; `more`: people who would find one more than now
    and have fewer than three (they include the first).
    """

    kind: int
    area: int
    reach: int
    more: int


def found_by(town: Town, people: Wanting) -> Int64s:
    """Return for each person how many other shops within reach of where they were last have a prize that they want."""
    near = within(town, town.latitude, town.longitude)
    np.fill_diagonal(near, val=False)
    near[town.apart[:, 0], town.apart[:, 1]] = False
    prizes = np.zeros((len(town.kind), town.kinds))
    prizes[np.arange(len(town.kind)), town.kind] = town.gives
    count = near.astype(np.float32) @ prizes.astype(np.float32)
    found = np.zeros(len(people.last), dtype=np.int64)
    for start in range(0, len(found), _ROWS):
        rows = slice(start, start + _ROWS)
        found[rows] = np.rint((count[people.last[rows]] * people.wants[rows]).sum(axis=1)).astype(np.int64)
    person, shop = people.blocked[:, 0], people.blocked[:, 1]
    counted = near[people.last[person], shop] & town.gives[shop] & people.wants[person, town.kind[shop]]
    np.subtract.at(found, person[counted], 1)
    return found


def within(town: Town, latitude: Floats, longitude: Floats) -> Bools:
    """Say of places (rows) which shops (columns) are within reach, by the great circle (haversine)."""
    near = np.zeros((len(latitude), len(town.kind)), dtype=np.bool_)
    there = np.radians(town.latitude), np.radians(town.longitude)
    for start in range(0, len(latitude), _ROWS):
        rows = slice(start, start + _ROWS)
        here = np.radians(latitude[rows])[:, None], np.radians(longitude[rows])[:, None]
        half = np.sin((there[0] - here[0]) / 2) ** 2
        half += np.cos(here[0]) * np.cos(there[0]) * np.sin((there[1] - here[1]) / 2) ** 2
        near[rows] = 2 * _EARTH_M * np.arcsin(np.sqrt(half)) <= town.reach_m
    return near


def middles(town: Town) -> tuple[Floats, Floats]:
    """Return where the middle of the shops of each area lies; every area has a shop."""
    count = np.bincount(town.area, minlength=town.areas)
    latitude, longitude = (
        np.bincount(town.area, weights=one, minlength=town.areas) / count for one in (town.latitude, town.longitude)
    )
    return latitude, longitude


def openings(town: Town, people: Wanting, found: Int64s, most: int) -> list[Opening]:
    """Return which shop to open first, which next once that is there, and so on: at most so many that help anybody.

    The best is that with which the most people reach three; of equal ones that which gives the most people one more;
    of equal ones the first kind, then the first area. A greedy order: the best five together may be others.
    """
    near, found, chosen = within(town, *middles(town)), found.copy(), []
    for _ in range(most):
        reach, more = _gains(town, people, found, near)
        place = int(np.lexsort((-more.ravel(), -reach.ravel()))[0])
        kind, area = divmod(place, town.areas)
        if not more[kind, area]:
            break
        chosen.append(Opening(kind, area, int(reach[kind, area]), int(more[kind, area])))
        found += near[area, people.last] & people.wants[:, kind]
    return chosen


def best_places(town: Town, people: Wanting, found: Int64s) -> list[Opening]:
    """Return for each kind that helps anybody the area in which one shop of it would help the most, the best first."""
    near = within(town, *middles(town))
    reach, more = _gains(town, people, found, near)
    best = [
        Opening(kind, area, int(reach[kind, area]), int(more[kind, area]))
        for kind in range(town.kinds)
        for area in [int(np.lexsort((-more[kind], -reach[kind]))[0])]
    ]
    return sorted((one for one in best if one.more), key=lambda one: (-one.reach, -one.more, one.kind))


def _gains(town: Town, people: Wanting, found: Int64s, near: Bools) -> tuple[Int64s, Int64s]:
    """Return (kinds, areas) how many people would reach three, and how many would have one more of fewer than three."""

    def of(who: Bools) -> Int64s:
        per_shop = np.zeros((town.kinds, len(town.kind)))
        for kind in range(town.kinds):
            chosen = people.last[who & people.wants[:, kind]]
            per_shop[kind] = np.bincount(chosen, minlength=len(town.kind))
        gained: Int64s = np.rint(per_shop @ near.T.astype(np.float64)).astype(np.int64)
        return gained

    return of(found == ENOUGH - 1), of(found < ENOUGH)


def shares(found: Int64s) -> Sequence[int]:
    """Return how many people find none, one, two, and three or more."""
    return np.bincount(np.minimum(found, ENOUGH), minlength=ENOUGH + 1).tolist()  # type: ignore[no-any-return]
