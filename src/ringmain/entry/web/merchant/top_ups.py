"""The standing top-up of a merchant: set, paused, and what it did."""

from uuid import UUID

from starlette.responses import Response

from ringmain.entry.web.audiences import MERCHANT
from ringmain.entry.web.merchant.common import N_, Console, Draft, console_of, merchant_id, shown
from ringmain.entry.web.merchant.offer_form import typed
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Speech, Visit
from ringmain.loop import api as loop

HERE = "/merchant/top-ups"
_STATES = {
    "announced": N_("Announced"),
    "made": N_("Made"),
    "failed": N_("Failed: too little was owed to you"),
    "stopped": N_("Stopped by you"),
}
_WHY = {
    "due": N_("Your money is low: a top-up is announced within the hour, and made a day later."),
    "paused": N_("Paused: nothing is added."),
    "enough": N_("Your money is above your limits: nothing is to be done."),
    "month_full": N_("This month's limit is used up. Nothing more is added before next month, unless you raise it."),
    "waits": N_("A top-up is announced, or one did not go through in the last 24 hours."),
}


async def show(visit: Visit, draft: Draft | None = None, status: int = 200) -> Response:
    """Show the standing top-up and its form."""
    async with visit.unit() as uow:
        console = await console_of(uow, visit)
        found = await loop.standing(uow, merchant_id(visit))
    speech = visit.speech
    return shown(
        visit,
        "top_ups.html",
        HERE,
        console,
        status,
        found=found,
        draft=draft or _draft(console, found),
        why=None if found.why is None else speech.text(_WHY[found.why]),
        rows=[_row(speech, console, one) for one in found.top_ups],
    )


def _row(speech: Speech, console: Console, one: loop.TopUp) -> list[str]:
    at = speech.moment(one.decided_at or one.due_at, console.time_zone, "short")
    return [at, speech.money(one.amount_minor, console.currency), speech.text(_STATES[one.state])]


def _draft(console: Console, found: loop.Standing) -> Draft:
    one = found.order
    if one is None:
        return Draft({"days": "7"})
    values = {"add": console.major(one.add_minor), "month": console.major(one.month_minor)}
    if one.below_minor is not None:
        values["below"] = console.major(one.below_minor)
    if one.below_days is not None:
        values["days"] = str(one.below_days)
    return Draft(values)


async def change(visit: Visit) -> Response:
    """Set, pause or resume the standing top-up."""
    own, step = merchant_id(visit), visit.form.text("step")
    if step in ("pause", "resume"):

        async def pause(uow: UnitOfWork) -> UUID:
            await loop.pause_top_up(uow, own, paused=step == "pause")
            return own

        await visit.once("pause_top_up", pause, UUID)
        return visit.go(HERE)
    draft = typed(visit.form)
    async with visit.unit() as uow:
        console = await console_of(uow, visit)
    add, month, below = (visit.form.minor(name, console.precision) for name in ("add", "month", "below"))
    days, speech = visit.form.whole("days"), visit.speech
    for name, wrong, text in (
        ("add", not add, speech.text("Say how much to add, such as 100.")),
        ("month", not month or month < (add or 0), speech.text("At least as much as is added once.")),
        ("below", bool(draft.get("below")) and not below, speech.text("An amount such as 50, or nothing.")),
        ("days", bool(draft.get("days")) and days not in range(1, 91), speech.text("1 to 90 days, or nothing.")),
        ("days", not draft.get("below") and not draft.get("days"), speech.text("Say one of the two limits.")),
    ):
        if wrong:
            draft.faults[name] = text
    if draft.faults or not add or not month:
        return await show(visit, draft, 422)

    async def act(uow: UnitOfWork) -> UUID:
        await loop.set_top_up(uow, own, below_minor=below or None, below_days=days, add_minor=add, month_minor=month)
        return own

    await visit.once("set_top_up", act, UUID)
    return visit.go(HERE)


PAGES = (PageRoute(path=HERE, audience=MERCHANT, get=show, post=change),)
