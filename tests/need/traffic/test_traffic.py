"""How many payments a shop will take: weeks, levels, holidays, windows and what is learnt from them."""

import numpy as np
import pytest

from ringmain.need.api import Forecaster, History, holidays
from ringmain.need.api import learn_traffic as learn
from ringmain.need.api import traffic_example as example
from ringmain.need.api import traffic_origins as origins
from ringmain.need.api import traffic_window as window
from ringmain.need.traffic.holidays import Kind
from ringmain.need.traffic.levels import group_median, levels

FIRST = np.datetime64("2016-03-07", "D")
HORIZON = 14
WEEK = np.array([0.0, -0.1, 0.0, 0.1, 0.3, 0.6, 0.5])


def a_history(shops: int = 40, days: int = 147, noise: float = 0.05, seed: int = 1) -> History:
    """Return shops of known levels and one known week, from a Monday on, without holidays."""
    random = np.random.default_rng(seed)
    logs = np.linspace(4, 6, shops)[:, None] + WEEK[np.arange(days) % 7] + random.normal(0, noise, (shops, days))
    group = np.zeros(shops, dtype=np.int64)
    kinds = np.zeros(days + HORIZON, dtype=np.int8)
    return History(np.exp(logs).round(), np.full(logs.shape, np.nan), FIRST, kinds, {"all": group}, {})


def learnt(history: History, end: int) -> Forecaster:
    """Return what the past before `end` teaches."""
    return learn([example(history, window(history, at, HORIZON, "all")) for at in origins(end, HORIZON)], seed=0)


def test_a_week_and_a_level_are_found_and_one_odd_day_moves_neither() -> None:
    """Median polish gives back the week and the level that the counts were made from."""
    history = a_history(noise=0.0)
    history.pays[:, 100] *= 50
    known = levels(history, 112, history.groups["all"])
    off = float(np.abs(known.week - (WEEK - np.median(WEEK))).max())
    assert off < 0.02
    assert np.abs(known.recent(28) - (np.linspace(4, 6, 40) + np.median(WEEK))).max() < 0.02


def test_holidays_do_not_enter_the_week() -> None:
    """Days that are no ordinary ones are left out of levels and weeks."""
    history = a_history(noise=0.0)
    plain = levels(history, 112, history.groups["all"])
    history.pays[:, 90:97] = 1.0
    history.kinds[90:97] = Kind.HOLIDAY
    repaired = levels(history, 112, history.groups["all"])
    assert np.abs(repaired.week - plain.week).max() < 0.02
    assert np.isnan(repaired.rest.reshape(40, -1)[:, 90 - 112 + 56 : 97 - 112 + 56]).all()


def test_levels_need_eight_weeks() -> None:
    """An origin without eight weeks before it is an error of who asks."""
    with pytest.raises(ValueError, match="eight weeks"):
        levels(a_history(), 55, np.zeros(40, dtype=np.int64))


def test_small_groups_lean_on_everybody() -> None:
    """A group's median stands for its rows only where five of them know a value."""
    values = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 9.0, np.nan])
    assert group_median(values, np.array([0, 0, 0, 0, 0, 1, 1])).tolist() == [1.0] * 7
    assert group_median(values, np.array([0, 0, 0, 0, 0, 1, 1]), least=1).tolist() == [1.0] * 5 + [9.0] * 2


def test_a_window_knows_nothing_from_its_origin_on() -> None:
    """Whatever happens from the origin on, features and base are the same."""
    history = a_history()
    before = window(history, 112, HORIZON, "all")
    history.pays[:, 112:] = 10_000.0
    after = window(history, 112, HORIZON, "all")
    assert np.array_equal(before.features, after.features, equal_nan=True)
    assert np.array_equal(before.base, after.base, equal_nan=True)
    history.pays[:, 111] = 10_000.0
    assert not np.array_equal(before.features, window(history, 112, HORIZON, "all").features, equal_nan=True)


def test_the_past_of_an_origin_ends_before_it() -> None:
    """No horizon of a past origin reaches beyond the origin, and each past one has eight weeks."""
    assert origins(147, HORIZON) == (133, 126, 119, 112, 105, 98, 91, 84, 77, 70, 63, 56)
    assert origins(147, 10)[0] == 133
    assert origins(60, HORIZON) == ()


def test_a_forecast_comes_near_what_was_to_come_and_is_the_same_again() -> None:
    """With five per cent of noise the forecast is as near as noise allows, and nearer than the same day last week."""
    history = a_history()
    seen = History(history.pays[:, :133], history.views[:, :133], FIRST, history.kinds, history.groups, {})
    rows = window(seen, 133, HORIZON, "all")
    first, again = (learnt(seen, 133).forecast(rows).reshape(40, HORIZON) for _ in range(2))
    assert np.array_equal(first, again)
    future = history.pays[:, 133:]
    error = np.mean(np.abs(first - future) / (first + future))
    last = history.pays[:, 126:133][:, np.arange(HORIZON) % 7]
    assert error < 0.025
    assert error < 0.85 * np.mean(np.abs(last - future) / (last + future))


def test_a_shop_that_is_gone_is_forecast_at_zero() -> None:
    """A shop without payments in eight weeks gets none; a shop closed on Mondays gets none on Mondays."""
    history = a_history()
    history.pays[0, 60:] = 0
    history.pays[1:20, ::7] = 0
    forecast = learnt(history, 133).forecast(window(history, 133, HORIZON, "all")).reshape(40, HORIZON)
    assert (forecast[0] == 0).all()
    assert (forecast[1:20, [0, 7]] == 0).all()
    assert (forecast[1:20, 1:7] > 0).all()
    assert (forecast[20:] > 0).all()


def test_days_of_china() -> None:
    """The table knows the days off, the weekends worked for them, and calls everything else ordinary."""
    kinds = holidays.china(np.datetime64("2016-09-14", "D"), 30)
    off = [1, 2, 3, 17, 18, 19, 20, 21, 22, 23]
    assert np.flatnonzero(kinds == Kind.HOLIDAY).tolist() == off
    assert np.flatnonzero(kinds == Kind.MADE_UP).tolist() == [4, 24, 25]
    assert not holidays.china(np.datetime64("2020-01-01", "D"), 400).any()
