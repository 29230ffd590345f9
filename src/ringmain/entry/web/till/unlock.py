"""Who stands at the till: a name, a PIN, and the lock."""

from http import HTTPStatus
from uuid import UUID

from starlette.responses import Response

from ringmain.entry.web.styles import local_path
from ringmain.entry.web.till.desk import lock
from ringmain.entry.web.till.pairing import facts_of
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Limit, persist
from ringmain.kit.pages import Visit
from ringmain.kit.pages.sessions import change_facts
from ringmain.kit.pure.errors import RuleBroken
from ringmain.network import api as network
from ringmain.network.errors import PinLocked, PinWrong

PIN_LIMITS = (Limit(20, seconds=60.0, per="address"),)
_LONGEST_PIN = 8


async def show(visit: Visit) -> Response:
    """Let staff of this shop choose themselves and type their PIN."""
    async with visit.unit() as uow:
        return await _page(uow, visit, visit.query("next"))


async def unlock(visit: Visit) -> Response:
    """Let somebody in whose PIN is right; five wrong tries lock it for a while, and the page says until when."""
    staff_id, pin = visit.form.id("staff_id"), visit.form.text("pin")
    next_ = visit.form.text("next")
    if staff_id is None or not pin.isdecimal() or len(pin) > _LONGEST_PIN:
        async with visit.unit() as uow:
            return await _page(uow, visit, next_, staff_id, PinWrong())
    _, shop_id = facts_of(visit)

    async def attempt() -> network.Staff | RuleBroken:
        # A refusal is returned and committed: the wrong try counts.
        async with visit.unit() as uow:
            found = await network.check_pin(uow, visit.site.keyring, shop_id, staff_id, pin)
            if not isinstance(found, RuleBroken):
                await change_facts(
                    uow,
                    visit.known,
                    staff_id=str(found.id),
                    staff_name=found.name,
                    staff_role=found.role,
                    last_staff_id=str(found.id),
                )
            return found

    found = await persist(attempt)
    if isinstance(found, RuleBroken):
        async with visit.unit() as uow:
            return await _page(uow, visit, next_, staff_id, found)
    return visit.go(local_path(next_, "/till"))


async def lock_till(visit: Visit) -> Response:
    """Lock the till."""
    async with visit.unit() as uow:
        await lock(uow, visit)
    return visit.go("/till/unlock")


async def _page(
    uow: UnitOfWork, visit: Visit, next_: str, staff_id: UUID | None = None, refusal: RuleBroken | None = None
) -> Response:
    _, shop_id = facts_of(visit)
    shop = await network.shop_of(uow, shop_id)
    people = await network.staff_of_shop(uow, shop_id)
    chosen = str(staff_id or visit.known.facts.get("last_staff_id") or "")
    if chosen not in {str(one.id) for one in people}:
        chosen = str(people[0].id) if people else ""
    locked_until = refusal.facts["locked_until"] if isinstance(refusal, PinLocked) else None
    tries_left = refusal.facts.get("tries_left") if refusal is not None else None
    return visit.page(
        "till/unlock.html",
        HTTPStatus.OK if refusal is None else int(refusal.status),
        shop=shop,
        people=people,
        chosen=chosen,
        refusal=refusal,
        locked_until=locked_until,
        tries_left=tries_left,
        next=local_path(next_, "/till"),
    )
