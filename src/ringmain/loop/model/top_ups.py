"""When a merchant's standing order adds money: what it may, and what it must not."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from ringmain.loop.model.pressure import Estimate

# So long before money moves its merchant is told, and may stop it.
NOTICE = timedelta(hours=24)
# After one that failed or was stopped, the next is not announced for as long.
REST = timedelta(hours=24)

TopUpState = Literal["announced", "made", "failed", "stopped"]
Why = Literal["due", "paused", "enough", "month_full", "waits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingOrder:
    """Add `add_minor` of what is owed to the merchant, when what it can spend is below one of the two limits.

    At most `month_minor` in a calendar month by the network's clock.
    """

    merchant_id: UUID
    below_minor: int | None
    below_days: int | None
    add_minor: int
    month_minor: int
    paused: bool
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUp:
    """One top-up: announced, and a day later made by the transfer of the same id, failed, or stopped."""

    id: UUID
    merchant_id: UUID
    amount_minor: int
    state: TopUpState
    announced_at: datetime
    due_at: datetime
    decided_at: datetime | None


def judge(
    order: StandingOrder, left_minor: int, left: Estimate, month_minor: int, last: TopUp | None, now: datetime
) -> Why:
    """Return whether a top-up is due now, or why not; `month_minor`: made this month, `last`: the newest top-up."""
    if order.paused:
        return "paused"
    low = order.below_minor is not None and left_minor < order.below_minor
    soon = order.below_days is not None and left.days_left is not None and left.days_left < order.below_days
    if not (low or soon):
        return "enough"
    if month_minor + order.add_minor > order.month_minor:
        return "month_full"
    rests = last is not None and last.state in ("failed", "stopped") and now < (last.decided_at or now) + REST
    if last is not None and (last.state == "announced" or rests):
        return "waits"
    return "due"
