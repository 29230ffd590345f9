"""How long money or stock lasts at the present rate, and when nothing can be said of it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

WINDOW_DAYS = 14
# Fewer days or vouchers say more about chance than about the rate.
LEAST_DAYS = 3
LEAST_VOUCHERS = 10
# Beyond ten years a date says nothing.
_LONGEST_DAYS = 3_650

State = Literal["dry", "runs_dry", "not_falling", "too_little_data"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many days are left; `days_left` and `dry_on` (a local day) only where the state is `dry` or `runs_dry`.

    `used` and `returned` are what left and what came back within the `days` looked at, in the unit of what is left;
    `vouchers` is how many issues that rests on.
    """

    state: State
    days_left: float | None
    dry_on: date | None
    used: int
    returned: int
    days: float
    vouchers: int


@dataclass(frozen=True, slots=True)
class Use:
    """What was used of something within a number of days, and by how many issues of vouchers."""

    used: int
    returned: int
    days: float
    vouchers: int


def days_observed(first_at: datetime | None, now: datetime) -> float:
    """Return how many of the window's days there is something to see: since the first voucher, at most all of them."""
    if first_at is None:
        return 0.0
    return min(float(WINDOW_DAYS), max(0.0, (now - first_at) / timedelta(days=1)))


def estimate(left: int, use: Use, now: datetime, time_zone: str) -> Estimate:
    """Return how long `left` lasts if it goes on as in the days looked at."""
    seen = (use.used, use.returned, round(use.days, 2), use.vouchers)
    today = now.astimezone(ZoneInfo(time_zone)).date()
    if left <= 0:
        return Estimate("dry", 0.0, today, *seen)
    if use.days < LEAST_DAYS or use.vouchers < LEAST_VOUCHERS:
        return Estimate("too_little_data", None, None, *seen)
    net = use.used - use.returned
    if net <= 0 or left * use.days / net > _LONGEST_DAYS:
        return Estimate("not_falling", None, None, *seen)
    days = left * use.days / net
    dry_on = (now + timedelta(days=days)).astimezone(ZoneInfo(time_zone)).date()
    return Estimate("runs_dry", round(days, 1), dry_on, *seen)


def sooner(one: Estimate, other: Estimate) -> Estimate:
    """Return the estimate that ends first; one with a date comes before one without."""
    ends = [found for found in (one, other) if found.days_left is not None]
    return min(ends, key=lambda found: found.days_left or 0.0) if ends else one
