"""Confirming an address by the link that was sent there: whoever reads its mail owns it, with or without a session."""

from starlette.responses import Response

from ringmain.entry.web.audiences import ANYBODY
from ringmain.kit.http import Limit
from ringmain.kit.pages import PageRoute, Visit
from ringmain.message import api as message
from ringmain.network import api as network

_LIMIT = (Limit(30, seconds=60, per="address"),)


async def show(visit: Visit) -> Response:
    """Ask; reading alone changes nothing, because programs that look for viruses open every link."""
    network_id, _ = message.read_address_token(visit.site.keyring, visit.path_text("token"))
    async with visit.unit(network_id) as uow:
        name = (await network.network_of(uow)).name
    return visit.page("messages/confirm.html", network=name, done=False)


async def confirm(visit: Visit) -> Response:
    """Confirm; once more changes nothing."""
    network_id, address_id = message.read_address_token(visit.site.keyring, visit.path_text("token"))
    async with visit.unit(network_id) as uow:
        await message.confirm_address(uow, address_id)
        name = (await network.network_of(uow)).name
    return visit.page("messages/confirm.html", network=name, done=True)


PAGES: tuple[PageRoute, ...] = (
    # Whoever holds the link reads what comes to the address: a mail program has no session and no press.
    PageRoute(path="/m/{token}", audience=ANYBODY, get=show, post=confirm, limit=_LIMIT, harmless=True),
)
