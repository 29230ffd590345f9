"""Taking an invitation: the link says who it is for; the password makes it theirs."""

from http import HTTPStatus

from starlette.responses import Response

from ringmain.entry.web.audiences import VISITOR
from ringmain.entry.web.signin.common import keep_device, let_in
from ringmain.kit.http import Limit
from ringmain.kit.pages import PageRoute, Visit
from ringmain.network import api as network
from ringmain.network.errors import InvitationInvalid, PasswordTooWeak, SignInLocked, SignInRefused

_RATE = (Limit(30, seconds=60.0, per="address"),)


async def show(visit: Visit) -> Response:
    """Show who is invited, and ask for a password."""
    return await _shown(visit)


async def accept(visit: Visit) -> Response:
    """Set the password and sign in."""
    token, password = visit.path_text("token"), visit.form.text("password")
    if password != visit.form.text("again"):
        return await _shown(visit, HTTPStatus.UNPROCESSABLE_ENTITY, differs=True)
    try:
        signed_in = await network.accept_invitation(visit.site.database, visit.site.keyring, token, password)
        path = await let_in(visit, signed_in, "/account?done=welcome")
    except PasswordTooWeak as weak:
        return await _shown(visit, weak.status, weak=str(weak.facts["reason"]))
    except (InvitationInvalid, SignInRefused, SignInLocked) as over:
        return visit.page("signin/invitation_over.html", int(over.status))
    return keep_device(visit, visit.go(path), signed_in)


async def _shown(visit: Visit, status: int = HTTPStatus.OK, *, weak: str = "", differs: bool = False) -> Response:
    try:
        invited = await network.invitation_of(visit.site.database, visit.site.keyring, visit.path_text("token"))
    except InvitationInvalid as over:
        return visit.page("signin/invitation_over.html", int(over.status))
    async with visit.unit(invited.account.network_id) as uow:
        place = await network.network_of(uow)
    return visit.page("signin/invitation.html", status, invited=invited, network=place, weak=weak, differs=differs)


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/invitations/{token}", audience=VISITOR, get=show, post=accept, limit=_RATE),
)
