"""The exchange of offers: everything that is given in the network, by whom, at whose cost, and where."""

from uuid import UUID

from msgspec import Struct
from starlette.responses import Response

from ringmain.entry.web.audiences import OPERATOR
from ringmain.entry.web.operator.common import MOST_ROWS, names
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Visit
from ringmain.voucher import api as voucher


class Paused(Struct, frozen=True):
    """An offer that was paused or resumed."""

    offer_id: UUID


async def show(visit: Visit) -> Response:
    """Show the newest offers; `before` goes on to older ones."""
    try:
        before = UUID(visit.query("before")) if visit.query("before") else None
    except ValueError:
        before = None
    async with visit.unit() as uow:
        known = await names(uow)
        offers = await voucher.newest_offers(uow, before=before, limit=MOST_ROWS + 1)
    more = offers[MOST_ROWS - 1].id if len(offers) > MOST_ROWS else None
    return visit.page("operator/offers.html", names=known, offers=offers[:MOST_ROWS], more=more)


async def pause(visit: Visit) -> Response:
    """Pause or resume an offer; vouchers that are out stay valid."""
    offer_id = visit.path_id("offer_id")
    paused = visit.form.text("pause") == "yes"

    async def act(uow: UnitOfWork) -> Paused:
        await voucher.set_paused(uow, offer_id, paused=paused)
        return Paused(offer_id)

    await visit.once("pause_offer" if paused else "resume_offer", act, Paused)
    return visit.go("/operator/offers")


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/operator/offers", audience=OPERATOR, get=show),
    PageRoute(path="/operator/offers/{offer_id:uuid}", audience=OPERATOR, post=pause),
)
