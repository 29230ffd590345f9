"""What a campaign brought, read from its comparison group: a difference of means with intervals that one may trust.

Persons were dealt to two groups by chance before anything happened, and are compared as they were dealt (intent to
treat). An interval is either *fixed* (right when read once, at a time said beforehand) or a *sequence* (right at all
times at once, however often somebody looks).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from math import exp, log, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

ALPHA = 0.05
# The sequence is narrowest after so many persons; it holds before and after that as well.
TUNED_FOR = 2_000
# Fewer than so many in one of the groups say nothing of how far its mean may be from the truth.
FEWEST = 50
# The skewness of the smaller group's mean, up to which Hall's correction was seen to keep the promised cover.
MOST_SKEWED = 0.5
# Groups whose sizes are as unlikely as this under the promised share were not dealt, or not recorded, as promised.
_UNLIKELY = 0.001
# Chances of campaigns that had no effect yet have to be spread evenly; this uneven is an alarm, from so many on.
_UNEVEN = 0.01
FEWEST_CHANCES = 20
_NORMAL = NormalDist()
_CRITICAL = _NORMAL.inv_cdf(1 - ALPHA / 2)


@dataclass(frozen=True, slots=True)
class Dealt:
    """Persons of a campaign, one row each: `treated` or compared with; `before` is the same outcome earlier."""

    treated: Bools
    outcome: Floats
    before: Floats

    def of(self, rows: NDArray[np.generic]) -> "Dealt":
        """Return some of the rows."""
        return Dealt(self.treated[rows], self.outcome[rows], self.before[rows])


@dataclass(frozen=True, slots=True)
class Interval:
    """A range in which the effect lies."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Say whether a value lies in it."""
        return self.low <= value <= self.high

    @property
    def shows_effect(self) -> bool:
        """Whether it leaves no room for no effect at all."""
        return not self.holds(0.0)

    def times(self, factor: float) -> "Interval":
        """Return the range of a multiple (`factor` >= 0)."""
        return Interval(self.low * factor, self.high * factor)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The mean effect on one person, with its standard error, degrees of freedom and skewness.

    `skewness` is the third cumulant of the estimate over its standard error cubed; for one mean it would be the
    skewness of the data over the square root of their number. `tail` is that of the smaller group's mean alone.
    """

    effect: float
    error: float
    freedom: float
    skewness: float
    treated: int
    others: int
    tail: float = 0.0

    @property
    def enough(self) -> bool:
        """Whether both groups are large enough for these data to be judged at all."""
        return min(self.treated, self.others) >= FEWEST and self.error > 0 and self.tail <= MOST_SKEWED


def compare(dealt: Dealt) -> Comparison | None:
    """Return the difference of the groups' means after taking off what was to be foreseen; None without two of each.

    Variance reduction by a covariate from before the experiment (CUPED; Deng, Xu, Kohavi, Walker: Improving the
    Sensitivity of Online Controlled Experiments by Utilizing Pre-Experiment Data, WSDM 2013): y' = y - theta (x -
    mean x) with theta = cov(x, y) / var(x) inside the groups. The variance is Neyman's, a sum over the groups.
    """
    groups = (dealt.treated, ~dealt.treated)
    many, few = (int(group.sum()) for group in groups)
    if min(many, few) < 2:  # noqa: PLR2004 (a variance needs two)
        return None
    within = [(dealt.before[group] - dealt.before[group].mean()) for group in groups]
    spread = sum(float(one @ one) for one in within)
    shared = sum(float(one @ dealt.outcome[group]) for one, group in zip(within, groups, strict=True))
    theta = shared / spread if spread > 0 else 0.0
    adjusted = dealt.outcome - theta * (dealt.before - dealt.before.mean())
    first, second = (_moments(adjusted[group]) for group in groups)
    parts = (first[1] / many, second[1] / few)
    error = sqrt(sum(parts))
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / (many - 1) + parts[1] ** 2 / (few - 1)) if error else float(few - 1)
    # One skewness for both groups, from the data of all: the small group alone has hardly seen the tail.
    shape = (first[2] + second[2]) / (many * first[1] ** 1.5 + few * second[1] ** 1.5) if error else 0.0
    third = shape * (first[1] ** 1.5 / many**2 - second[1] ** 1.5 / few**2)
    skewness = third / error**3 if error else 0.0
    tail = abs(shape) / sqrt(min(many, few))
    return Comparison(first[0] - second[0], error, freedom, skewness, many, few, tail)


def _moments(values: Floats) -> tuple[float, float, float]:
    """Return the mean, the variance without bias, and the sum of the third powers of what is off the mean."""
    mean = float(values.mean())
    off = values - mean
    return mean, float(off @ off) / (len(values) - 1), float((off**3).sum())


def fixed(comparison: Comparison) -> Interval:
    """Return the 95 % interval for one reading at a time that was said beforehand.

    Welch's t, put right for skewed data by Hall's cubic transformation (Hall: On the Removal of Skewness by
    Transformation, JRSS B 54, 1992; for two groups Zhou, Dinh: Nonparametric Confidence Intervals for the One- and
    Two-Sample Problems, Biostatistics 6, 2005).
    """
    return _interval(comparison, _CRITICAL)


def sequence(comparison: Comparison, tuned_for: int = TUNED_FOR) -> Interval:
    """Return the 95 % interval of a sequence in which all readings hold at once, in order of persons.

    The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (Time-uniform Central Limit
    Theory and Asymptotic Confidence Sequences, 2021; Annals of Statistics 52, 2024, theorem 2.2): after n persons

        effect +- s.e. x sqrt(2 (n rho^2 + 1) / (n rho^2) x log(sqrt(n rho^2 + 1) / alpha))

    where rho^2 = (-2 log alpha + log(-2 log alpha) + 1) / `tuned_for` makes it narrowest after so many. Persons have to
    come in the order in which they were dealt, each with an outcome over a span as long as everybody's. As it is
    asymptotic, it is corrected for few degrees of freedom and for skewness in the same way as `fixed`.
    """
    return _interval(comparison, _widening(comparison.treated + comparison.others, tuned_for))


def _widening(count: int, tuned_for: int) -> float:
    scaled = count * (-2 * log(ALPHA) + log(-2 * log(ALPHA)) + 1) / tuned_for
    return sqrt(2 * (scaled + 1) / scaled * log(sqrt(scaled + 1) / ALPHA))


def chance(comparison: Comparison) -> float:
    """Return how likely a difference at least as large would be if there were no effect (two-sided, one reading)."""
    if not comparison.error:
        return 1.0
    t, skew = comparison.effect / comparison.error, comparison.skewness
    student = t + skew / 3 * t**2 + skew**2 / 27 * t**3 + skew / 6
    # The normal deviate of a Student's t (Abramowitz, Stegun 26.7.8).
    deviate = student * (1 - 1 / (4 * comparison.freedom)) / sqrt(1 + student**2 / (2 * comparison.freedom))
    return 2 * _NORMAL.cdf(-abs(deviate))


def _interval(comparison: Comparison, deviate: float) -> Interval:
    student = _student(deviate, comparison.freedom)
    low, high = (comparison.error * _untransformed(sign * student, comparison.skewness) for sign in (1, -1))
    return Interval(comparison.effect - low, comparison.effect - high)


def _student(deviate: float, freedom: float) -> float:
    """Return Student's t of a normal deviate by its expansion (Abramowitz, Stegun 26.7.5)."""
    z = deviate
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def _untransformed(transformed: float, skewness: float) -> float:
    """Return the t of which Hall's cubic makes `transformed`: it is monotone, and its inverse has a cube root."""
    if abs(skewness) < 1e-9:  # noqa: PLR2004 (the limit of the formula at nought)
        return transformed
    return float(3 / skewness * (np.cbrt(1 + skewness * (transformed - skewness / 6)) - 1))


