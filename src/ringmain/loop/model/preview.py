"""What a new offer may cost, before it is published."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

LEAST_OFFERS = 3
LEAST_ENDED = 30
LEAST_OTHER_MERCHANTS = 3
LEAST_PEOPLE = 10
_Z95 = 1.96


@dataclass(frozen=True, slots=True)
class PastOffer:
    """An offer like the new one: how many of its vouchers have ended, and how many of those were spent."""

    own: bool
    merchant: str
    ended: int
    spent: int


@dataclass(frozen=True, slots=True)
class Rate:
    """The share of vouchers that were spent, with its 95 % interval, and what it rests on."""

    share: float
    low: float
    high: float
    offers: int
    vouchers: int


def redemption_rate(past: Sequence[PastOffer]) -> Rate | None:
    """Return the rate of similar offers: of all merchants where enough others are among them, else of its own only.

    None where there are fewer than three offers or thirty ended vouchers. Others' offers are used only where they come
    from three and more merchants and ten and more people, so that nobody's own rate can be read from it.
    """
    known = known_of(past)
    ended = sum(one.ended for one in known)
    if len(known) < LEAST_OFFERS or ended < LEAST_ENDED:
        return None
    share = sum(one.spent for one in known) / ended
    low, high = _interval(known, share, ended)
    return Rate(round(share, 4), round(low, 4), round(high, 4), len(known), ended)


def known_of(past: Sequence[PastOffer]) -> list[PastOffer]:
    """Return the offers that a merchant may learn from: all where enough others are among them, else its own."""
    others = [one for one in past if not one.own]
    many = len({one.merchant for one in others}) >= LEAST_OTHER_MERCHANTS
    return list(past) if many and sum(one.ended for one in others) >= LEAST_PEOPLE else [one for one in past if one.own]


def _interval(known: Sequence[PastOffer], share: float, ended: int) -> tuple[float, float]:
    """Return the wider of two intervals: of single vouchers (Wilson), and of offers, whose vouchers fare alike."""
    middle = (share + _Z95**2 / (2 * ended)) / (1 + _Z95**2 / ended)
    half = _Z95 * sqrt(share * (1 - share) / ended + _Z95**2 / (4 * ended**2)) / (1 + _Z95**2 / ended)
    residuals = sum((one.spent - share * one.ended) ** 2 for one in known)
    between = _Z95 * sqrt(residuals * len(known) / (len(known) - 1)) / ended
    low, high = min(middle - half, share - between), max(middle + half, share + between)
    return max(0.0, low), min(1.0, high)
