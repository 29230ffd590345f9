"""Finds the tribes of a network in what its people do, continues those of the last finding, and places newcomers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringmain.kit.learn.partitions import best_jaccard
from ringmain.segment.behaviour import ENOUGH_VISITS, Behaviour, Column
from ringmain.segment.identity import move_on, successors
from ringmain.segment.rules import Rule, rule_of
from ringmain.segment.tribes import FEWEST, Grid, Tribes, find, only, refound

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]

# Tribes are found from so many people at most, drawn by chance; everybody else is placed by what was found.
_FOUND_FROM: Final = 10_000
# Below three groups of ten there is nothing to tell apart.
FEWEST_PEOPLE: Final = 3 * FEWEST
# What resamples do not find again to this degree (mean Jaccard index) is not to be trusted (Hennig 2007).
_STABLE: Final = 0.6
_RESAMPLES: Final = 20
# A tribe has so many times the members that chance alone would give it.
_TIMES_CHANCE: Final = 2.0
_CHANCES: Final = 5
# Two groups that share so much of their people are one.
_SEEN_TWICE: Final = 0.5
# A newcomer is placed where a tribe is this likely.
LIKELY: Final = 0.7
# A tribe's centre counts like so many visits of everybody, lest a newcomer's first odd visit rule a tribe out.
_SMOOTH: Final = 0.05
# A further condition is worth its words where so many more of those who meet the rule are members.
_WORTH_SAYING: Final = 0.05
_FIVES: Final = 5
_SMALL: Final = 20
_ALL: Final = 100
_MOST_LIFTS: Final = 3
_LEAST_LIFT: Final = 1.15
_LEAST_MORE: Final = 0.03


@dataclass(frozen=True, slots=True)
class RuleCondition:
    """A share of visits that is at least, or at most, so many per cent."""

    column: Column
    at_least: bool
    per_cent: int


@dataclass(frozen=True, slots=True)
class Lift:
    """What sets a tribe apart: the share of its visits, in per cent, beside that of everybody."""

    column: Column
    per_cent: float
    everybody: float


@dataclass(frozen=True, slots=True)
class PastTribe:
    """A tribe of the last finding: its key, what it is named by, and its centre."""

    key: str
    name: tuple[Column, ...]
    centre: Mapping[Column, float]


@dataclass(frozen=True, slots=True)
class Past:
    """The last finding: its tribes in order, and the place among them of each person who was in one."""

    tribes: tuple[PastTribe, ...] = ()
    members: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FoundTribe:
    """A tribe that was found. `continues` is its place in the past, None for a new one."""

    continues: int | None
    name: tuple[Column, ...]
    rule: tuple[RuleCondition, ...]
    apart: tuple[Lift, ...]
    centre: Mapping[Column, float]
    size: int
    stability: float


@dataclass(frozen=True, slots=True)
class Placed:
    """A person's tribe. `probability` None: counted from visits enough; else how likely few visits make it.

    `shares` are the person's own per cents for the conditions of the tribe's rule.
    """

    person: str
    tribe: int
    probability: float | None
    shares: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found. `people` had visits enough to be looked at, `newcomers` had fewer."""

    people: int
    newcomers: int
    tribes: tuple[FoundTribe, ...] = ()
    placed: tuple[Placed, ...] = ()


def find_tribes(given: Behaviour, past: Past, seed: int) -> Finding:
    """Return the tribes of a network's people. The same people, past and seed give the same tribes."""
    settled = given.visits >= ENOUGH_VISITS
    known, new = given.of(settled), given.of(~settled)
    if len(known.people) < FEWEST_PEOPLE:
        return Finding(len(known.people), len(new.people))
    random = np.random.default_rng(seed)
    sample = np.sort(random.permutation(len(known.people))[:_FOUND_FROM])
    tribes, stability = _trusted(known.counts[sample], known.grid, seed)
    if not len(tribes.anchors):
        return Finding(len(known.people), len(new.people))
    before = _before(past, known, tribes)
    place = tribes.place(known.counts)
    continued = _continued(before, tribes, past, known, place)
    place = _staying(tribes, known, past, continued, place)
    found = _described(tribes, stability, known, place, past, continued)
    placed = [*_settled(found, known, place), *_newcomers(found, tribes, known, new, place)]
    return Finding(len(known.people), len(new.people), found, tuple(placed))


def _trusted(counts: Floats, grid: Grid, seed: int) -> tuple[Tribes, Floats]:
    """Return the tribes that chance does not make and that resamples find again, and how stable each is.

    What falls away goes to what stands out next, or to no tribe; so one goes at a time, the worst first.
    """
    tribes = find(counts, seed, grid=grid)
    anchors = _seen_once(counts, tribes, tribes.anchors[_beyond_chance(counts, tribes, seed)])
    while True:
        tribes = only(counts, tribes.everybody, anchors, grid)
        stability = _stability(counts, tribes, seed)
        if not len(tribes.anchors) or stability.min() >= _STABLE:
            return tribes, stability
        anchors = np.delete(tribes.anchors, int(stability.argmin()))


