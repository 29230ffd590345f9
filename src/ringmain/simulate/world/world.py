"""A town: its people and shops, and which shops each person has within reach."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ringmain.simulate.journey import Frozen
from ringmain.simulate.world.parameters import Parameters
from ringmain.simulate.world.people import People, draw_people
from ringmain.simulate.world.shops import (
    CATEGORIES,
    Bools,
    Floats,
    Int32s,
    Int64s,
    Shops,
    Singles,
    draw_districts,
    draw_shops,
)

_NEAREST, _FAMOUS = 40, 12
_ROWS = 20_000
_WALK_KM = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class World(Frozen):
    """A town; what belongs to a person and a shop within reach stands in (people, slots).

    `reach` holds shop numbers, ascending; `km` the way from home or work, whichever is nearer; `match` how well the
    shop's style suits the person, in standard deviations; `routine` the shops they go to before the first day.
    """

    parameters: Parameters
    people: People
    shops: Shops
    reach: Int32s
    km: Singles
    match: Singles
    routine: Bools

    @property
    def kind(self) -> NDArray[np.int8]:
        """Return the category of each shop within reach, (people, slots)."""
        return self.shops.category[self.reach].astype(np.int8)

    def slot_of(self, person: Int64s, shop: Int64s) -> Int64s:
        """Return in which slot each person has a shop, or -1 where it is out of reach."""
        people, slots = self.reach.shape
        shops = len(self.shops.category)
        # Rows ascend and so do the shops of a row, so the keys are in order as they stand.
        keys = (np.arange(people, dtype=np.int64)[:, None] * shops + self.reach).ravel()
        wanted = person * shops + shop
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[place] == wanted, place % slots, -1)


def build(parameters: Parameters) -> World:
    """Draw a town from its parameters."""
    districts = draw_districts(parameters)
    shops = draw_shops(parameters, districts)
    people = draw_people(parameters, districts)
    random = np.random.default_rng([parameters.seed, 4])
    taste = people.taste.astype(np.float32)
    slots = min(parameters.reach, parameters.shops)
    near = min(max(_NEAREST, slots), parameters.shops)
    tree = cKDTree(shops.place)
    fame_score = (0.7 * np.log(shops.popularity)).astype(np.float32)
    place = shops.place.astype(np.float32)
    fame = shops.popularity / shops.popularity.sum()
    reach = np.empty((parameters.people, slots), dtype=np.int32)
    km = np.empty((parameters.people, slots), dtype=np.float32)
    for start in range(0, parameters.people, _ROWS):
        rows = slice(start, min(start + _ROWS, parameters.people))
        size = rows.stop - rows.start
        pools = [tree.query(ends[rows], k=near)[1].reshape(size, near) for ends in (people.home, people.work)]
        famous = random.choice(parameters.shops, size=(size, _FAMOUS), p=fame)
        pool = np.sort(np.concatenate((*pools, famous), axis=1), axis=1).astype(np.int32)
        far = np.minimum(_km(people.home[rows], place, pool), _km(people.work[rows], place, pool))
        liked = np.take_along_axis(taste[rows], shops.category[pool], axis=1) * np.float32(len(CATEGORIES))
        score = fame_score[pool] - far / np.float32(_WALK_KM) + np.float32(0.5) * np.log(liked + np.float32(1e-3))
        # The greatest sums of a score and a Gumbel variable are a draw without replacement (Yellott 1977).
        score -= np.log(random.standard_exponential(score.shape, dtype=np.float32) + np.float32(1e-30))
        score[:, 1:][pool[:, 1:] == pool[:, :-1]] = -np.inf
        chosen = np.sort(np.argpartition(-score, slots - 1, axis=1)[:, :slots], axis=1)
        reach[rows] = np.take_along_axis(pool, chosen, axis=1)
        km[rows] = np.take_along_axis(far, chosen, axis=1)
    match = random.standard_normal(reach.shape, dtype=np.float32)
    routine = _routines(parameters, people, shops, reach, km, match)
    return World(parameters, people, shops, reach, km, match, routine)


def _routines(
    parameters: Parameters, people: People, shops: Shops, reach: Int32s, km: Singles, match: Singles
) -> Bools:
    """Choose the shops that each person goes to already: near, liked and fitting ones, for some many."""
    random = np.random.default_rng([parameters.seed, 5])
    liked = np.take_along_axis(people.taste, shops.category[reach], axis=1) * len(CATEGORIES)
    score = match - km / _WALK_KM + np.log(liked + 1e-3) + random.gumbel(size=reach.shape)
    # A shop that opens later is nobody's habit yet.
    score[shops.opens_on[reach] > 0] = -np.inf
    rank = np.argsort(np.argsort(-score, axis=1), axis=1)
    wanted = np.clip(random.gamma(3.0, parameters.routines / 3.0, len(reach)), 1, reach.shape[1])
    return (rank < np.rint(wanted)[:, None]) & np.isfinite(score)


def _km(here: Floats, place: Singles, shop: Int32s) -> Singles:
    """Return the distance of each row (rows, 2) to its shops (rows, any)."""
    east, north = (place[:, axis][shop] - here[:, None, axis].astype(np.float32) for axis in (0, 1))
    km: Singles = np.sqrt(east * east + north * north)
    return km
