"""Pressure: how long the ring's money lasts, what is missing, and the notes to shops where vouchers end."""

from typing import Literal
from uuid import UUID

from starlette.responses import Response

from ringmain.entry.web.audiences import OPERATOR
from ringmain.entry.web.merchant.notes import said
from ringmain.entry.web.operator.common import names
from ringmain.entry.web.operator.recruiting import recruits
from ringmain.entry.web.operator.stopping import plan, stop, stopped
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Visit
from ringmain.loop import api as loop
from ringmain.loop.errors import NoteNotFound

HERE = "/operator/pressure"


async def show(visit: Visit) -> Response:
    """Show the pressure of the ring, which shops to recruit, and this week's drafts."""
    async with visit.unit() as uow:
        known, ring = await names(uow), await loop.ring_pressure(uow)
        notes = await loop.notes_to(uow, None)
    counted, missing = await recruits(visit, known)
    off = await stopped(visit, known)
    found = [said(visit.speech, one, known.shop(one.shop_id)) for one in notes]
    return visit.page(
        "operator/pressure.html",
        names=known,
        ring=ring,
        counted=counted,
        missing=missing,
        off=off,
        drafts=[one for one in found if one.note.state == "draft"],
        decided=[one for one in found if one.note.state != "draft"][:20],
        days=loop.NOTE_DAYS,
        fewest=loop.FEWEST_VOUCHERS,
    )


async def decide(visit: Visit) -> Response:
    """Send or drop a draft; words that were left as they stood stay in every reader's own language."""
    note_id = visit.form.id("note")
    if note_id is None:
        raise NoteNotFound
    decision: Literal["send", "drop"] = "send" if visit.form.text("decision") == "send" else "drop"
    words, drafted = (visit.form.text(name).strip() for name in ("words", "drafted"))

    async def act(uow: UnitOfWork) -> UUID:
        return (await loop.decide_note(uow, note_id, decision, None if words == drafted else words)).id

    await visit.once("decide_pressure_note", act, UUID)
    return visit.go(HERE)


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path=HERE, audience=OPERATOR, get=show, post=decide),
    PageRoute(path=f"{HERE}/switch-off", audience=OPERATOR, post=plan),
    PageRoute(path=f"{HERE}/switch-off/{{switch_off_id:uuid}}", audience=OPERATOR, post=stop),
)
