"""What a network could know of its members before giving a voucher: facts that passed its tills, and nothing else.

No home, taste, threshold, friend or thrift of a person: visits by shop, category, time and place, amounts, and which
vouchers were given and redeemed. Prices are the means of what was really paid.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ringmain.campaign.api import Known
from ringmain.simulate.world.days import Visits
from ringmain.simulate.world.families.family import Held
from ringmain.simulate.world.parameters import WINDOW_DAYS
from ringmain.simulate.world.shops import CATEGORIES, Floats, Int64s
from ringmain.simulate.world.world import World

_RECENT_DAYS, _NEVER_DAYS = 28, 120.0
# Rates of few cases are drawn towards the rate of all, as by so many cases more.
_PRIOR = 4.0
_LEAST_SHARE = 0.02
_HALF_LIFE_DAYS = 14.0
_MOST_OVERDUE = 5.0

NAMES = (
    "here_recent", "here_ever", "since_here", "never_here", "kind_recent", "kind_ever", "since_kind", "out_recent",
    "out_ever", "since_out", "shops_known", "new_recent", "km_from_usual", "share_of_district", "shop_visits",
    "shop_returns", "worth", "face", "spends", "reduced", "given", "redeems", "given_here", "redeemed_here",
    "share_of_kind", "weekly_here", "overdue", "kind",
)  # fmt: skip
# What may say how much a voucher's worth matters.
_WITH_WORTH = (
    "here_recent", "weekly_here", "never_here", "kind_recent", "redeems", "km_from_usual", "given", "reduced", "spends",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What was recorded before a morning: visits of all time, and vouchers by the day on which each was given."""

    world: World
    visits: Visits
    given: Sequence[tuple[int, Held]]
    day: int


def known(facts: Facts, person: Int64s, slot: Int64s, face: Floats) -> Known:
    """Return what is known of each row: a person, a shop within reach, and the face of its voucher."""
    columns = _columns(facts, person, slot, face)
    raw = np.column_stack([columns[name] for name in NAMES])
    plain = np.column_stack([columns[name] for name in NAMES[:-1]])
    worth, new = columns["worth"], columns["never_here"]
    products = [worth * columns[name] for name in _WITH_WORTH]
    products += [new * columns[name] for name in ("kind_recent", "km_from_usual", "out_recent", "new_recent")]
    products += [columns["redeems"] * columns[name] for name in ("here_recent", "out_recent")]
    kinds = np.eye(len(CATEGORIES))[columns["kind"].astype(np.int64)][:, 1:]
    return Known(linear=np.column_stack([plain, *products, kinds]), raw=raw)


def _columns(facts: Facts, person: Int64s, slot: Int64s, face: Floats) -> dict[str, Floats]:
    world, visits, day = facts.world, facts.visits, facts.day
    people, slots = world.reach.shape
    shop = world.reach[person, slot].astype(np.int64)
    kind = world.shops.category[shop].astype(np.int64)
    cell, kind_cell = person * slots + slot, person * len(CATEGORIES) + kind
    of_cell, of_kind = visits.person * slots + visits.slot, visits.person * len(CATEGORIES)
    of_kind = of_kind + world.shops.category[visits.shop]
    recent = visits.day >= day - _RECENT_DAYS
    first_here = np.zeros(len(of_cell), dtype=np.bool_)
    first_here[np.unique(of_cell, return_index=True)[1]] = True
    here, cells = np.bincount(of_cell, minlength=people * slots), people * slots
    out = np.bincount(visits.person, minlength=people)
    out_recent = np.bincount(visits.person[recent], minlength=people)
    kinds = np.bincount(of_kind, minlength=people * len(CATEGORIES))
    kinds_recent = np.bincount(of_kind[recent], minlength=people * len(CATEGORIES))
    since_here = _since(of_cell, visits.day, day, cells)[cell]
    usual_price = _means(visits.shop, visits.amount_minor, len(world.shops.category))
    spends = _means(visits.person, visits.amount_minor / usual_price[visits.shop], people, prior=_PRIOR)
    shops_visits = np.bincount(visits.shop[recent], minlength=len(world.shops.category))
    repeats = _means(visits.shop, ~first_here, len(world.shops.category), prior=_PRIOR)
    gap = np.maximum(day / (here[cell] + 1.0), 1.0)
    given, redeems, given_here, redeemed_here = _vouchers(facts, cells)
    new_recent = np.bincount(visits.person[recent & first_here], minlength=people)
    return {
        "here_recent": np.log1p(np.bincount(of_cell[recent], minlength=cells)[cell]),
        "here_ever": np.log1p(here[cell]),
        "since_here": since_here,
        "never_here": (here[cell] == 0).astype(np.float64),
        "kind_recent": np.log1p(kinds_recent[kind_cell]),
        "kind_ever": np.log1p(kinds[kind_cell]),
        "since_kind": _since(of_kind, visits.day, day, people * len(CATEGORIES))[kind_cell],
        "out_recent": np.log1p(out_recent[person]),
        "out_ever": np.log1p(out[person]),
        "since_out": _since(visits.person, visits.day, day, people)[person],
        "shops_known": np.log1p((here.reshape(people, slots) > 0).sum(axis=1)[person]),
        "new_recent": ((new_recent + 1.0) / (out_recent + _PRIOR))[person],
        "km_from_usual": _km_from_usual(facts, person, shop),
        "share_of_district": _share_of_district(facts, person, shop),
        "shop_visits": np.log1p(shops_visits[shop]),
        "shop_returns": repeats[shop],
        "worth": face / np.maximum(usual_price[shop], 1.0),
        "face": np.log(face),
        "spends": spends[person],
        "reduced": _reduced(visits, people)[person],
        "given": given[person],
        "redeems": redeems[person],
        "given_here": given_here[cell],
        "redeemed_here": redeemed_here[cell],
        "share_of_kind": here[cell] / (kinds[kind_cell] + 1.0),
        "weekly_here": WINDOW_DAYS * here[cell] / day,
        "overdue": np.where(here[cell] > 0, np.minimum(since_here / gap, _MOST_OVERDUE), 0.0),
        "kind": kind.astype(np.float64),
    }


