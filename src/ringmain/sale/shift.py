"""Shifts of a till: opened with the cash in the drawer, closed with what was counted beside what was recorded."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.network import api as network
from ringmain.sale import store
from ringmain.sale.errors import NoShiftOpen, ShiftAlreadyOpen
from ringmain.sale.store.shifts import ShiftRow, ShiftSums


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift with its sums: as they stand while it is open, as they were printed once it is closed."""

    row: ShiftRow
    sums: ShiftSums

    @property
    def expected_minor(self) -> int:
        """The cash that should be in the drawer: what was there, what came in, less what went back."""
        return self.row.float_minor + self.sums.tenders.get("cash", 0) - self.sums.given_back.get("cash", 0)

    @property
    def difference_minor(self) -> int | None:
        """What was counted, less what should be there; None while the shift is open."""
        return None if self.row.counted_minor is None else self.row.counted_minor - self.expected_minor


async def open_shift(uow: UnitOfWork, shop_id: UUID, terminal_id: UUID, staff_id: UUID, float_minor: int) -> ShiftRow:
    """Begin a shift at a till. Raises `ShiftAlreadyOpen`, or `ShopNotFound`."""
    shop = await network.shop_of(uow, shop_id)
    currency = (await network.network_of(uow)).currency
    await store.lock_shifts(uow, terminal_id)
    if await _open(uow, terminal_id) is not None:
        raise ShiftAlreadyOpen()
    now = await uow.now()
    row = ShiftRow(
        id=uuid7(now),
        merchant_id=shop.merchant_id,
        shop_id=shop_id,
        terminal_id=terminal_id,
        opened_by=staff_id,
        opened_at=now,
        float_minor=float_minor,
        currency=currency,
    )
    await store.insert_shift(uow, row)
    return row


async def close_shift(uow: UnitOfWork, shift_id: UUID, terminal_id: UUID, staff_id: UUID, counted_minor: int) -> Shift:
    """End the open shift of a till with the cash that was counted. Raises `NoShiftOpen`, also for another shift."""
    await store.lock_shifts(uow, terminal_id)
    row = await _open(uow, terminal_id)
    if row is None or row.id != shift_id:
        raise NoShiftOpen()
    now = await uow.now()
    sums = await store.shift_sums(uow, row, now)
    await store.insert_close(uow, row, staff_id, now, counted_minor, sums)
    return await _shift(uow, row.id, now)


async def shift_of(uow: UnitOfWork, terminal_id: UUID) -> Shift | None:
    """Return the open shift of a till with its sums until now."""
    row = await _open(uow, terminal_id)
    return None if row is None else Shift(row, await store.shift_sums(uow, row, await uow.now()))


async def past_shifts(uow: UnitOfWork, terminal_id: UUID, limit: int = 10) -> list[Shift]:
    """Return the shifts of a till that were closed, the newest first."""
    rows = await store.shifts(uow, terminal_id, limit + 1)
    return [Shift(row, row.kept_sums) for row in rows if row.kept_sums is not None][:limit]


async def _open(uow: UnitOfWork, terminal_id: UUID) -> ShiftRow | None:
    newest = await store.shifts(uow, terminal_id, 1)
    return newest[0] if newest and newest[0].closed_at is None else None


async def _shift(uow: UnitOfWork, shift_id: UUID, now: datetime) -> Shift:
    row = await store.shift(uow, shift_id)
    assert row is not None
    return Shift(row, row.kept_sums or await store.shift_sums(uow, row, now))
