"""The family `choice`: needs arise by category, and a discrete choice says which shop meets them.

A need of a category arises by a hazard that is low just after it was met. Then the person chooses among the shops of
that category within reach, and elsewhere, by a multinomial logit (McFadden 1974) of distance, price, style, habit and
whether the shop is known. A voucher adds its worth to the utility of its shop, makes it known, and lets the need arise
a little more often; those who were given many care less, and in some worlds it annoys.
"""

import numpy as np

from ringmain.simulate.world.families.family import WEEKDAYS, Held, told_friends
from ringmain.simulate.world.shops import CATEGORIES, DAYS_A_WEEK, Bools, Floats, Int32s, Int64s, Reals, Singles
from ringmain.simulate.world.world import World

_REMEMBERS = 0.6
_ROWS = 50_000
_STYLE_FAME = 0.4


class ChoiceFamily:
    """People who compare; `world` is whose."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._own = own = world.parameters.choice
        random = np.random.default_rng([world.parameters.seed, 11])
        people, shops, kind = world.people, world.shops, world.kind
        count = len(world.reach)
        self._kind = kind
        self._again = np.array([one.again_days for one in CATEGORIES])
        self._rate: Floats = own.needs_a_week / DAYS_A_WEEK * people.activity[:, None] * people.taste
        usual = np.array([one.price_minor for one in CATEGORIES])[kind]
        wealth = people.budget_minor[:, None] / people.budget_minor.mean()
        dear = np.abs(np.log(shops.price_minor[world.reach] / usual) - 0.5 * np.log(wealth))
        base = own.match * world.match - own.distance * world.km - own.price * dear
        base += _STYLE_FAME * np.log(shops.popularity[world.reach])
        self._base: Singles = base.astype(np.float32)
        self._known: Bools = world.routine.copy()
        self._habit: Singles = (world.routine * random.gamma(2.0, 1.5, kind.shape)).astype(np.float32)
        self._served: Int32s = -random.integers(1, 15, (count, len(CATEGORIES))).astype(np.int32)
        self._given: Floats = np.zeros(count)
        self._elsewhere = float(np.exp(own.elsewhere))
        self._pull = self._pulls()

    @property
    def world(self) -> World:
        """Return whose behaviour it is."""
        return self._world

    def chance(self, person: Int64s, slot: Int64s, face: Floats, first_day: int, days: int) -> Floats:
        """Return the probability of at least one visit, over all ways in which the need may be met elsewhere first."""
        parts = [
            self._chance(person[rows], slot[rows], face[rows], first_day, days)
            for rows in (slice(start, start + _ROWS) for start in range(0, len(person), _ROWS))
        ]
        return np.concatenate(parts) if parts else np.zeros(0)

    def day(self, day: int, held: Held) -> tuple[Int64s, Int64s]:
        """Draw whose needs arise on a day, and where each is met."""
        random = np.random.default_rng([self._world.parameters.seed, 12, day])
        holders = np.flatnonzero(held.slot >= 0)
        slot = held.slot[holders]
        lift, more = self._response(holders, slot, held.face[holders])
        hazard = self._hazard(self._rate, day - self._served, self._again, day)
        kind = self._kind[holders, slot].astype(np.int64)
        hazard[holders, kind] = self._hazard(
            self._rate[holders, kind] * more, day - self._served[holders, kind], self._again[kind], day
        )
        person, wanted = np.nonzero(random.random(hazard.shape) < hazard)
        self._served[person, wanted] = day
        plain = self._pull[holders, slot].copy()
        self._pull[holders, slot] = plain * np.exp(lift)
        pull = self._pull[person] * (self._kind[person] == wanted[:, None])
        self._pull[holders, slot] = plain
        pull *= self._world.shops.is_open(day)[self._world.reach[person]]
        upto = np.cumsum(pull, axis=1, dtype=np.float64)
        drawn = random.random(len(person)) * (self._elsewhere + upto[:, -1])
        chosen = (upto <= drawn[:, None]).sum(axis=1)
        comes = chosen < pull.shape[1]
        return person[comes], chosen[comes]

    def settle(self, day: int, person: Int64s, slot: Int64s, given: Held) -> None:
        """Strengthen the habits of the week, let others fade, and let friends tell."""
        random = np.random.default_rng([self._world.parameters.seed, 13, day])
        self._habit *= np.float32(1.0 - self._own.forgets)
        np.add.at(self._habit, (person, slot), np.float32(1.0))
        self._known[person, slot] = True
        friend, heard = told_friends(self._world, person, slot, random)
        believes = random.random(len(friend)) < self._own.told
        self._known[friend[believes], heard[believes]] = True
        self._given = _REMEMBERS * self._given + (given.slot >= 0)
        self._pull = self._pulls()

    def _pulls(self) -> Singles:
        """Return the exponential of the utility of each shop within reach, open or not."""
        utility = self._base + np.float32(self._own.habit) * np.log1p(self._habit)
        pulls: Singles = np.exp(utility - np.float32(self._own.unknown) * ~self._known)
        return pulls

    def _response(self, person: Int64s, slot: Int64s, face: Floats) -> tuple[Floats, Floats]:
        """Return what a voucher adds to the utility of its shop, and by what it multiplies the need."""
        world, own = self._world, self._own
        strength = world.parameters.strength * (face > 0)
        angers = world.people.touchy[person] & (world.parameters.world in ("negative", "mixed"))
        moves = ~angers & (world.parameters.world != "negative")
        worth = face / world.shops.price_minor[world.reach[person, slot]]
        fresh = np.exp(-own.fatigue * self._given[person])
        size = strength * moves * fresh * worth * world.people.thrift[person]
        told = own.unknown * own.voucher_known * ~self._known[person, slot] * np.minimum(strength, 1.0) * moves
        lift = own.voucher * size + told - own.annoyance * strength * angers * (0.5 + self._given[person])
        return lift, 1.0 + own.voucher_need * size

    @staticmethod
    def _hazard(rate: Floats, elapsed: Int32s | Int64s, again: Reals, day: int) -> Floats:
        """Return the chance that a need arises on a day, `elapsed` days after it was met last."""
        rises: Floats = -np.expm1(-elapsed / again)
        wanted = rate * WEEKDAYS[day % DAYS_A_WEEK] * rises
        arises: Floats = np.negative(np.expm1(-wanted))
        return arises

    def _chance(self, person: Int64s, slot: Int64s, face: Floats, first_day: int, days: int) -> Floats:
        world = self._world
        kind = self._kind[person, slot].astype(np.int64)
        lift, more = self._response(person, slot, face)
        rate, again = self._rate[person, kind] * more, self._again[kind]
        same = self._pull[person] * (self._kind[person] == kind[:, None])
        rows = np.arange(len(person))
        same[rows, slot] = self._pull[person, slot] * np.exp(lift)
        shop = world.reach[person]
        # The chance to be without a visit so far, by when the need was met last: before, or on each day of the window.
        alive = np.zeros((days + 1, len(person)))
        alive[0] = 1.0
        came = np.zeros(len(person))
        for passed, day in enumerate(range(first_day, first_day + days)):
            pull = same * world.shops.is_open(day)[shop]
            share = pull[rows, slot] / (self._elsewhere + pull.sum(axis=1, dtype=np.float64))
            met = np.zeros(len(person))
            for state in range(passed + 1):
                elapsed = day - self._served[person, kind] if state == 0 else np.full(len(person), passed + 1 - state)
                arises = alive[state] * self._hazard(rate, elapsed, again, day)
                alive[state] -= arises
                met += arises
            came += met * share
            alive[passed + 1] = met * (1.0 - share)
        return came
