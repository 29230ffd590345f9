"""How sure a figure is: 95 % intervals of shares, means and medians, and the word for them."""

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, median
from typing import NamedTuple

from ringmain.profile.model.facts import Confidence

# The normal deviate of 95 %.
_Z = NormalDist().inv_cdf(0.975)
# A value that surely has half of all facts is sure; with a quarter it is fairly so.
_SURE_SHARE, _FAIR_SHARE = 0.5, 0.25
# A figure that is surely within a tenth of what is said is sure; within a quarter it is fairly so.
_SURE_WITHIN, _FAIR_WITHIN = 0.1, 0.25


class Interval(NamedTuple):
    """A figure and where 95 % of its chances are."""

    figure: float
    low: float
    high: float


def share(count: int, of: int) -> Interval:
    """Return a share with its interval by Wilson's score.

    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n): E. B. Wilson, Probable inference, the law of succession, and
    statistical inference, JASA 22 (1927). It stays within 0 and 1, also for few facts.
    """
    p = count / of
    middle, scale = p + _Z**2 / (2 * of), 1 + _Z**2 / of
    half = _Z * math.sqrt(p * (1 - p) / of + _Z**2 / (4 * of**2))
    return Interval(p, max((middle - half) / scale, 0.0), min((middle + half) / scale, 1.0))


def mean(values: Sequence[float]) -> Interval:
    """Return the mean of two values or more with its interval m ± z s/√n, of which few facts make a wide one.

    z is widened to about Student's t by z + (z³ + z)/4(n-1), its expansion's first term: Abramowitz and Stegun,
    Handbook of Mathematical Functions (1964), 26.7.5.
    """
    t = _Z + (_Z**3 + _Z) / (4 * (len(values) - 1))
    middle = fmean(values)
    # The library's own deviation is exact, and ten times slower than the rest of an image.
    deviation = math.sqrt(math.fsum((one - middle) ** 2 for one in values) / (len(values) - 1))
    half = t * deviation / math.sqrt(len(values))
    return Interval(middle, middle - half, middle + half)


def middle(values: Sequence[float]) -> Interval:
    """Return the median of values with its interval: those that stand z √n/2 places to its left and right.

    It asks for no shape of the values: W. J. Conover, Practical Nonparametric Statistics (3rd ed., 1999), 3.2.
    """
    ordered = sorted(values)
    reach = _Z * math.sqrt(len(ordered)) / 2
    low = max(math.floor(len(ordered) / 2 - reach), 0)
    high = min(math.ceil(len(ordered) / 2 + reach), len(ordered) - 1)
    return Interval(float(median(ordered)), ordered[low], ordered[high])


def of_choice(found: Interval) -> Confidence:
    """Return how sure it is that this is what somebody does: by the lower bound of its share."""
    return _word(-found.low, -_SURE_SHARE, -_FAIR_SHARE)


def of_share(found: Interval) -> Confidence:
    """Return how sure a share is: by half of its interval."""
    return _word((found.high - found.low) / 2, _SURE_WITHIN, _FAIR_WITHIN)


def of_amount(found: Interval) -> Confidence:
    """Return how sure an amount is: by half of its interval, beside the amount."""
    half = (found.high - found.low) / 2
    return _word(half / abs(found.figure) if found.figure else math.inf, _SURE_WITHIN, _FAIR_WITHIN)


def _word(off: float, sure: float, fair: float) -> Confidence:
    if off <= sure:
        return Confidence.SURE
    return Confidence.FAIRLY_SURE if off <= fair else Confidence.HINT
