"""A second opinion: vouchers and money as the rules describe them, in plain Python, sharing no code with the engine.

It knows nothing of rows, postings or batches: one thing happens after the other, and money moves between named purses.
Where it and the engine disagree, one of them is wrong.
"""

import copy
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

Purse = tuple[UUID, str]  # whose, and which: available, held, payable, fees, cash


class Refused(Exception):
    """A rule says no; its code is that of the API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What an offer promises; amounts in minor units, `shop` None means every shop."""

    kind: str
    face: int
    funder: UUID
    id: UUID
    percent_bp: int = 0
    parts: int = 1
    fee: int = 0
    fee_at_minting: bool = False
    minimum: int = 0
    shop: UUID | None = None
    weekdays: tuple[int, ...] = ()
    from_minute: int = 0
    until_minute: int = 1440
    holder_only: bool = False
    per_member: int | None = None
    per_day: int | None = None
    in_total: int | None = None
    combinable: bool = True
    days: int = 10
    grace_days: int = 3
    stock: int | None = None

    @property
    def counted(self) -> bool:
        """Whether redemptions are counted."""
        return any(limit is not None for limit in (self.per_member, self.per_day, self.in_total))


@dataclass(slots=True)
class Voucher:
    """One voucher: its value left, and the funder's money still behind it."""

    id: UUID
    offer: Offer
    holder: UUID | None
    left: int
    behind: int
    begins: datetime
    ends: datetime
    secret: bytes = b""
    uses: int = 0
    closed: str | None = None


@dataclass(slots=True)
class Redemption:
    """One redemption that may be undone."""

    id: UUID
    voucher: Voucher
    merchant: UUID
    subject: UUID | None
    amount: int
    fee: int
    undone: bool = False


