"""Stops the money of a made-up town whose truth is known, and judges what is said of the visits that remain.

The town lives twice, with the same chance: once people get vouchers for twelve weeks and then nothing, once nobody ever
gets any. What those who could win did more in the one than in the other is the truth. It is estimated as in a real
network: from their visits, beside the people who were kept apart.
"""

import time
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from ringmain.loop.api import AFTER, Stopped, StopPeriod, read_stop
from ringmain.simulate.world.days import live
from ringmain.simulate.world.families.family import Family, Held
from ringmain.simulate.world.families.registry import family_of
from ringmain.simulate.world.parameters import WINDOW_DAYS, Parameters
from ringmain.simulate.world.shops import Bools, Int64s
from ringmain.simulate.world.world import build

BEFORE_WEEKS, MONEY_WEEKS, AFTER_WEEKS = 12, 12, 13
# Who gets a voucher in a week of those who may, and who never may.
GIVEN, COMPARED = 0.5, 0.1
_DAY_US = 86_400_000_000
_BEFORE_DAYS, _AFTER_DAYS = 28, 30


class Judged(msgspec.Struct, frozen=True):
    """One period of one world: what was estimated of a person and week, and what is true."""

    seed: int
    period: str
    more: float | None
    low: float | None
    high: float | None
    truth: float

    @property
    def holds(self) -> bool:
        """Whether the interval holds the truth."""
        return self.low is not None and self.high is not None and self.low <= self.truth <= self.high


class Cover(msgspec.Struct, frozen=True):
    """A period over many worlds: how many were read, in how many the interval held the truth, and the mean error."""

    period: str
    worlds: int
    read: int
    held: int
    truth: float
    error: float | None


class SwitchedOff(msgspec.Struct, frozen=True):
    """What came of it in the worlds of one family."""

    parameters: Parameters
    periods: tuple[Cover, ...]
    judged: tuple[Judged, ...]
    seconds: float

    def as_json(self) -> bytes:
        """Return the figures as indented JSON."""
        return msgspec.json.format(msgspec.json.encode(self))


def switch_off(parameters: Parameters, worlds: int, progress: Callable[[int], None] = lambda _: None) -> SwitchedOff:
    """Judge worlds of consecutive seeds from that of `parameters` on."""
    started, judged = time.perf_counter(), list[Judged]()
    for number in range(worlds):
        progress(number)
        judged += judge(msgspec.structs.replace(parameters, seed=parameters.seed + number))
    periods = tuple(_cover(name, [one for one in judged if one.period == name]) for name in ("during", *AFTER))
    return SwitchedOff(parameters, periods, tuple(judged), round(time.perf_counter() - started, 1))


def judge(parameters: Parameters) -> list[Judged]:
    """Let one town live with and without the money, and read what remains."""
    weeks = BEFORE_WEEKS + MONEY_WEEKS + AFTER_WEEKS
    # Nobody opens or closes: what shops do by themselves is no part of the question.
    town = msgspec.structs.replace(parameters, days=WINDOW_DAYS * weeks, opens_later=0.0, closes_earlier=0.0)
    random = np.random.default_rng([town.seed, 51])
    treated = random.random(town.people) >= COMPARED
    with_money = _lived(family_of(build(town)), treated)
    without = _lived(family_of(build(town)), np.zeros(town.people, dtype=np.bool_))
    found = {one.name: one for one in read_stop(_rows(with_money, treated), now_us=WINDOW_DAYS * weeks * _DAY_US)}
    true = (with_money - without)[treated].mean(axis=0)
    return [_judged(town.seed, found[name], _truth(true, name)) for name in ("during", *AFTER)]


def _lived(family: Family, treated: Bools) -> Int64s:
    """Return (people, days) visits."""
    world = family.world
    people, slots = world.reach.shape
    who = np.arange(people)
    random = np.random.default_rng([world.parameters.seed, 52])
    visits = np.zeros((people, world.parameters.days), dtype=np.int64)
    for week in range(world.parameters.days // WINDOW_DAYS):
        # Drawn in every week and for everybody, so that both lives have the same chance.
        slot, given = random.integers(0, slots, people), random.random(people) < GIVEN
        face = world.shops.face_minor[world.reach[who, slot]].astype(np.float64)
        pays = BEFORE_WEEKS <= week < BEFORE_WEEKS + MONEY_WEEKS
        lived = live(family, WINDOW_DAYS * week, Held(np.where(treated & given & pays, slot, -1), face))
        np.add.at(visits, (lived.person, lived.day), 1)
    return visits


def _rows(visits: Int64s, treated: Bools) -> Stopped:
    people = len(visits)
    enters, stops = WINDOW_DAYS * BEFORE_WEEKS, WINDOW_DAYS * (BEFORE_WEEKS + MONEY_WEEKS)
    after = [visits[:, stops + _AFTER_DAYS * k : stops + _AFTER_DAYS * (k + 1)].sum(axis=1) for k in range(len(AFTER))]
    return Stopped(
        campaign=np.zeros(people, dtype=np.int64),
        treated=treated,
        entered_at=np.full(people, enters * _DAY_US),
        stopped_at=np.full(people, stops * _DAY_US),
        before=visits[:, enters - _BEFORE_DAYS : enters].sum(axis=1),
        during=visits[:, enters:stops].sum(axis=1),
        after=np.column_stack(after),
    )


def _truth(true: np.typing.NDArray[np.float64], name: str) -> float:
    """Return what is true of a person and week in a period; `true` is by day."""
    stops = WINDOW_DAYS * (BEFORE_WEEKS + MONEY_WEEKS)
    if name == "during":
        return float(true[WINDOW_DAYS * BEFORE_WEEKS : stops].mean() * WINDOW_DAYS)
    number = AFTER.index(name)
    begins = stops + _AFTER_DAYS * number
    return float(true[begins : begins + _AFTER_DAYS].mean() * WINDOW_DAYS)


def _judged(seed: int, found: StopPeriod, truth: float) -> Judged:
    low, high = (None, None) if found.interval is None else (found.interval.low, found.interval.high)
    return Judged(seed, found.name, found.more, low, high, truth)


def _cover(name: str, judged: Sequence[Judged]) -> Cover:
    errors = [one.more - one.truth for one in judged if one.more is not None]
    return Cover(
        name,
        len(judged),
        len(errors),
        sum(one.holds for one in judged),
        float(np.mean([one.truth for one in judged])),
        float(np.sqrt(np.mean(np.square(errors)))) if errors else None,
    )
