"""Statements as plain data: which reason of the ledger is which line, and what they add up to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from ringmain.settlement.errors import MonthInvalid

Account = Literal["available", "held", "owed"]
LineKind = Literal[
    "deposit",
    "top_up",
    "hold",
    "release",
    "expiry",
    "paid_to_others",
    "paid_at_own_tills",
    "owed_by_others",
    "owed_from_own_vouchers",
    "fee",
    "fee_returned",
    "reversal",
]
ACCOUNTS: tuple[Account, ...] = ("available", "held", "owed")


@dataclass(frozen=True, slots=True)
class Month:
    """A local month: its days, and the moments at which it begins and ends."""

    first_day: date
    last_day: date
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """What one reason added to an account (less than zero: took from it), and by how many transfers."""

    kind: LineKind
    amount_minor: int
    transfers: int


@dataclass(frozen=True, slots=True)
class Section:
    """One account in a period. `difference_minor` is what the lines do not explain: zero, or the books are wrong."""

    account: Account
    opening_minor: int
    lines: list[Line]
    closing_minor: int
    difference_minor: int


@dataclass(frozen=True, slots=True)
class Movement:
    """What one reason of the ledger did to an account; `own` where the other end is the same merchant's."""

    account: Account
    code: int
    own: bool
    amount_minor: int
    transfers: int


def month_of(text: str | None, now: datetime, time_zone: str) -> Month:
    """Return a month given as YYYY-MM, the present one for None. Raises `MonthInvalid`."""
    zone = ZoneInfo(time_zone)
    today = now.astimezone(zone).date()
    try:
        first = today.replace(day=1) if text is None else date.fromisoformat(f"{text}-01")
    except ValueError:
        raise MonthInvalid from None
    if first > today:
        raise MonthInvalid
    after = (first + timedelta(days=31)).replace(day=1)
    begins, ends = (datetime.combine(day, time(), zone) for day in (first, after))
    return Month(first, after - timedelta(days=1), begins, ends)


def month_before(text: date) -> str:
    """Return the month before a day as YYYY-MM."""
    return f"{text.replace(day=1) - timedelta(days=1):%Y-%m}"


def section(
    account: Account,
    opening_minor: int,
    closing_minor: int,
    movements: Sequence[Movement],
    kinds: Mapping[int, LineKind],
) -> Section:
    """Return an account's section. A reason without a line is left out of them, and so shows as a difference."""
    found: dict[LineKind, Line] = {}
    for one in movements:
        kind = kind_of(one, kinds)
        if one.account != account or kind is None:
            continue
        before = found.get(kind, Line(kind, 0, 0))
        found[kind] = Line(kind, before.amount_minor + one.amount_minor, before.transfers + one.transfers)
    lines = list(found.values())
    explained = opening_minor + sum(line.amount_minor for line in lines)
    return Section(account, opening_minor, lines, closing_minor, closing_minor - explained)


def kind_of(one: Movement, kinds: Mapping[int, LineKind]) -> LineKind | None:
    """Return which line a movement belongs to; a redemption is one of four, by whose voucher and whose till it was."""
    kind = kinds.get(one.code)
    if kind != "paid_to_others":
        return kind
    if one.account == "owed":
        return "owed_from_own_vouchers" if one.own else "owed_by_others"
    return "paid_at_own_tills" if one.own else "paid_to_others"
