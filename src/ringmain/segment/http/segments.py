"""The routes about segments: rules that operators and merchants define, and how many people they hold."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Listed, Name, Page, Request, Role, Route, keys_of, listed
from ringmain.member.errors import AnswerNotOffered, QuestionUnknown
from ringmain.network.errors import ShopNotFound
from ringmain.segment import define
from ringmain.segment.errors import (
    CategorySensitive,
    ClauseMalformed,
    ClauseNotForMerchants,
    SegmentUnknown,
    TooManySegments,
    TribeUnknown,
)
from ringmain.segment.http.tribes import InWords
from ringmain.segment.model import LONGEST_DAYS, MOST_CLAUSES, Clause, ClauseKind
from ringmain.segment.said import Names, said

_WHOLE_NETWORK: frozenset[Role] = frozenset({"operator", "merchant", "analyst"})
_MANAGERS: frozenset[Role] = frozenset({"operator", "merchant"})
_TAG = "segments"
_Short = Annotated[str, Meta(min_length=1, max_length=80)]


class ClauseAsked(Request, frozen=True, omit_defaults=True):
    """One clause; which fields belong to which `kind` is told where segments are made."""

    kind: ClauseKind
    days: Annotated[int, Meta(ge=1, le=LONGEST_DAYS)] | None = None
    at_least: Annotated[int, Meta(ge=1, le=10**12)] | None = None
    at_most: Annotated[int, Meta(ge=0, le=10**12)] | None = None
    shop_id: UUID | None = None
    category: _Short | None = None
    part: Literal["night", "morning", "midday", "afternoon", "evening"] | None = None
    tribe_id: UUID | None = None
    question: _Short | None = None
    answer: _Short | None = None


class DefineSegment(Request, frozen=True):
    """A segment: people for whom all clauses hold."""

    name: Name
    clauses: Annotated[list[ClauseAsked], Meta(min_length=1, max_length=MOST_CLAUSES)]


class SegmentPeople(Struct, frozen=True):
    """How many are in it. `counting`: exact, rounded (in fives, on that day), fewer_than_ten, or not_yet."""

    counting: str
    number: int | None
    counted_on: date | None


class SegmentShown(Struct, frozen=True):
    """A segment; `merchant_id` null: the network's. Until `filled_per_cent` is 100 it may lack people."""

    segment_id: UUID
    merchant_id: UUID | None
    name: str
    clauses: list[ClauseAsked]
    words: InWords
    created_at: datetime
    filled_per_cent: int
    people: SegmentPeople


class SegmentArchived(Struct, frozen=True):
    """The segment that holds nobody any more."""

    segment_id: UUID


async def _define(uow: UnitOfWork, call: Call, body: DefineSegment) -> SegmentShown:
    clauses = [Clause(**{name: getattr(one, name) for name in Clause.__slots__}) for one in body.clauses]
    made = await define.define(uow, body.name, clauses, call.merchant_scope())
    return _shown(made, await define.names_of(uow, [made.rule]))


async def _list(uow: UnitOfWork, call: Call) -> Listed[SegmentShown]:
    query: Page = call.query
    keys = keys_of(query.after, tuple[UUID])
    found = await define.segments(uow, call.merchant_scope(), after=keys[0] if keys else None, limit=query.limit + 1)
    names = await define.names_of(uow, [one.rule for one in found])
    return listed([_shown(one, names) for one in found], query.limit, lambda one: (one.segment_id,))


async def _read(uow: UnitOfWork, call: Call) -> SegmentShown:
    found = await define.segment_of(uow, call.id("segment_id"), call.merchant_scope())
    return _shown(found, await define.names_of(uow, [found.rule]))


async def _archive(uow: UnitOfWork, call: Call, _: None) -> SegmentArchived:
    return SegmentArchived(await define.archive(uow, call.id("segment_id"), call.merchant_scope()))


