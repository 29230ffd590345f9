"""Who redeems: features by hand, nothing from the first day on, and a town whose redeemers are found."""

from dataclasses import replace

import numpy as np

from ringmain.kit.learn.metrics import auc
from ringmain.match.api import describe_sending, train_redemptions
from tests.match.redemption.town import town


def test_features_are_those_of_the_eve() -> None:
    """Household 0 before day 100: ten visits, the last ten days ago, all for product 0, three coupons."""
    targets, features = describe_sending(town(), 1)
    assert targets.tolist() == list(range(120))
    own = {name: float(column[0]) for name, column in features.items()}
    assert (own["visits"], own["visit_ago"], own["tenure"]) == (10, 10, 100)
    assert (own["visits_14"], own["visits_30"], own["visits_90"]) == (1, 3, 9)
    assert (own["coupon_lines"], own["coupon_ago"], own["coupon_worth"]) == (3, 20, 300)
    assert (own["sent"], own["redeemed"], own["redeemed_ago"]) == (1, 1, 38)
    assert (own["goods_lines"], own["goods_recent"], own["goods_paid"], own["used_on_goods"]) == (10, 6, 5000, 3)
    assert (own["coupons_known"], own["coupons_often"], own["coupons_best"]) == (1, 1, 10)
    assert own["good_fit"] == 10
    assert (own["coupons"], own["goods"], own["length"], own["targets"]) == (1, 1, 20, 120)
    odd = {name: float(column[1]) for name, column in features.items()}
    assert (odd["goods_lines"], odd["coupons_known"], odd["redeemed"], odd["good_fit"]) == (0, 0, 0, 0)


def test_what_happens_from_the_first_day_on_changes_no_feature() -> None:
    """Turning all later purchases and redemptions into others leaves every feature as it was."""
    before = town()
    later = before.purchases.day >= before.first[2]
    changed = replace(
        before,
        purchases=replace(
            before.purchases,
            household=np.where(later, 119 - before.purchases.household, before.purchases.household),
            coupon=np.where(later, 900.0, before.purchases.coupon),
        ),
        redeemer=np.where(before.redeemed_day >= before.first[2], 119, before.redeemer),
    )
    for name, column in describe_sending(before, 2)[1].items():
        assert np.array_equal(column, describe_sending(changed, 2)[1][name]), name


def test_redeemers_of_a_town_are_found() -> None:
    """Learnt from the campaigns before it, the last one's redeemers are ranked first, the same by the same seed."""
    records = town()
    learnt = [describe_sending(records, campaign) for campaign in range(5)]
    features = {name: np.concatenate([part[name] for _, part in learnt]) for name in learnt[0][1]}
    labels = np.concatenate([np.isin(who, records.redeemers(campaign)) for campaign, (who, _) in enumerate(learnt)])
    who, asked = describe_sending(records, 5)
    first, second = (train_redemptions(features, labels, seed=2).chance(asked) for _ in range(2))
    assert auc(first, np.isin(who, records.redeemers(5))) > 0.97
    assert np.array_equal(first, second)
