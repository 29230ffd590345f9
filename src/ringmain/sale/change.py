"""What is added to a sale later: refunds (which restore vouchers by rule) and the completion of a minimal sale."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7, uuid7_of
from ringmain.sale import store
from ringmain.sale.errors import LinesDiffer, RefundExceedsSale, SaleAlreadyComplete, SaleNotFound
from ringmain.sale.model import Line, Tender
from ringmain.voucher import api as voucher


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back for a sale; `restore_vouchers` undoes its redemptions, which a full refund always does.

    `tenders` say in which way the money went back, `staff_id` who gave it, where the till knows.
    """

    sale_id: UUID
    merchant_id: UUID | None
    amount_minor: int
    reason: str
    restore_vouchers: bool = False
    tenders: tuple[Tender, ...] = ()
    staff_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Refunded:
    """What a refund did; `restored` are the vouchers that live again, `returned` those whose time was over."""

    refund_id: UUID
    sale_id: UUID
    amount_minor: int
    left_minor: int
    currency: str
    restored: tuple[UUID, ...]
    returned: tuple[UUID, ...]
    refunded_at: datetime


@dataclass(frozen=True, slots=True)
class Completion:
    """What the till learnt later of a minimal sale: its total (before vouchers), lines and tenders."""

    sale_id: UUID
    merchant_id: UUID | None
    total_minor: int
    tenders: tuple[Tender, ...] = ()
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Completed:
    """The sale as it is known now; `to_pay_minor` is the total less what vouchers took off."""

    sale_id: UUID
    total_minor: int
    redeemed_minor: int
    to_pay_minor: int
    currency: str


async def refund(uow: UnitOfWork, asked: Refund) -> Refunded:
    """Add a refund to a sale; at most what was paid in money, less what was refunded before.

    A refund of all that is left restores the vouchers of the sale: each lives again, or (too late) its money goes back
    to the funder. Raises `SaleNotFound`, `RefundExceedsSale`; then nothing has happened.
    """
    sale = await _locked(uow, asked.sale_id, asked.merchant_id)
    left = sale.total_minor - sale.redeemed_minor - sale.refunded_minor
    if asked.amount_minor > left:
        raise RefundExceedsSale(left_minor=left, currency=sale.currency)
    now = await uow.now()
    left -= asked.amount_minor
    restored: list[UUID] = []
    returned: list[UUID] = []
    if left == 0 or asked.restore_vouchers:
        restored, returned = await _restore(uow, sale.id, asked.reason, now)
    id_ = uuid7(now)
    detail = {"reason": asked.reason, "restored": restored, "tenders": asked.tenders, "staff_id": asked.staff_id}
    await store.insert_change(uow, id_, sale.id, sale.merchant_id, "refund", asked.amount_minor, detail, now)
    uow.record("sale_change", [id_])
    return Refunded(
        refund_id=id_,
        sale_id=sale.id,
        amount_minor=asked.amount_minor,
        left_minor=left,
        currency=sale.currency,
        restored=tuple(restored),
        returned=tuple(returned),
        refunded_at=now,
    )


async def complete(uow: UnitOfWork, asked: Completion) -> Completed:
    """Add what the till learnt later to a minimal sale, once. The vouchers stay as they were decided."""
    sale = await _locked(uow, asked.sale_id, asked.merchant_id)
    if not sale.minimal or sale.completed:
        raise SaleAlreadyComplete()
    if asked.lines and sum(line.amount_minor for line in asked.lines) != asked.total_minor:
        raise LinesDiffer(lines_minor=sum(line.amount_minor for line in asked.lines), total_minor=asked.total_minor)
    redeemed = sale.redeemed_minor
    paid = sum(tender.amount_minor for tender in asked.tenders)
    if asked.tenders and paid + redeemed != asked.total_minor:
        raise voucher.TendersDiffer(redeemed_minor=redeemed, expected_minor=asked.total_minor - paid)
    now = await uow.now()
    id_ = uuid7(now)
    detail = {"tenders": asked.tenders, "lines": len(asked.lines)}
    await store.insert_change(uow, id_, sale.id, sale.merchant_id, "completion", asked.total_minor, detail, now)
    if asked.lines:
        await store.insert_lines(uow, [(sale.id, asked.lines)])
    uow.record("sale_change", [id_])
    return Completed(sale.id, asked.total_minor, redeemed, asked.total_minor - redeemed, sale.currency)


async def _locked(uow: UnitOfWork, sale_id: UUID, merchant_id: UUID | None) -> store.ChangingRow:
    # Changes of one sale come one after the other: two refunds at once must not both see all of it as left.
    await store.lock_sale(uow, sale_id)
    sale = await store.sale_to_change(uow, sale_id)
    if sale is None or merchant_id not in (None, sale.merchant_id):
        raise SaleNotFound()
    return sale


async def _restore(uow: UnitOfWork, sale_id: UUID, reason: str, now: datetime) -> tuple[list[UUID], list[UUID]]:
    """Undo the redemptions of a sale that are not undone yet; return the vouchers revived and those given back."""
    ids = await voucher.redemptions_of_sale(uow, sale_id)
    reversals = [voucher.Reverse(uuid7_of(now, id_, "refund"), id_, None, now, reason) for id_ in ids]
    outcomes = await voucher.apply(uow, reversals) if reversals else []
    done = [one for one in outcomes if isinstance(one, voucher.Reversed)]
    broken = [one for one in outcomes if isinstance(one, RuleBroken)]
    if broken:
        raise broken[0]
    return [one.voucher_id for one in done if one.revived], [one.voucher_id for one in done if not one.revived]