def _shown(one: define.Segment, names: Names) -> SegmentShown:
    return SegmentShown(
        segment_id=one.id,
        merchant_id=one.merchant_id,
        name=one.name,
        clauses=[
            ClauseAsked(**{name: getattr(clause, name) for name in Clause.__slots__}) for clause in one.rule.clauses
        ],
        words=InWords(said(one.rule, "en", names), said(one.rule, "zh", names)),
        created_at=one.created_at,
        filled_per_cent=one.filled_per_cent,
        people=SegmentPeople(one.people.counting.value, one.people.number, one.people.counted_on),
    )


_ID = "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"
_ASKED: dict[str, Any] = {
    "name": "Regulars who stay away",
    "clauses": [
        {"kind": "visits", "days": 180, "at_least": 5},
        {"kind": "last_visit", "days": 30},
    ],
}
_SHOWN: dict[str, Any] = {
    "segment_id": _ID,
    "merchant_id": _ID,
    **_ASKED,
    "words": {
        "en": "Your guests who came at least 5 times in 180 days and came for the last time 30 days ago or longer.",
        "zh": "来过本店且符合全部条件的人：180 天内到店至少 5 次；上次到店在 30 天以前。",
    },
    "created_at": "2026-03-01T09:00:00Z",
    "filled_per_cent": 100,
    "people": {"counting": "exact", "number": 37, "counted_on": None},
}

SEGMENT_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/segments",
        operation="define_segment",
        summary="Define a segment: people for whom all clauses of a rule hold",
        description="A merchant's key makes one of that merchant's own guests, of what happened at its own shops; an "
        "operator's key one of the network's people who agree to personalisation. Filled in the background from the "
        "moment it is made, then kept current by facts, within about a second, and by time. Fields by `kind`: `visits` "
        "and `spent` take `days`, one of `at_least` and `at_most` (times; minor units), and may take `shop_id` or "
        "`category`; `last_visit` takes `days` (ago or longer) and may take the same two; `first_visit` and `redeemed` "
        "take `days`; `bought` takes `days` and `category` (of a line); `day_part` takes `days`, `part` and a limit; "
        "`tribe` takes `tribe_id`; `answer` takes `question` and `answer`, for the network only. A rule is never "
        "changed: another rule is another segment.",
        tag=_TAG,
        roles=_MANAGERS,
        handler=_define,
        request=DefineSegment,
        response=SegmentShown,
        status=201,
        transaction="write",
        errors=(
            ClauseMalformed,
            ClauseNotForMerchants,
            CategorySensitive,
            ShopNotFound,
            TribeUnknown,
            QuestionUnknown,
            AnswerNotOffered,
            TooManySegments,
        ),
        example=_ASKED,
        example_response={**_SHOWN, "filled_per_cent": 0},
    ),
    Route(
        method="GET",
        path="/v1/segments",
        operation="list_segments",
        summary="List segments, the newest first",
        description="A merchant's key lists that merchant's own. Archived ones are left out.",
        tag=_TAG,
        roles=_WHOLE_NETWORK,
        handler=_list,
        # Who is counted is in rows of people, which no merchant sees; only numbers leave.
        reads_as="network",
        query=Page,
        response=Listed[SegmentShown],
        example_query={"limit": "2"},
        example_response={"items": [_SHOWN], "next": None},
    ),
    Route(
        method="GET",
        path="/v1/segments/{segment_id}",
        operation="read_segment",
        summary="Read a segment: its rule, how far it is filled, how many people are in it",
        description="A merchant reads an exact number only where every clause is about its own shops. Where a tribe is "
        "asked for, its number is counted on Mondays, in fives, from ten on. Who is in a segment is not told.",
        tag=_TAG,
        roles=_WHOLE_NETWORK,
        handler=_read,
        reads_as="network",
        response=SegmentShown,
        errors=(SegmentUnknown,),
        example_response=_SHOWN,
    ),
    Route(
        method="DELETE",
        path="/v1/segments/{segment_id}",
        operation="archive_segment",
        summary="Archive a segment",
        description="Nobody is in it from that moment; who joined and left stays on record. Once more changes nothing.",
        tag=_TAG,
        roles=_MANAGERS,
        handler=_archive,
        response=SegmentArchived,
        transaction="write",
        errors=(SegmentUnknown,),
        example_response={"segment_id": _ID},
    ),
)
