"""Buyers who come at their own rate until they leave unnoticed: BG/NBD and Pareto/NBD, fitted by maximum likelihood.

Both read three numbers per person, in one unit of time (weeks): `repeats`, the purchases after the first; `last`, the
time from the first purchase to the last; `age`, the time from the first purchase to the end of what is known.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Where a heterogeneity parameter is 1 the closed forms divide zero by zero; so close to it they are as good as exact.
_APART = 1e-6
_LOWEST, _HIGHEST = -8.0, 8.0


@dataclass(frozen=True, slots=True)
class Histories:
    """What both models know of each person; arrays of one length, times in weeks."""

    repeats: Floats
    last: Floats
    age: Floats


@dataclass(frozen=True, slots=True)
class BgNbd:
    """Rates spread as gamma(r, alpha per week); after each purchase a person leaves with a chance spread as beta(a, b).

    Fader, Hardie and Lee, "Counting Your Customers" the Easy Way, Marketing Science 24 (2005).
    """

    r: float
    alpha: float
    a: float
    b: float

    def log_likelihood(self, known: Histories) -> Floats:
        """Return each person's log-likelihood (their equation 6)."""
        r, alpha, a, b, x = self.r, self.alpha, self.a, self.b, known.repeats
        betaln = scipy.special.betaln
        common = scipy.special.gammaln(r + x) - scipy.special.gammaln(r) + r * np.log(alpha)
        stays = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + known.age)
        # Nobody leaves before the first repeat; one purchase is put in their place so that the logarithm exists.
        bought = np.maximum(x, 1.0)
        left = betaln(a + 1, b + bought - 1) - betaln(a, b) - (r + x) * np.log(alpha + known.last)
        return np.asarray(common + np.where(x > 0, np.logaddexp(stays, left), stays), dtype=np.float64)

    def alive(self, known: Histories) -> Floats:
        """Return the chance that each person has not left."""
        r, alpha, a, b, x = self.r, self.alpha, self.a, self.b, known.repeats
        odds = a / (b + np.maximum(x, 1.0) - 1) * ((alpha + known.age) / (alpha + known.last)) ** (r + x)
        return 1.0 / (1.0 + np.where(x > 0, odds, 0.0))

    def expected(self, known: Histories, weeks: float) -> Floats:
        """Return the expected purchases of each person in the `weeks` after the known time (their equation 10)."""
        r, alpha, b, x = self.r, self.alpha, self.b, known.repeats
        a = self.a if abs(self.a - 1) > _APART else 1 + _APART
        end = alpha + known.age + weeks
        shrunk = ((alpha + known.age) / end) ** (r + x) * scipy.special.hyp2f1(r + x, b + x, a + b + x - 1, weeks / end)
        return np.asarray((a + b + x - 1) / (a - 1) * (1 - shrunk) * self.alive(known), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class ParetoNbd:
    """Rates spread as gamma(r, alpha per week); a person leaves at a rate spread as gamma(s, beta per week).

    Schmittlein, Morrison and Colombo, Counting Your Customers, Management Science 33 (1987), in the form of Fader and
    Hardie, A Note on Deriving the Pareto/NBD Model and Related Expressions (2005).
    """

    r: float
    alpha: float
    s: float
    beta: float

    def log_likelihood(self, known: Histories) -> Floats:
        """Return each person's log-likelihood."""
        alive, left = self._parts(known)
        return np.logaddexp(alive, left)

    def alive(self, known: Histories) -> Floats:
        """Return the chance that each person has not left."""
        alive, left = self._parts(known)
        return np.exp(alive - np.logaddexp(alive, left))

    def expected(self, known: Histories, weeks: float) -> Floats:
        """Return the expected purchases of each person in the `weeks` after the known time."""
        s = self.s if abs(self.s - 1) > _APART else 1 + _APART
        until = self.beta + known.age
        lived = until / (s - 1) * (1 - (until / (until + weeks)) ** (s - 1))
        return (self.r + known.repeats) / (self.alpha + known.age) * lived * self.alive(known)

    def _parts(self, known: Histories) -> tuple[Floats, Floats]:
        """Return the logarithms of the likelihoods of having stayed and of having left."""
        r, alpha, s, beta, x = self.r, self.alpha, self.s, self.beta, known.repeats
        common = scipy.special.gammaln(r + x) - scipy.special.gammaln(r) + r * np.log(alpha) + s * np.log(beta)
        stays = common - (r + x) * np.log(alpha + known.age) - s * np.log(beta + known.age)
        # Both forms of the integral are equal; each converges where the other does not.
        larger, second = (alpha, s + 1) if alpha >= beta else (beta, r + x)
        gap, power = abs(alpha - beta), r + s + x

        def tail(since: Floats) -> Floats:
            series = scipy.special.hyp2f1(power, second, power + 1, gap / (larger + since))
            return np.log(series) - power * np.log(larger + since)

        first, last = tail(known.last), tail(known.age)
        with np.errstate(divide="ignore"):
            left = common + np.log(s / power) + first + np.log(-np.expm1(np.minimum(last - first, 0.0)))
        return stays, left


Model = TypeVar("Model", BgNbd, ParetoNbd)


def fit_bg_nbd(known: Histories) -> BgNbd:
    """Return the BG/NBD of the greatest likelihood."""
    return _fit(BgNbd, known, (0.3, 5.0, 0.8, 2.5))


def fit_pareto_nbd(known: Histories) -> ParetoNbd:
    """Return the Pareto/NBD of the greatest likelihood."""
    return _fit(ParetoNbd, known, (0.5, 10.0, 0.6, 12.0))


def _fit(kind: Callable[..., Model], known: Histories, start: tuple[float, ...]) -> Model:
    # Most persons never return; those of one first day are alike and need to be computed once.
    alike, many = np.unique(np.column_stack([known.repeats, known.last, known.age]), axis=0, return_counts=True)
    histories = Histories(*alike.T)

    def loss(logs: Floats) -> float:
        return float(-(kind(*np.exp(logs)).log_likelihood(histories) @ many) / many.sum())

    bounds = [(_LOWEST, _HIGHEST)] * len(start)
    found = scipy.optimize.minimize(
        loss, np.log(start), method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-11, "maxiter": 200}
    )
    return kind(*(float(value) for value in np.exp(found.x)))
