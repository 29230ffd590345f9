"""What a person bought: the list of visits, each as a receipt, and "this was not me"."""

from uuid import UUID

from starlette.responses import Response

from ringmain.entry.web.audiences import MEMBER, PHONE
from ringmain.entry.web.following import note_followed
from ringmain.entry.web.me.texts import VALUES
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import NotFound
from ringmain.kit.pages import PageRoute, Visit
from ringmain.member import api as member
from ringmain.profile import api as profile
from ringmain.sale import api as sale

_PAGE = 20


async def show(visit: Visit) -> Response:
    """Show the visits, the newest first."""
    try:
        before = UUID(visit.query("before")) if visit.query("before") else None
    except ValueError:
        raise NotFound from None
    async with visit.unit() as uow:
        rows = await profile.visits(uow, visit.holder_id, before=before, limit=_PAGE + 1)
    tokens = {one.sale_id: sale.receipt_token(visit.site.keyring, visit.network_id, one.sale_id) for one in rows}
    return visit.page(
        "me/visits.html",
        visits=rows[:_PAGE],
        tokens=tokens,
        older=rows[_PAGE - 1].sale_id if len(rows) > _PAGE else None,
        first=before is None,
    )


async def not_me(visit: Visit) -> Response:
    """Note that a sale was not this person's, or that it was after all."""
    sale_id, disputed = visit.form.id("sale"), visit.form.text("not_me") == "yes"
    if sale_id is None:
        raise NotFound

    async def act(uow: UnitOfWork) -> bool:
        return await profile.dispute(uow, visit.holder_id, sale_id, not_me=disputed)

    await visit.once("page: this was not me", act, bool)
    return visit.go(f"/me/visits#sale-{sale_id}")


async def receipt(visit: Visit) -> Response:
    """Show a receipt to whoever has its code; nobody needs to be known for it."""
    named = sale.read_receipt_token(visit.site.keyring, visit.path_text("token"))
    if named is None:
        raise NotFound
    network_id, sale_id = named
    async with visit.unit(network_id) as uow:
        found = await sale.receipt_of(uow, sale_id)
        buyer = await sale.buyer_of(uow, sale_id)
        known = {} if buyer is None else await member.people_of(uow, [buyer])
        for one in known.values():
            await note_followed(visit, uow, one, sale_id, signed_in=False)
    member_here = visit.session is not None and visit.session.holder_id is not None
    return visit.page("me/receipt.html", receipt=found, member_here=member_here, tender_words=VALUES)


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/me/visits", audience=MEMBER, get=show),
    PageRoute(path="/me/visits/not-me", audience=MEMBER, post=not_me),
    PageRoute(path="/receipts/{token}", audience=PHONE, get=receipt),
)
