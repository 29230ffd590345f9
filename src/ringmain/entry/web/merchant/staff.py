"""People who work for a merchant: added with a PIN, given a new one, and taken off when they leave."""

from typing import get_args
from uuid import UUID

from starlette.responses import Response

from ringmain.entry.web.audiences import MERCHANT
from ringmain.entry.web.merchant.common import N_, Draft, console_of, merchant_id, reading, shown
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Visit
from ringmain.kit.pure.errors import RuleBroken
from ringmain.network import api as network
from ringmain.network.api import StaffRole

HERE = "/merchant/staff"
_MOST = 200
_PIN_DIGITS = range(4, 9)
ROLES: dict[str, str] = {"cashier": N_("Cashier"), "manager": N_("Manager"), "owner": N_("Owner")}


async def staff(visit: Visit) -> Response:
    """Show who works here."""
    return await _page(visit, Draft({"role": "cashier"}))


async def add(visit: Visit) -> Response:
    """Add a person."""
    form, own = visit.form, merchant_id(visit)
    name, role, shop_id, pin = form.text("name"), form.text("role"), form.id("shop_id"), form.text("pin")
    draft = Draft({"name": name, "role": role, "shop_id": str(shop_id or "")})
    if not name:
        draft.faults["name"] = visit.speech.text("Say who it is.")
    if not _is_pin(pin):
        draft.faults["pin"] = visit.speech.text("A PIN has 4 to 8 digits.")
    if draft.faults or role not in get_args(StaffRole):
        return await _page(visit, draft, 422)
    chosen: StaffRole = next(one for one in get_args(StaffRole) if one == role)

    async def act(uow: UnitOfWork) -> UUID:
        return (await network.add_staff(uow, visit.site.keyring, own, shop_id, name, chosen, pin)).id

    try:
        await visit.once("page add staff", act, UUID)
    except RuleBroken as error:
        if error.code != "pin_too_simple":
            raise
        draft.faults["pin"] = f"{visit.speech.why(error)} {visit.speech.next_step(error)}"
        return await _page(visit, draft, 422)
    return visit.go(HERE)


async def change(visit: Visit) -> Response:
    """Show one person, to give them a new PIN or to take them off."""
    return await _one(visit, Draft())


async def save(visit: Visit) -> Response:
    """Give a new PIN, or take somebody off who has left."""
    staff_id, own, keyring = visit.path_id("staff_id"), merchant_id(visit), visit.site.keyring
    leaves, pin = visit.form.text("do") == "leave", visit.form.text("pin")
    if not leaves and not _is_pin(pin):
        return await _one(visit, Draft(faults={"pin": visit.speech.text("A PIN has 4 to 8 digits.")}), 422)

    async def act(uow: UnitOfWork) -> UUID:
        changes = {"left_at": await uow.now()} if leaves else {}
        return (await network.change_staff(uow, keyring, staff_id, own, changes, None if leaves else pin)).id

    try:
        await visit.once("page change staff", act, UUID)
    except RuleBroken as error:
        if error.code != "pin_too_simple":
            raise
        fault = f"{visit.speech.why(error)} {visit.speech.next_step(error)}"
        return await _one(visit, Draft(faults={"pin": fault}), 422)
    return visit.go(HERE)


async def _page(visit: Visit, draft: Draft, status: int = 200) -> Response:
    async with reading(visit) as uow:
        console = await console_of(uow, visit)
        people = await network.list_staff(uow, None, _MOST, merchant_id(visit), None)
    here = [one for one in people if one.left_at is None]
    roles = [(name, visit.speech.text(text)) for name, text in ROLES.items()]
    return shown(visit, "staff.html", HERE, console, status, people=here, roles=roles, draft=draft)


async def _one(visit: Visit, draft: Draft, status: int = 200) -> Response:
    async with reading(visit) as uow:
        console = await console_of(uow, visit)
        person = await network.staff_of(uow, visit.path_id("staff_id"), merchant_id(visit))
    role = visit.speech.text(ROLES[person.role])
    return shown(visit, "staff_one.html", HERE, console, status, person=person, role=role, draft=draft)


def _is_pin(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) in _PIN_DIGITS


PAGES = (
    PageRoute(path=HERE, audience=MERCHANT, get=staff, post=add),
    PageRoute(path=f"{HERE}/{{staff_id:uuid}}", audience=MERCHANT, get=change, post=save),
)
