"""What a campaign may bring before it is paid for: visits, and those of them that would not have come without it.

Both rest on what came before, drawn to a usual value where that is little: a random-effects mean with a prior. What is
foretold is one new campaign, not the mean of many, so that its interval holds how campaigns differ, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np

from ringmain.loop.model.preview import PastOffer

_Z95 = 1.96


@dataclass(frozen=True, slots=True)
class Usual:
    """What is thought before anything is seen: the mean and how sure it is, how campaigns differ, and how sure that is.

    `weight`: as many campaigns as the spread between them is worth.
    """

    mean: float
    error: float
    between: float
    weight: float = 4.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A figure of a campaign that was, with its standard error."""

    value: float
    error: float


@dataclass(frozen=True, slots=True)
class Foretold:
    """The figure of one new campaign; `deviates` times `error` on both sides hold it in 95 of 100 cases."""

    mean: float
    error: float
    deviates: float

    @property
    def low(self) -> float:
        """The lower end."""
        return self.mean - self.deviates * self.error

    @property
    def high(self) -> float:
        """The upper end."""
        return self.mean + self.deviates * self.error


@dataclass(frozen=True, slots=True)
class Range:
    """What is expected, and between which bounds 95 of 100 campaigns end. In whole visits."""

    expected: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Expected:
    """What a campaign may bring. `offers`, `campaigns`: on how many that were each figure rests.

    `visits`: with its voucher. `more`: of those, and of visits without it, what would not have come anyway; its lower
    end may be under nought.
    """

    given: int
    visits: Range
    more: Range
    offers: int
    campaigns: int


# The share of vouchers that are spent, as log odds: 15 in 100, and between 2 and 55 in a network nobody has seen.
SPENT = Usual(mean=log(0.15 / 0.85), error=0.9, between=0.5)
# How far what a formula says of visits that come anyway may be off, and how campaigns differ in it.
SHARE_ERROR, SHARE_BETWEEN = 0.3, 0.2
FEWEST_SPENT = 30


def foretell(seen: Sequence[Seen], usual: Usual) -> Foretold:
    """Return the figure of one new campaign (DerSimonian, Laird 1986, with a prior)."""
    values = np.array([one.value for one in seen], dtype=np.float64)
    noise = np.array([one.error**2 for one in seen], dtype=np.float64)
    freedom = usual.weight + max(len(seen) - 1, 0)
    between = usual.between**2
    if len(seen) > 1:
        weight = 1 / noise
        middle = (weight @ values) / weight.sum()
        excess = float(weight @ (values - middle) ** 2) - (len(seen) - 1)
        found = max(0.0, excess / float(weight.sum() - (weight @ weight) / weight.sum()))
        between = (usual.weight * between + (len(seen) - 1) * found) / freedom
    weight = 1 / (noise + between)
    certain = 1 / usual.error**2 + float(weight.sum())
    mean = (usual.mean / usual.error**2 + float(weight @ values)) / certain
    # Student's t by its first terms (Abramowitz, Stegun 26.7.5): the spread between campaigns is guessed, too.
    deviates = _Z95 + (_Z95**3 + _Z95) / (4 * freedom) + (5 * _Z95**5 + 16 * _Z95**3 + 3 * _Z95) / (96 * freedom**2)
    return Foretold(mean, sqrt(1 / certain + between), deviates)


def expect(given: int, past: Sequence[PastOffer], shares: Sequence[Seen], share: float) -> Expected:
    """Return what `given` vouchers may bring, after offers like it and campaigns of the same merchant.

    `shares`: of campaigns that were, what they brought for each voucher spent. `share`: the same by a formula.
    """
    spent = foretell([_odds(one) for one in past], SPENT)
    middle, low, high = (_share(value) for value in (spent.mean, spent.low, spent.high))
    chance = _Z95 * sqrt(given * middle * (1 - middle))
    visits = given * middle
    under = min(visits, _both(visits - given * low, chance))
    over = min(given - visits, _both(given * high - visits, chance))
    part = foretell(shares, Usual(share, SHARE_ERROR, SHARE_BETWEEN))
    # Of a product of two: the spread of each times the other, and both spreads together.
    half = part.deviates * part.error
    down = _both(visits * half, under * part.mean, under * half)
    up = _both(visits * half, over * part.mean, over * half)
    more = visits * part.mean
    return Expected(
        given,
        Range(round(visits), int(visits - under), -int(-(visits + over))),
        Range(round(more), round(more - down), round(more + up)),
        len(past),
        len(shares),
    )


def _both(*halves: float) -> float:
    return sqrt(sum(half**2 for half in halves))


def _odds(one: PastOffer) -> Seen:
    """Return the log odds of a share, with half a voucher added on each side (Haldane, Anscombe)."""
    spent, kept = one.spent + 0.5, one.ended - one.spent + 0.5
    return Seen(log(spent / kept), sqrt(1 / spent + 1 / kept))


def _share(odds: float) -> float:
    return 1 / (1 + exp(-odds))
