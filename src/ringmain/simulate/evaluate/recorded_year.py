"""The recorded year as the models read it: purchases by day, coupons, campaigns and redemptions, by row numbers."""

import numpy as np
from numpy.typing import NDArray

from ringmain.match.api import Purchases, Records
from ringmain.need.api import Visits
from ringmain.simulate.journey import Days, Journey

Int64s = NDArray[np.int64]


def day_numbers(days: Days) -> Int64s:
    """Return days as days since 1970-01-01."""
    return days.astype("datetime64[D]").astype(np.int64)


def records(journey: Journey) -> Records:
    """Return what redemptions are foretold from."""
    baskets, lines, campaigns, coupons = journey.baskets, journey.lines, journey.campaigns, journey.coupons
    sizes = np.diff(baskets.line_offsets)
    answers = [labels.codes for labels in journey.households.demographics.values()]
    return Records(
        len(journey.households.household_id),
        Purchases(
            np.repeat(baskets.household, sizes).astype(np.int64),
            np.repeat(np.arange(len(sizes)), sizes),
            np.repeat(day_numbers(baskets.local_day), sizes),
            lines.product.astype(np.int64),
            lines.amount_minor.astype(np.float64),
            (lines.loyalty_minor + lines.match_minor).astype(np.float64),
            lines.coupon_minor.astype(np.float64),
        ),
        journey.products.category.codes.astype(np.int64),
        journey.products.department.codes.astype(np.int64),
        np.column_stack(answers).astype(np.int64),
        campaigns.kind.codes.astype(np.int64),
        day_numbers(campaigns.first_day),
        day_numbers(campaigns.last_day),
        np.repeat(np.arange(len(campaigns.campaign_id)), np.diff(campaigns.target_offsets)),
        campaigns.targets.astype(np.int64),
        coupons.campaign.astype(np.int64),
        np.repeat(np.arange(len(coupons.upc)), np.diff(coupons.product_offsets)),
        coupons.products.astype(np.int64),
        day_numbers(journey.redemptions.local_day),
        journey.redemptions.household.astype(np.int64),
        journey.redemptions.coupon.astype(np.int64),
    )


def visits(journey: Journey) -> Visits:
    """Return the baskets with the product categories in each; products without a category are left out."""
    baskets = journey.baskets
    category = journey.products.category.codes[journey.lines.product].astype(np.int64)
    basket = np.repeat(np.arange(len(baskets.household)), np.diff(baskets.line_offsets))
    kinds = len(journey.products.category.names)
    pairs = np.unique((basket * kinds + category)[category >= 0])
    return Visits(
        baskets.household.astype(np.int64),
        baskets.store.astype(np.int64),
        day_numbers(baskets.local_day),
        baskets.amount_minor.astype(np.float64),
        pairs // kinds,
        pairs % kinds,
        len(journey.households.household_id),
        len(journey.store_id),
        kinds,
    )
