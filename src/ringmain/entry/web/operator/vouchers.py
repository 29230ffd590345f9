"""The story of one voucher: where it was won, by which odds and chance, what led to it, and what became of it."""

from typing import Any
from uuid import UUID

from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.campaign.errors import NotWonInGame
from ringmain.entry.web.audiences import OPERATOR
from ringmain.entry.web.operator.common import names
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Visit
from ringmain.kit.pure.errors import RuleBroken
from ringmain.voucher import api as voucher
from ringmain.voucher.errors import VoucherNotFound


async def show(visit: Visit) -> Response:
    """Show the story of the voucher whose id, or code, is asked for; without one, the field to ask."""
    asked = visit.query("id").strip()
    values: dict[str, Any] = {"asked": asked[:200], "story": None, "play": None}
    async with visit.unit() as uow:
        values["names"] = await names(uow)
        voucher_id = _id_of(asked)
        if voucher_id is not None:
            values |= await _told(uow, voucher_id)
    return visit.page("operator/voucher.html", **values)


async def _told(uow: UnitOfWork, voucher_id: UUID) -> dict[str, Any]:
    try:
        story = await voucher.show(uow, voucher_id)
    except VoucherNotFound:
        return {}
    offers = await voucher.read_offers(uow, sorted({hop.offer_id for hop in story.lineage}))
    transfers = [(voucher.Posting(one.code).name.lower(), one.amount_minor) for one in story.issue_transfers]
    try:
        play = await campaign.play_story(uow, voucher_id)
    except NotWonInGame:
        play = None
    return {"story": story, "play": play, "offers": offers, "transfers": transfers}


def _id_of(asked: str) -> UUID | None:
    """Return the voucher that an id or a code names."""
    try:
        return UUID(asked)
    except ValueError:
        pass
    try:
        return voucher.parse_code(asked).voucher_id
    except RuleBroken:
        return None


PAGES: tuple[PageRoute, ...] = (PageRoute(path="/operator/vouchers", audience=OPERATOR, get=show),)
