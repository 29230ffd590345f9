"""What shops may expect: by what did best at moments of the past, with the interval of its errors."""

import numpy as np
import pytest

from ringmain.need.traffic import foretell as module
from ringmain.need.traffic.foretell import HORIZON, LEAST_DAYS, MODEL, foretell
from ringmain.need.traffic.history import Floats, History
from ringmain.need.traffic.simple import BASELINES

WEEK = np.array([20, 22, 24, 26, 40, 60, 50], dtype=np.float64)


def quiet(stage: str) -> None:
    """Say nothing."""


def history(days: int, *, shops: int = 6, noise: float = 0.0, level: Floats | None = None) -> History:
    """Return shops whose weeks are alike, with errors of a Poisson-like size."""
    random = np.random.default_rng(3)
    pays = np.tile(WEEK, days // 7 + 1)[None, :days] * np.ones((shops, 1))
    pays = pays * (np.ones(days) if level is None else level)
    pays = np.maximum(np.round(pays + noise * random.normal(size=pays.shape) * np.sqrt(pays)), 0)
    return History(
        pays=pays,
        views=np.full(pays.shape, np.nan),
        first=np.datetime64("2026-01-05"),
        kinds=np.zeros(days + HORIZON, dtype=np.int8),
        groups={"kind": np.zeros(shops, dtype=np.int64)},
        facts={},
    )


def test_a_week_that_repeats_is_expected_exactly() -> None:
    """With eight weeks, where nothing can be learnt yet, the count of the weekday is taken, and it never erred."""
    found = foretell(history(LEAST_DAYS), 0, quiet)
    assert found.made_by in ("weekday's three-week median", "weekday of last week")
    assert set(found.losses) == set(BASELINES)
    expected = np.tile(WEEK, 2)
    for row in (*found.expected, *found.low, *found.high):
        assert row == pytest.approx(expected)


def test_the_interval_holds_four_days_of_five() -> None:
    """On days that nobody has seen, about eight of ten end within the bounds, which are neither empty nor endless."""
    whole = history(98 + HORIZON, shops=40, noise=1.0)
    past = History(whole.pays[:, :98], whole.views[:, :98], whole.first, whole.kinds, whole.groups, whole.facts)
    found = foretell(past, 0, quiet)
    truth = whole.pays[:, 98:]
    inside = ((truth >= found.low) & (truth <= found.high)).mean()
    assert 0.7 <= inside <= 0.92
    assert ((found.low <= found.expected) & (found.expected <= found.high)).all()


def test_a_model_that_is_not_surely_better_does_not_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    """A forecaster that is as good as the best count is not taken; one that knows what comes is."""
    given = history(98, noise=1.0)
    monkeypatch.setattr(module, "_can_learn", lambda *_: True)
    monkeypatch.setattr(
        module, "_learnt", lambda known, origin, _: BASELINES["weekday's three-week median"](known.pays[:, :origin], 14)
    )
    assert foretell(given, 0, quiet).made_by != MODEL
    known = np.concatenate([given.pays, given.pays[:, :HORIZON]], axis=1)
    monkeypatch.setattr(module, "_learnt", lambda _, origin, seed: known[:, origin : origin + HORIZON])
    found = foretell(given, 0, quiet)
    assert (found.made_by, found.losses[MODEL]) == (MODEL, 0.0)


def test_the_learnt_forecaster_is_asked_where_there_is_past_enough() -> None:
    """With half a year of many shops it takes part in the judging."""
    found = foretell(history(140, shops=60, noise=1.0), 0, quiet)
    assert MODEL in found.losses
    assert found.losses[found.made_by] <= min(found.losses[name] for name in BASELINES)
