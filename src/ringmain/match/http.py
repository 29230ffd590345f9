"""Requests, answers and routes of matches and of what people do not want to see."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Listed, Request, Role, Route
from ringmain.match import api
from ringmain.match.errors import BlockTarget, PersonNotShown, PlaceIncomplete
from ringmain.member import api as member
from ringmain.member.api import Known
from ringmain.member.errors import MemberUnknown
from ringmain.network.errors import ShopNotFound

# What comes first for a person who looks for something, at a shop where one is named, and now; see `Context`.
FirstOffers = Callable[[UnitOfWork, Known, UUID | None, datetime], Awaitable[frozenset[UUID]]]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Words = Annotated[
    str, Meta(max_length=100, description="Names or categories, in English or Chinese; slips are forgiven.")
]


class FindMatches(Request, frozen=True):
    """Where, for whom and with which words; everything may be left out."""

    latitude: Latitude | None = None
    longitude: Longitude | None = None
    at_shop_id: UUID | None = None
    member_id: UUID | None = None
    words: Words = ""
    limit: Annotated[int, Meta(ge=1, le=200, description="How many shops at most.")] = 20


class ReasonShown(Struct, frozen=True):
    """Why a shop is shown: a code with its facts, to be put into words."""

    code: str
    facts: Mapping[str, Any]


class OfferShown(Struct, frozen=True):
    """An offer of which a voucher could be granted now."""

    offer_id: UUID
    name: str
    kind: str
    currency: str
    face_minor: int
    percent_bp: int | None
    minimum_minor: int
    price_points: int
    ends_at: datetime | None


class MatchShown(Struct, frozen=True):
    """One shop, best first."""

    shop_id: UUID
    name: str
    category: str
    latitude: float
    longitude: float
    distance_m: int | None
    is_open: bool
    offers: list[OfferShown]
    reasons: list[ReasonShown]


class BlockThing(Request, frozen=True):
    """What a member does not want to see: a shop or an offer."""

    member_id: UUID
    shop_id: UUID | None = None
    offer_id: UUID | None = None


class OfMember(Request, frozen=True):
    """Whose blocks."""

    member_id: UUID


class BlockShown(Struct, frozen=True):
    """Something that a member does not want to see."""

    block_id: UUID
    shop_id: UUID | None
    offer_id: UUID | None
    recorded_at: datetime


class Unblocked(Struct, frozen=True):
    """What may be shown again."""

    shop_id: UUID | None
    offer_id: UUID | None


class Finding:
    """The handler that finds matches; what comes first for a person is said by whoever wires the routes."""

    def __init__(self, first: FirstOffers) -> None:
        self._first = first

    async def matches(self, uow: UnitOfWork, call: Call) -> Listed[MatchShown]:
        """Find shops and offers."""
        query: FindMatches = call.query
        known = await _asked_for(uow, call, query)
        context = _context(call, query, known, await uow.now())
        if known is not None:
            first = await self._first(uow, known, context.at_shop_id, context.at)
            context = replace(context, first_offers=first)
        # An operator's applications show lists to people; a till's cashier and an analyst look for themselves.
        find = api.show_nearby if call.principal.role == "operator" else api.nearby
        return Listed([_shown(one) for one in await find(uow, context)])


async def _asked_for(uow: UnitOfWork, call: Call, query: FindMatches) -> Known | None:
    if (query.latitude is None) != (query.longitude is None):
        raise PlaceIncomplete()
    if query.member_id is None:
        return None
    if call.principal.role != "operator":
        raise PersonNotShown()
    return await _known(uow, query.member_id)


def _context(call: Call, query: FindMatches, known: Known | None, at: datetime) -> api.Context:
    place = None
    if query.latitude is not None and query.longitude is not None:
        place = api.Place(query.latitude, query.longitude)
    return api.Context(
        at=at,
        place=place,
        words=query.words,
        # A terminal stands in its own shop.
        at_shop_id=query.at_shop_id or call.principal.shop_id,
        subject_ids=() if known is None else known.subject_ids,
        limit=query.limit,
    )


async def _block(uow: UnitOfWork, _: Call, body: BlockThing) -> BlockShown:
    subjects = await _subjects(uow, body.member_id)
    return _block_shown(await api.block(uow, subjects, shop_id=body.shop_id, offer_id=body.offer_id))


async def _unblock(uow: UnitOfWork, _: Call, body: BlockThing) -> Unblocked:
    subjects = await _subjects(uow, body.member_id)
    await api.unblock(uow, subjects, shop_id=body.shop_id, offer_id=body.offer_id)
    return Unblocked(body.shop_id, body.offer_id)


async def _blocks(uow: UnitOfWork, call: Call) -> Listed[BlockShown]:
    subjects = await _subjects(uow, call.query.member_id)
    return Listed([_block_shown(one) for one in await api.blocks(uow, subjects)])


async def _known(uow: UnitOfWork, member_id: UUID) -> Known:
    known = (await member.subjects(uow, [member_id]))[0]
    if known is None:
        raise MemberUnknown()
    return known


async def _subjects(uow: UnitOfWork, member_id: UUID) -> tuple[UUID, ...]:
    return (await _known(uow, member_id)).subject_ids


def _shown(match: api.Match) -> MatchShown:
    shop = match.shop
    return MatchShown(
        shop_id=shop.id,
        name=shop.name,
        category=shop.category,
        latitude=shop.latitude,
        longitude=shop.longitude,
        distance_m=match.distance_m,
        is_open=match.is_open,
        offers=[
            OfferShown(
                offer_id=offer.id,
                name=offer.name,
                kind=offer.kind,
                currency=offer.currency,
                face_minor=offer.face_minor,
                percent_bp=offer.percent_bp,
                minimum_minor=offer.minimum_minor,
                price_points=offer.price_points,
                ends_at=offer.ends_at,
            )
            for offer in match.offers
        ],
        reasons=[ReasonShown(reason.code, reason.facts) for reason in match.reasons],
    )


def _block_shown(block: api.Block) -> BlockShown:
    return BlockShown(block.id, block.shop_id, block.offer_id, block.recorded_at)


_OPERATOR: frozenset[Role] = frozenset({"operator"})
_ID = "018f4e3a-7c00-7a10-8000-000000000021"
_AT = "2026-03-01T10:00:00Z"
_BODY = {"member_id": _ID, "shop_id": _ID}
_BLOCK = {"block_id": _ID, "shop_id": _ID, "offer_id": None, "recorded_at": _AT}
_MATCH = {
    "shop_id": _ID,
    "name": "Flowers",
    "category": "florist",
    "latitude": 31.2,
    "longitude": 121.5,
    "distance_m": 300,
    "is_open": True,
    "offers": [
        {
            "offer_id": _ID,
            "name": "Two off",
            "kind": "cash",
            "currency": "CNY",
            "face_minor": 200,
            "percent_bp": None,
            "minimum_minor": 1_000,
            "price_points": 0,
            "ends_at": None,
        }
    ],
    "reasons": [
        {"code": "distance", "facts": {"metres": 300}},
        {"code": "open_until", "facts": {"time": "22:00"}},
    ],
}

_BLOCK_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/blocks",
        operation="block_for_member",
        summary="Keep a shop or an offer away from a member",
        description="Members do this themselves on their pages; an operator does it for who asks by other ways.",
        tag="matches",
        roles=_OPERATOR,
        handler=_block,
        request=BlockThing,
        response=BlockShown,
        status=201,
        transaction="write",
        errors=(BlockTarget, MemberUnknown),
        example=_BODY,
        example_response=_BLOCK,
    ),
    Route(
        method="POST",
        path="/v1/blocks/withdrawals",
        operation="unblock_for_member",
        summary="Let a shop or an offer be shown to a member again",
        tag="matches",
        roles=_OPERATOR,
        handler=_unblock,
        request=BlockThing,
        response=Unblocked,
        transaction="write",
        errors=(BlockTarget, MemberUnknown),
        example=_BODY,
        example_response={"shop_id": _ID, "offer_id": None},
    ),
    Route(
        method="GET",
        path="/v1/blocks",
        operation="list_blocks",
        summary="List what a member does not want to see",
        tag="matches",
        roles=_OPERATOR,
        handler=_blocks,
        query=OfMember,
        response=Listed[BlockShown],
        errors=(MemberUnknown,),
        example_query={"member_id": _ID},
        example_response={"items": [_BLOCK], "next": None},
    ),
)


def routes(first: FirstOffers) -> tuple[Route, ...]:
    """Return the routes of matching; `first` says which offers come first for a person."""
    find = Route(
        method="GET",
        path="/v1/matches",
        operation="find_matches",
        summary="Find shops and offers nearby, each with its reasons",
        description="Best first. The shop where somebody stands (`at_shop_id`; a terminal's own) and its rivals are "
        "never among them, nor what a member has blocked. Only operators name a member; without that member's consent "
        "to personalisation neither their past matters nor what service plans put first for their tribe. "
        "Where an operator asks and types no words, three places in a "
        "hundred are given by chance to other open shops nearby with an offer, rather to those that were shown little; "
        "which shops were shown is kept to learn from it, with the member where they agreed. Place and words are not "
        "kept.",
        tag="matches",
        roles=frozenset({"operator", "terminal", "analyst"}),
        handler=Finding(first).matches,
        query=FindMatches,
        response=Listed[MatchShown],
        errors=(PlaceIncomplete, PersonNotShown, MemberUnknown, ShopNotFound),
        example_query={"latitude": "31.2", "longitude": "121.5", "words": "flowers"},
        example_response={"items": [_MATCH], "next": None},
    )
    return (find, *_BLOCK_ROUTES)
