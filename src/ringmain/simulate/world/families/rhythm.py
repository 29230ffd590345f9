"""The family `rhythm`: every person has clocks, one per shop; nobody weighs one shop against another.

A routine is a renewal process: the longer ago the last visit, the likelier the next, by a period that is the person's
own (a discrete Weibull hazard, up to a ceiling). New shops are met by strolling past them, or because friends tell of
them. A voucher works where its worth passes the person's threshold: it puts the clock of a routine forward, or lures to
a shop that was none, with an effect that saturates. Those who are given many get used to them; some are annoyed beyond
what they tolerate, and stay away. There is no utility and no logit here, on purpose: what was tuned on the family
`choice` is judged on this one.
"""

import numpy as np

from ringmain.simulate.world.families.family import WEEKDAYS, Held, told_friends
from ringmain.simulate.world.shops import DAYS_A_WEEK, Bools, Floats, Int32s, Int64s, Reals, Singles
from ringmain.simulate.world.world import World

_REMEMBERS = 0.6
_MOST_ELAPSED = 400
_IMITATES = 0.4


class RhythmFamily:
    """People of habit; `world` is whose."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._own = world.parameters.rhythm
        random = np.random.default_rng([world.parameters.seed, 21])
        people, slots = len(world.reach), world.reach.shape[1]
        pace = np.maximum(world.people.activity[:, None], 0.02)
        # Who goes out often has shorter periods at every routine.
        drawn: Floats = self._own.routine_days * random.gamma(2.0, 0.5, (people, slots)) / pace
        self._period: Singles = np.maximum(drawn, 1.0).astype(np.float32)
        # A power below one would be a clock that runs down: the longer away, the less likely to come.
        power = np.maximum(self._own.regular * random.uniform(0.5, 1.5, people), 1.0)
        self._power: Singles = power.astype(np.float32)
        self._threshold: Floats = self._own.threshold * random.gamma(2.0, 0.5, people) / np.sqrt(world.people.thrift)
        self._ease: Floats = random.uniform(0.4, 1.6, people)
        self._used_to: Floats = self._own.habituation * random.gamma(1.5, 1 / 1.5, people)
        self._tolerance: Floats = self._own.tolerance * random.gamma(2.0, 0.5, people)
        self._imitates: Bools = random.random(people) < _IMITATES
        self._routine: Bools = world.routine.copy()
        self._last: Int32s = -(random.random((people, slots)) * self._period).astype(np.int32) - 1
        self._told = np.zeros((people, slots), dtype=np.float32)
        # Who strolls past a shop that is near; an activity above three does not lead past more of them.
        passed: Floats = self._own.stroll * np.minimum(world.people.activity, 3.0)
        self._passed: Singles = (passed[:, None] * (world.km < self._own.stroll_km)).astype(np.float32)
        self._given: Floats = np.zeros(people)
        self._sated: Floats = np.zeros(people)

    @property
    def world(self) -> World:
        """Return whose behaviour it is."""
        return self._world

    def chance(self, person: Int64s, slot: Int64s, face: Floats, first_day: int, days: int) -> Floats:
        """Return the probability of at least one visit: without one, a clock runs on in a way that is known."""
        stays = np.ones(len(person))
        advance, lure, damp = self._response(person, slot, face)
        for day in range(first_day, first_day + days):
            stays *= 1.0 - self._hazard(day, person, slot, advance, lure, damp)
        return 1.0 - stays

    def day(self, day: int, held: Held) -> tuple[Int64s, Int64s]:
        """Draw which clocks strike on a day."""
        people, slots = self._world.reach.shape
        random = np.random.default_rng([self._world.parameters.seed, 22, day])
        hazard = self._passed.copy()
        heard = np.nonzero(self._told >= 1.0)
        hazard[heard] += self._praised(heard[0], self._told[heard])
        routine = np.nonzero(self._routine)
        elapsed = np.minimum(day - self._last[routine], _MOST_ELAPSED)
        hazard[routine] = self._clock(elapsed, routine[0], self._period[routine])
        hazard *= (self._appetite() * WEEKDAYS[day % DAYS_A_WEEK]).astype(np.float32)[:, None]
        hazard *= self._world.shops.is_open(day)[self._world.reach]
        holders = np.flatnonzero(held.slot >= 0)
        if len(holders):
            slot = held.slot[holders]
            response = self._response(holders, slot, held.face[holders])
            hazard[holders, slot] = self._hazard(day, holders, slot, *response)
        person, chosen = np.nonzero(random.random((people, slots), dtype=np.float32) < hazard)
        self._last[person, chosen] = day
        return person, chosen

    def settle(self, day: int, person: Int64s, slot: Int64s, given: Held) -> None:
        """Form and drop routines, let friends tell, and count what was given."""
        people, slots = self._world.reach.shape
        random = np.random.default_rng([self._world.parameters.seed, 23, day])
        dropped = random.random((people, slots), dtype=np.float32) < self._own.drops_routine / 4
        self._routine &= ~dropped
        visits = np.bincount(person, minlength=people)
        kept = self._routine[person, slot] | (random.random(len(person)) < self._own.keeps)
        self._routine[person[kept], slot[kept]] = True
        self._sated = 0.5 * self._sated + 0.5 * visits
        self._told *= _REMEMBERS
        friend, heard = told_friends(self._world, person, slot, random)
        np.add.at(self._told, (friend, heard), 1.0)
        self._given = _REMEMBERS * self._given + (given.slot >= 0)

    def _clock(self, elapsed: Reals | Int32s, person: Int64s, period: Reals) -> Floats:
        """Return the hazard of a routine whose last visit is `elapsed` days ago."""
        power = self._power[person]
        # The Weibull hazard of one day: of the shape `power`, with `period` as its scale.
        reached = (np.maximum(elapsed, 1) / period) ** power
        before = (np.maximum(elapsed - 1, 0) / period) ** power
        return np.minimum(1.0 - np.exp(before - reached), self._own.highest)

    def _praised(self, person: Int64s, told: Reals) -> Floats:
        """Return the hazard of a shop that friends told of: one is enough, more do not count in full."""
        return self._own.imitation * self._imitates[person] * (told >= 1.0) * (1.0 - np.exp(-told))

    def _appetite(self) -> Floats:
        """Return by person how much of the hazards is left when they have been out a lot."""
        return 1.0 / (1.0 + (self._sated / self._own.sated_visits) ** 2)

    def _response(self, person: Int64s, slot: Int64s, face: Floats) -> tuple[Floats, Floats, Floats]:
        """Return what a voucher does: days by which a routine is put forward, hazard added elsewhere, share kept."""
        world, own = self._world, self._own
        shop = world.reach[person, slot]
        worth = face / world.shops.price_minor[shop]
        used = np.exp(-self._used_to[person] * self._given[person])
        strength = world.parameters.strength * (face > 0)
        moves = worth * used > self._threshold[person] * (1.0 + 0.5 * world.km[person, slot])
        angers = self._given[person] + 1.0 > self._tolerance[person]
        if world.parameters.world == "positive":
            angers = np.zeros(len(person), dtype=np.bool_)
        elif world.parameters.world == "negative":
            moves = np.zeros(len(person), dtype=np.bool_)
        angers = angers & world.people.touchy[person]
        size = strength * used * worth / (worth + own.half_worth) * (moves & ~angers) * self._ease[person]
        praised = 1.0 + self._imitates[person] * np.minimum(self._told[person, slot], 2.0) / 2.0
        damp = 1.0 - np.minimum(strength * own.annoyance, 1.0) * angers
        return own.advance * size * self._period[person, slot], own.lure * size * praised, damp

    def _hazard(self, day: int, person: Int64s, slot: Int64s, advance: Floats, lure: Floats, damp: Floats) -> Floats:
        """Return the hazard of each row on a day, while there was no visit since the week began."""
        world = self._world
        elapsed = np.minimum(day - self._last[person, slot], _MOST_ELAPSED) + advance
        known = self._clock(elapsed, person, self._period[person, slot])
        strange = self._passed[person, slot] + self._praised(person, self._told[person, slot])
        hazard = np.where(self._routine[person, slot], known, strange + lure) * self._appetite()[person] * damp
        hazard *= WEEKDAYS[day % DAYS_A_WEEK]
        return np.minimum(hazard, 1.0) * world.shops.is_open(day)[world.reach[person, slot]]
