"""Losses: what tills took off without a network and nobody pays for, noted so that its merchant sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7_of
from ringmain.voucher import store
from ringmain.voucher.model import Redeemer
from ringmain.voucher.store import OfflineLoss

__all__ = ["NewLoss", "OfflineLoss", "list_losses", "note_losses"]


@dataclass(frozen=True, slots=True)
class NewLoss:
    """A loss of one sale by one voucher, in minor units; `rule` is the code of what speaks against its redemption."""

    sale_id: UUID
    voucher_id: UUID
    by: Redeemer
    lease_id: UUID | None
    rule: str | None
    loss_minor: int
    currency: str
    used_at: datetime


async def note_losses(uow: UnitOfWork, losses: Sequence[NewLoss]) -> None:
    """Note losses as facts; each is its merchant's."""
    now = await uow.now()
    rows = [
        OfflineLoss(
            id=uuid7_of(now, one.sale_id, one.voucher_id),
            sale_id=one.sale_id,
            voucher_id=one.voucher_id,
            merchant_id=one.by.merchant_id,
            shop_id=one.by.shop_id,
            terminal_id=one.by.terminal_id,
            lease_id=one.lease_id,
            rule=one.rule,
            loss_minor=one.loss_minor,
            currency=one.currency,
            used_at=one.used_at,
            recorded_at=now,
        )
        for one in losses
    ]
    await store.insert_losses(uow, rows)
    uow.record("offline_loss", [row.id for row in rows])


async def list_losses(
    uow: UnitOfWork, *, merchant_id: UUID | None = None, before: UUID | None = None, limit: int = 50
) -> list[OfflineLoss]:
    """Return the newest losses, older than `before`, of one merchant where that is given."""
    return await store.list_losses(uow, merchant_id, before, limit)