@dataclass(frozen=True, slots=True)
class Shop:
    """Where a sale happens."""

    id: UUID
    merchant: UUID
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One voucher that a till wants to spend: with its code, or for the identified holder."""

    voucher: UUID
    secret: bytes | None = None
    amount: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """One sale as the till sends it."""

    shop: Shop
    merchant: UUID | None
    subject: UUID | None
    total: int | None
    paid: int | None = None  # by tenders; None where the till names none
    uses: tuple[Use, ...] = ()
    best: bool = False


class Part(NamedTuple):
    """What one voucher did in a sale."""

    voucher: UUID
    amount: int
    left: int
    fee: int


Spent = list[Part]


@dataclass(slots=True)
class Reference:
    """The state of one network, and what may happen in it; every method raises `Refused` and then changed nothing."""

    network: UUID
    offers: dict[UUID, Offer] = field(default_factory=dict)
    stock: dict[UUID, int] = field(default_factory=dict)
    credit: dict[UUID, int] = field(default_factory=dict)
    vouchers: dict[UUID, Voucher] = field(default_factory=dict)
    redemptions: dict[UUID, Redemption] = field(default_factory=dict)
    money: Counter[Purse] = field(default_factory=Counter)
    used: Counter[tuple[UUID, str, str]] = field(default_factory=Counter)

    def move(self, source: Purse, target: Purse, amount: int) -> None:
        """Move money; nothing appears or vanishes."""
        self.money[source] -= amount
        self.money[target] += amount

    def deposit(self, merchant: UUID, amount: int) -> None:
        """A merchant brings money in."""
        self.move((self.network, "cash"), (merchant, "available"), amount)

    def grant(self, offer: Offer, holder: UUID | None, at: datetime, id_: UUID) -> Voucher:
        """Issue a voucher with its greatest cost set aside."""
        if offer.holder_only and holder is None:
            raise Refused("holder_required")
        if self.stock.get(offer.id, 1) < 1:
            raise Refused("out_of_stock")
        cost = offer.face + offer.fee
        if self.money[offer.funder, "available"] + self.credit.get(offer.funder, 0) < cost:
            raise Refused("funds_insufficient")
        self.move((offer.funder, "available"), (offer.funder, "held"), cost)
        paid = offer.fee if offer.fee_at_minting else 0
        self.move((offer.funder, "held"), (self.network, "fees"), paid)
        if offer.id in self.stock:
            self.stock[offer.id] -= 1
        voucher = Voucher(id_, offer, holder, offer.face, cost - paid, at, at + timedelta(days=offer.days))
        self.vouchers[voucher.id] = voucher
        return voucher

    def sell(self, sale: Sale, at: datetime) -> Spent:
        """Record a sale: all of the vouchers that it names are spent, or nothing happens."""
        if sale.merchant not in (None, sale.shop.merchant):
            raise Refused("shop_not_found")
        if sale.total is None and (not sale.uses or sale.paid is not None):
            raise Refused("total_required")
        if len({use.voucher for use in sale.uses}) < len(sale.uses):
            raise Refused("voucher_named_twice")
        with self._all_or_nothing():
            spent = self._spend_all(sale, at)
            if (
                sale.paid is not None
                and sale.total is not None
                and sum(one.amount for one in spent) != sale.total - sale.paid
            ):
                raise Refused("tenders_differ")
        return spent

    def quote(self, sale: Sale, at: datetime) -> int:
        """Return what vouchers would take off a sale; nothing happens."""
        taken = 0
        with suppress(Refused), self._all_or_nothing():
            taken = sum(part.amount for part in self._spend_all(sale, at))
            raise Refused("it was only a question")
        return taken

    def _spend_all(self, sale: Sale, at: datetime) -> Spent:
        if len(sale.uses) > 1:
            known = [self.vouchers[use.voucher] for use in sale.uses if use.voucher in self.vouchers]
            if any(not voucher.offer.combinable for voucher in known):
                raise Refused("not_combinable")
        basket, spent = sale.total, []
        uses = list(sale.uses)
        while uses:
            spent.append(self._spend(uses.pop(0), sale, basket, at))
            basket = None if basket is None else basket - spent[-1].amount
        chosen = self._best(sale, basket, at) if sale.best and sale.subject is not None else None
        if chosen is not None:
            spent.append(self._spend(Use(voucher=chosen), sale, basket, at))
        return spent

    def _best(self, sale: Sale, basket: int | None, at: datetime) -> UUID | None:
        """The holder's voucher that takes most off; of two alike the one that ends sooner, then the older."""
        ranking: list[tuple[int, datetime, UUID]] = []
        for voucher in self.vouchers.values():
            offer = voucher.offer
            named = any(use.voucher == voucher.id for use in sale.uses)
            if voucher.holder != sale.subject or named or offer.kind == "exchange":
                continue
            if sale.uses and not offer.combinable:
                continue
            # The minimum is that of the whole purchase for being looked at, and of what is left for being used.
            if offer.minimum and (sale.total or 0) < offer.minimum:
                continue
            try:
                worth = self._worth(Use(voucher=voucher.id), sale, basket, at)
            except Refused:
                continue
            ranking.append((-worth, voucher.ends, voucher.id))
        return min(ranking)[2] if ranking else None

    def _worth(self, use: Use, sale: Sale, basket: int | None, at: datetime) -> int:
        """What a voucher would take off here and now."""
        voucher = self.vouchers.get(use.voucher)
        held = voucher is not None and voucher.holder is not None and voucher.holder == sale.subject
        if voucher is None or (use.secret != voucher.secret if use.secret is not None else not held):
            raise Refused("voucher_not_found")
        self._check_state(voucher, at)
        self._check_conditions(voucher, sale, basket, at, held=held)
        if voucher.offer.kind == "gift":
            most = voucher.left if basket is None else min(voucher.left, basket)
            worth = most if use.amount is None else use.amount
            if worth > most:
                raise Refused("amount_exceeds_remaining")
        elif use.amount is not None:
            raise Refused("part_not_allowed")
        else:
            worth = self._whole(voucher, basket)
        if worth < 1:
            raise Refused("voucher_without_effect")
        return worth

    @staticmethod
    def _check_state(voucher: Voucher, at: datetime) -> None:
        if voucher.closed:
            codes = {"spent": "voucher_already_spent", "expired": "voucher_expired", "void": "voucher_void"}
            raise Refused(codes[voucher.closed])
        if at >= voucher.ends:
            raise Refused("voucher_expired")
        if at < voucher.begins:
            raise Refused("voucher_not_yet_valid")

    def _check_conditions(self, voucher: Voucher, sale: Sale, basket: int | None, at: datetime, *, held: bool) -> None:
        offer = voucher.offer
        if offer.shop not in (None, sale.shop.id):
            raise Refused("shop_not_accepted")
        if offer.holder_only and not held:
            raise Refused("wrong_holder")
        if offer.minimum and basket is None:
            raise Refused("basket_required")
        if offer.minimum and basket is not None and basket < offer.minimum:
            raise Refused("minimum_not_reached")
        if not open_at(offer, at.astimezone(ZoneInfo(sale.shop.zone))):
            raise Refused("outside_hours")
        who = sale.subject or voucher.holder
        if offer.per_member is not None and who is None:
            raise Refused("wrong_holder")
        for key, most in self._limits(offer, who, sale.shop, at):
            if self.used[key] >= most:
                raise Refused("limit_reached")

    @staticmethod
    def _limits(
        offer: Offer, who: UUID | None, shop: Shop, at: datetime
    ) -> Iterator[tuple[tuple[UUID, str, str], int]]:
        if offer.per_member is not None:
            yield (offer.id, "member", str(who)), offer.per_member
        if offer.per_day is not None:
            yield (offer.id, "day", str(at.astimezone(ZoneInfo(shop.zone)).date())), offer.per_day
        if offer.in_total is not None:
            yield (offer.id, "total", ""), offer.in_total

    @staticmethod
    def _whole(voucher: Voucher, basket: int | None) -> int:
        offer = voucher.offer
        if offer.kind == "exchange":
            return voucher.left
        if offer.kind == "discount":
            if basket is None:
                raise Refused("basket_required")
            # Half a minor unit counts as a whole one.
            percent = (abs(basket) * offer.percent_bp + 5_000) // 10_000
            return min(voucher.left, percent if basket >= 0 else -percent)
        share = voucher.left // (offer.parts - voucher.uses) if offer.kind == "bundle" else voucher.left
        return share if basket is None else min(share, basket)

    def _spend(self, use: Use, sale: Sale, basket: int | None, at: datetime) -> Part:
        worth = self._worth(use, sale, basket, at)
        voucher = self.vouchers[use.voucher]
        offer, who = voucher.offer, sale.subject or voucher.holder
        fee = voucher.behind - voucher.left
        self.move((offer.funder, "held"), (sale.shop.merchant, "payable"), worth)
        self.move((offer.funder, "held"), (self.network, "fees"), fee)
        voucher.left -= worth
        voucher.behind -= worth + fee
        voucher.uses += 1
        for key, _ in self._limits(offer, who, sale.shop, at):
            self.used[key] += 1
        if voucher.left == 0 if offer.kind == "gift" else voucher.uses == offer.parts:
            self._give_back(voucher)
            voucher.closed = "spent"
        return Part(voucher.id, worth, voucher.left, fee)

    def _give_back(self, voucher: Voucher) -> None:
        """What is still behind a voucher goes back to its funder."""
        self.move((voucher.offer.funder, "held"), (voucher.offer.funder, "available"), voucher.behind)
        voucher.left = voucher.behind = 0

    def note(self, redemption: UUID, part: Part, sale: Sale) -> None:
        """Remember a redemption under the id that the engine gave it."""
        voucher = self.vouchers[part.voucher]
        who = sale.subject or voucher.holder
        self.redemptions[redemption] = Redemption(redemption, voucher, sale.shop.merchant, who, part.amount, part.fee)

    def reverse(self, redemption: UUID, merchant: UUID | None, at: datetime) -> bool:
        """Undo a redemption; says whether the voucher lives again."""
        one = self.redemptions.get(redemption)
        if one is None or merchant not in (None, one.merchant):
            raise Refused("redemption_not_found")
        if one.undone:
            raise Refused("redemption_already_reversed")
        voucher, offer = one.voucher, one.voucher.offer
        one.undone = True
        for key in ((offer.id, "member", str(one.subject)), (offer.id, "total", "")):
            if self.used[key]:
                self.used[key] -= 1
        grace = timedelta(days=offer.grace_days)
        lives = voucher.closed != "void" and at <= voucher.ends + grace
        back = (offer.funder, "held" if lives else "available")
        self.move((one.merchant, "payable"), back, one.amount)
        self.move((self.network, "fees"), back, one.fee)
        if lives:
            voucher.left += one.amount
            voucher.behind += one.amount + one.fee
            voucher.uses -= 1
            voucher.closed = None
            if at >= voucher.ends:
                voucher.ends = at + grace
        return lives

    def close(self, voucher: UUID, how: str, at: datetime) -> int:
        """End a voucher; returns what goes back to its funder."""
        one = self.vouchers.get(voucher)
        if one is None:
            raise Refused("voucher_not_found")
        if one.closed:
            self._check_state(one, at)
        if how == "expired" and at < one.ends:
            raise Refused("voucher_still_valid")
        released = one.behind
        self._give_back(one)
        one.closed = how
        return released

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        money, used = self.money.copy(), self.used.copy()
        vouchers = {id_: copy.copy(voucher) for id_, voucher in self.vouchers.items()}
        try:
            yield
        except Refused:
            self.money, self.used = money, used
            for id_, before in vouchers.items():
                now = self.vouchers[id_]
                now.left, now.behind, now.uses, now.closed = before.left, before.behind, before.uses, before.closed
            raise


def open_at(offer: Offer, local: datetime) -> bool:
    """Whether an offer is open at a shop's local time; hours may pass midnight and belong to the day they began."""
    began = local
    minute = local.hour * 60 + local.minute
    if offer.from_minute < offer.until_minute:
        inside = offer.from_minute <= minute < offer.until_minute
    else:
        inside = minute >= offer.from_minute or minute < offer.until_minute
        if minute < offer.until_minute:
            began = local - timedelta(days=1)
    return inside and (not offer.weekdays or began.isoweekday() in offer.weekdays)
