"""The counts that a forecast of payments has to beat: what last week or the last three say of the next days."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from ringmain.need.traffic.history import WEEK, Floats

# Each maps past counts (shops, days) and a number of days to what it expects (shops, number of days).
BASELINES: Final[Mapping[str, Callable[[Floats, int], Floats]]] = {
    "flat 21-day mean": lambda past, ahead: np.repeat(past[:, -21:].mean(axis=1)[:, None], ahead, axis=1),
    "weekday's three-week median": lambda past, ahead: _weeks(np.median(_last_weeks(past, 3), axis=1), ahead),
    "weekday of last week": lambda past, ahead: _weeks(past[:, -WEEK:], ahead),
}
LEAST_PAST: Final = 3 * WEEK


def _last_weeks(past: Floats, weeks: int) -> Floats:
    return past[:, -weeks * WEEK :].reshape(-1, weeks, WEEK)


def _weeks(week: Floats, ahead: int) -> Floats:
    """Return `ahead` days (shops, ahead) of a week (shops, 7) that repeats."""
    return week[:, np.arange(ahead) % WEEK]