def _seen_once(counts: Floats, tribes: Tribes, anchors: Int64s) -> Int64s:
    """Return the anchors without those that are another one seen from a second side: noodles, and always at night.

    Those for whom the one stands out are then mostly those for whom the other does; the one that says more is kept.
    """
    standing = Tribes(anchors, tribes.everybody, tribes.centres, tribes.grid).standing(counts)
    out = standing[:, :-1] > standing[:, -1:]
    tells = np.where(out, standing[:, :-1], 0.0).sum(axis=0)
    kept: list[int] = []
    for one in np.argsort(-tells, kind="stable").tolist():
        both = [int((out[:, one] & out[:, other]).sum()) for other in kept]
        either = [int((out[:, one] | out[:, other]).sum()) for other in kept]
        if all(shared < _SEEN_TWICE * every for shared, every in zip(both, either, strict=True)):
            kept.append(one)
    return anchors[np.sort(np.array(kept, dtype=np.int64))]


def _beyond_chance(counts: Floats, tribes: Tribes, seed: int) -> NDArray[np.bool_]:
    """Return which tribes (tribes,) have clearly more members than if everybody did everything as everybody does."""
    grid = tribes.grid or Grid.one_block(counts.shape[1])
    random = np.random.default_rng(seed)
    several = len(tribes.anchors)
    by_chance = np.zeros(several)
    for _ in range(_CHANCES):
        drawn = np.zeros_like(counts)
        for block in np.unique(grid.blocks):
            side = grid.blocks == block
            share = tribes.everybody[side] / tribes.everybody[side].sum()
            drawn[:, side] = random.multinomial(counts[:, side].sum(axis=1).astype(np.int64), share)
        by_chance += np.bincount(tribes.place(drawn), minlength=several + 1)[:several] / _CHANCES
    sizes = np.bincount(tribes.place(counts), minlength=several + 1)[:several]
    return np.asarray(sizes >= _TIMES_CHANCE * by_chance + 3 * np.sqrt(by_chance))


def _stability(counts: Floats, tribes: Tribes, seed: int) -> Floats:
    """Return how well each tribe (tribes,) is found again in resamples of the people: the mean Jaccard index."""
    place = tribes.place(counts)
    again = []
    for anchors in refound(counts, tribes, seed, _RESAMPLES):
        once = _seen_once(counts, tribes, anchors)
        other = Tribes(once, tribes.everybody, tribes.centres, tribes.grid).place(counts)
        again.append(best_jaccard(place, other)[: len(tribes.anchors)])
    return np.asarray(np.mean(again, axis=0))


def _before(past: Past, known: Behaviour, tribes: Tribes) -> Tribes:
    """Return the tribes of the past on the columns of today."""
    rows = [[one.centre.get(column, 0.0) for column in known.columns] for one in past.tribes]
    centres = np.array(rows).reshape(len(rows), len(known.columns))
    return Tribes(np.zeros(len(rows), dtype=np.int64), tribes.everybody, centres, tribes.grid)


def _continued(before: Tribes, tribes: Tribes, past: Past, known: Behaviour, place: Int64s) -> dict[int, int]:
    """Return for each tribe that has a past its place there."""
    if not past.tribes:
        return {}
    none = len(past.tribes)
    was = np.array([past.members.get(person, none) for person in known.people], dtype=np.int64)
    return successors(before, tribes, was, place)


def _staying(tribes: Tribes, known: Behaviour, past: Past, continued: dict[int, int], place: Int64s) -> Int64s:
    """Return the tribe of each person, where those who were in one that goes on stay unless another clearly beats it.

    Where that would leave a tribe with fewer than ten people, everybody is where they stand out most.
    """
    goes_on = {old: new for new, old in continued.items()}
    was = np.array([goes_on.get(past.members.get(person, -1), -1) for person in known.people], dtype=np.int64)
    had = was >= 0
    if not had.any():
        return place
    now = place.copy()
    now[had] = move_on(tribes, was[had], known.counts[had])[0]
    sizes = np.bincount(now, minlength=len(tribes.anchors) + 1)[: len(tribes.anchors)]
    return now if sizes.min() >= FEWEST else place


