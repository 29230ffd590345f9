"""Open and close the shift of a till: what was recorded, what was counted, the difference, and who."""

from uuid import UUID

from msgspec import Struct
from starlette.responses import Response

from ringmain.entry.web.till.desk import Desk, desk_of
from ringmain.entry.web.till.errors import AmountMissing
from ringmain.entry.web.till.recent import staff_names
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Visit
from ringmain.sale import api as sale
from ringmain.sale.errors import NoShiftOpen


class _Kept(Struct, frozen=True):
    shift_id: UUID


async def show(visit: Visit) -> Response:
    """Show the open shift with its sums, or let one be opened; and the shifts before."""
    async with visit.unit() as uow:
        desk = await desk_of(uow, visit)
        shift = await sale.shift_of(uow, desk.terminal_id)
        past = await sale.past_shifts(uow, desk.terminal_id)
        names = await staff_names(uow, desk)
    return visit.page("till/shift.html", desk=desk, shift=shift, past=past, names=names)


async def change(visit: Visit) -> Response:
    """Open a shift with the cash in the drawer, or close the one named with the cash that was counted."""
    async with visit.unit() as uow:
        desk = await desk_of(uow, visit)
    amount = visit.form.minor("amount", desk.precision)
    if amount is None:
        raise AmountMissing()
    closing = visit.form.text("do") == "close"

    async def act(uow: UnitOfWork) -> _Kept:
        return _Kept(await (_close(uow, visit, desk, amount) if closing else _open(uow, desk, amount)))

    kept = await visit.once("till shift", act, _Kept)
    return visit.go(f"/till/shift?closed={kept.shift_id}" if closing else "/till/shift")


async def _open(uow: UnitOfWork, desk: Desk, amount: int) -> UUID:
    assert desk.staff_id is not None
    return (await sale.open_shift(uow, desk.shop.id, desk.terminal_id, desk.staff_id, amount)).id


async def _close(uow: UnitOfWork, visit: Visit, desk: Desk, amount: int) -> UUID:
    assert desk.staff_id is not None
    shift_id = visit.form.id("shift_id")
    if shift_id is None:
        raise NoShiftOpen()
    return (await sale.close_shift(uow, shift_id, desk.terminal_id, desk.staff_id, amount)).row.id
