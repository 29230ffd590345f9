"""What is asked of vouchers, and what became of it, as plain data."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from ringmain.kit.pure.errors import RuleBroken
from ringmain.voucher import errors

Closed = Literal["spent", "expired", "void", "split"]


class Voucher(Struct):
    """One voucher as it stands while a batch is decided; changed in place, written once at the end."""

    id: UUID
    offer_id: UUID
    secret: bytes
    subject_id: UUID | None
    face_minor: int
    remaining_minor: int
    held_minor: int
    uses: int
    sequence: int
    closed: str | None
    lock_key: UUID | None
    lock_until: datetime | None
    valid_from: datetime
    valid_until: datetime
    lease_id: UUID | None = None  # lent to one terminal: nobody else redeems it before `lease_free_at`
    lease_free_at: datetime | None = None


def closed_error(voucher: Voucher) -> RuleBroken:
    """Return the rule by which a closed voucher is refused."""
    if voucher.closed == "spent":
        return errors.VoucherAlreadySpent(voucher_id=str(voucher.id))
    if voucher.closed == "expired":
        return errors.VoucherExpired(valid_until=voucher.valid_until)
    if voucher.closed == "split":
        return errors.VoucherGivenAway()
    return errors.VoucherVoid()


class Grant(Struct, frozen=True, kw_only=True):
    """Issue one voucher. `subject_id` None makes a code that whoever carries it may use.

    `sender_shop_id` is where it was won; `origin_kind` and `origin_id` name the touch, sale or
    voucher that led to it, the choice of a campaign by message, or the voucher that it is a part of ("split").
    A replay gives the id itself, so that granting twice gives the first voucher again.
    """

    offer_id: UUID
    at: datetime
    subject_id: UUID | None = None
    sender_shop_id: UUID | None = None
    origin_kind: Literal["touch", "sale", "voucher", "message", "split"] | None = None
    origin_id: UUID | None = None
    id: UUID | None = None


class Granted(Struct, frozen=True):
    """One voucher that was issued, and from when until when it is valid."""

    voucher_id: UUID
    offer_id: UUID
    subject_id: UUID | None
    face_minor: int
    currency: str
    valid_from: datetime
    valid_until: datetime


class Mint(Struct, frozen=True):
    """One order of codes that nobody holds yet, and how many of them exist already."""

    id: UUID
    offer_id: UUID
    wanted: int
    minted: int
    ordered_at: datetime
    valid_from: datetime
    valid_until: datetime

    @property
    def done(self) -> bool:
        """Whether all of its codes exist."""
        return self.minted >= self.wanted


class Redeemer(Struct, frozen=True):
    """The till that asks: its merchant, shop, and the time zone of the shop."""

    merchant_id: UUID
    shop_id: UUID
    terminal_id: UUID | None
    time_zone: str


class Offline(Struct, frozen=True):
    """A redemption that a till made without a network, and that arrives now.

    `taken_minor` is what the till took off. `anyway` says that its merchant bears the loss of vouchers not leased.
    """

    booked_at: datetime  # the time of its arrival; the till's time is that of the redemption itself
    lease_id: UUID | None = None
    taken_minor: int = 0
    anyway: bool = False


class Redeem(Struct, frozen=True):
    """Spend a voucher: `amount_minor` None means as much as its terms and the basket allow."""

    id: UUID  # of the redemption to be
    voucher_id: UUID
    sale_id: UUID
    by: Redeemer
    at: datetime
    secret: bytes | None = None  # None where the till has identified the holder instead of scanning a code
    subject_id: UUID | None = None
    merged_subject_ids: tuple[UUID, ...] = ()  # of members merged into the holder: their vouchers are the holder's
    basket_minor: int | None = None
    currency: str | None = None
    amount_minor: int | None = None
    lock_key: UUID | None = None
    offline: Offline | None = None
    made_at: datetime | None = None  # when its till says the sale was made; it may come much later
    lease_id: UUID | None = None  # with a network: by whose right the till would take it off without an answer

    @property
    def booked_at(self) -> datetime:
        """When the redemption is decided and posted, which is later than it was made where that was offline."""
        return self.offline.booked_at if self.offline is not None else self.at


class Reverse(Struct, frozen=True):
    """Undo one redemption by adding."""

    id: UUID  # of the reversal to be
    redemption_id: UUID
    merchant_id: UUID | None  # whose redemption it must be; None for the operator
    at: datetime
    reason: str


class Close(Struct, frozen=True):
    """End a voucher: `expired` when its time is over, `void` when its creator takes it back."""

    id: UUID
    voucher_id: UUID
    at: datetime
    how: Literal["expired", "void"] = "expired"


Action = Redeem | Reverse | Close


class Redeemed(Struct, frozen=True):
    """One redemption: what it took off, and what went back to the funder because it was not needed."""

    id: UUID
    voucher_id: UUID
    offer_id: UUID
    funder_id: UUID
    sequence: int
    sale_id: UUID
    merchant_id: UUID
    shop_id: UUID
    terminal_id: UUID | None
    subject_id: UUID | None
    amount_minor: int
    fee_minor: int
    released_minor: int
    remaining_minor: int
    currency: str
    at: datetime
    lease_id: UUID | None = None
    used_at: datetime | None = None  # where it was made offline: when, by the till's clock


class Settled(Struct, frozen=True):
    """What became of the vouchers that a till took off one sale without a network: each for itself."""

    done: list[Redeemed]
    refused: list[tuple[UUID, RuleBroken]]  # by voucher


class PastRedemption(Struct, frozen=True):
    """A redemption that a reversal is about, as the database knows it."""

    id: UUID
    voucher_id: UUID
    merchant_id: UUID
    amount_minor: int
    fee_minor: int
    released_minor: int
    subject_id: UUID | None
    currency: str
    redeemed_at: datetime
    reversed_at: datetime | None


class Reversed(Struct, frozen=True):
    """One reversal: the voucher lives again, or (too late for that) its money went back to the funder."""

    id: UUID
    redemption_id: UUID
    voucher_id: UUID
    funder_id: UUID
    sequence: int
    merchant_id: UUID
    amount_minor: int
    fee_minor: int
    revived: bool
    reason: str
    currency: str
    at: datetime


class Ended(Struct, frozen=True):
    """One voucher that ended, and the money that went back to its funder."""

    id: UUID
    voucher_id: UUID
    funder_id: UUID
    released_minor: int
    currency: str
    at: datetime
    how: Literal["expired", "void"] = "expired"


Outcome = Redeemed | Reversed | Ended