def _described(
    tribes: Tribes, stability: Floats, known: Behaviour, place: Int64s, past: Past, continued: dict[int, int]
) -> tuple[FoundTribe, ...]:
    """Return each tribe with its name, its rule, and what sets it apart."""
    grid = known.grid
    shares = grid.shares(known.counts)
    taken = {past.tribes[old].name for old in continued.values()}
    found = []
    for number, anchor in enumerate(tribes.anchors.tolist()):
        member = place == number
        centre = shares[member].mean(axis=0)
        others = [other for other in tribes.anchors.tolist() if other != anchor]
        rule = rule_of(shares, member, [anchor, *others], worth=_WORTH_SAYING, once=True)
        apart = _apart(centre, tribes.everybody, known.columns, grid, anchor)
        old = continued.get(number)
        name = past.tribes[old].name if old is not None else _name(known.columns[anchor], apart, taken)
        taken.add(name)
        found.append(
            FoundTribe(
                continues=old,
                name=name,
                rule=_in_fives(rule, known.columns),
                apart=apart,
                centre={column: float(share) for column, share in zip(known.columns, centre, strict=True)},
                size=int(member.sum()),
                stability=float(stability[number]),
            )
        )
    return tuple(found)


def _in_fives(rule: Rule, columns: Sequence[Column]) -> tuple[RuleCondition, ...]:
    """Return a rule in fives of per cent, drawn wider and never narrower; small per cents stay as they are."""
    wider = [
        RuleCondition(columns[one.column], one.at_least, _five(one.per_cent, up=not one.at_least))
        for one in rule.conditions
    ]
    return tuple(one for one in wider if one.per_cent < _ALL or one.at_least)


def _five(per_cent: int, *, up: bool) -> int:
    if per_cent < _SMALL:
        return per_cent
    return -(-per_cent // _FIVES) * _FIVES if up else per_cent // _FIVES * _FIVES


def _apart(centre: Floats, everybody: Floats, columns: Sequence[Column], grid: Grid, anchor: int) -> tuple[Lift, ...]:
    """Return what a tribe does more than everybody, most telling first; the anchor always."""
    telling = centre * np.log(np.maximum(centre, 1e-9) / everybody)
    order = [anchor, *(column for column in np.argsort(-telling).tolist() if column != anchor)]
    above = [
        column
        for column in order
        if column == anchor
        or (
            grid.eligible[column]
            and centre[column] >= max(_LEAST_LIFT * everybody[column], everybody[column] + _LEAST_MORE)
        )
    ]
    return tuple(
        Lift(columns[column], float(centre[column] * 100), float(everybody[column] * 100))
        for column in above[:_MOST_LIFTS]
    )


def _name(anchor: Column, apart: Sequence[Lift], taken: set[tuple[Column, ...]]) -> tuple[Column, ...]:
    """Return the columns that name a new tribe: its anchor, and where that is taken what else sets it apart."""
    names = [(anchor,), *((anchor, lift.column) for lift in apart[1:])]
    return next((name for name in names if name not in taken), names[-1])


def _settled(found: Sequence[FoundTribe], known: Behaviour, place: Int64s) -> list[Placed]:
    shares = known.grid.shares(known.counts)
    return [
        Placed(person, tribe, None, _own_shares(found[tribe], known.columns, shares[row]))
        for row, (person, tribe) in enumerate(zip(known.people, place.tolist(), strict=True))
        if tribe < len(found)
    ]


def _newcomers(
    found: Sequence[FoundTribe], tribes: Tribes, known: Behaviour, new: Behaviour, place: Int64s
) -> list[Placed]:
    """Place people with few visits where the centre of one tribe makes those visits likely enough (Bayes' rule).

    Before anything is known of somebody they belong to each tribe, or to none, as often as people do. Only sides in
    which tribes stand out are looked at, each as if its visits were drawn from the centre's shares.
    """
    if not new.people:
        return []
    several = len(tribes.anchors)
    sizes = np.bincount(place, minlength=several + 1)
    sums = np.zeros((several + 1, len(known.columns)))
    np.add.at(sums, place, known.grid.shares(known.counts))
    centre = sums / np.maximum(sizes, 1)[:, None]
    smooth = (1 - _SMOOTH) * centre + _SMOOTH * tribes.everybody
    sides = {known.columns[anchor].side for anchor in tribes.anchors.tolist()}
    counts = np.where([column.side in sides for column in known.columns], new.counts, 0.0)
    logs = counts @ np.log(np.maximum(smooth, 1e-9)).T + np.log(np.maximum(sizes, 0.5) / sizes.sum())
    odds = np.exp(logs - logs.max(axis=1, keepdims=True))
    chance = odds / odds.sum(axis=1, keepdims=True)
    best = chance.argmax(axis=1)
    shares = new.grid.shares(new.counts)
    return [
        Placed(
            person,
            int(best[row]),
            float(chance[row, best[row]]),
            _own_shares(found[int(best[row])], new.columns, shares[row]),
        )
        for row, person in enumerate(new.people)
        if best[row] < several and chance[row, best[row]] >= LIKELY
    ]


def _own_shares(tribe: FoundTribe, columns: Sequence[Column], shares: Floats) -> tuple[int, ...]:
    return tuple(round(float(shares[columns.index(one.column)]) * 100) for one in tribe.rule)
