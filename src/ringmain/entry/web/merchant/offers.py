"""Offers of a merchant: the list, a new one with its cost before it counts, and what happened to each voucher."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

from starlette.responses import Response

from ringmain.entry.web.audiences import MERCHANT
from ringmain.entry.web.merchant.common import (
    N_,
    Console,
    Draft,
    console_of,
    csv_file,
    csv_line,
    merchant_id,
    reading,
    shown,
)
from ringmain.entry.web.merchant.offer_form import PRESETS, Wish, in_words, read_wish, typed, worth
from ringmain.kit.db import UnitOfWork
from ringmain.kit.db.exporting import rows_of
from ringmain.kit.pages import PageRoute, Visit
from ringmain.kit.pure.errors import RuleBroken
from ringmain.loop import api as loop
from ringmain.voucher import api as voucher
from ringmain.voucher.errors import InvalidOffer

HERE = "/merchant/offers"
_PAGE = 50
STATES = {
    "open": N_("Open to spend"),
    "partly_spent": N_("Partly spent"),
    "spent": N_("Spent"),
    "given_away": N_("Given away in parts"),
    "expired": N_("Ended"),
    "void": N_("Taken back"),
}


_STAGES = (N_("Won"), N_("Came"), N_("Spent"), N_("Undone"))


async def offers(visit: Visit) -> Response:
    """Show the list."""
    async with reading(visit) as uow:
        console = await console_of(uow, visit)
        pressure = await loop.pressure(uow, merchant_id(visit))
        found = await voucher.newest_offers(uow, creator_merchant_id=merchant_id(visit), limit=100)
    left = {one.offer_id: one for one in pressure.offers}
    rows = [(offer, in_words(visit.speech, offer.terms), left[offer.id]) for offer in found if offer.id in left]
    return shown(visit, "offers.html", HERE, console, offers=rows)


async def new(visit: Visit) -> Response:
    """Show an empty form, or one filled in by a preset."""
    async with reading(visit) as uow:
        console = await console_of(uow, visit)
    return await _form(visit, console, Draft(PRESETS.get(visit.query("preset"), PRESETS["first"])(visit, console)))


async def publish(visit: Visit) -> Response:
    """Publish the offer, or show what is wrong with it; without JavaScript also only what it would cost."""
    async with reading(visit) as uow:
        console = await console_of(uow, visit)
    draft = typed(visit.form)
    wish = read_wish(visit.speech, console, draft)
    if visit.form.text("show") == "preview" or wish is None:
        return await _form(visit, console, draft, 200 if wish else 422)
    own = merchant_id(visit)

    async def act(uow: UnitOfWork) -> UUID:
        plan = await loop.preview(uow, own, wish.plan)
        offer = voucher.NewOffer(
            creator_merchant_id=own, funder_id=own, name=wish.name, terms=wish.terms, stock=plan.vouchers
        )
        answer = (await voucher.publish(uow, [offer]))[0]
        if isinstance(answer, RuleBroken):
            raise answer
        return answer.id

    try:
        offer_id = await visit.once("page publish offer", act, UUID)
    except InvalidOffer as error:
        draft.faults[str(error.facts["field"])] = str(error.facts["reason"])
        return await _form(visit, console, draft, 422)
    return visit.go(f"{HERE}/{offer_id}")


async def preview(visit: Visit) -> Response:
    """Show what the offer in the form would cost: the part of the form that changes while somebody types."""
    async with reading(visit) as uow:
        console = await console_of(uow, visit)
    draft = Draft(dict(visit.request.query_params))
    wish = read_wish(visit.speech, console, draft, shops=visit.request.query_params.getlist("shops"))
    return visit.page("merchant/offer_preview.html", plan=await _plan(visit, wish), wish=wish, console=console)


async def _form(visit: Visit, console: Console, draft: Draft, status: int = 200) -> Response:
    # What is missing in a form that nobody has sent yet is no fault.
    wish = read_wish(visit.speech, console, replace(draft, faults={}))
    plan = await _plan(visit, wish)
    return shown(visit, "offer_new.html", HERE, console, status, draft=draft, wish=wish, plan=plan)


async def _plan(visit: Visit, wish: Wish | None) -> loop.Preview | None:
    """Return what a wish comes to. How others' offers fared needs the network's rows, and tells of no single one."""
    if wish is None:
        return None
    async with visit.unit() as uow:
        return await loop.preview(uow, merchant_id(visit), wish.plan)


async def offer(visit: Visit) -> Response:
    """Show one offer and what happened to its vouchers."""
    offer_id, own = visit.path_id("offer_id"), merchant_id(visit)
    before = _uuid(visit.query("before"))
    async with visit.unit() as uow:
        console = await console_of(uow, visit)
        found = await loop.own_offer(uow, offer_id, own)
        funnel = await loop.offer_funnel(uow, offer_id, own)
        vouchers = await loop.offer_vouchers(uow, offer_id, own, before=before, limit=_PAGE + 1)
        pressure = await loop.pressure(uow, own)
    left = next((one for one in pressure.offers if one.offer_id == offer_id), None)
    names = [visit.speech.text(text) for text in _STAGES]
    counts = [funnel.won, funnel.came, funnel.spent, funnel.reversed]
    return shown(
        visit,
        "offer.html",
        HERE,
        console,
        offer=found,
        worth=worth(visit.speech, found.terms),
        words=in_words(visit.speech, found.terms),
        funnel=funnel,
        stages=list(zip(names, counts, strict=True)),
        chart=_chart(names, counts),
        vouchers=vouchers[:_PAGE],
        older=vouchers[_PAGE - 1].id if len(vouchers) > _PAGE else None,
        states={name: visit.speech.text(text) for name, text in STATES.items()},
        left=left,
        takers=[console.shop_name(id_) or visit.speech.text("another shop") for id_ in found.terms.shop_ids],
    )


def _chart(names: list[str], counts: list[int]) -> dict[str, object]:
    data = [{"name": name, "value": count} for name, count in zip(names, counts, strict=True)]
    # In the colour of its bar, without the outline that is drawn for pictures.
    label = {"show": True, "position": "right", "color": "inherit", "textBorderWidth": 0}
    return {
        "tooltip": {},
        "grid": {"left": 88, "right": 32, "top": 8, "bottom": 28},
        "xAxis": {"type": "value", "minInterval": 1},
        "yAxis": {"type": "category", "inverse": True, "data": names},
        "series": [{"type": "bar", "data": data, "barWidth": "60%", "label": label}],
    }


async def vouchers_csv(visit: Visit) -> Response:
    """Give every voucher of an offer as a file, without codes and holders."""
    offer_id, own = visit.path_id("offer_id"), merchant_id(visit)
    async with reading(visit) as uow:
        await loop.own_offer(uow, offer_id, own)
    table = next(one for one in voucher.EXPORT_TABLES if one.name == "vouchers")

    async def lines() -> AsyncIterator[str]:
        yield csv_line(table.columns)
        async for rows in rows_of(lambda: reading(visit), table, own, (offer_id,)):
            for row in rows:
                yield csv_line(row)

    return csv_file("vouchers.csv", lines())


async def set_paused(visit: Visit) -> Response:
    """Pause or resume an offer; vouchers that are out stay good."""
    offer_id, own = visit.path_id("offer_id"), merchant_id(visit)
    paused = visit.form.text("paused") == "yes"

    async def act(uow: UnitOfWork) -> UUID:
        return (await voucher.set_paused(uow, offer_id, paused=paused, creator=own)).id

    await visit.once("page pause offer", act, UUID)
    return visit.go(f"{HERE}/{offer_id}")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


PAGES = (
    PageRoute(path=HERE, audience=MERCHANT, get=offers),
    PageRoute(path=f"{HERE}/new", audience=MERCHANT, get=new, post=publish),
    PageRoute(path=f"{HERE}/preview", audience=MERCHANT, get=preview),
    PageRoute(path=f"{HERE}/{{offer_id:uuid}}", audience=MERCHANT, get=offer),
    PageRoute(path=f"{HERE}/{{offer_id:uuid}}/vouchers.csv", audience=MERCHANT, get=vouchers_csv),
    PageRoute(path=f"{HERE}/{{offer_id:uuid}}/paused", audience=MERCHANT, post=set_paused),
)
