"""The one screen on which customers are served, and the settings of this device."""

from starlette.responses import Response

from ringmain.entry.web.till.desk import desk_of, mobile_digits
from ringmain.entry.web.till.sales import REASONS
from ringmain.kit.pages import Visit


async def show(visit: Visit) -> Response:
    """Show the keypad, ready for the next customer."""
    async with visit.unit() as uow:
        desk = await desk_of(uow, visit)
    facts = {
        "currency": desk.currency,
        "precision": desk.precision,
        "language": visit.speech.tag,
        "terminal": desk.terminal_id.hex[-2:].upper(),
        "mobileDigits": mobile_digits(desk.region),
        "staff": str(desk.staff_id),
    }
    return visit.page("till/home.html", desk=desk, facts=facts, reasons=list(REASONS))


async def settings(visit: Visit) -> Response:
    """Show what can be chosen and tried on this device."""
    async with visit.unit() as uow:
        desk = await desk_of(uow, visit)
    return visit.page("till/settings.html", desk=desk)
