"""Tests of pacing: the rest over the rest of the time, all of it at the end, and a price that follows speed."""

from datetime import UTC, datetime, timedelta

import pytest

from ringmain.campaign.api import Pace, multiplier

BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_an_even_budget_has_the_same_every_hour() -> None:
    """Who keeps to the plan may spend a hundredth an hour of a budget of a hundred hours, and all by its end."""
    pace = Pace(10_000, BEGIN, BEGIN + 100 * HOUR)
    spent = 0
    for hour in range(100):
        assert pace.planned(BEGIN + hour * HOUR) == spent
        assert pace.allowance(spent, BEGIN + hour * HOUR, HOUR) == 100
        spent += 100
    assert pace.allowance(spent, BEGIN + 100 * HOUR, HOUR) == 0


def test_a_pause_is_spread_and_a_rush_is_saved() -> None:
    """After 50 hours of nothing each hour has twice as much, not fifty times; after a rush, less."""
    pace = Pace(10_000, BEGIN, BEGIN + 100 * HOUR)
    half = BEGIN + 50 * HOUR
    assert pace.allowance(0, half, HOUR) == 200
    assert pace.allowance(9_000, half, HOUR) == 20
    assert pace.allowance(11_000, half, HOUR) == 0


def test_the_end_gives_all_that_is_left_and_nothing_before_or_after() -> None:
    """The last hour may spend the rest; outside the period nothing may be spent, and half inside it half an hour's."""
    pace = Pace(10_000, BEGIN, BEGIN + 100 * HOUR)
    assert pace.allowance(6_000, BEGIN + 99 * HOUR, HOUR) == 4_000
    assert pace.allowance(0, BEGIN + 101 * HOUR, HOUR) == 0
    assert pace.allowance(0, BEGIN - 2 * HOUR, HOUR) == 0
    assert pace.allowance(0, BEGIN - HOUR / 2, HOUR) == 50
    assert (pace.planned(BEGIN - HOUR), pace.planned(BEGIN + 200 * HOUR)) == (0, 10_000)


def test_a_small_budget_gives_its_first_voucher_before_its_end() -> None:
    """What an hour may have is rounded up to a coin."""
    assert Pace(50, BEGIN, BEGIN + 100 * HOUR).allowance(0, BEGIN, HOUR) == 1


def test_the_price_follows_the_speed() -> None:
    """On the plan a coin costs its price, twice as fast twice as much, and never less than half or more than four."""
    assert multiplier(50, 100, 0.5) == pytest.approx(1.0)
    assert multiplier(100, 100, 0.5) == pytest.approx(2.0)
    assert multiplier(0, 100, 0.5) == pytest.approx(0.5)
    assert multiplier(10_000, 100, 0.5) == pytest.approx(4.0)
    assert multiplier(10, 100, 0.01) == 1.0
    assert multiplier(10, 0, 0.5) == 1.0
