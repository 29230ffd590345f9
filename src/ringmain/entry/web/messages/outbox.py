"""The outbox: what would have been sent, as it would look on a phone; in development and on the made-up street only."""

import re
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from starlette.responses import Response

from ringmain.entry.web.audiences import ANYBODY
from ringmain.entry.web.services import services
from ringmain.kit.http import NotFound
from ringmain.kit.pages import PageRoute, Visit
from ringmain.message import api as message
from ringmain.network import api as network

_SHOWN = 30
# More networks than that no machine of a developer has, and the page asks again every few seconds.
_MOST_NETWORKS = 20
_CODE = re.compile(r"^\d{6}(?=\D)")
_LINK = re.compile(r"(https?://[!-~]+)")


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message on the page; `code` is the one-time code that it begins with, every second of its `parts` a link."""

    kept: message.Kept
    zone: str
    code: str | None
    parts: list[str]


async def show(visit: Visit) -> Response:
    """Show what was kept, the newest first."""
    return visit.page("messages/outbox.html", bubbles=await _bubbles(visit))


async def list_(visit: Visit) -> Response:
    """Give the list again where there is something new since `seen`, else nothing, so that nothing flickers."""
    bubbles = await _bubbles(visit)
    if visit.query("seen") == (str(bubbles[0].kept.id) if bubbles else ""):
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"cache-control": "no-store"})
    return visit.page("messages/bubbles.html", bubbles=bubbles)


async def _bubbles(visit: Visit) -> list[Bubble]:
    found: list[Bubble] = []
    for network_id in await _networks(visit):
        async with visit.unit(network_id) as uow:
            kept = await message.sink_messages(uow, _SHOWN)
            if kept:
                home = await network.network_of(uow)
                found += [_bubble(one, home) for one in kept]
    return sorted(found, key=lambda one: (one.kept.kept_at, one.kept.id), reverse=True)[:_SHOWN]


async def _networks(visit: Visit) -> list[UUID]:
    """Return whose messages are shown. Raises `NotFound` where real people's would be."""
    if visit.site.settings.development:
        async with visit.site.database.unit(None) as uow:
            return (await network.all_networks(uow))[:_MOST_NETWORKS]
    demo = services(visit).demo_network
    if demo is None:
        raise NotFound
    return [demo]


def _bubble(kept: message.Kept, home: network.Network) -> Bubble:
    match = _CODE.match(kept.body)
    return Bubble(kept, home.time_zone, match[0] if match else None, _LINK.split(kept.body))


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/demo/outbox", audience=ANYBODY, get=show),
    PageRoute(path="/demo/outbox/list", audience=ANYBODY, get=list_),
)
