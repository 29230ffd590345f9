"""The judge of redemptions: the strict protocol, and the baselines beside it."""

from dataclasses import replace

import numpy as np

from ringmain.simulate.evaluate.redemption import all_sendings, foretell
from tests.match.redemption.town import town


def test_a_campaign_is_foretold_only_from_those_that_had_ended() -> None:
    """Turning the outcome of a campaign that still runs, or comes later, into its opposite changes no chance."""
    year = town()
    year = replace(year, last=np.where(np.arange(6) == 2, year.first[3] + 5, year.last))
    sendings = all_sendings(year, lambda _: None)
    asked = np.array([3])
    chances = foretell(year, sendings, asked, 0, lambda _: None)
    other = sendings.campaign >= 2
    turned = replace(sendings, redeemed=np.where(other, ~sendings.redeemed, sendings.redeemed))
    again = foretell(year, turned, asked, 0, lambda _: None)
    assert set(chances) == {
        "ours",
        "redeemed before, smoothed rate",
        "overlap with past products",
        "logistic, 9 features",
    }
    for name, chance in chances.items():
        assert np.isfinite(chance[sendings.campaign == 3]).all()
        assert np.isnan(chance[sendings.campaign != 3]).all()
        assert np.array_equal(chance, again[name], equal_nan=True)


def test_what_had_ended_is_learnt_from() -> None:
    """The control: turning the outcome of a campaign that had ended changes every model's chances."""
    year = town()
    sendings = all_sendings(year, lambda _: None)
    turned = replace(sendings, redeemed=np.where(sendings.campaign == 2, ~sendings.redeemed, sendings.redeemed))
    first, second = (foretell(year, some, np.array([3]), 0, lambda _: None) for some in (sendings, turned))
    for name, chance in first.items():
        assert not np.array_equal(chance, second[name], equal_nan=True)
