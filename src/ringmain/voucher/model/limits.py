"""How often and when vouchers of an offer may be used: counted limits, days and hours."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from ringmain.voucher.model.data import Voucher
from ringmain.voucher.model.terms import Terms

_MINUTES_A_DAY = 1_440
LimitKey = tuple[UUID, str, str]  # offer, scope, key of the scope


@dataclass(slots=True)
class Limit:
    """One counted limit as it stands while a batch is decided."""

    used: int
    maximum: int


def limit_keys(terms: Terms, offer_id: UUID, subject_id: UUID | None, day: str) -> list[tuple[LimitKey, int]]:
    """Return the limits that one redemption counts against, each with its maximum."""
    keys: list[tuple[LimitKey, int]] = []
    if terms.per_member is not None and subject_id is not None:
        keys.append(((offer_id, "member", str(subject_id)), terms.per_member))
    if terms.per_day is not None:
        keys.append(((offer_id, "day", day), terms.per_day))
    if terms.in_total is not None:
        keys.append(((offer_id, "total", ""), terms.in_total))
    return keys


def local_day(at: datetime, time_zone: str) -> str:
    """Return the calendar day of `at` in the shop's time zone, as YYYY-MM-DD."""
    return at.astimezone(ZoneInfo(time_zone)).date().isoformat()


def is_open_at(terms: Terms, at: datetime, time_zone: str) -> bool:
    """Say whether days and hours of the terms hold at a time, by the clock of a shop in this time zone."""
    if not terms.weekdays and not terms.from_minute and terms.until_minute == _MINUTES_A_DAY:
        return True
    local = at.astimezone(ZoneInfo(time_zone))
    minute = local.hour * 60 + local.minute
    weekday = local.isoweekday()
    if terms.from_minute <= terms.until_minute:
        open_now = terms.from_minute <= minute < terms.until_minute
    else:
        # Hours may pass midnight: from 22:00 until 02:00, and the small hours belong to the evening before.
        open_now = minute >= terms.from_minute or minute < terms.until_minute
        if minute < terms.until_minute:
            weekday = weekday - 1 or 7
    return open_now and (not terms.weekdays or weekday in terms.weekdays)


def is_used_up(voucher: Voucher, terms: Terms) -> bool:
    """Say whether a voucher has been used as often, or for as much, as its terms allow."""
    if terms.kind == "gift":
        return voucher.remaining_minor == 0
    return voucher.uses >= terms.parts
