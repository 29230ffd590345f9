"""Sales as plain data, and the arithmetic that must hold in each of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from ringmain.kit.pure.errors import RuleBroken
from ringmain.sale.errors import LinesDiffer, SaleInFuture, SaleTooOld, TotalRequired, VoucherNamedTwice
from ringmain.voucher.errors import TendersDiffer

CLOCK_SKEW = timedelta(minutes=5)
VOUCHERS_WITHIN = timedelta(days=3)
# A clock that was never set says 1970 or 2000: of an older queued sale, only the time of its arrival is believed.
OLDEST_QUEUED = timedelta(days=366)


class Line(Struct, frozen=True):
    """One line of a receipt; `quantity` is in thousandths of a unit, so that weights stay exact."""

    product: str
    quantity: int
    amount_minor: int
    category: str | None = None


class Tender(Struct, frozen=True):
    """One way in which a part was paid: cash, card, wallet."""

    kind: str
    amount_minor: int


class VoucherUse(Struct, frozen=True):
    """One voucher to be spent: by its code (`secret` given), or by id where the till has identified the holder."""

    voucher_id: UUID
    secret: bytes | None = None
    amount_minor: int | None = None
    lock_key: UUID | None = None
    lease_id: UUID | None = None  # by whose right it was taken off, or would be if no answer came
    taken_minor: int = 0  # offline: what the till took off


class Queued(Struct, frozen=True):
    """A sale that was made without a network: it has happened, and is recorded whatever its clock and vouchers say.

    `clock_offset_ms` is what the till had added to its own clock to tell `sold_at`, as measured at its last contact.
    """

    clock_offset_ms: int | None = None


class Payment(Struct, frozen=True):
    """The token by which a payment tells who pays: of a card, or a payer id of a wallet; never a card number."""

    kind: str
    token: str


class NewSale(Struct, frozen=True, kw_only=True):
    """A sale to record. Without `total_minor` it is minimal: the till knew only the voucher's code.

    `merchant_id` is whose till asks (None: the operator); the shop must be one of its own. Who buys is told by
    `member_id` or by `payment`, and becomes `subject_id` before anything is decided. `apply_best` spends the voucher of
    the identified holder that takes most off, beside those in `vouchers`. Replays set `decided_at`, the time at which
    vouchers are judged; None means that of the transaction. Amounts are minor units; `sold_at` None means now.
    `queued` marks what a till sold without a network; then `apply_best` is not looked at.
    `staff_id` is who stood at the till, where it was unlocked by somebody.
    """

    id: UUID
    shop_id: UUID
    merchant_id: UUID | None = None
    terminal_id: UUID | None = None
    subject_id: UUID | None = None
    merged_subject_ids: tuple[UUID, ...] = ()
    member_id: UUID | None = None
    payment: Payment | None = None
    receipt: str | None = None
    sold_at: datetime | None = None
    total_minor: int | None = None
    currency: str | None = None
    tenders: tuple[Tender, ...] = ()
    lines: tuple[Line, ...] = ()
    vouchers: tuple[VoucherUse, ...] = ()
    apply_best: bool = False
    decided_at: datetime | None = None
    queued: Queued | None = None
    staff_id: UUID | None = None

    @property
    def minimal(self) -> bool:
        """Whether only the vouchers are known."""
        return self.total_minor is None

    @property
    def left_for_vouchers(self) -> int | None:
        """What the tenders leave for vouchers to pay; None where the till named no tenders."""
        if not self.tenders or self.total_minor is None:
            return None
        return self.total_minor - sum(tender.amount_minor for tender in self.tenders)


class RedemptionAnswer(Struct, frozen=True):
    """What one voucher did in a sale."""

    redemption_id: UUID
    voucher_id: UUID
    offer_id: UUID
    amount_minor: int
    remaining_minor: int
    currency: str


class RefusedVoucher(Struct, frozen=True):
    """A voucher that a till took off without a network and that was refused when it arrived; `rule` says why.

    `used_at` and `used_shop_id` say when and where it was used, or where it is leased; the loss is the merchant's.
    """

    voucher_id: UUID
    rule: str
    next_step: str
    loss_minor: int
    used_at: datetime | None = None
    used_shop_id: UUID | None = None


class Recorded(Struct, frozen=True):
    """The answer to a recorded sale; `to_pay_minor` is the total less what vouchers took off.

    `ask_for_phone` says that the payment's token is unknown: asked once, any shop of the network knows it next time.
    `refused` are vouchers that a till took off without a network, and that nobody pays for.
    """

    sale_id: UUID
    sold_at: datetime
    total_minor: int
    redeemed_minor: int
    to_pay_minor: int
    currency: str
    redemptions: tuple[RedemptionAnswer, ...]
    recognised: bool = False
    ask_for_phone: bool = False
    refused: tuple[RefusedVoucher, ...] = ()


class SaleRow(Struct, frozen=True):
    """One sale as it is written."""

    id: UUID
    merchant_id: UUID
    shop_id: UUID
    terminal_id: UUID | None
    subject_id: UUID | None
    receipt: str | None
    minimal: bool
    total_minor: int
    redeemed_minor: int
    currency: str
    tenders: tuple[Tender, ...]
    sold_at: datetime
    lines: tuple[Line, ...]
    staff_id: UUID | None = None


def broken_rule(sale: NewSale, now: datetime) -> RuleBroken | None:
    """Return the first rule that a sale breaks by itself, before any voucher is looked at."""
    return _time_rule(sale, now) or _amount_rule(sale)


def believed_time(said: datetime | None, now: datetime) -> datetime:
    """Return when a queued sale was made: what its till says, unless that lies ahead or far back; then now.

    A queued sale is never refused for its clock: what was said is kept beside what is believed.
    """
    if said is None or not now - OLDEST_QUEUED <= said <= now:
        return now
    return said


def _time_rule(sale: NewSale, now: datetime) -> RuleBroken | None:
    if sale.sold_at is None or sale.queued is not None:
        return None
    if sale.sold_at > now + CLOCK_SKEW:
        return SaleInFuture(server_time=now)
    judged = sale.decided_at or now
    if sale.sold_at < judged - VOUCHERS_WITHIN and (sale.vouchers or sale.apply_best):
        return SaleTooOld(server_time=now)
    return None


def _amount_rule(sale: NewSale) -> RuleBroken | None:
    if len(sale.vouchers) > 1 and len({use.voucher_id for use in sale.vouchers}) < len(sale.vouchers):
        return VoucherNamedTwice()
    if sale.total_minor is None:
        return TotalRequired() if not sale.vouchers or sale.lines or sale.tenders else None
    if sale.currency is None:
        return TotalRequired()
    return _sum_rule(sale)


def _sum_rule(sale: NewSale) -> RuleBroken | None:
    lines = sum(line.amount_minor for line in sale.lines)
    if sale.lines and lines != sale.total_minor:
        return LinesDiffer(lines_minor=lines, total_minor=sale.total_minor)
    if sale.queued is not None:
        # The money is in the drawer, as it is; what is missing is noted as a loss.
        return None
    if not (sale.vouchers or sale.apply_best) and sale.left_for_vouchers not in (None, 0):
        return TendersDiffer(redeemed_minor=0, expected_minor=sale.left_for_vouchers)
    return None


def total_of(sale: NewSale, redeemed: Sequence[RedemptionAnswer]) -> tuple[int, str]:
    """Return total and currency; a minimal sale is worth what its vouchers took off until it is completed."""
    if sale.total_minor is not None and sale.currency is not None:
        return sale.total_minor, sale.currency
    return sum(one.amount_minor for one in redeemed), redeemed[0].currency
