"""What an offer promises: its terms, and whether they make sense."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Literal, get_args
from uuid import UUID

from ringmain.voucher.errors import InvalidOffer

Kind = Literal["cash", "discount", "exchange", "gift", "bundle", "points"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an offer promises. Immutable once published; amounts are minor units of `currency`.

    `face_minor` is the value of one voucher; for a discount it is the cap, for an exchange what the redeemer is paid
    for the goods, for a bundle the value of all its parts together. Minutes count from midnight, by the shop's clock.
    """

    kind: Kind
    currency: str
    face_minor: int
    percent_bp: int | None = None  # discount: basis points of the basket
    parts: int = 1  # bundle: the number of visits that its value is divided among
    goods: str | None = None  # exchange: what is handed over
    price_points: int = 0  # points exchange: what the holder gives for it
    fee_minor: int = 0
    fee_at: Literal["redemption", "minting"] = "redemption"
    shop_ids: tuple[UUID, ...] = ()  # empty: every shop of the network
    minimum_minor: int = 0
    weekdays: tuple[int, ...] = ()  # 1 Monday to 7 Sunday; empty: every day
    from_minute: int = 0
    until_minute: int = 1440
    holder_only: bool = False
    per_member: int | None = None
    per_day: int | None = None
    in_total: int | None = None
    combinable: bool = True
    valid_days: int | None = None  # counted from the grant
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    grace_days: int = 7  # a reversal this long after the end still revives the voucher

    @property
    def cost_minor(self) -> int:
        """The greatest possible cost of one voucher to its funder, fee included."""
        return self.face_minor + self.fee_minor

    @property
    def set_aside_minor(self) -> int:
        """What stays set aside for one voucher once it is issued: a fee taken at minting has been paid by then."""
        return self.cost_minor - self.minting_fee_minor

    @property
    def minting_fee_minor(self) -> int:
        """The fee that is due when a voucher is issued."""
        return self.fee_minor if self.fee_at == "minting" else 0

    @property
    def needs_holder(self) -> bool:
        """Whether a voucher makes sense only with a member who holds it."""
        return self.holder_only or self.kind == "points"

    @property
    def counted(self) -> bool:
        """Whether a redemption has to be counted against a limit."""
        return self.per_member is not None or self.per_day is not None or self.in_total is not None


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer as far as redemptions need it."""

    id: UUID
    funder_id: UUID
    terms: Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOffer:
    """An offer to publish. `stock` None means as many vouchers as there is money for."""

    creator_merchant_id: UUID
    funder_id: UUID
    name: str
    terms: Terms
    stock: int | None = None
    id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedOffer:
    """An offer as it stands: its terms never change, stock and pause do."""

    id: UUID
    creator_merchant_id: UUID
    funder_id: UUID
    name: str
    terms: Terms
    stock: int | None
    paused: bool
    created_at: datetime


def unsplittable(terms: Terms, *, is_part: bool = False) -> str | None:
    """Return why a voucher of these terms cannot be given away in parts; None where it can."""
    if is_part:
        return "It is a part of another voucher already."
    if terms.kind not in ("cash", "gift"):
        return "Only vouchers worth an amount of money can be divided."
    if terms.in_total is not None:
        return "How often vouchers of this offer may be used in all is counted."
    return None


_MOST_MINOR = 9_007_199_254_740_991  # The largest integer that every JSON reader keeps exact.
_MOST_SHOPS = 1_000
_MOST_PARTS = 1_000
_MOST_DAYS = 3_660
_MOST_GRACE_DAYS = 365
_MINUTES_PER_DAY = 1_440
_WHOLE_BP = 10_000


def fault_of(terms: Terms, now: datetime) -> InvalidOffer | None:
    """Return the first field of the terms that makes no sense, with the reason; None where all of them do."""
    faults = chain(_worth_faults(terms), _exchange_faults(terms), _condition_faults(terms), _time_faults(terms, now))
    for field, reason in faults:
        return InvalidOffer(field=field, reason=reason)
    return None


def _worth_faults(terms: Terms) -> Iterator[tuple[str, str]]:
    if terms.kind not in get_args(Kind):
        yield "kind", f"The kind is one of {', '.join(get_args(Kind))}."
    if not 0 < terms.face_minor <= _MOST_MINOR:
        yield "face_minor", _FACE_NEEDED.get(terms.kind, "A voucher is worth more than nothing.")
    if terms.kind == "discount" and not 0 < (terms.percent_bp or 0) <= _WHOLE_BP:
        yield "percent_bp", "A discount needs its percentage, from 1 to 10,000 basis points."
    if terms.kind != "discount" and terms.percent_bp is not None:
        yield "percent_bp", "Only a discount has a percentage."
    if terms.kind == "bundle" and not 2 <= terms.parts <= _MOST_PARTS:  # noqa: PLR2004 (a bundle is more than one)
        yield "parts", f"A bundle has 2 to {_MOST_PARTS} parts."
    if terms.kind == "bundle" and terms.parts > terms.face_minor:
        yield "face_minor", "Each part of a bundle is worth at least one minor unit."
    if terms.kind != "bundle" and terms.parts != 1:
        yield "parts", "Only a bundle has parts; stored value (gift) is spent in parts of any size."
    if terms.fee_minor < 0 or terms.cost_minor > _MOST_MINOR:
        yield "fee_minor", "A fee is zero or more, and value and fee together stay exact."


def _exchange_faults(terms: Terms) -> Iterator[tuple[str, str]]:
    if terms.kind == "exchange" and not (terms.goods or "").strip():
        yield "goods", "An exchange says what is handed over."
    if terms.kind not in ("exchange", "points") and terms.goods is not None:
        yield "goods", "Only an exchange names goods."
    if terms.kind == "points" and not 0 < terms.price_points <= _MOST_MINOR:
        yield "price_points", "A points exchange needs its price in points."
    if terms.kind != "points" and terms.price_points:
        yield "price_points", "Only a points exchange has a price in points."


_FACE_NEEDED = {
    "discount": "A percentage needs a cap, so that its greatest cost can be set aside.",
    "exchange": "An exchange needs its cost: what the redeemer is paid for the goods.",
    "bundle": "A bundle needs its cost: the value of all its parts together.",
}


def _condition_faults(terms: Terms) -> Iterator[tuple[str, str]]:
    if len(terms.shop_ids) > _MOST_SHOPS or len(set(terms.shop_ids)) < len(terms.shop_ids):
        yield "shop_ids", f"Name each shop once, and at most {_MOST_SHOPS}; leave the list empty for every shop."
    if not 0 <= terms.minimum_minor <= _MOST_MINOR:
        yield "minimum_minor", "The minimum of a purchase is zero or more."
    if len(set(terms.weekdays)) < len(terms.weekdays) or not set(terms.weekdays) <= set(range(1, 8)):
        yield "weekdays", "Weekdays are numbers from 1 (Monday) to 7 (Sunday), each once."
    if not 0 <= terms.from_minute < _MINUTES_PER_DAY:
        yield "from_minute", "Hours begin at a minute from 0 to 1,439 after midnight."
    if not 0 < terms.until_minute <= _MINUTES_PER_DAY:
        yield "until_minute", "Hours end at a minute from 1 to 1,440 after midnight."
    if terms.from_minute == terms.until_minute:
        yield "until_minute", "Hours that end where they begin never open."
    for name in ("per_member", "per_day", "in_total"):
        limit = getattr(terms, name)
        if limit is not None and not 0 < limit <= _MOST_MINOR:
            yield name, "A limit is at least 1; leave it out for none."


def _time_faults(terms: Terms, now: datetime) -> Iterator[tuple[str, str]]:
    if terms.valid_days is None and terms.valid_until is None:
        yield "valid_until", "A voucher ends: say after how many days (valid_days) or when (valid_until)."
    if terms.valid_days is not None and not 0 < terms.valid_days <= _MOST_DAYS:
        yield "valid_days", f"A voucher is valid for 1 to {_MOST_DAYS:,} days."
    for name in ("valid_from", "valid_until"):
        at = getattr(terms, name)
        if at is not None and at.tzinfo is None:
            yield name, "A time carries its time zone."
            return
    if terms.valid_until is not None and terms.valid_until <= now:
        yield "valid_until", "The end is in the past."
    if terms.valid_from is not None and terms.valid_until is not None and terms.valid_from >= terms.valid_until:
        yield "valid_until", "The end comes after the beginning."
    if not 0 <= terms.grace_days <= _MOST_GRACE_DAYS:
        yield "grace_days", f"The time in which a reversal revives is 0 to {_MOST_GRACE_DAYS} days."


def validity(terms: Terms, granted_at: datetime) -> tuple[datetime, datetime] | None:
    """Return from when until when a voucher granted now is valid; None where that time is over already."""
    begins = granted_at if terms.valid_from is None else max(granted_at, terms.valid_from)
    ends = terms.valid_until
    if terms.valid_days is not None:
        after_days = begins + timedelta(days=terms.valid_days)
        ends = after_days if ends is None else min(ends, after_days)
    if ends is None or ends <= begins:
        return None
    return begins, ends
