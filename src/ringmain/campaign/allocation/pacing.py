"""Spending a budget evenly over its period: how much the next hour may have, and what a coin costs on the way.

The plan is always that of what is left over the time that is left. So after a pause, when too little was spent, the
rest is spread over the rest of the period and not poured out at once; after a rush, the rest is made to last. In the
last hour all that is left may go: what is not spent then goes back to who paid it in.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

# Twice the plan raises the price of a coin by as much as the price itself; never beyond these bounds.
_GAIN = 1.0
_LEAST, _MOST = 0.5, 4.0
# Of the time between two solutions less than this share says nothing of the speed.
_TOO_SOON = 0.05
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """A budget of `limit` minor units, to be spent between two moments."""

    limit: int
    begins_at: datetime
    ends_at: datetime

    def planned(self, at: datetime) -> int:
        """Return what would have been spent by now, had it gone evenly."""
        if at >= self.ends_at:
            return self.limit
        passed = max(at - self.begins_at, timedelta())
        return self.limit * (passed // _TICK) // ((self.ends_at - self.begins_at) // _TICK)

    def allowance(self, spent: int, at: datetime, horizon: timedelta) -> int:
        """Return what may be set aside in the time from `at` on: 0 outside the period, all that is left in its end."""
        left = max(self.limit - spent, 0)
        begins, until = max(at, self.begins_at), min(at + horizon, self.ends_at)
        if until <= begins:
            return 0
        if until == self.ends_at:
            return left
        # Rounded up, so that a small budget gives its first voucher before it ends.
        return -(-left * ((until - begins) // _TICK) // ((self.ends_at - begins) // _TICK))


def multiplier(spent: int, allowance: int, passed: float) -> float:
    """Return by what a coin's price is multiplied between two solutions, from 0.5 to 4: above 1 holds back.

    `spent` of `allowance` since the last solution, when `passed` (0 to 1) of the time to the next one is over. It is
    proportional to how far spending is from the plan; a moment after a solution, and without any allowance, it is 1.
    """
    if allowance <= 0 or passed < _TOO_SOON:
        return 1.0
    ahead = spent / (allowance * min(passed, 1.0)) - 1.0
    return min(max(1.0 + _GAIN * ahead, _LEAST), _MOST)
