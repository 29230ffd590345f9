"""The published rule that finds the basket in which a coupon was redeemed; pure.

The recording gives a redemption's household and day, not its basket. Candidates are the baskets of that household on
that day in the stores' time zone. Among several, these steps are taken in turn, each keeping the best, until one is
left:

1. most products of the coupon that carry a coupon discount in the basket;
2. a product of the coupon in the basket, and any coupon discount in the basket (registers often book the discount
   on a line of its own);
3. most products of the coupon in the basket;
4. the largest coupon discount of the basket;
5. the earliest, and of two in the same second the one with the smaller basket id.

Each redemption is decided by itself: one basket may carry many. Where the day has no basket, nothing is chosen.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ringmain.simulate.journey import Baskets, Coupons, Days, Decided, Evidence, Int32s, Lines, Redemptions


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one basket (a row number, so ordered by time and id) shows of one coupon."""

    basket: int
    discounted_products: int
    products: int
    coupon_minor: int


_STEPS: tuple[tuple[Decided, Callable[[Candidate], int]], ...] = (
    (Decided.DISCOUNTED_PRODUCTS, lambda candidate: candidate.discounted_products),
    (Decided.PRODUCT_AND_COUPON, lambda candidate: candidate.products > 0 and candidate.coupon_minor > 0),
    (Decided.PRODUCTS, lambda candidate: candidate.products),
    (Decided.COUPON_AMOUNT, lambda candidate: candidate.coupon_minor),
    (Decided.EARLIEST, lambda candidate: -candidate.basket),
)


def choose(candidates: Sequence[Candidate]) -> tuple[Candidate | None, Decided]:
    """Return the basket of a redemption by the steps above, and the step that decided; None without candidates."""
    if not candidates:
        return None, Decided.NO_BASKET
    left, decided = list(candidates), Decided.ONLY_BASKET
    for step, score in _STEPS:
        if len(left) == 1:
            break
        best = max(map(score, left))
        left, decided = [candidate for candidate in left if score(candidate) == best], step
    return left[0], decided


def evidence_of(candidate: Candidate | None) -> Evidence:
    """Return the strongest thing in the chosen basket that speaks for the coupon."""
    if candidate is None:
        return Evidence.NO_BASKET
    if candidate.discounted_products:
        return Evidence.DISCOUNTED_PRODUCT
    if candidate.products:
        return Evidence.PRODUCT_AND_COUPON if candidate.coupon_minor > 0 else Evidence.PRODUCT_WITHOUT_COUPON
    return Evidence.COUPON_WITHOUT_PRODUCT if candidate.coupon_minor > 0 else Evidence.SAME_DAY


def match(
    days: Days, household: Int32s, coupon: Int32s, baskets: Baskets, lines: Lines, coupons: Coupons
) -> Redemptions:
    """Return the redemptions given by three columns of equal length, each with its basket.

    `household` and `coupon` are row numbers; the order of rows is kept.
    """
    by_visit: dict[tuple[int, int], list[int]] = {}
    wanted = set(zip(household.tolist(), days.astype(np.int64).tolist(), strict=True))
    rows = zip(baskets.household.tolist(), baskets.local_day.astype(np.int64).tolist(), strict=True)
    for basket, visit in enumerate(rows):
        if visit in wanted:
            by_visit.setdefault(visit, []).append(basket)
    basket_of = np.full(len(days), -1, dtype=np.int32)
    decided = np.zeros(len(days), dtype=np.int8)
    evidence = np.zeros(len(days), dtype=np.int8)
    keys = zip(household.tolist(), days.astype(np.int64).tolist(), coupon.tolist(), strict=True)
    for row, (who, day, which) in enumerate(keys):
        products = coupons.products[coupons.product_offsets[which] : coupons.product_offsets[which + 1]]
        shown = [_shown(basket, products, baskets, lines) for basket in by_visit.get((who, day), ())]
        chosen, decided[row] = choose(shown)
        evidence[row] = evidence_of(chosen)
        basket_of[row] = -1 if chosen is None else chosen.basket
    return Redemptions(days, household, coupon, basket_of, decided, evidence)


def _shown(basket: int, products: Int32s, baskets: Baskets, lines: Lines) -> Candidate:
    bought = slice(int(baskets.line_offsets[basket]), int(baskets.line_offsets[basket + 1]))
    # A coupon's products ascend without doubles, so a binary search finds each line's product or its absence.
    places = np.searchsorted(products, lines.product[bought])
    good = np.zeros(len(places), dtype=np.bool_)
    inside = places < len(products)
    good[inside] = products[places[inside]] == lines.product[bought][inside]
    discounted = good & (lines.coupon_minor[bought] > 0)
    return Candidate(basket, int(discounted.sum()), int(good.sum()), int(baskets.coupon_minor[basket]))
