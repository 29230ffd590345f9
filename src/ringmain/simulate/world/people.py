"""The people of a town as arrays: homes, work, tastes, budgets, how often they go out, and who knows whom."""

from dataclasses import dataclass

import numpy as np

from ringmain.simulate.journey import Frozen
from ringmain.simulate.world.parameters import Parameters
from ringmain.simulate.world.shops import CATEGORIES, Bools, Districts, Floats, Int32s, Int64s

_HOME_KM, _WORK_KM = 0.6, 0.4
_WORKS = 0.62
_TASTE = 4.0
_BUDGET_MINOR, _BUDGET_SPREAD = 60_000, 0.5
_NEAR_FRIENDS = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class People(Frozen):
    """People by number, one row each; the friends of i are `friends[friend_offsets[i] : friend_offsets[i + 1]]`.

    `home` and `work` (people, 2) in kilometres (who has no work has it at home); `taste` (people, categories) sums to
    one; `budget_minor` is what they spend in a week; `activity` multiplies how often they go out, one on average;
    `thrift` says how much a price off moves them, one on average; `touchy` whom vouchers can annoy.
    """

    home: Floats
    work: Floats
    district: Int32s
    taste: Floats
    budget_minor: Int64s
    activity: Floats
    thrift: Floats
    touchy: Bools
    friend_offsets: Int64s
    friends: Int32s


def draw_people(parameters: Parameters, districts: Districts) -> People:
    """Draw the people; who has little is moved by a price off more."""
    random = np.random.default_rng([parameters.seed, 3])
    count = parameters.people
    district = random.choice(parameters.districts, size=count, p=districts.share).astype(np.int32)
    home = districts.centre[district] + random.normal(0.0, _HOME_KM, (count, 2))
    office = random.choice(parameters.districts, size=count, p=districts.share)
    works = random.random(count) < _WORKS
    work = np.where(works[:, None], districts.centre[office] + random.normal(0.0, _WORK_KM, (count, 2)), home)
    needs = np.array([kind.needs for kind in CATEGORIES])
    drawn = random.standard_gamma(_TASTE * len(CATEGORIES) * needs / needs.sum(), (count, len(CATEGORIES))) + 1e-9
    wealth = random.normal(0.0, _BUDGET_SPREAD, count)
    spread = parameters.activity_spread
    share = parameters.choice.touchy if parameters.family == "choice" else parameters.rhythm.touchy
    thrift = np.exp(-0.6 * wealth) * random.gamma(1.5, 1.0, count)
    offsets, friends = _friends(parameters, district, random)
    return People(
        home=home,
        work=work,
        district=district,
        taste=drawn / drawn.sum(axis=1, keepdims=True),
        budget_minor=np.rint(_BUDGET_MINOR * np.exp(wealth)).astype(np.int64),
        activity=np.exp(random.normal(-(spread**2) / 2, spread, count)),
        thrift=thrift / thrift.mean(),
        touchy=random.random(count) < share,
        friend_offsets=offsets,
        friends=friends,
    )


def _friends(parameters: Parameters, district: Int32s, random: np.random.Generator) -> tuple[Int64s, Int32s]:
    """Draw ties: most of them within a district; each is felt by both, none by oneself."""
    count = parameters.people
    ties = round(parameters.friends * count / 2)
    one = random.integers(0, count, ties)
    order = np.argsort(district, kind="stable")
    starts = np.searchsorted(district[order], np.arange(parameters.districts + 1))
    here, size = starts[district[one]], np.diff(starts)[district[one]]
    neighbour = order[here + (random.random(ties) * size).astype(np.int64)]
    other = np.where(random.random(ties) < _NEAR_FRIENDS, neighbour, random.integers(0, count, ties))
    pairs = np.unique(np.concatenate((one * count + other, other * count + one)))
    who, whom = pairs // count, pairs % count
    apart = who != whom
    offsets = np.searchsorted(who[apart], np.arange(count + 1)).astype(np.int64)
    return offsets, whom[apart].astype(np.int32)