class State(StrEnum):
    """What may be said of a campaign's effect."""

    TOO_EARLY = "too_early"  # too few people, or, while it runs, no answer yet
    EFFECT = "effect"  # the interval leaves no room for none
    NO_EFFECT_SEEN = "no_effect_seen"  # it has ended, and the interval holds nought
    MISCOUNTED = "miscounted"  # the groups are not of the sizes that were promised: nothing is said


@dataclass(frozen=True, slots=True)
class Reading:
    """What a campaign brought in all, to the people who could get its offer, with the 95 % interval of that.

    `total`, `interval` are the effect on one person times the number of people treated; None where nothing may be said.
    `people_needed`: about how many people more the answer needs, None where more people are not known to help.
    """

    state: State
    treated: int
    others: int
    total: float | None = None
    interval: Interval | None = None
    per_person: float | None = None
    people_needed: int | None = None


def read(dealt: Dealt, share: float, *, final: bool, tuned_for: int = TUNED_FOR) -> Reading:
    """Read a campaign of whose people `share` were to be in the comparison group.

    `final`: its people are all there and it is read once, so that the fixed interval holds; before that anybody may
    look at any time, and the sequence is used.
    """
    many, few = int(dealt.treated.sum()), int((~dealt.treated).sum())
    if many + few and as_promised(many, few, share) < _UNLIKELY:
        return Reading(State.MISCOUNTED, many, few)
    compared = compare(dealt)
    if compared is None or not compared.enough:
        missing = FEWEST - min(many, few)
        return Reading(
            State.TOO_EARLY, many, few, people_needed=round(missing / min(share, 1 - share)) if missing > 0 else None
        )
    one = fixed(compared) if final else sequence(compared, tuned_for)
    nothing = State.NO_EFFECT_SEEN if final else State.TOO_EARLY
    state = State.EFFECT if one.shows_effect else nothing
    needed = None if final or one.shows_effect else _needed(compared, tuned_for)
    return Reading(state, many, few, compared.effect * many, one.times(many), compared.effect, needed)


