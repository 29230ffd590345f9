"""Tests of what a voucher is worth: visits that would not have come without it."""

import numpy as np
import pytest

from ringmain.campaign.api import Asked, expected


def asked(**given: float) -> Asked:
    """Return one row; what is not given is unknown, near, and of the usual value."""
    columns = {"week_chance": np.nan, "taste": np.nan, "near": 1.0, "pull": 0.5} | given
    return Asked(**{name: np.array([number]) for name, number in columns.items()})


def one(**given: float) -> float:
    """Return the value of one row."""
    return float(expected(asked(**given))[0])


def test_who_comes_anyway_is_not_paid_for() -> None:
    """Of somebody in doubt a voucher brings most; of the sure and of those who hardly ever come, little."""
    assert one(week_chance=0.4) == pytest.approx(0.4 * np.e**0.8 / (0.6 + 0.4 * np.e**0.8) - 0.4)
    assert one(week_chance=0.4) > 4 * one(week_chance=0.98)
    assert one(week_chance=0.4) > 10 * one(week_chance=0.005)


def test_nearer_dearer_and_more_to_the_taste_is_worth_more() -> None:
    """Each of the three raises the value, none makes it negative, and a voucher of nothing brings nothing."""
    assert one(near=0.1) < one(near=0.9)
    assert one(pull=0.2) < one(pull=0.8)
    assert one() < one(taste=0.2) < one(taste=0.5)
    assert one(pull=0.0) == pytest.approx(0.0)


def test_what_is_foretold_outweighs_tastes() -> None:
    """Tastes speak of shops of which nothing is foretold, and of no others."""
    assert one(week_chance=0.3, taste=0.9) == one(week_chance=0.3)
    assert 0 <= one(week_chance=1.0) < 0.01
    assert one(week_chance=0.0) >= 0
