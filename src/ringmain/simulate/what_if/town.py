"""A copy of a network as arrays: how often each person wants each kind of shop, and how shops of a kind share that.

A person wants a kind as often as they were seen to, drawn to what others do where that is little. Of its shops within
reach they choose in proportion to how well each draws people, how near it is (an exponential of the way from the middle
of their own visits), and how often they have been there (one more than that). What draws people is set so that every
shop has the visits that it has; how much the way matters is what tells the second half of the time best from the first.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringmain.loop.api import NetworkFigures
from ringmain.simulate.errors import TooLittleHistory

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]

FEWEST_PEOPLE, FEWEST_VISITS, FEWEST_SHOPS = 100, 1_000, 3
# More people than these are drawn from, and counted for all.
MOST_PEOPLE = 4_000
REACH_KM = 5.0
_WAYS_KM = (0.3, 0.6, 1.2, 2.5, 5.0)
_FITTING = 30
KM_PER_DEGREE = 111.195
# Of what a person is seen to want, one visit is drawn to what everybody wants.
_PRIOR = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Town:
    """People by shops: `been` (people, shops) visits, `wants` (people, kinds) a day, `pull` (people, shops) weights.

    `kind` (shops,), `km` (people, shops), `draws` (shops,) how well a shop draws people, `paid` (shops,) minor units a
    visit, `weight` how many people of the network one of these stands for, `way_km` how much the way matters.
    """

    kinds: tuple[str, ...]
    kind: Int64s
    been: Floats
    wants: Floats
    km: Floats
    draws: Floats
    pull: Floats
    paid: Floats
    place: Floats
    home: Floats
    weight: float
    way_km: float

    def shares(self, kind: int, pull: Floats | None = None) -> Floats:
        """Return (people, shops) which share of a kind each of its shops gets; nought where none is in reach."""
        own = np.where(self.kind == kind, self.pull if pull is None else pull, 0.0)
        whole = own.sum(axis=1, keepdims=True)
        found: Floats = np.divide(own, whole, out=np.zeros_like(own), where=whole > 0)
        return found


def calibrated(figures: NetworkFigures, seed: int) -> Town:
    """Return a copy of a network. Raises `TooLittleHistory` where its figures say too little."""
    people = int(figures.person.max()) + 1 if len(figures.person) else 0
    visits = int(figures.visits.sum())
    if people < FEWEST_PEOPLE or visits < FEWEST_VISITS or len(figures.shops) < FEWEST_SHOPS:
        raise TooLittleHistory(people=people, visits=visits, shops=len(figures.shops))
    kept = np.random.default_rng([seed, 61]).permutation(people)[:MOST_PEOPLE]
    number = np.full(people, -1, dtype=np.int64)
    number[kept] = np.arange(len(kept))
    rows = number[figures.person] >= 0
    size = (len(kept), len(figures.shops))
    been, early = np.zeros(size), np.zeros(size)
    at = number[figures.person[rows]], figures.shop[rows]
    been[at], early[at] = figures.visits[rows], figures.early[rows]
    middle = sum(shop.latitude for shop in figures.shops) / len(figures.shops)
    place = KM_PER_DEGREE * np.array(
        [(shop.longitude * np.cos(np.radians(middle)), shop.latitude) for shop in figures.shops], dtype=np.float64
    )
    home = been @ place / been.sum(axis=1, keepdims=True)
    km = np.linalg.norm(home[:, None, :] - place[None], axis=2)
    kinds = tuple(sorted({shop.category for shop in figures.shops}))
    kind = np.array([kinds.index(shop.category) for shop in figures.shops], dtype=np.int64)
    way = max(_WAYS_KM, key=lambda one: _told(one, kind, early, been - early, km))
    draws = _draws(way, kind, been, km)
    sold = np.bincount(figures.shop, weights=figures.visits, minlength=size[1])
    money = np.bincount(figures.shop, weights=figures.paid_minor, minlength=size[1])
    usual = money.sum() / sold.sum()
    paid = np.where(sold > 0, money / np.maximum(sold, 1), usual)
    wants = _wants(kind, len(kinds), been, figures.days)
    pull = _pull(way, draws, been, km)
    return Town(kinds, kind, been, wants, km, draws, pull, paid, place, home, people / len(kept), way)


def _wants(kind: Int64s, kinds: int, been: Floats, days: int) -> Floats:
    """Return (people, kinds) visits a day: what was seen of a person, and one visit more as everybody's are shared."""
    own = np.zeros((len(been), kinds))
    for one in range(kinds):
        own[:, one] = been[:, kind == one].sum(axis=1)
    everybody = own.sum(axis=0) / own.sum()
    total = own.sum(axis=1, keepdims=True)
    wants: Floats = (own + _PRIOR * everybody) * total / (total + _PRIOR) / days
    return wants


def _pull(way: float, draws: Floats, been: Floats, km: Floats) -> Floats:
    pull: Floats = draws * np.exp(-km / way) * (1.0 + been) * ((km <= REACH_KM) | (been > 0))
    return pull


def _draws(way: float, kind: Int64s, been: Floats, km: Floats) -> Floats:
    """Return how well each shop draws people: so that it has its visits (iterative proportional fitting)."""
    draws, seen = np.ones(been.shape[1]), been.sum(axis=0)
    for one in np.unique(kind):
        own = np.flatnonzero(kind == one)
        wanted = been[:, own].sum(axis=1)
        base = _pull(way, np.ones(len(own)), been[:, own], km[:, own])
        for _ in range(_FITTING):
            weights = base * draws[own]
            whole = weights.sum(axis=1, keepdims=True)
            expected = (wanted[:, None] * np.divide(weights, whole, out=np.zeros_like(weights), where=whole > 0)).sum(
                axis=0
            )
            ratio = (seen[own] + 0.5) / (expected + 0.5)
            draws[own] *= ratio
        draws[own] /= draws[own].mean()
    return draws


def _told(way: float, kind: Int64s, early: Floats, late: Floats, km: Floats) -> float:
    """Return how well the second half of the visits is told by the first (a log likelihood)."""
    draws, found = _draws(way, kind, early, km), 0.0
    pull = _pull(way, draws, early, km)
    for one in np.unique(kind):
        own = kind == one
        weights = pull[:, own] + 1e-9
        shares = weights / weights.sum(axis=1, keepdims=True)
        found += float((late[:, own] * np.log(shares)).sum())
    return found