def _needed(compared: Comparison, tuned_for: int) -> int | None:
    """Return how many people more would make the sequence leave out nought, if the effect stays as it looks now."""
    count = compared.treated + compared.others
    more = count
    while more < count * 64:
        more = round(more * 1.1) + 1
        error = compared.error * sqrt(count / more)
        if abs(compared.effect) > error * _widening(more, tuned_for):
            return more - count
    return None


def days_needed(people: int | None, people_so_far: int, entered_over: timedelta) -> int | None:
    """Return about how many days bring so many people more, at the pace at which they came so far."""
    if people is None or not people_so_far or not entered_over:
        return None
    return max(1, round(people * (entered_over / timedelta(days=1)) / people_so_far))


def as_promised(treated: int, others: int, share: float) -> float:
    """Return how likely groups of such sizes are where each person is in the comparison group with chance `share`."""
    count = treated + others
    return 2 * _NORMAL.cdf(-abs(others - count * share) / sqrt(count * share * (1 - share)))


@dataclass(frozen=True, slots=True)
class Watch:
    """Whether the chances of experiments without an effect are spread evenly, as they must be."""

    count: int
    below_alpha: int
    chance: float | None
    alarm: bool


def watch(chances: Sequence[float]) -> Watch:
    """Judge the chances of A/A comparisons by their greatest distance from an even spread (Kolmogorov, Smirnov).

    The chance of such a distance: its limiting distribution with Stephens' correction for few (JASA 69, 1974).
    """
    count, below = len(chances), sum(one < ALPHA for one in chances)
    if count < FEWEST_CHANCES:
        return Watch(count, below, None, alarm=False)
    ordered, steps = np.sort(np.asarray(chances, dtype=np.float64)), np.arange(count + 1) / count
    distance = float(max((steps[1:] - ordered).max(), (ordered - steps[:-1]).max()))
    scaled = (sqrt(count) + 0.12 + 0.11 / sqrt(count)) * distance
    tail = 2 * sum((-1) ** (j - 1) * exp(-2 * j**2 * scaled**2) for j in range(1, 101))
    likely = min(1.0, max(0.0, tail))
    return Watch(count, below, likely, alarm=likely < _UNEVEN)
