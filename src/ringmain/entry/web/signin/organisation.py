"""Signing in with one's organisation: away to its page, and back with what it says."""

import msgspec
from starlette.responses import RedirectResponse, Response

from ringmain.entry.web.audiences import VISITOR
from ringmain.entry.web.services import services
from ringmain.entry.web.signin.common import TICKET, keep, keep_device, keep_ticket, kept, let_in, wanted
from ringmain.entry.web.styles import local_path
from ringmain.kit.http import NotFound
from ringmain.kit.pages import PageRoute, Visit
from ringmain.kit.settings import Settings
from ringmain.network import api as network
from ringmain.network.errors import OrganisationRefused, OrganisationUnreachable, SignInExpired, SignInRefused

BACK = "/sign-in/organisation/back"
_NEXT = "rm_next"
_NEXT_SECONDS = 600


def organisation_of(settings: Settings) -> network.Organisation | None:
    """Return the organisation that the settings name, or None where they name none."""
    if settings.oidc_issuer is None or settings.oidc_client_id is None or settings.oidc_client_secret is None:
        return None
    allowed = (one.strip().lower() for one in settings.oidc_allowed.split(","))
    return network.Organisation(
        network.OrganisationSettings(
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret.get_secret_value(),
            allowed=frozenset(one for one in allowed if one),
            network_id=settings.oidc_network,
        )
    )


async def leave(visit: Visit) -> Response:
    """Send the browser to the organisation; it keeps the ticket, and where the person was going."""
    try:
        away = await _organisation(visit).begin(visit.site.database, visit.base_url + BACK)
    except OrganisationUnreachable as error:
        return visit.page("signin/organisation.html", int(error.status), rule=error)
    response = RedirectResponse(away.url, 303, {"cache-control": "no-store"})
    # In a cookie, since the organisation takes nothing along but the state.
    keep(visit, response, _NEXT, msgspec.json.encode(wanted(visit)).hex(), _NEXT_SECONDS)
    return keep_ticket(visit, response, away.ticket)


async def come_back(visit: Visit) -> Response:
    """Take what the organisation says of the person."""
    organisation = _organisation(visit)
    if not visit.query("code"):
        # The person changed their mind there, or was refused: nothing more is to be asked.
        return visit.page("signin/organisation.html", OrganisationRefused.status, rule=OrganisationRefused())
    try:
        signed_in = await organisation.finish(
            visit.site.database, visit.site.keyring, kept(visit, TICKET), visit.query("state"), visit.query("code")
        )
        path = await let_in(visit, signed_in, _next_of(visit))
    except (OrganisationRefused, OrganisationUnreachable, SignInExpired, SignInRefused) as error:
        return visit.page("signin/organisation.html", int(error.status), rule=error)
    return keep(visit, keep_device(visit, visit.go(path), signed_in), _NEXT, "", 0)


def _next_of(visit: Visit) -> str:
    try:
        return local_path(msgspec.json.decode(bytes.fromhex(kept(visit, _NEXT)), type=str), "")
    except (ValueError, msgspec.MsgspecError):
        return ""


def _organisation(visit: Visit) -> network.Organisation:
    found = services(visit).organisation
    if found is None:
        raise NotFound
    return found


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/sign-in/organisation", audience=VISITOR, get=leave),
    PageRoute(path=BACK, audience=VISITOR, get=come_back),
)
