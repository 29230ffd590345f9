"""The people of a city and what they will do, as arrays made from a seed: nothing here is decided by the engine."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ringmain.kit.pure.clock import microseconds
from ringmain.kit.pure.id_columns import RANDOM_BYTES, uuid7s
from ringmain.simulate.national_day import plan
from ringmain.simulate.national_day.plan import City

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Ids = npt.NDArray[np.void]

_HOUR_US = 3_600_000_000
_DAY_US = 24 * _HOUR_US
_SOON_US = _HOUR_US // 3  # Nobody spends within twenty minutes what they have won.
_MEAN_DELAY_US = 14 * _HOUR_US
_OPENS, _CLOSES = 10, 22
# How much is played in each hour of a day, and on each of the seven days.
_HOURS = np.array([0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 5, 8, 9, 6, 5, 5, 6, 9, 11, 11, 9, 6, 3, 1], dtype=float)
_WEEK = np.array([1.3, 1.25, 1.1, 1.0, 0.95, 0.8, 0.6])
_LOG_MEDIAN, _LOG_SPREAD = 3.3, 0.5  # of what is spent, in yuan: median 27
_LEAST_MINOR = 800


@dataclass(frozen=True, slots=True)
class Crowd:
    """A city's people, plays and visits that happen anyway, both by time. Money in fen, times in UTC microseconds.

    `chance` and `visit_us` of a play say whether and when its voucher would bring somebody, whatever it turns out to
    be. `carried` is the play whose voucher a visit takes along if it is still there, or -1.
    """

    subject_ids: Ids
    compared: Bools
    district: Int32s
    at_us: Int64s
    person: Int32s
    scene: Int32s
    voucher_ids: Ids
    chance: Floats
    visit_us: Int64s
    spend_minor: Int32s
    base_us: Int64s
    base_person: Int32s
    base_shop: Int32s
    base_spend_minor: Int32s
    carried: Int64s


def is_compared(subject_ids: Ids) -> Bools:
    """Say who is in the comparison group: by person, and for good, from the random bits of the subject."""
    last = subject_ids.view(">u8").reshape(-1, 2)[:, 1].astype(np.uint64) & np.uint64(2**62 - 1)
    compared: Bools = last < np.uint64(round(plan.COMPARISON_SHARE * 2**62))
    return compared


def crowd(city: City) -> Crowd:
    """Make the people of a city, and what they do."""
    random = np.random.default_rng([city.plan.seed, city.number])
    subjects = _random_ids(random, city.plan.people_per_city)
    compared = is_compared(subjects)
    district = (np.arange(plan.SHOPS_PER_CITY) % city.districts).astype(np.int32)
    at_us, person, scene = _plays(random, city, np.flatnonzero(~compared))
    count = len(at_us)
    base_us, base_person = _base(random, len(subjects))
    return Crowd(
        subject_ids=subjects,
        compared=compared,
        district=district,
        at_us=at_us,
        person=person,
        scene=scene,
        voucher_ids=uuid7s(at_us, random.bytes(RANDOM_BYTES * count)),
        chance=random.random(count, dtype=np.float32),
        visit_us=_in_hours(random, at_us + _SOON_US + (random.exponential(_MEAN_DELAY_US, count)).astype(np.int64)),
        spend_minor=_spend(random, count, plan.MINIMUM_MINOR),
        base_us=base_us,
        base_person=base_person,
        base_shop=_popular(random, len(base_us)),
        base_spend_minor=_spend(random, len(base_us), _LEAST_MINOR),
        carried=_carried(random, (at_us, person), (base_us, base_person)),
    )


def _random_ids(random: np.random.Generator, count: int) -> Ids:
    ids = np.frombuffer(random.bytes(16 * count), dtype=np.uint8).reshape(-1, 16).copy()
    ids[:, 6] = ids[:, 6] & 0x0F | 0x40
    ids[:, 8] = ids[:, 8] & 0x3F | 0x80
    return ids.view("V16").reshape(-1)


def _popular(random: np.random.Generator, count: int) -> Int32s:
    """Return shops: the most popular is met five times as often as the least."""
    weights = np.linspace(5, 1, plan.SHOPS_PER_CITY)
    return random.choice(plan.SHOPS_PER_CITY, count, p=weights / weights.sum()).astype(np.int32)


def _times(random: np.random.Generator, days: npt.NDArray[Any]) -> Int64s:
    """Return a moment of each local day (0 is the first), by the hours in which people are about."""
    hours = random.choice(24, len(days), p=_HOURS / _HOURS.sum())
    within = random.integers(0, _HOUR_US, len(days))
    return microseconds(plan.STARTS_AT) + days.astype(np.int64) * _DAY_US + hours * _HOUR_US + within


def _plays(random: np.random.Generator, city: City, players: Int64s) -> tuple[Int64s, Int32s, Int32s]:
    """Return time, person and scene of each play, by time: no two of one person, scene and day."""
    wanted = city.plan.plays_per_city
    eager = random.lognormal(0, 0.6, len(players))
    keys = np.empty(0, dtype=np.int64)
    while len(keys) < wanted:
        more = round((wanted - len(keys)) * 1.1) + 10
        who = random.choice(players, more, p=eager / eager.sum())
        day = random.choice(plan.DAYS, more, p=_WEEK / _WEEK.sum())
        met = (who * plan.DAYS + day) * plan.SHOPS_PER_CITY + _popular(random, more)
        keys = np.sort(np.concatenate([keys, met]))
        # numpy's own `unique` hashes integers: seventy times as long for millions that differ.
        keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])]
    keys = random.permutation(keys)[:wanted]
    scene, rest = keys % plan.SHOPS_PER_CITY, keys // plan.SHOPS_PER_CITY
    at_us = _times(random, rest % plan.DAYS)
    order = np.argsort(at_us, kind="stable")
    return at_us[order], (rest // plan.DAYS)[order].astype(np.int32), scene[order].astype(np.int32)


def _base(random: np.random.Generator, people: int) -> tuple[Int64s, Int32s]:
    """Return time and person of the visits that happen anyway, by time."""
    person = np.repeat(np.arange(people, dtype=np.int32), random.poisson(plan.BASE_VISITS, people))
    at_us = _in_hours(random, _times(random, random.integers(0, plan.DAYS, len(person))))
    order = np.argsort(at_us, kind="stable")
    return at_us[order], person[order]


def _in_hours(random: np.random.Generator, at_us: Int64s) -> Int64s:
    """Move what falls outside the shops' hours to the morning after."""
    local = at_us + plan.OFFSET_US
    hour = local % _DAY_US // _HOUR_US
    morning = local // _DAY_US * _DAY_US + np.where(hour >= _CLOSES, _DAY_US, 0) + _OPENS * _HOUR_US - plan.OFFSET_US
    later = morning + random.integers(0, 6 * _HOUR_US, len(at_us))
    return np.where((hour < _OPENS) | (hour >= _CLOSES), later, at_us)


