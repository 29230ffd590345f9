"""What people ask of their data: the most urgent first, each with its clock."""

from typing import Literal
from uuid import UUID

from msgspec import Struct
from starlette.responses import Response

from ringmain.entry.web.audiences import OPERATOR
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Visit
from ringmain.member import api as member
from ringmain.network import api as network


class Answered(Struct, frozen=True):
    """A request that was answered."""

    request_id: UUID


async def show(visit: Visit) -> Response:
    """Show what waits, and what was answered lately."""
    async with visit.unit() as uow:
        here = await network.network_of(uow)
        waiting = await member.list_requests(uow, visit.site.keyring, limit=100)
        answered = await member.answered_requests(uow, visit.site.keyring, limit=20)
    return visit.page("operator/requests.html", network=here, waiting=waiting, answered=answered)


async def answer(visit: Visit) -> Response:
    """Answer a request, once; a refusal needs a reason."""
    request_id = visit.path_id("request_id")
    outcome: Literal["done", "refused"] = "done" if visit.form.text("outcome") == "done" else "refused"

    async def act(uow: UnitOfWork) -> Answered:
        words = visit.form.text("words") or None
        await member.answer_request(uow, visit.site.keyring, request_id, visit.holder_id, outcome, words)
        return Answered(request_id)

    await visit.once("answer_privacy_request", act, Answered)
    return visit.go("/operator/requests")


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/operator/requests", audience=OPERATOR, get=show),
    PageRoute(path="/operator/requests/{request_id:uuid}", audience=OPERATOR, post=answer),
)
