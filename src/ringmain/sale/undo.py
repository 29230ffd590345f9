"""Undo a whole sale at the till: money and vouchers go back, always by adding."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.sale import store
from ringmain.sale.change import Refund, Refunded, refund
from ringmain.sale.errors import SaleAlreadyUndone, SaleNotFound, UndoNeedsManager

CASHIER_UNDOES_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Undo:
    """Which sale of a shop is undone, by whom and why; `by_manager` may undo old ones too."""

    sale_id: UUID
    shop_id: UUID
    staff_id: UUID
    by_manager: bool
    reason: str


async def undo(uow: UnitOfWork, asked: Undo) -> Refunded:
    """Refund all that is left of a sale, in the ways in which it was paid, and restore its vouchers.

    Raises `SaleNotFound` (also for another shop's), `SaleAlreadyUndone` or `UndoNeedsManager`; then nothing has
    happened.
    """
    # Two presses at two tills come one after the other: the second sees what the first has added.
    await store.lock_sale(uow, asked.sale_id)
    sale = await store.till_sale(uow, asked.sale_id)
    if sale is None or sale.shop_id != asked.shop_id:
        raise SaleNotFound()
    if sale.undone_at is not None:
        raise SaleAlreadyUndone(undone_at=sale.undone_at)
    if not asked.by_manager and sale.sold_at < await uow.now() - CASHIER_UNDOES_WITHIN:
        raise UndoNeedsManager()
    left = sale.total_minor - sale.redeemed_minor - sale.refunded_minor
    whole = sale.refunded_minor == 0
    return await refund(
        uow,
        Refund(
            sale_id=sale.id,
            merchant_id=sale.merchant_id,
            amount_minor=left,
            reason=asked.reason,
            restore_vouchers=True,
            tenders=sale.tenders if whole else (),
            staff_id=asked.staff_id,
        ),
    )
