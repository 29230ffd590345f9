"""What a forecast is made from: a shop's weeks, levels, gaps and neighbours, all from before the origin."""

from dataclasses import dataclass

import numpy as np

from ringmain.need.traffic.history import WEEK, Floats, History, Int64s
from ringmain.need.traffic.holidays import Kind
from ringmain.need.traffic.levels import WEEKS, Levels, group_median, levels, logs_of, median

HALF_LIFE = 7.0
_LAGS = 5
# Monday is 0.
_MIDDLE_OF_WEEK = (1, 2, 3)
_WEEKEND = (5, 6)
# So many days back a shop's behaviour on holidays is looked for; a new year's week is not like the others.
_HOLIDAYS_FROM = 200


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """One row per shop and day of the horizon, days of a shop together.

    `features` (rows, columns) with their `names`; `base` (rows,) is the logarithm of the count that level and week
    alone expect, NaN for a shop that has taken no payment in eight weeks; `shop` and `day` are row and column of the
    history.
    """

    names: tuple[str, ...]
    features: Floats
    base: Floats
    shop: Int64s
    day: Int64s


def window(history: History, origin: int, horizon: int, group: str) -> Window:
    """Return the rows for the columns `origin` to `origin + horizon` - 1, from what stands before `origin`."""
    known = levels(history, origin, history.groups[group])
    per_shop = _of_shops(history, known)
    shops = len(history.pays)
    level = known.smooth(HALF_LIFE)
    holiday = _holiday_effect(history, known, level)
    columns = [per_shop | _of_day(history, known, level, step) | {"holiday_effect": holiday} for step in range(horizon)]
    names = tuple(columns[0])
    stacked = np.stack([np.column_stack([day[name] for name in names]) for day in columns], axis=1)
    base = np.stack([level + known.week[:, step % WEEK] for step in range(horizon)], axis=1)
    shop, step = np.divmod(np.arange(shops * horizon, dtype=np.int64), horizon)
    return Window(names, stacked.reshape(shops * horizon, -1), base.reshape(-1), shop, origin + step)


def _of_shops(history: History, known: Levels) -> dict[str, Floats]:
    """Return what holds for all days of the horizon: trends, spread, gaps, views, facts, and neighbours' trends."""
    origin, level = known.origin, known.smooth(HALF_LIFE)
    pays = history.pays[:, :origin]
    features: dict[str, Floats] = {"level": level}
    for half_life in (1.5, 3.0, 14.0, 28.0):
        features[f"smooth_{half_life:g}"] = known.smooth(half_life) - level
    for days in (3, 7, 14, 28):
        features[f"median_{days}"] = known.recent(days) - level
    features["before_28"] = known.recent(28, skip=28) - level
    features["trend_7"] = known.recent(7) - known.recent(7, skip=7)
    flat = known.rest.reshape(len(level), -1)
    features["last"] = flat[:, -1] - level
    features["spread"] = median(np.abs(flat[:, -28:] - level[:, None]))
    features["week_swing"] = known.week.max(axis=1) - known.week.min(axis=1)
    features |= {f"zeros_{days}": (pays[:, -days:] == 0).sum(axis=1).astype(np.float64) for days in (7, 14, 28, 56)}
    paid = pays > 0
    features["since_last"] = np.where(paid.any(axis=1), np.argmax(paid[:, ::-1], axis=1), origin).astype(np.float64)
    features["age"] = np.where(paid.any(axis=1), origin - np.argmax(paid, axis=1), 0).astype(np.float64)
    views = history.views[:, :origin]
    week, month = logs_of(views[:, -WEEK:].mean(axis=1)), logs_of(views[:, -4 * WEEK :].mean(axis=1))
    features |= {"views_trend": week - month, "views_per_pay": month - level}
    for name, codes in history.groups.items():
        for what in ("smooth_3", "smooth_28", "trend_7", "last"):
            features[f"{name}_{what}"] = group_median(features[what], codes)
    return features | dict(history.facts)


def _of_day(history: History, known: Levels, level: Floats, step: int) -> dict[str, Floats]:
    """Return what holds for one day of the horizon: its kind, and the same weekday in the weeks before."""
    day, column = known.origin + step, step % WEEK
    shops = len(level)
    kinds = history.kinds
    # The weeks in which this weekday was an ordinary day, newest first; a day without payments stays NaN.
    weeks = [week for week in reversed(range(WEEKS)) if kinds[_column(known, week, column)] == Kind.ORDINARY]
    base = level + known.week[:, column]
    lags = [known.logs[:, week, column] - base for week in weeks[:_LAGS]]
    lags += [np.full(shops, np.nan)] * (_LAGS - len(lags))
    zeros = [history.pays[:, _column(known, week, column)] == 0 for week in weeks[:4]]
    numbers = {
        "step": step,
        "weekday": history.weekday(day),
        "weeks_back": WEEKS - weeks[0] + step // WEEK if weeks else WEEKS,
        "kind": kinds[day],
        "kind_before": kinds[day - 1],
        "kind_after": kinds[day + 1] if day + 1 < len(kinds) else Kind.ORDINARY,
        "into_holiday": _run(kinds, day),
        "odd_days_14": np.count_nonzero(kinds[known.origin - 14 : known.origin] != Kind.ORDINARY),
    }
    features = {name: np.full(shops, float(number)) for name, number in numbers.items()}
    features |= {f"lag_{number + 1}": lag for number, lag in enumerate(lags)}
    features["lags_median_3"] = median(np.column_stack(lags[:3]))
    features["lags_median_5"] = median(np.column_stack(lags))
    features["same_weekday_zeros"] = np.sum(zeros, axis=0).astype(np.float64) if zeros else np.zeros(shops)
    features["week_here"] = known.week[:, column]
    features["week_weekend"] = _weekend(history, known)
    return features


def _column(known: Levels, week: int, column: int) -> int:
    return known.origin - (WEEKS - week) * WEEK + column


def _run(kinds: np.ndarray[tuple[int], np.dtype[np.int8]], day: int) -> int:
    """Return the how-manieth day of a run of holidays a day is, 0 where it is none."""
    run = 0
    while day - run >= 0 and kinds[day - run] == Kind.HOLIDAY:
        run += 1
    return run


def _weekend(history: History, known: Levels) -> Floats:
    """Return how far the weekend stands above Tuesday to Thursday (shops,)."""
    weekdays = np.array([history.weekday(known.origin + column) for column in range(WEEK)])
    middle, end = np.isin(weekdays, _MIDDLE_OF_WEEK), np.isin(weekdays, _WEEKEND)
    above: Floats = known.week[:, end].mean(axis=1) - known.week[:, middle].mean(axis=1)
    return above


def _holiday_effect(history: History, known: Levels, level: Floats) -> Floats:
    """Return how far a shop stood above its ordinary day on past holidays (shops,), NaN where it has seen none."""
    begin = max(known.origin - _HOLIDAYS_FROM, 0)
    effects = []
    for day in range(begin, known.origin):
        if history.kinds[day] != Kind.HOLIDAY:
            continue
        near = [
            other
            for other in range(max(day - 21, 0), min(day + 8, known.origin))
            if history.kinds[other] == Kind.ORDINARY
        ]
        offsets = [(other - known.origin) % WEEK for other in near]
        around = median(logs_of(history.pays[:, near]) - known.week[:, offsets])
        effects.append(logs_of(history.pays[:, day]) - around - known.week[:, (day - known.origin) % WEEK])
    return median(np.column_stack(effects)) if effects else np.full(len(level), np.nan)
