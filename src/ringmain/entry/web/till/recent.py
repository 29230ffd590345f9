"""Sales of today, and those looked for by receipt, last digits or amount."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from starlette.responses import Response

from ringmain.entry.web.till.desk import Desk, desk_of
from ringmain.entry.web.till.sales import REASONS
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Form, Visit
from ringmain.network import api as network
from ringmain.sale import api as sale
from ringmain.sale.api import TillSale

_MOST = 100
_LOOKED_BACK = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Listed:
    """A sale on the list, with who sold it."""

    sale: TillSale
    staff: str


async def show(visit: Visit) -> Response:
    """List today's sales, or those that were looked for."""
    wanted = visit.query("q")[:40]
    async with visit.unit() as uow:
        desk = await desk_of(uow, visit)
        found = await _found(uow, desk, wanted)
        names = await staff_names(uow, desk)
    sales = [Listed(one, names.get(one.staff_id, "") if one.staff_id else "") for one in found]
    return visit.page("till/recent.html", desk=desk, sales=sales, wanted=wanted, reasons=list(REASONS))


async def staff_names(uow: UnitOfWork, desk: Desk) -> dict[UUID, str]:
    """Return the names of those who work in this shop now."""
    return {one.id: one.name for one in await network.staff_of_shop(uow, desk.shop.id)}


async def _found(uow: UnitOfWork, desk: Desk, wanted: str) -> list[TillSale]:
    now = await uow.now()
    if not wanted:
        return await sale.till_sales(uow, desk.shop.id, desk.day_begins(now), _MOST)
    amount = Form({"amount": [wanted]}).minor("amount", desk.precision)
    amounts = [] if amount is None else [amount]
    return await sale.find_till_sales(uow, desk.shop.id, now - _LOOKED_BACK, wanted.lstrip("#").lower(), amounts, _MOST)
