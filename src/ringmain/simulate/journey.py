"""Frozen columns of a recorded year of purchases: what a replay reads, and nothing that decides."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Int32s: TypeAlias = NDArray[np.int32]
Int64s: TypeAlias = NDArray[np.int64]
Days: TypeAlias = NDArray[np.datetime64]


class Decided(IntEnum):
    """The first step of the matching rule that left a single basket for a redemption."""

    NO_BASKET = 0
    ONLY_BASKET = 1
    DISCOUNTED_PRODUCTS = 2
    PRODUCT_AND_COUPON = 3
    PRODUCTS = 4
    COUPON_AMOUNT = 5
    EARLIEST = 6


class Evidence(IntEnum):
    """What the chosen basket shows of the coupon, weakest first."""

    NO_BASKET = 0
    SAME_DAY = 1
    COUPON_WITHOUT_PRODUCT = 2
    PRODUCT_WITHOUT_COUPON = 3
    PRODUCT_AND_COUPON = 4
    DISCOUNTED_PRODUCT = 5


@dataclass(frozen=True, slots=True, eq=False)
class Frozen:
    """Columns that nobody can write to: every array is made read-only."""

    def __post_init__(self) -> None:
        """Lock the arrays."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False


@dataclass(frozen=True, slots=True, eq=False)
class Labels(Frozen):
    """One word per row: `codes` (rows,) point into the sorted `names`; -1 where the source gives no word."""

    codes: Int32s
    names: tuple[str, ...]

    def __getitem__(self, row: int) -> str | None:
        """Return the word of one row, or None where the source gives none."""
        code = int(self.codes[row])
        return None if code < 0 else self.names[code]


@dataclass(frozen=True, slots=True, eq=False)
class Households(Frozen):
    """Households by ascending id; `demographics` has one column per question, -1 for those that were not asked."""

    household_id: Int64s
    demographics: Mapping[str, Labels]


@dataclass(frozen=True, slots=True, eq=False)
class Baskets(Frozen):
    """Baskets by time, then by id; amounts in cents.

    `household` and `store` are row numbers; `sold_at_us` is microseconds since the epoch in UTC; `local_day` is the
    day in the stores' time zone. The lines of basket i are rows `line_offsets[i]` to `line_offsets[i + 1]`.
    `amount_minor` is what the customer paid and may be zero or negative; `coupon_minor` what coupons took off.
    """

    basket_id: Int64s
    household: Int32s
    store: Int32s
    sold_at_us: Int64s
    local_day: Days
    amount_minor: Int64s
    coupon_minor: Int64s
    line_offsets: Int64s


@dataclass(frozen=True, slots=True, eq=False)
class Lines(Frozen):
    """Lines by basket, then by product id; amounts in cents and for the whole quantity.

    shelf_minor - loyalty_minor - match_minor - coupon_minor = amount_minor, which is what the customer paid for the
    line. `product` is a row number; `quantity` may be zero, and for fuel it is a volume, not a number of pieces.
    """

    product: Int32s
    quantity: Int32s
    shelf_minor: Int32s
    loyalty_minor: Int32s
    match_minor: Int32s
    coupon_minor: Int32s
    amount_minor: Int32s

    @property
    def discounts_minor(self) -> Int32s:
        """Return all that was taken off the shelf price of each line, in cents."""
        return self.loyalty_minor + self.match_minor + self.coupon_minor


@dataclass(frozen=True, slots=True, eq=False)
class Products(Frozen):
    """Products by ascending id; `described` is false for those that only lines or coupons name, not the catalogue."""

    product_id: Int64s
    department: Labels
    category: Labels
    described: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Campaigns(Frozen):
    """Campaigns by ascending id, with first and last local day.

    Campaign i was sent to the households `targets[target_offsets[i] : target_offsets[i + 1]]`.
    """

    campaign_id: Int64s
    kind: Labels
    first_day: Days
    last_day: Days
    target_offsets: Int64s
    targets: Int32s


@dataclass(frozen=True, slots=True, eq=False)
class Coupons(Frozen):
    """Coupons by code, then campaign: the same code in two campaigns is two coupons.

    Coupon i is good for `products[product_offsets[i] : product_offsets[i + 1]]`, ascending and without doubles.
    """

    upc: Int64s
    campaign: Int32s
    product_offsets: Int64s
    products: Int32s


@dataclass(frozen=True, slots=True, eq=False)
class Redemptions(Frozen):
    """Coupon redemptions by local day, household, coupon; `basket` is a row number, -1 where no basket fits.

    The source gives the day and the household only; `decided` (`Decided`) and `evidence` (`Evidence`) say how the
    basket was found and how much speaks for it.
    """

    local_day: Days
    household: Int32s
    coupon: Int32s
    basket: Int32s
    decided: NDArray[np.int8]
    evidence: NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Journey(Frozen):
    """A recorded year (or its beginning): every reference between the tables is a row number.

    Stores, households, products, campaigns and coupons are whole even where the baskets stop early, so that a row
    number means the same in every part of the year.
    """

    store_id: Int64s
    households: Households
    baskets: Baskets
    lines: Lines
    products: Products
    campaigns: Campaigns
    coupons: Coupons
    redemptions: Redemptions


def traps(journey: Journey) -> dict[str, int]:
    """Return how often each peculiarity of the recording occurs, for the report of a replay."""
    baskets, lines, redemptions = journey.baskets, journey.lines, journey.redemptions
    campaigns_per_code = np.unique(journey.coupons.upc, return_counts=True)[1]
    counts = {
        "baskets_zero": int((baskets.amount_minor == 0).sum()),
        "baskets_negative": int((baskets.amount_minor < 0).sum()),
        "lines_quantity_zero": int((lines.quantity == 0).sum()),
        "lines_negative": int((lines.amount_minor < 0).sum()),
        "lines_product_unknown": int((~journey.products.described[lines.product]).sum()),
        "coupon_codes": len(campaigns_per_code),
        "coupon_codes_in_several_campaigns": int((campaigns_per_code > 1).sum()),
        "redemptions_without_basket": int((redemptions.basket < 0).sum()),
    }
    counts |= {f"decided_{step.name.lower()}": int((redemptions.decided == step).sum()) for step in Decided}
    counts |= {f"evidence_{kind.name.lower()}": int((redemptions.evidence == kind).sum()) for kind in Evidence}
    return counts
