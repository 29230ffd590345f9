"""What tills send, and how a sale is shown to its merchant."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.http import (
    AmountMinor,
    AmountMinorOrZero,
    Currency,
    IdempotencyKey,
    Page,
    Reference,
    Request,
    SignedAmountMinor,
    Text,
    Time,
)

_Code = Annotated[str, Meta(min_length=4, max_length=400, description="What the scanner read from the voucher.")]
_LONGEST_OFFSET_MS = 100 * 366 * 86_400_000
_OffsetMs = Annotated[int, Meta(ge=-_LONGEST_OFFSET_MS, le=_LONGEST_OFFSET_MS, description="Milliseconds.")]
_Kind = Annotated[str, Meta(pattern=r"^[a-z_]{1,32}\Z", description="cash, card, wallet, bank, other ...")]


class VoucherUsed(Request, frozen=True):
    """One voucher: by its code, or by `voucher_id` where the guest has been identified as its holder.

    In a sale made without a network, `lease_id` says by whose right, and `taken_minor` what the till took off. A till
    that would take it off without an answer names its lease in every sale: one that comes late may need it.
    """

    code: _Code | None = None
    voucher_id: UUID | None = None
    amount_minor: AmountMinor | None = None
    lock_key: UUID | None = None
    lease_id: UUID | None = None
    taken_minor: AmountMinorOrZero = 0


class Redemption(Request, frozen=True):
    """A voucher to spend; it makes a minimal sale, or a whole one where `basket_minor` and `currency` are known."""

    code: _Code | None = None
    voucher_id: UUID | None = None
    member_id: UUID | None = None
    shop_id: UUID | None = None
    amount_minor: AmountMinor | None = None
    basket_minor: AmountMinor | None = None
    currency: Currency | None = None
    lock_key: UUID | None = None


class RedemptionItem(Redemption, frozen=True, kw_only=True):
    """One redemption of a batch, with its own key."""

    idempotency_key: IdempotencyKey


class TenderPaid(Request, frozen=True):
    """One way in which a part was paid."""

    kind: _Kind
    amount_minor: SignedAmountMinor


class SaleLine(Request, frozen=True):
    """One line of the receipt; `quantity` is in thousandths of a unit."""

    product: Reference
    amount_minor: SignedAmountMinor
    quantity: SignedAmountMinor = 1000
    category: Reference | None = None


class PaymentToken(Request, frozen=True):
    """The token by which the payment tells who pays; never a card number."""

    kind: Literal["card_token", "wechat", "alipay"]
    token: Annotated[str, Meta(min_length=4, max_length=200)]


class Sale(Request, frozen=True):
    """A completed purchase. `apply_best` takes the identified guest's best voucher off by itself.

    `offline` marks what a till sold without a network and sends later: it is recorded in any case, and vouchers that
    are refused are listed in the answer. `sold_at` is then the till's estimate, its clock plus `clock_offset_ms`.
    """

    total_minor: SignedAmountMinor
    currency: Currency
    shop_id: UUID | None = None
    member_id: UUID | None = None
    payment: PaymentToken | None = None
    receipt: Reference | None = None
    sold_at: Time | None = None
    tenders: Annotated[tuple[TenderPaid, ...], Meta(max_length=20)] = ()
    lines: Annotated[tuple[SaleLine, ...], Meta(max_length=1_000)] = ()
    vouchers: Annotated[tuple[VoucherUsed, ...], Meta(max_length=30)] = ()
    apply_best: bool = False
    offline: bool = False
    clock_offset_ms: _OffsetMs | None = None


class SaleItem(Sale, frozen=True, kw_only=True):
    """One sale of a batch, with its own key."""

    idempotency_key: IdempotencyKey


class Undo(Request, frozen=True):
    """Why a redemption is undone."""

    reason: Text


class RefundAsked(Request, frozen=True):
    """Money given back."""

    amount_minor: AmountMinor
    reason: Text
    restore_vouchers: bool = False


class CompletionAsked(Request, frozen=True):
    """What the till learnt later of a minimal sale."""

    total_minor: AmountMinor
    tenders: Annotated[tuple[TenderPaid, ...], Meta(max_length=20)] = ()
    lines: Annotated[tuple[SaleLine, ...], Meta(max_length=1_000)] = ()


class Sales(Page, frozen=True):
    """Which sales to list; a terminal sees those of its own shop."""

    shop_id: UUID | None = None


class SaleAnswer(Struct, frozen=True):
    """A sale as its merchant sees it; the buyer is not told."""

    sale_id: UUID
    merchant_id: UUID
    shop_id: UUID
    terminal_id: UUID | None
    receipt: str | None
    minimal: bool
    total_minor: int
    redeemed_minor: int
    currency: str
    sold_at: datetime


class ReceiptLine(Struct, frozen=True):
    """One line; `quantity` is in thousandths of a unit."""

    product: str
    quantity: int
    amount_minor: int


class ReceiptVoucher(Struct, frozen=True):
    """A voucher that came off; `reversed`: that was undone later."""

    offer_name: str
    amount_minor: int
    reversed: bool


class SaleReceipt(Struct, frozen=True):
    """A sale as its buyer's receipt. Whoever holds `token` may read it at `url`: print it as a QR code."""

    sale_id: UUID
    merchant_name: str
    shop_name: str
    receipt: str | None
    sold_at: datetime
    minimal: bool
    total_minor: int
    saved_minor: int
    to_pay_minor: int
    refunded_minor: int
    currency: str
    lines: list[ReceiptLine]
    tenders: list[TenderPaid]
    vouchers: list[ReceiptVoucher]
    token: str
    url: str
