"""What is known of buyers and campaigns: purchases, coupons, redemptions, by row numbers and day numbers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int64s = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Purchases:
    """Lines by day: who bought what, for how much, and what was taken off.

    All arrays are (lines,). `basket` are ascending numbers; `paid`, `loyalty` (discounts for all) and `coupon` (taken
    off by coupons) are in cents.
    """

    household: Int64s
    basket: Int64s
    day: Int64s
    product: Int64s
    paid: Floats
    loyalty: Floats
    coupon: Floats

    def before(self, day: int, since: int | None = None) -> "Purchases":
        """Return the lines of the days before `day` and, if it is given, not before `since`."""
        start = 0 if since is None else int(np.searchsorted(self.day, since))
        part = slice(start, int(np.searchsorted(self.day, day)))
        return Purchases(
            self.household[part],
            self.basket[part],
            self.day[part],
            self.product[part],
            self.paid[part],
            self.loyalty[part],
            self.coupon[part],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """Everything; a reader takes care to use only what lies before its day.

    `category` and `department` (products,) are codes, -1 where unknown; `answers` (households, questions) codes in
    ascending order of what they mean, -1 where not asked. Campaigns have a `kind` code, their `first` and `last` day
    and pairs (`target_campaign`, `target`) of whom they were sent to. Coupon rows (`coupon_campaign`) have pairs
    (`good_coupon`, `good_product`) of what they are good for. Redemptions are (`redeemed_day`, `redeemer`,
    `redeemed_coupon`).
    """

    households: int
    purchases: Purchases
    category: Int64s
    department: Int64s
    answers: Int64s
    kind: Int64s
    first: Int64s
    last: Int64s
    target_campaign: Int64s
    target: Int64s
    coupon_campaign: Int64s
    good_coupon: Int64s
    good_product: Int64s
    redeemed_day: Int64s
    redeemer: Int64s
    redeemed_coupon: Int64s

    def targets(self, campaign: int) -> Int64s:
        """Return the households that a campaign was sent to."""
        sent: Int64s = self.target[self.target_campaign == campaign]
        return sent

    def redeemers(self, campaign: int, before: int | None = None) -> Int64s:
        """Return the households that redeemed a coupon of a campaign, on days before `before` if it is given."""
        own = self.coupon_campaign[self.redeemed_coupon] == campaign
        if before is not None:
            own &= self.redeemed_day < before
        return np.unique(self.redeemer[own])