def _reduced(visits: Visits, people: int) -> Floats:
    """Return the logarithm of the share of shelf prices that reductions took off, by person, shrunken."""
    paid = np.bincount(visits.person, weights=visits.amount_minor, minlength=people)
    saved = np.bincount(visits.person, weights=visits.reduced_minor, minlength=people)
    usual = _PRIOR * (float(visits.amount_minor.mean()) if len(visits.shop) else 1.0)
    of_all = saved.sum() / max(saved.sum() + paid.sum(), 1.0)
    share = (saved + usual * of_all) / (saved + paid + usual)
    return np.asarray(np.log(share + _LEAST_SHARE))


def _since(code: Int64s, on: NDArray[np.integer], day: int, size: int) -> Floats:
    """Return the days since the last visit of each code; a fixed large number where there was none."""
    last = np.full(size, -1, dtype=np.int64)
    # Visits are in the order of days, so the last one written is the latest.
    last[code] = on
    return np.where(last < 0, _NEVER_DAYS, np.minimum(day - last, _NEVER_DAYS)).astype(np.float64)


def _means(code: Int64s, value: NDArray[np.generic], size: int, prior: float = 1e-9) -> Floats:
    """Return the mean value by code, drawn towards the mean of all by `prior` cases."""
    values = np.asarray(value, dtype=np.float64)
    mean = float(values.mean()) if len(values) else 0.0
    total = np.bincount(code, weights=values, minlength=size) + prior * mean
    means: Floats = total / (np.bincount(code, minlength=size) + prior)
    return means


def _km_from_usual(facts: Facts, person: Int64s, shop: Int64s) -> Floats:
    """Return how far each shop is from the middle of where the person was seen; from the middle of all, if never."""
    people, place = len(facts.world.reach), facts.world.shops.place
    seen = place[facts.visits.shop]
    middle = np.column_stack([_means(facts.visits.person, seen[:, axis], people, prior=0.5) for axis in (0, 1)])
    apart = place[shop] - middle[person]
    return np.asarray(np.hypot(apart[:, 0], apart[:, 1]))


def _share_of_district(facts: Facts, person: Int64s, shop: Int64s) -> Floats:
    """Return which share of the person's visits was in the shop's district."""
    world, districts = facts.world, facts.world.parameters.districts
    where = facts.visits.person * districts + world.shops.district[facts.visits.shop]
    counts = np.bincount(where, minlength=len(world.reach) * districts)
    out = np.bincount(facts.visits.person, minlength=len(world.reach))
    share: Floats = counts[person * districts + world.shops.district[shop]] / (out[person] + 1.0)
    return share


def _vouchers(facts: Facts, cells: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Return by person vouchers given of late (fading) and the share redeemed; by cell how many given and redeemed."""
    people, slots = facts.world.reach.shape
    given, ever = np.zeros(people), np.zeros(people)
    here = np.zeros(cells)
    for day, held in facts.given:
        who = np.flatnonzero(held.slot >= 0)
        given[who] += 0.5 ** ((facts.day - day) / _HALF_LIFE_DAYS)
        ever[who] += 1.0
        here[who * slots + held.slot[who]] += 1.0
    spent = facts.visits.redeemed
    redeemed = np.bincount(facts.visits.person[spent], minlength=people)
    cell = facts.visits.person[spent] * slots + facts.visits.slot[spent]
    usual = redeemed.sum() / max(ever.sum(), 1.0)
    return given, (redeemed + _PRIOR * usual) / (ever + _PRIOR), here, np.bincount(cell, minlength=cells).astype(float)
