"""Shops of a merchant: where they are and when they are open."""

from collections.abc import Sequence
from uuid import UUID

from starlette.responses import Response

from ringmain.entry.web.audiences import MERCHANT
from ringmain.entry.web.merchant.common import N_, Draft, console_of, merchant_id, reading, shown
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Form, PageRoute, Visit
from ringmain.kit.pure.errors import RuleBroken
from ringmain.network import api as network
from ringmain.network.api import Hours

HERE = "/merchant/shops"
DAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)
_HOUR = 60
_DAY = 1_440


async def shops(visit: Visit) -> Response:
    """Show the shops."""
    async with reading(visit) as uow:
        console = await console_of(uow, visit)
    if len(console.shops) == 1:
        return visit.go(f"{HERE}/{console.shops[0].id}")
    return shown(visit, "shops.html", HERE, console)


async def shop(visit: Visit) -> Response:
    """Show one shop with its hours."""
    async with reading(visit) as uow:
        found = await network.shop_of(uow, visit.path_id("shop_id"), merchant_id(visit))
    return await _page(visit, found, Draft(_values(found.hours)))


async def save(visit: Visit) -> Response:
    """Keep name, kind and hours."""
    shop_id, own, form = visit.path_id("shop_id"), merchant_id(visit), visit.form
    async with reading(visit) as uow:
        found = await network.shop_of(uow, shop_id, own)
    draft = Draft({name: values[0] for name, values in form.values.items()})
    hours = _hours(visit, form, draft)
    name, category = form.text("name"), form.text("category")
    if not name:
        draft.faults["name"] = visit.speech.text("A shop has a name.")
    if not category:
        draft.faults["category"] = visit.speech.text("Say what kind of shop it is.")
    if hours is None or draft.faults:
        return await _page(visit, found, draft, 422)

    async def act(uow: UnitOfWork) -> UUID:
        changes = {"name": name, "category": category, "hours": hours}
        return (await network.change_shop(uow, shop_id, own, changes)).id

    try:
        await visit.once("page change shop", act, UUID)
    except RuleBroken as error:
        draft.faults["hours"] = f"{visit.speech.why(error)} {visit.speech.next_step(error)}"
        return await _page(visit, found, draft, 422)
    return visit.go(f"{HERE}/{shop_id}?saved=yes")


async def _page(visit: Visit, found: network.Shop, draft: Draft, status: int = 200) -> Response:
    async with reading(visit) as uow:
        console = await console_of(uow, visit)
    days = [(number, visit.speech.text(name)) for number, name in enumerate(DAYS)]
    saved = visit.query("saved") == "yes"
    return shown(visit, "shop.html", HERE, console, status, shop=found, draft=draft, days=days, saved=saved)


def _values(hours: Hours | None) -> dict[str, str]:
    """Return the fields of a form; where nobody said when it is open, every day from nine to nine is proposed."""
    values: dict[str, str] = {}
    for number in range(len(DAYS)):
        day: Sequence[tuple[int, int]] = ((9 * _HOUR, 21 * _HOUR),) if hours is None else hours[number]
        if day:
            values[f"from{number}"], values[f"until{number}"] = _clock(day[0][0]), _clock(day[-1][1])
    return values


def _hours(visit: Visit, form: Form, draft: Draft) -> Hours | None:
    """Return the hours of a form; a day whose fields are empty is closed. Faults are noted in the draft."""
    week: list[tuple[tuple[int, int], ...]] = []
    for number in range(len(DAYS)):
        opens, closes = _minutes(form.text(f"from{number}")), _minutes(form.text(f"until{number}"))
        if (opens is None) != (closes is None):
            draft.faults[f"from{number}"] = visit.speech.text("Give both times, or neither where it is closed.")
            continue
        if opens is None or closes is None:
            week.append(())
            continue
        # Who closes after midnight says so by an end before the beginning.
        week.append(((opens, closes if closes > opens else closes + _DAY),))
    return tuple(week) if len(week) == len(DAYS) else None


def _clock(minutes: int) -> str:
    return f"{minutes % _DAY // _HOUR:02}:{minutes % _HOUR:02}"


def _minutes(text: str) -> int | None:
    hour, _, minute = text[:5].partition(":")
    if not (hour.isdecimal() and minute.isdecimal() and int(hour) < _DAY // _HOUR and int(minute) < _HOUR):
        return None
    return int(hour) * _HOUR + int(minute)


PAGES = (
    PageRoute(path=HERE, audience=MERCHANT, get=shops),
    PageRoute(path=f"{HERE}/{{shop_id:uuid}}", audience=MERCHANT, get=shop, post=save),
)
