"""Points: given to members, and how many they have."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Request, Route
from ringmain.kit.pure.ids import uuid7
from ringmain.member.errors import MemberUnknown
from ringmain.voucher import points
from ringmain.voucher.http.common import ID, MANAGERS, TILL, person

_TAG = "points"
_Points = Annotated[int, Meta(ge=1, le=1_000_000_000)]


class GivePoints(Request, frozen=True):
    """Points for a member; a merchant owes those that it gives, the network those of the operator."""

    member_id: UUID
    points: _Points


class PointsAnswer(Struct, frozen=True):
    """A gift of points."""

    id: UUID
    member_id: UUID
    issuer_id: UUID
    points: int


class PointsOf(Request, frozen=True):
    """Whose points."""

    member_id: UUID


class PointsBalance(Struct, frozen=True):
    """How many points a member has."""

    member_id: UUID
    points: int


async def _give(uow: UnitOfWork, call: Call, body: GivePoints) -> PointsAnswer:
    who = await person(uow, body.member_id)
    now = await uow.now()
    issuer = call.merchant_scope() or uow.network_id
    gift = points.PointsGiven(uuid7(now), who.subject_id, issuer, body.points, now)
    await points.give(uow, [gift])
    return PointsAnswer(gift.id, body.member_id, issuer, body.points)


async def _read(uow: UnitOfWork, call: Call) -> PointsBalance:
    query: PointsOf = call.query
    who = await person(uow, query.member_id)
    return PointsBalance(query.member_id, await points.balance(uow, who.subject_id))


POINT_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/points",
        operation="give_points",
        summary="Give points to a member",
        tag=_TAG,
        roles=MANAGERS,
        handler=_give,
        request=GivePoints,
        response=PointsAnswer,
        status=HTTPStatus.CREATED,
        transaction="write",
        errors=(MemberUnknown,),
        example={"member_id": ID, "points": 25},
        example_response={"id": ID, "member_id": ID, "issuer_id": ID, "points": 25},
    ),
    Route(
        method="GET",
        path="/v1/points",
        operation="read_points",
        summary="How many points does a member have?",
        tag=_TAG,
        roles=TILL,
        reads_as="network",
        handler=_read,
        query=PointsOf,
        response=PointsBalance,
        errors=(MemberUnknown,),
        example_query={"member_id": ID},
        example_response={"member_id": ID, "points": 125},
    ),
)
