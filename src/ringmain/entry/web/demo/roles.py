"""The demo network: one press makes a visitor a guest, a cashier, an owner or the operator of Lantern Street."""

from dataclasses import dataclass
from uuid import UUID

from starlette.responses import Response

from ringmain.entry.web.audiences import ANYBODY, DEVICE, PHONE, VISITOR
from ringmain.entry.web.services import services
from ringmain.kit.http import NotFound
from ringmain.kit.pages import Audience, PageRoute, Visit
from ringmain.network import api as network
from ringmain.simulate.api import street

# Visitors take roles at this stall of the street.
_STALL = street.STALLS[0]
_TERMINAL = "Demo till"


@dataclass(frozen=True, slots=True)
class Door:
    """One poster of the street, as a visitor opens it."""

    shop: str
    token: str


async def show(visit: Visit) -> Response:
    """Show the roles and the posters of the street."""
    network_id = _demo(visit)
    async with visit.unit(network_id) as uow:
        doors = await street.posters(uow)
    shown = [Door(stall.name, doors[stall.shop_id].token) for stall in street.STALLS]
    return visit.page("demo/roles.html", doors=shown, street=street.TITLE, stall=_STALL.name, pin=street.PIN)


async def as_guest(visit: Visit) -> Response:
    """Make this browser the phone of a member."""
    return await _become(visit, PHONE, street.member_id(0), {}, "/wallet")


async def as_stranger(visit: Visit) -> Response:
    """Make this browser a phone that nobody knows, and lead it to a poster."""
    network_id = _demo(visit)
    await visit.sign_out()
    async with visit.unit(network_id) as uow:
        doors = await street.posters(uow)
    return visit.go(f"/s/{doors[_STALL.shop_id].token}")


async def as_cashier(visit: Visit) -> Response:
    """Make this browser a till of the noodle house, with its cashier at it.

    Whoever tries the demo as its owner may send all cashiers away; the next one starts at once.
    """
    async with visit.unit(_demo(visit)) as uow:
        terminal = await network.open_paired(uow, _STALL.shop_id, _TERMINAL)
        staff = await network.staff_of_shop(uow, _STALL.shop_id)
        cashier = next((one for one in staff if one.role == "cashier"), None)
        if cashier is None:
            cashier = await street.hire_cashier(uow, visit.site.keyring, _STALL)
    facts = {
        "merchant_id": str(_STALL.merchant_id),
        "shop_id": str(_STALL.shop_id),
        "staff_id": str(cashier.id),
        "staff_name": cashier.name,
        "staff_role": cashier.role,
    }
    return await _become(visit, DEVICE, terminal.id, facts, "/till")


async def as_owner(visit: Visit) -> Response:
    """Sign in the owner of the noodle house."""
    facts = {"role": "owner", "merchant_id": str(_STALL.merchant_id), "name": street.OWNER}
    return await _become(visit, VISITOR, await _account(visit, street.owner_email(_STALL)), facts, "/merchant")


async def as_operator(visit: Visit) -> Response:
    """Sign in the operator of the street."""
    facts = {"role": "operator", "name": street.OPERATOR}
    return await _become(visit, VISITOR, await _account(visit, street.OPERATOR_EMAIL), facts, "/operator")


async def _account(visit: Visit, email: str) -> UUID:
    async with visit.unit(_demo(visit)) as uow:
        found = await network.find_account(uow, visit.site.keyring, email)
    if found is None:
        raise NotFound
    return found.account_id


async def _become(visit: Visit, audience: Audience, holder_id: UUID, facts: dict[str, str], path: str) -> Response:
    async with visit.unit(_demo(visit)) as uow:
        await visit.sign_in(uow, audience, holder_id, facts)
    return visit.go(path)


def _demo(visit: Visit) -> UUID:
    """Return the demo network. Raises `NotFound` where there is none, as in production."""
    network_id = services(visit).demo_network
    if network_id is None:
        raise NotFound
    return network_id


# These forms give away nothing but roles of the demo network, so they need no press: only one of our own pages.
PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/demo", audience=ANYBODY, get=show),
    PageRoute(path="/demo/guest", audience=PHONE, post=as_guest, harmless=True),
    PageRoute(path="/demo/stranger", audience=PHONE, post=as_stranger, harmless=True),
    PageRoute(path="/demo/cashier", audience=DEVICE, post=as_cashier, harmless=True),
    PageRoute(path="/demo/owner", audience=VISITOR, post=as_owner, harmless=True),
    PageRoute(path="/demo/operator", audience=VISITOR, post=as_operator, harmless=True),
)
