"""Pair a browser with a terminal by the six letters that a manager reads from the console, and part them again."""

import hashlib
from uuid import UUID

from starlette.responses import Response

from ringmain.entry.web.audiences import TILL
from ringmain.entry.web.till.desk import desk_of
from ringmain.entry.web.till.errors import ManagerNeeded
from ringmain.kit.http import Limit, persist
from ringmain.kit.http.route import operation_number
from ringmain.kit.pages import Visit
from ringmain.kit.pages.visit import cookie_name
from ringmain.kit.pure.errors import RuleBroken
from ringmain.network import api as network
from ringmain.network.errors import PairingCodeInvalid

# As on the API's route for pairing.
PAIRING_LIMITS = (Limit(10, seconds=60.0, per="address"), Limit(120, seconds=60.0, per="all"))
_OPERATION = "till pair"
# A little more than a code has: a longer one is wrong, and is not cut down to a right one.
_CODE_LETTERS = 12


async def show(visit: Visit) -> Response:
    """Ask for the code, or show the one of the picture; whoever was a till before is told why they are here.

    The picture alone pairs nothing: whoever stands here presses the button.
    """
    if visit.session is not None and visit.session.holder_id is not None:
        return visit.go("/till")
    return _page(visit, code=_typed(visit.query("code")))


async def pair(visit: Visit) -> Response:
    """Open the till of the terminal whose code this is. Wrong, used and unknown codes get the same answer."""
    code = _typed(visit.form.text("code"))
    keyring = visit.site.keyring
    found = await network.pairing_network(visit.site.database, keyring, code)
    if found is None:
        return _page(visit, PairingCodeInvalid())
    network_id, pairing_id = found
    # The press of the page is the key: a double tap, or a lost answer sent again, opens the same till.
    press = visit.form.text("once")
    digest = hashlib.blake2b(code.encode(), digest_size=16, key=keyring.derived("page form")).digest()

    async def attempt() -> RuleBroken | None:
        async with visit.unit(network_id) as uow:
            once = network.Once(operation_number(_OPERATION), press[:64], digest, "pair_till_page")
            paired = await network.pair_once(uow, keyring, pairing_id, once)
            if isinstance(paired, RuleBroken):
                return paired
            facts = {"merchant_id": str(paired.merchant_id), "shop_id": str(paired.shop_id)}
            await visit.sign_in(uow, TILL, paired.terminal_id, facts)
            return None

    refusal = await persist(attempt)
    return visit.go("/till/unlock") if refusal is None else _page(visit, PairingCodeInvalid())


async def unpair(visit: Visit) -> Response:
    """Part this browser from its terminal; a manager's decision."""
    async with visit.unit() as uow:
        desk = await desk_of(uow, visit)
        if not desk.is_manager:
            raise ManagerNeeded()
        await network.unpair(uow, desk.terminal_id)
    await visit.sign_out()
    return visit.go("/till/pair")


def _page(visit: Visit, refusal: RuleBroken | None = None, code: str = "") -> Response:
    was_paired = refusal is None and visit.session is None and _has_cookie(visit)
    status = int(refusal.status) if refusal else 200
    return visit.page("till/pair.html", status, refusal=refusal, was_paired=was_paired, code=code)


def _typed(text: str) -> str:
    return text.replace(" ", "").upper()[:_CODE_LETTERS]


def _has_cookie(visit: Visit) -> bool:
    return bool(visit.request.cookies.get(cookie_name(visit.site, TILL.kind)))


def facts_of(visit: Visit) -> tuple[UUID, UUID]:
    """Return merchant and shop of a paired browser."""
    facts = visit.known.facts
    return UUID(facts["merchant_id"]), UUID(facts["shop_id"])
