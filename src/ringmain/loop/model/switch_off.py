"""What visits remain when the money has stopped: people who could win beside those who could not, period by period.

Who could win was dealt by chance before the money flowed, so both groups would come alike without it. Each period is
read once, at a time said beforehand (30, 60, 90 days after), so its interval is the fixed one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ringmain.loop.model.lift import ALPHA, Bools, Comparison, Dealt, Floats, Interval, compare, fixed

Int64s = NDArray[np.int64]

BEFORE_DAYS, AFTER_DAYS, PERIODS = 28, 30, 3
# Who could win for fewer days says little of a week in which they could.
LEAST_DURING_DAYS = 7
DAY_US = 86_400_000_000
_WEEK = 7

Name = Literal["before", "during", "after_30", "after_60", "after_90"]
AFTER: tuple[Name, ...] = ("after_30", "after_60", "after_90")


@dataclass(frozen=True, slots=True, eq=False)
class Stopped:
    """People of campaigns that stopped, a row each: visits of the days before they met it, while it ran, and after.

    `campaign` is a number, times are microseconds, `after` is (rows, periods) of `AFTER_DAYS` each from the stop on.
    """

    campaign: Int64s
    treated: Bools
    entered_at: Int64s
    stopped_at: Int64s
    before: Int64s
    during: Int64s
    after: Int64s

    def of(self, rows: NDArray[np.generic]) -> "Stopped":
        """Return some of the rows."""
        return Stopped(*(getattr(self, name)[rows] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Period:
    """Visits a person and week in one period. `rate` and `others`: of who could win, and of who could not.

    `habit`: what those who could win would have come by their own habit: as often as before, changed as the others
    have changed. `more` is what the money made of the difference, with its 95 % interval; None where it is too early.
    """

    name: Name
    treated: int
    compared_with: int
    rate: float | None
    others: float | None
    habit: float | None
    more: float | None
    interval: Interval | None


def read(rows: Stopped, now_us: int) -> tuple[Period, ...]:
    """Return the periods of people whose days of it are over, campaign by campaign and then together."""
    before: Floats = np.asarray(rows.before * (_WEEK / BEFORE_DAYS), dtype=np.float64)
    days = (rows.stopped_at - rows.entered_at) / DAY_US
    long = days >= LEAST_DURING_DAYS
    during: Floats = np.divide(rows.during * _WEEK, days, out=np.zeros(len(days)), where=long)
    found = [_period("before", rows, before, np.ones(len(days), dtype=np.bool_), before, difference=False)]
    found.append(_period("during", rows, during, long, before))
    for number, name in enumerate(AFTER):
        ripe = rows.stopped_at + (number + 1) * AFTER_DAYS * DAY_US <= now_us
        rate = np.asarray(rows.after[:, number] * (_WEEK / AFTER_DAYS), dtype=np.float64)
        found.append(_period(name, rows, rate, ripe, before))
    return tuple(found)


def _period(name: Name, rows: Stopped, rate: Floats, ripe: Bools, before: Floats, *, difference: bool = True) -> Period:
    treated, others = ripe & rows.treated, ripe & ~rows.treated
    counts = int(treated.sum()), int(others.sum())
    compared = []
    for campaign in np.unique(rows.campaign[ripe]) if difference else ():
        mine = np.flatnonzero(ripe & (rows.campaign == campaign))
        one = compare(Dealt(rows.treated[mine], rate[mine], before[mine]))
        if one is not None and one.enough:
            compared.append(one)
    more, interval = together(compared)
    if not min(counts):
        return Period(name, *counts, None, None, None, more, interval)
    base, usual = float(before[treated].mean()), float(before[others].mean())
    changed = float(rate[others].mean())
    habit = base * changed / usual if usual > 0 else None
    return Period(name, *counts, float(rate[treated].mean()), changed, habit, more, interval)


def together(compared: Sequence[Comparison]) -> tuple[float | None, Interval | None]:
    """Return the mean effect on a person over campaigns, each of which dealt its own people by chance."""
    people = sum(one.treated for one in compared)
    if not people:
        return None, None
    total = sum(one.effect * one.treated for one in compared)
    ranges = [(one, fixed(one)) for one in compared]
    low = sqrt(sum(((one.effect - found.low) * one.treated) ** 2 for one, found in ranges))
    high = sqrt(sum(((found.high - one.effect) * one.treated) ** 2 for one, found in ranges))
    return total / people, Interval((total - low) / people, (total + high) / people)


# With fewer areas on a side, or fewer ways in which they could have been drawn, no effect can be told from chance.
FEWEST_AREAS = 3
_DRAWS, _STEPS = 4_000, 60


@dataclass(frozen=True, slots=True)
class Remaining:
    """The share of an area's weekly visits that is left while its money is off, beside areas whose money flows on."""

    off: int
    on: int
    share: float
    interval: Interval


def read_areas(before: Floats, after: Floats, off: Bools, seed: int) -> Remaining | None:
    """Return what remains in areas that a switch-off was drawn for; None with fewer than three areas on a side.

    `before`, `after`: visits a week of each area. Which areas were off was drawn by chance, so without an effect every
    other draw was as likely (Fisher's test, on the mean difference of logarithms); the interval holds every constant
    factor that the test does not refuse at 5 %.
    """
    many = int(off.sum())
    if min(many, len(off) - many) < FEWEST_AREAS:
        return None
    change = np.log(after + 0.5) - np.log(before + 0.5)
    random = np.random.default_rng(seed)
    draws = np.argsort(random.random((_DRAWS, len(off))), axis=1) < many
    # What was really drawn is one of the draws that could have been.
    draws[0] = off
    effect = _apart(change, off[None])[0]
    reach = 2 * float(np.ptp(change)) + abs(effect) + 1e-9
    low, high = (_border(change, off, draws, effect, effect + side * reach) for side in (-1, 1))
    return Remaining(many, len(off) - many, float(np.exp(effect)), Interval(float(np.exp(low)), float(np.exp(high))))


def _apart(change: Floats, draws: Bools) -> Floats:
    many = draws.sum(axis=1)
    inside = draws @ change
    found: Floats = inside / many - (change.sum() - inside) / (draws.shape[1] - many)
    return found


def _border(change: Floats, off: Bools, draws: Bools, inside: float, outside: float) -> float:
    """Return the effect at which the test begins to refuse, between one that it bears and one that it refuses."""
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        found = np.abs(_apart(change - middle * off, draws))
        if float(np.mean(found >= found[0] * (1 - 1e-12))) > ALPHA:
            inside = middle
        else:
            outside = middle
    return outside
