"""Offers: published, listed, read, paused and resumed."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import (
    AmountMinor,
    AmountMinorOrZero,
    Call,
    Count,
    Currency,
    Listed,
    Name,
    Page,
    Request,
    Route,
    Text,
    Time,
    keys_of,
    listed,
)
from ringmain.network.errors import MerchantNotFound
from ringmain.voucher import errors, offers
from ringmain.voucher.http.common import AT, ID, MANAGERS, READERS, UNTIL, answered, own_offer
from ringmain.voucher.model import Kind, NewOffer, PublishedOffer, Terms

_TAG = "offers"
_Minute = Annotated[int, Meta(ge=0, le=1_440, description="Minutes after midnight, by the clock of the shop.")]
_Weekdays = Annotated[tuple[int, ...], Meta(max_length=7, description="1 Monday to 7 Sunday; empty: every day.")]
_Shops = Annotated[tuple[UUID, ...], Meta(max_length=1_000, description="Who accepts it; empty: every shop.")]
_Points = Annotated[int, Meta(ge=0, le=9_007_199_254_740_991)]


class PublishOffer(Request, frozen=True, kw_only=True):
    """An offer to publish; its terms never change afterwards.

    `face_minor` is the value of one voucher: the cap of a discount, what the redeemer of an exchange is paid, the value
    of all parts of a bundle. A merchant's key publishes for that merchant; an operator names `merchant_id`, or leaves
    it out for an offer of the network itself. `funder_id` is who pays: the creator, where nothing is said.
    """

    name: Name
    kind: Kind
    currency: Currency
    face_minor: AmountMinor
    merchant_id: UUID | None = None
    funder_id: UUID | None = None
    stock: Count | None = None
    percent_bp: Count | None = None
    parts: Count = 1
    goods: Text | None = None
    price_points: _Points = 0
    fee_minor: AmountMinorOrZero = 0
    fee_at: Literal["redemption", "minting"] = "redemption"
    shop_ids: _Shops = ()
    minimum_minor: AmountMinorOrZero = 0
    weekdays: _Weekdays = ()
    from_minute: _Minute = 0
    until_minute: _Minute = 1_440
    holder_only: bool = False
    per_member: Count | None = None
    per_day: Count | None = None
    in_total: Count | None = None
    combinable: bool = True
    valid_days: Count | None = None
    valid_from: Time | None = None
    valid_until: Time | None = None
    grace_days: Count = 7


class OfferAnswer(Struct, frozen=True, kw_only=True):
    """An offer as it stands; `stock` is what is left of it."""

    id: UUID
    merchant_id: UUID
    funder_id: UUID
    name: str
    stock: int | None
    paused: bool
    created_at: datetime
    cost_minor: int
    terms: Terms


class Offers(Page, frozen=True):
    """Which offers to list."""

    merchant_id: UUID | None = None


async def _publish(uow: UnitOfWork, call: Call, body: PublishOffer) -> OfferAnswer:
    own = call.merchant_scope()
    if own is not None and body.merchant_id not in (None, own):
        raise MerchantNotFound(merchant_id=body.merchant_id)
    creator = own or body.merchant_id or call.principal.network_id
    terms = Terms(**{name: getattr(body, name) for name in Terms.__dataclass_fields__})
    offer = NewOffer(
        creator_merchant_id=creator,
        funder_id=body.funder_id or creator,
        name=body.name,
        terms=terms,
        stock=body.stock,
    )
    return _shown(answered((await offers.publish(uow, [offer], by_operator=own is None))[0]))


async def _list(uow: UnitOfWork, call: Call) -> Listed[OfferAnswer]:
    query: Offers = call.query
    own = call.merchant_scope()
    if own is not None and query.merchant_id not in (None, own):
        return Listed([])
    after = keys_of(query.after, tuple[UUID])
    found = await offers.newest(
        uow, creator_merchant_id=own or query.merchant_id, before=after and after[0], limit=query.limit + 1
    )
    return listed([_shown(one) for one in found], query.limit, lambda offer: (offer.id,))


async def _read(uow: UnitOfWork, call: Call) -> OfferAnswer:
    return _shown(await own_offer(uow, call))


async def _pause(uow: UnitOfWork, call: Call, _: None) -> OfferAnswer:
    return await _set_paused(uow, call, paused=True)


async def _resume(uow: UnitOfWork, call: Call, _: None) -> OfferAnswer:
    return await _set_paused(uow, call, paused=False)


async def _set_paused(uow: UnitOfWork, call: Call, *, paused: bool) -> OfferAnswer:
    return _shown(await offers.set_paused(uow, call.id("offer_id"), paused=paused, creator=call.merchant_scope()))


def _shown(offer: PublishedOffer) -> OfferAnswer:
    return OfferAnswer(
        id=offer.id,
        merchant_id=offer.creator_merchant_id,
        funder_id=offer.funder_id,
        name=offer.name,
        stock=offer.stock,
        paused=offer.paused,
        created_at=offer.created_at,
        cost_minor=offer.terms.cost_minor,
        terms=offer.terms,
    )


_ASKED = {"name": "Two off at the tea house", "kind": "cash", "currency": "CNY", "face_minor": 200, "valid_days": 14}
_OFFER = {
    "id": ID,
    "merchant_id": ID,
    "funder_id": ID,
    "name": "Two off at the tea house",
    "stock": None,
    "paused": False,
    "created_at": AT,
    "cost_minor": 200,
    "terms": {
        "kind": "cash",
        "currency": "CNY",
        "face_minor": 200,
        "minimum_minor": 1000,
        "shop_ids": [ID],
        "valid_until": UNTIL,
    },
}

OFFER_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/offers",
        operation="publish_offer",
        summary="Publish an offer",
        tag=_TAG,
        roles=MANAGERS,
        handler=_publish,
        request=PublishOffer,
        response=OfferAnswer,
        status=HTTPStatus.CREATED,
        transaction="write",
        errors=(errors.InvalidOffer, errors.FunderNotAllowed, MerchantNotFound),
        example=_ASKED,
        example_response=_OFFER,
    ),
    Route(
        method="GET",
        path="/v1/offers",
        operation="list_offers",
        summary="List offers, the newest first",
        tag=_TAG,
        roles=READERS,
        reads_as="network",
        handler=_list,
        query=Offers,
        response=Listed[OfferAnswer],
        example_query={"limit": "2"},
        example_response={"items": [_OFFER], "next": None},
    ),
    Route(
        method="GET",
        path="/v1/offers/{offer_id}",
        operation="read_offer",
        summary="Read an offer",
        tag=_TAG,
        roles=READERS,
        reads_as="network",
        handler=_read,
        response=OfferAnswer,
        errors=(errors.OfferNotFound,),
        example_response=_OFFER,
    ),
    Route(
        method="POST",
        path="/v1/offers/{offer_id}/pause",
        operation="pause_offer",
        summary="Stop granting an offer; vouchers that are out stay valid",
        tag=_TAG,
        roles=MANAGERS,
        handler=_pause,
        response=OfferAnswer,
        transaction="write",
        errors=(errors.OfferNotFound,),
        example_response=_OFFER | {"paused": True},
    ),
    Route(
        method="POST",
        path="/v1/offers/{offer_id}/resume",
        operation="resume_offer",
        summary="Grant a paused offer again",
        tag=_TAG,
        roles=MANAGERS,
        handler=_resume,
        response=OfferAnswer,
        transaction="write",
        errors=(errors.OfferNotFound,),
        example_response=_OFFER,
    ),
)
