"""The routes of notes to dead ends: the operator reads drafts, sends or drops them; a merchant reads what was sent."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Listed, Request, Role, Route
from ringmain.loop import notes
from ringmain.loop.errors import NoteDecided, NoteNotFound
from ringmain.loop.model.notes import Note, NoteKind, NoteState

_OPERATOR: frozenset[Role] = frozenset({"operator"})
_MANAGERS: frozenset[Role] = frozenset({"operator", "merchant"})
_ID = "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"
_AT = "2026-03-02T01:00:00Z"


class DecideNote(Request, frozen=True, kw_only=True):
    """Send a draft, in other words where they are given, or drop it."""

    decision: Literal["send", "drop"]
    words: Annotated[str, Meta(max_length=2000)] | None = None


class NoteShown(Struct, frozen=True, kw_only=True):
    """A note: vouchers won at the shop (`sent_on`) and of other shops spent there (`came`) in 28 days.

    `receives_only` asks for a scene at the shop, `sends_only` for an offer of its own. `words` null: as pages say it.
    """

    id: UUID
    merchant_id: UUID
    shop_id: UUID
    week: date
    kind: NoteKind
    sent_on: int
    came: int
    words: str | None
    state: NoteState
    made_at: datetime
    decided_at: datetime | None


async def _notes(uow: UnitOfWork, call: Call) -> Listed[NoteShown]:
    return Listed([_shown(one) for one in await notes.notes_to(uow, call.merchant_scope())])


async def _decide(uow: UnitOfWork, call: Call, body: DecideNote) -> NoteShown:
    return _shown(await notes.decide_note(uow, call.id("note_id"), body.decision, body.words))


def _shown(one: Note) -> NoteShown:
    return NoteShown(**{name: getattr(one, name) for name in NoteShown.__struct_fields__})


_NOTE = {
    "id": _ID,
    "merchant_id": _ID,
    "shop_id": _ID,
    "week": "2026-03-02",
    "kind": "receives_only",
    "sent_on": 1,
    "came": 64,
    "words": None,
    "state": "draft",
    "made_at": _AT,
    "decided_at": None,
}

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/pressure-notes",
        operation="list_pressure_notes",
        summary="List notes to shops where vouchers end",
        description="Every Monday a note is drafted to each shop that took at least 20 vouchers of others in 28 days "
        "and won people fewer than a tenth of that, or the other way round. An operator reads all of them; a merchant "
        "those that were sent to it.",
        tag="loop",
        roles=_MANAGERS,
        # A merchant's console cannot read the table, for drafts are in it: the use case gives it what was sent.
        reads_as="network",
        handler=_notes,
        response=Listed[NoteShown],
        example_response={"items": [_NOTE], "next": None},
    ),
    Route(
        method="POST",
        path="/v1/pressure-notes/{note_id}/decision",
        operation="decide_pressure_note",
        summary="Send or drop a drafted note",
        tag="loop",
        roles=_OPERATOR,
        handler=_decide,
        request=DecideNote,
        response=NoteShown,
        transaction="write",
        errors=(NoteNotFound, NoteDecided),
        example={"decision": "send"},
        example_response=_NOTE | {"state": "sent", "decided_at": _AT},
    ),
)
