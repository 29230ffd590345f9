"""What is known of a household and a campaign on the eve of the campaign's first day."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ringmain.match.redemption.records import Int64s, Purchases, Records

Floats = NDArray[np.float64]

_WINDOWS = (14, 30, 90)
_NEVER = 400.0
# How many sendings at the overall rate a household's own rate of redeeming is smoothed by.
_SMOOTHING = 3.0
# From so many purchases of a coupon's goods on, a household is taken to buy them regularly.
_OFTEN = 4


def describe(records: Records, campaign: int) -> tuple[Int64s, Mapping[str, Floats]]:
    """Return the targeted households and their features by name (targets,).

    Nothing of the first day or later is read but whom the campaign is sent to and its coupons. Shares and rates are
    logarithms, counts and amounts (cents) plain.
    """
    today = int(records.first[campaign])
    past = records.purchases.before(today)
    targets = records.targets(campaign)
    columns = {
        **_visits(past, records.households, today),
        **_coupon_use(past, records.households, today),
        **_redemptions(records, campaign, today),
        **_overlap(records, past, campaign, today),
        **{f"answer_{number}": answers.astype(np.float64) for number, answers in enumerate(records.answers.T)},
    }
    own = {name: column[targets] for name, column in columns.items()}
    own |= {f"rank_{name}": _ranks(own[name]) for name in _RANKED}
    same = np.ones(len(targets))
    own |= {name: same * value for name, value in _campaign(records, campaign, today).items()}
    return targets, own


_RANKED = (
    "coupon_lines",
    "coupon_share",
    "sent_rate",
    "visits_90",
    "coupons_known",
    "goods_lines",
    "goods_recent",
    "good_fit",
    "used_on_goods",
)


def _ranks(values: Floats) -> Floats:
    """Return the place of each value among all, 0 to 1, ties sharing their mean."""
    ordered = np.sort(values)
    middle = (np.searchsorted(ordered, values) + np.searchsorted(ordered, values, side="right")) / 2
    return np.asarray(middle / max(len(values), 1), dtype=np.float64)


def _days_since(household: Int64s, day: Int64s, households: int, today: int) -> Floats:
    last = np.full(households, -np.inf)
    np.maximum.at(last, household, day)
    return np.asarray(np.minimum(today - last, _NEVER), dtype=np.float64)


def _count(household: Int64s, households: int, weights: Floats | None = None) -> Floats:
    return np.bincount(household, weights=weights, minlength=households).astype(np.float64)


def _visits(past: Purchases, households: int, today: int) -> dict[str, Floats]:
    new = np.ones(len(past.basket), dtype=np.bool_)
    new[1:] = past.basket[1:] != past.basket[:-1]
    who, day = past.household[new], past.day[new]
    columns = {f"visits_{window}": _count(who[day >= today - window], households) for window in _WINDOWS}
    columns["visits"] = _count(who, households)
    columns["visit_ago"] = _days_since(who, day, households, today)
    first = np.full(households, today)
    np.minimum.at(first, who, day)
    columns["tenure"] = (today - first).astype(np.float64)
    columns["visit_rate"] = columns["visits"] / np.maximum(columns["tenure"], 14)
    recent = past.day >= today - 90
    paid, lines = _count(past.household, households, past.paid), _count(past.household, households)
    columns["paid_90"] = _count(past.household[recent], households, past.paid[recent])
    columns["paid_visit"] = paid / np.maximum(columns["visits"], 1)
    columns["price"] = paid / np.maximum(lines, 1)
    loyalty = _count(past.household, households, past.loyalty)
    columns["loyalty_share"] = loyalty / np.maximum(loyalty + paid, 1)
    return columns


def _coupon_use(past: Purchases, households: int, today: int) -> dict[str, Floats]:
    used = past.coupon > 0
    who, day = past.household[used], past.day[used]
    lines = _count(past.household, households)
    columns = {f"coupon_lines_{window}": _count(who[day >= today - window], households) for window in (30, 90)}
    columns["coupon_lines"] = _count(who, households)
    columns["coupon_share"] = np.log((columns["coupon_lines"] + 0.5) / (lines + 50))
    columns["coupon_ago"] = _days_since(who, day, households, today)
    columns["coupon_worth"] = _count(who, households, past.coupon[used])
    baskets = np.unique(past.basket[used], return_index=True)[1]
    columns["coupon_baskets"] = _count(who[baskets], households)
    return columns


def _redemptions(records: Records, campaign: int, today: int) -> dict[str, Floats]:
    size = records.households
    known = records.redeemed_day < today
    who, day, coupon = records.redeemer[known], records.redeemed_day[known], records.redeemed_coupon[known]
    of = records.coupon_campaign[coupon]
    pairs = np.unique(np.column_stack((who, of)), axis=0)
    sent = records.first[records.target_campaign] < today
    own_kind = records.kind[records.target_campaign] == records.kind[campaign]
    targeted = _count(records.target[sent], size)
    redeemed = _count(pairs[:, 0], size)
    overall = redeemed.sum() / max(targeted.sum(), 1)
    # A campaign that still runs counts as sent in the part that has passed.
    length = records.last - records.first + 1
    passed = np.clip((today - records.first) / length, 0, 1)[records.target_campaign]
    chances = _count(records.target[sent], size, passed[sent])
    columns = {
        "sent": targeted,
        "sent_kind": _count(records.target[sent & own_kind], size),
        "redeemed": redeemed,
        "redeemed_kind": _count(pairs[records.kind[pairs[:, 1]] == records.kind[campaign], 0], size),
        "redeemed_coupons": _count(who, size),
        "redeemed_ago": _days_since(who, day, size, today),
        "redeemed_60": _count(who[day >= today - 60], size),
        "sent_rate": np.log((redeemed + _SMOOTHING * overall + 1e-6) / (chances + _SMOOTHING)),
    }
    running = records.last[of] >= today
    columns["redeemed_running"] = _count(who[running], size)
    return columns


def _overlap(records: Records, past: Purchases, campaign: int, today: int) -> dict[str, Floats]:
    size, products = records.households, len(records.category)
    mine = records.coupon_campaign[records.good_coupon] == campaign
    coupon, product = records.good_coupon[mine], records.good_product[mine]
    goods = np.zeros(products, dtype=np.bool_)
    goods[product] = True
    on_goods = goods[past.product]
    who, day, what = past.household[on_goods], past.day[on_goods], past.product[on_goods]
    lines = _count(past.household, size)
    columns = {"goods_lines": _count(who, size)}
    columns["goods_recent"] = _count(who[day >= today - 60], size)
    columns["goods_share"] = columns["goods_lines"] / np.maximum(lines, 20)
    columns["goods_ago"] = _days_since(who, day, size, today)
    columns["goods_paid"] = _count(who, size, past.paid[on_goods])
    columns["used_on_goods"] = _count(who, size, (past.coupon[on_goods] > 0).astype(np.float64))
    held, times = np.unique(who * products + what, return_counts=True)
    columns["goods_different"] = _count(held // products, size)
    columns |= _by_coupon(held, times.astype(np.float64), coupon, product, size, products)
    for name, code in (("category", records.category), ("department", records.department)):
        columns |= _by_group(name, code, past, coupon, product, size)
    return columns


def _by_coupon(
    held: Int64s, times: Floats, coupon: Int64s, product: Int64s, households: int, products: int
) -> dict[str, Floats]:
    """Return how many coupons of the campaign are for goods that a household knows, and how well it knows them.

    `held` are the keys household * products + product of what was bought, `times` how often; `coupon`, `product` pairs.
    """
    coupons, number = np.unique(coupon, return_inverse=True)
    order = np.argsort(product, kind="stable")
    sorted_product, sorted_number = product[order], number[order]
    what = held % products
    start, stop = np.searchsorted(sorted_product, what), np.searchsorted(sorted_product, what, side="right")
    spread = np.repeat(np.arange(len(held)), stop - start)
    place = np.arange(len(spread)) - np.repeat(np.cumsum(stop - start) - (stop - start), stop - start)
    who = (held // products)[spread]
    key = who * len(coupons) + sorted_number[start[spread] + place]
    known, back = np.unique(key, return_inverse=True)
    bought = np.bincount(back, weights=times[spread])
    household = known // max(len(coupons), 1)
    best = np.zeros(households)
    np.maximum.at(best, household, bought)
    return {
        "coupons_known": _count(household, households),
        "coupons_often": _count(household[bought >= _OFTEN], households),
        "coupons_best": best,
        "coupons_strength": _count(household, households, np.log1p(bought)),
    }


def _by_group(
    name: str, code: Int64s, past: Purchases, coupon: Int64s, product: Int64s, households: int
) -> dict[str, Floats]:
    """Return how a household's lines fit the goods by category or department.

    Each group weighs as the campaign's coupons do that are for it, a coupon for several groups sharing itself out.
    """
    groups = int(code.max()) + 2
    pairs, amount = np.unique(coupon * groups + code[product] + 1, return_counts=True)
    share = amount / np.bincount(pairs // groups, weights=amount)[pairs // groups]
    weight = _count(pairs % groups, groups, share)
    weight = weight / max(weight.sum(), 1)
    fit = _count(past.household, households, weight[code[past.product] + 1])
    lines = _count(past.household, households)
    prefix = "good_fit" if name == "category" else f"{name}_fit"
    return {prefix: fit, f"{name}_fit_share": fit / np.maximum(lines, 20)}


def _campaign(records: Records, campaign: int, today: int) -> dict[str, float]:
    mine = records.coupon_campaign[records.good_coupon] == campaign
    ended = np.flatnonzero(records.last < today)
    alike = ended[records.kind[ended] == records.kind[campaign]]
    targets = np.isin(records.target_campaign, alike).sum()
    redeemed = sum(len(records.redeemers(int(other))) for other in alike)
    return {
        "kind": float(records.kind[campaign]),
        "coupons": float((records.coupon_campaign == campaign).sum()),
        "goods": float(len(np.unique(records.good_product[mine]))),
        "length": float(records.last[campaign] - records.first[campaign] + 1),
        "targets": float((records.target_campaign == campaign).sum()),
        "kind_rate": float(np.log((redeemed + 2.0) / (targets + 25.0))),
    }