def _spend(random: np.random.Generator, count: int, least_minor: int) -> Int32s:
    yuan = random.lognormal(_LOG_MEDIAN, _LOG_SPREAD, count)
    return np.maximum(np.rint(yuan * 100), least_minor).astype(np.int32)


def _carried(random: np.random.Generator, plays: tuple[Int64s, Int32s], visits: tuple[Int64s, Int32s]) -> Int64s:
    """Return for each visit the last play of the same person at least twenty minutes before, or -1."""
    order = np.lexsort(plays)
    at_us, person = plays[0][order], plays[1][order]
    # One number that orders by person, then time.
    base = microseconds(plan.STARTS_AT) - _DAY_US
    span = 16 * _DAY_US
    key = person.astype(np.int64) * span + (at_us - base)
    wanted = visits[1].astype(np.int64) * span + (visits[0] - _SOON_US - base)
    place = np.searchsorted(key, wanted, side="right") - 1
    found = place >= 0
    found[found] = person[place[found]] == visits[1][found]
    found &= random.random(len(found)) < plan.CARRY
    return np.where(found, order[np.maximum(place, 0)], -1)


def brings(hour_of_play: npt.NDArray[Any], same_district: Bools) -> Floats:
    """Return how likely vouchers are to bring their holders, by the declared table."""
    lunch = (hour_of_play >= plan.LUNCH[0]) & (hour_of_play < plan.LUNCH[1])
    evening = (hour_of_play >= plan.EVENING[0]) & (hour_of_play < plan.EVENING[1])
    row = np.where(lunch, 0, np.where(evening, 1, 2))
    return np.array(plan.BRINGS, dtype=np.float32)[row, np.where(same_district, 0, 1)]
