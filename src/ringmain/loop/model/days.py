"""Spans of a merchant's figures: whole local days of each shop, up to now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from ringmain.kit.pure.ids import first_id

Period = Literal["today", "yesterday", "last_7_days", "last_28_days"]

# From how many days before today until how many days before today, both included.
_DAYS: dict[Period, tuple[int, int]] = {
    "today": (0, 0),
    "yesterday": (1, 1),
    "last_7_days": (6, 0),
    "last_28_days": (27, 0),
}
PERIODS: tuple[Period, ...] = tuple(_DAYS)


@dataclass(frozen=True, slots=True)
class Span:
    """A period at one shop, as the range of ids that its facts have."""

    period: Period
    shop_id: UUID
    from_id: UUID
    until_id: UUID


def days_of(period: Period, now: datetime, time_zone: str) -> tuple[date, date]:
    """Return the first and the last local day of a period."""
    today = now.astimezone(ZoneInfo(time_zone)).date()
    first, last = _DAYS[period]
    return today - timedelta(days=first), today - timedelta(days=last)


def midnight(day: date, time_zone: str) -> datetime:
    """Return when a local day begins; where the clock skips midnight, when the day's first hour begins."""
    return datetime.combine(day, time(), ZoneInfo(time_zone))


def spans(now: datetime, shops: Sequence[tuple[UUID, str]]) -> Iterator[Span]:
    """Yield every period of every shop (id and time zone): a day is the shop's own."""
    for shop_id, time_zone in shops:
        for period in PERIODS:
            first, last = days_of(period, now, time_zone)
            begins, ends = midnight(first, time_zone), midnight(last + timedelta(days=1), time_zone)
            yield Span(period, shop_id, first_id(begins), first_id(ends))
