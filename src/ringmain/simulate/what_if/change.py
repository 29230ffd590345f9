"""What changes in a copy of a network when a shop leaves or comes, or a merchant's budget doubles; lived in pairs.

Both lives of a pair have the same chance: a visit that the change does not touch is the same visit in both. What nobody
can tell from a network's own figures is drawn anew for each pair within stated bounds, and the interval holds it, too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import msgspec
import numpy as np

from ringmain.loop.api import NetworkFigures
from ringmain.simulate.what_if.town import KM_PER_DEGREE, REACH_KM, Floats, Town

# Counted is what happens in four weeks.
DAYS = 28
PAIRS = 200
# Of the visits to a shop, those that are made elsewhere, or not at all, when it is not there.
LOST = (0.3, 0.7)
# Of the visits with a voucher, those that would not have come without it.
CAUSED = (0.2, 0.8)
# When a budget doubles, how many vouchers are spent beside those spent now: half as many more to twice.
MORE = (0.5, 1.0)
# Where people live is guessed from where they buy, so that ways look shorter than they are: up to so many times.
FURTHER = (1.0, 3.0)
_LOW, _HIGH = 2.5, 97.5


class RemoveShop(msgspec.Struct, frozen=True, tag="remove_shop"):
    """A shop leaves."""

    shop_id: UUID


class DoubleBudget(msgspec.Struct, frozen=True, tag="double_budget"):
    """A merchant (or the network) pays for twice as many vouchers."""

    funder_id: UUID


class AddShop(msgspec.Struct, frozen=True, tag="add_shop"):
    """An average shop of a category opens at a place, in degrees."""

    category: str
    latitude: float
    longitude: float


Question = RemoveShop | DoubleBudget | AddShop


class Figure(msgspec.Struct, frozen=True):
    """A figure of four weeks: as it is, and how it changes, with the range in which 95 of 100 pairs lie."""

    name: str
    now: float
    change: float
    low: float
    high: float


class Answer(msgspec.Struct, frozen=True):
    """What would change, and what that rests on: people and visits looked at, and how many pairs were lived."""

    question: Question
    figures: tuple[Figure, ...]
    people: int
    visits: int
    days: int
    way_km: float
    pairs: int
    currency: str
    # Days that the money lasts at this rate, now and then; None where none is used.
    lasts_now: float | None
    lasts_then: float | None

    def named(self, name: str) -> Figure:
        """Return one figure."""
        return next(one for one in self.figures if one.name == name)


NAMES = ("visits", "flow", "turnover_minor", "fees_minor", "money_minor")


@dataclass(frozen=True, slots=True, eq=False)
class _Now:
    """Per shop and four weeks: visits, vouchers spent and won, money they took; and all of it in one row."""

    visits: Floats
    spent: Floats
    won: Floats
    moved: Floats
    money: Floats


def ask(
    town: Town,
    figures: NetworkFigures,
    question: Question,
    seed: int,
    *,
    pairs: int = PAIRS,
    progress: Callable[[int], bool] = lambda _: True,
) -> Answer:
    """Live so many pairs; `progress` hears of each and stops it by False, then what there is counts."""
    now = _now(figures)
    random = np.random.default_rng([seed, 62])
    lived = []
    for number in range(pairs):
        if not progress(number):
            break
        lived.append(_pair(town, figures, question, now, random))
    changes = np.array(lived, dtype=np.float64).reshape(-1, len(NAMES))
    current = (
        float(now.visits.sum()),
        float(now.moved.sum()),
        float((now.visits * town.paid).sum()),
        float(now.spent.sum() * figures.fee_minor),
        float(now.money.sum()),
    )
    found = tuple(
        Figure(name, value, *_range(column)) for name, value, column in zip(NAMES, current, changes.T, strict=True)
    )
    used, change = found[-1].now + found[-2].now, found[-1].change + found[-2].change
    return Answer(
        question,
        found,
        round(len(town.been) * town.weight),
        int(figures.visits.sum()),
        figures.days,
        town.way_km,
        len(lived),
        figures.currency,
        _lasts(figures.spendable_minor, used),
        _lasts(figures.spendable_minor, used + change),
    )


def _range(column: Floats) -> tuple[float, float, float]:
    if not len(column):
        return 0.0, 0.0, 0.0
    low, high = np.percentile(column, [_LOW, _HIGH])
    return float(column.mean()), float(low), float(high)


def _lasts(spendable: int, used: float) -> float | None:
    return round(spendable / used * DAYS, 1) if used > 0 else None


def _now(figures: NetworkFigures) -> _Now:
    place, scale = {shop.id: number for number, shop in enumerate(figures.shops)}, DAYS / figures.days
    size = len(place)
    spent, won, moved, money = (np.zeros(size) for _ in range(4))
    for one in figures.spent:
        if one.destination not in place:
            continue
        spent[place[one.destination]] += one.vouchers * scale
        money[place[one.destination]] += one.amount_minor * scale
        if one.origin in place and one.origin != one.destination:
            won[place[one.origin]] += one.vouchers * scale
            moved[place[one.destination]] += one.vouchers * scale
    counted = np.bincount(figures.shop, weights=figures.visits, minlength=size)
    visits = np.asarray(counted * scale, dtype=np.float64)
    return _Now(visits, spent, won, moved, money)


def _pair(
    town: Town, figures: NetworkFigures, question: Question, now: _Now, random: np.random.Generator
) -> tuple[float, ...]:
    """Live once more, with chances of its own, and return what changed of `NAMES`."""
    lost, caused, more = (random.uniform(*bounds) for bounds in (LOST, CAUSED, MORE))
    # Which people there are is chance, too: others like them might have been seen (a bootstrap).
    drawn = random.poisson(1.0, len(town.been)).astype(np.float64) * town.weight
    if isinstance(question, RemoveShop):
        return _without_shop(town, figures, question, now, (lost, caused), drawn, random)
    if isinstance(question, AddShop):
        return _with_shop(town, figures, question, now, lost, drawn, random)
    return _doubled(town, figures, question, (caused, more), random)


def _without_shop(
    town: Town,
    figures: NetworkFigures,
    question: RemoveShop,
    now: _Now,
    chances: tuple[float, float],
    drawn: Floats,
    random: np.random.Generator,
) -> tuple[float, ...]:
    lost, caused = chances
    shop = next(number for number, one in enumerate(figures.shops) if one.id == question.shop_id)
    kind = int(town.kind[shop])
    share = town.shares(kind)[:, shop]
    pull = town.pull.copy()
    pull[:, shop] = 0.0
    others = town.shares(kind, pull)
    mean = town.wants[:, kind] * share * DAYS
    visits = random.poisson(mean * drawn).astype(np.float64)
    # Who has no other shop of the kind in reach goes nowhere else.
    stays = np.where(others.sum(axis=1) > 0, 1.0 - lost, 0.0)
    change: Floats = random.binomial(visits.astype(np.int64), stays).astype(np.float64) @ others
    change[shop] -= visits.sum()
    # Vouchers won there are won no more, and what they brought elsewhere stays away; its own are spent no more.
    gone_won = now.won[shop]
    elsewhere = np.zeros(len(change))
    for one in figures.spent:
        if one.origin == question.shop_id and one.destination != question.shop_id:
            place = next((n for n, other in enumerate(figures.shops) if other.id == one.destination), None)
            if place is not None:
                elsewhere[place] += one.vouchers * DAYS / figures.days
    brought = random.poisson(elsewhere * caused).astype(np.float64)
    change -= np.minimum(brought, now.visits)
    vouchers = now.spent[shop] + gone_won
    each = now.money.sum() / now.spent.sum() if now.spent.sum() else 0.0
    return (
        float(change.sum()),
        -float(now.moved[shop] + gone_won),
        float((change * town.paid).sum()),
        -float(vouchers * figures.fee_minor),
        -float(now.money[shop] + gone_won * each),
    )


def _with_shop(
    town: Town,
    figures: NetworkFigures,
    question: AddShop,
    now: _Now,
    lost: float,
    drawn: Floats,
    random: np.random.Generator,
) -> tuple[float, ...]:
    kind = town.kinds.index(question.category)
    own = town.kind == kind
    middle = sum(shop.latitude for shop in figures.shops) / len(figures.shops)
    there = KM_PER_DEGREE * np.array([question.longitude * np.cos(np.radians(middle)), question.latitude])
    km = np.linalg.norm(town.home - there, axis=1)
    # How well it will draw people nobody knows: as one of those that there are.
    draws = float(random.choice(town.draws[own]))
    # Once people are as used to it as they are to the others, only what draws them and the way tell them apart.
    way = town.way_km * random.uniform(*FURTHER)
    new = np.where(km <= REACH_KM, draws * np.exp(-km / way), 0.0)
    old = (town.draws * np.exp(-town.km / way) * (town.km <= REACH_KM))[:, own].sum(axis=1)
    share = np.divide(new, old + new, out=np.zeros_like(new), where=old + new > 0)
    # Taken away again, so much of what the new one has would be lost: so much of it is more than there was.
    total = town.wants[:, kind] * DAYS / (1.0 - lost * share)
    visits = random.poisson(total * share * drawn).astype(np.float64)
    stays = np.where(old > 0, 1.0 - lost, 0.0)
    taken = random.binomial(visits.astype(np.int64), stays).astype(np.float64)
    change: Floats = -(taken @ town.shares(kind))
    paid = float(town.paid[own].mean())
    # It gives and takes vouchers as shops do on the average.
    sold = now.visits.sum()
    part = visits.sum() / sold if sold else 0.0
    flow = float(now.moved.sum() * part)
    return (
        float(visits.sum() + change.sum()),
        flow,
        float((change * town.paid).sum() + visits.sum() * paid),
        float(now.spent.sum() * part * figures.fee_minor),
        float(now.money.sum() * part),
    )


def _doubled(
    town: Town,
    figures: NetworkFigures,
    question: DoubleBudget,
    chances: tuple[float, float],
    random: np.random.Generator,
) -> tuple[float, ...]:
    caused, more = chances
    place = {shop.id: number for number, shop in enumerate(figures.shops)}
    scale = DAYS / figures.days
    vouchers = turnover = flow = money = visits = 0.0
    for one in figures.spent:
        if one.funder_id != question.funder_id or one.destination not in place:
            continue
        extra = float(random.poisson(one.vouchers * scale * more))
        brought = float(random.binomial(int(extra), caused))
        vouchers, visits = vouchers + extra, visits + brought
        turnover += brought * town.paid[place[one.destination]]
        money += extra * one.amount_minor / max(one.vouchers, 1)
        if one.origin is not None and one.origin != one.destination:
            flow += extra
    return visits, flow, turnover, vouchers * figures.fee_minor, money
