"""Requests, answers and routes of plays, for tills, kiosks and apps with a key; phones come through the pages."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct, structs

from ringmain.campaign import api, errors
from ringmain.campaign.scope import own_shop, own_touch
from ringmain.campaign.tokens import token_of
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Listed, Request, Role, Route, Time
from ringmain.match.api import PERSONAL_REASONS, Place
from ringmain.match.errors import PlaceIncomplete
from ringmain.member import api as member
from ringmain.member.errors import MemberUnknown
from ringmain.network.errors import ShopNotFound
from ringmain.scene import api as scene
from ringmain.scene.errors import SceneRetired

_Device = Annotated[
    str, Meta(min_length=16, max_length=200, description="Random, and the same whenever this person comes again.")
]
_Token = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}\Z", description="What POST /v1/draws has answered.")]


class DrawPrizes(Request, frozen=True):
    """A touch to draw for, and who plays: a member, or the device of somebody who has not joined yet."""

    touch_id: UUID
    member_id: UUID | None = None
    device: _Device | None = None
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None


class PrizeShown(Struct, frozen=True):
    """One prize: an offer and the shop that it leads to."""

    offer_id: UUID
    offer_name: str
    kind: str
    face_minor: int
    currency: str
    minimum_minor: int
    shop_id: UUID
    shop_name: str
    reasons: list[str]


class DrawShown(Struct, frozen=True):
    """A play: "open" with up to three prizes, "won" with its voucher, or "nothing" where nothing could be granted.

    `token` holds the play; it is needed to claim a prize, and belongs into no address or log.
    """

    draw_id: UUID | None
    state: str
    expires_at: datetime | None
    prizes: list[PrizeShown]
    voucher_id: UUID | None
    token: str = ""


class ClaimPrize(Request, frozen=True):
    """Which prize, for which member."""

    token: _Token
    offer_id: UUID
    member_id: UUID


class ClaimShown(Struct, frozen=True):
    """The voucher of the play; `stand_in` where every prize had gone and the network gave another one."""

    draw_id: UUID
    voucher_id: UUID
    offer_id: UUID
    stand_in: bool


class TakeVoucher(Request, frozen=True):
    """For which member, and where they stand; a till stands in its own shop."""

    member_id: UUID
    at_shop_id: UUID | None = None


class TakenShown(Struct, frozen=True):
    """The voucher that was taken."""

    voucher_id: UUID
    offer_id: UUID


class MakeReceipt(Request, frozen=True):
    """The sale whose receipt shall lead to the next voucher."""

    sale_id: UUID


class ReceiptShown(Struct, frozen=True):
    """What the code on the receipt opens."""

    sale_id: UUID
    scene_id: UUID
    url: str


class Since(Request, frozen=True):
    """From when on."""

    since: Time


class MissedShown(Struct, frozen=True):
    """A scene at which people left without a prize, because nothing could be granted."""

    scene_id: UUID
    people: int
    last_at: datetime


async def _draw(uow: UnitOfWork, call: Call, body: DrawPrizes) -> DrawShown:
    if (body.latitude is None) != (body.longitude is None):
        raise PlaceIncomplete()
    await own_touch(uow, call, body.touch_id)
    known = None
    if body.member_id is not None:
        known = (await member.subjects(uow, [body.member_id]))[0]
        if known is None:
            raise MemberUnknown()
    place = None
    if body.latitude is not None and body.longitude is not None:
        place = Place(body.latitude, body.longitude)
    by_operator = call.principal.role == "operator"
    player = api.Player(body.device, known)
    drawn = await api.draw(uow, call.keyring, body.touch_id, player, place=place, personal=by_operator)
    # Of a person's past a till learns nothing that happened elsewhere, also of a play that was drawn elsewhere.
    return _shown(drawn, hidden=frozenset() if by_operator else PERSONAL_REASONS)


def _with_token(call: Call, shown: DrawShown) -> DrawShown:
    """Add what may not be kept with the idempotency key."""
    if shown.draw_id is None:
        return shown
    return structs.replace(shown, token=token_of(call.keyring, call.principal.network_id, shown.draw_id))


async def _claim(uow: UnitOfWork, call: Call, body: ClaimPrize) -> ClaimShown:
    drawn = await api.read_draw(uow, call.keyring, body.token)
    if drawn.id != call.id("draw_id"):
        raise errors.DrawUnknown()
    try:
        await own_shop(uow, call, drawn.shop_id)
    except ShopNotFound as error:
        raise errors.DrawUnknown() from error
    claimed = await api.claim(uow, call.keyring, body.token, body.offer_id, body.member_id)
    return ClaimShown(claimed.draw_id, claimed.voucher_id, claimed.offer_id, claimed.stand_in)


async def _take(uow: UnitOfWork, call: Call, body: TakeVoucher) -> TakenShown:
    at_shop_id = call.principal.shop_id or body.at_shop_id
    taken = await api.take(uow, call.keyring, call.id("offer_id"), body.member_id, at_shop_id=at_shop_id)
    return TakenShown(taken.voucher_id, taken.offer_id)


async def _receipt(uow: UnitOfWork, call: Call, body: MakeReceipt) -> ReceiptShown:
    made = await api.next_voucher(uow, body.sale_id, merchant_id=call.merchant_scope())
    base = call.settings.public_url or f"http://{call.settings.host}:{call.settings.port}"
    return ReceiptShown(made.sale_id, made.scene_id, scene.scene_url(base, made.token))


async def _missed(uow: UnitOfWork, call: Call) -> Listed[MissedShown]:
    rows = await api.missed(uow, call.query.since)
    return Listed([MissedShown(row.scene_id, row.people, row.last_at) for row in rows])


def _shown(drawn: api.Draw, hidden: frozenset[str]) -> DrawShown:
    return DrawShown(
        draw_id=drawn.id,
        state=drawn.state,
        expires_at=drawn.expires_at,
        prizes=[
            PrizeShown(
                offer_id=prize.offer.id,
                offer_name=prize.offer.name,
                kind=prize.offer.terms.kind,
                face_minor=prize.offer.terms.face_minor,
                currency=prize.offer.terms.currency,
                minimum_minor=prize.offer.terms.minimum_minor,
                shop_id=prize.shop.id,
                shop_name=prize.shop.name,
                reasons=[reason.code for reason in prize.reasons if reason.code not in hidden],
            )
            for prize in drawn.prizes
        ],
        voucher_id=drawn.voucher_id,
    )


_TILLS: frozenset[Role] = frozenset({"operator", "terminal"})
_ID = "018f4e3a-7c00-7a10-8000-000000000031"
_AT = "2026-03-01T10:00:00Z"
_TOKEN = "AY9OOnwAehCAAAAAAAAAMQAAAAAAAAAAAAAAAAAAAAA"  # noqa: S105 (an example)
_PRIZE = {
    "offer_id": _ID,
    "offer_name": "Two off",
    "kind": "cash",
    "face_minor": 200,
    "currency": "CNY",
    "minimum_minor": 1_000,
    "shop_id": _ID,
    "shop_name": "Flowers",
    "reasons": ["distance", "open_until"],
}

ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/draws",
        operation="draw_prizes",
        summary="Draw three prizes for a touch",
        description="Three offers of three shops: never the shop where the person stands, never its rivals, each in "
        "stock and funded. Nothing is granted yet. One play per person, scene and day: once more gives the first one.",
        tag="plays",
        roles=_TILLS,
        handler=_draw,
        unaudited_because="a draw is a person's own step, and a fact with its time",
        request=DrawPrizes,
        response=DrawShown,
        kept=DrawShown,
        reveal=_with_token,
        status=201,
        transaction="write",
        errors=(
            errors.TouchUnknown,
            errors.PlayerUnnamed,
            errors.ReceiptUsed,
            errors.ReceiptEnded,
            errors.SceneHasGame,
            errors.CapReached,
            PlaceIncomplete,
            MemberUnknown,
        ),
        example={"touch_id": _ID, "device": "b2a7c1e09f5d4c3b"},
        example_response={
            "draw_id": _ID,
            "state": "open",
            "expires_at": _AT,
            "prizes": [_PRIZE],
            "voucher_id": None,
            "token": _TOKEN,
        },
    ),
    Route(
        method="POST",
        path="/v1/draws/{draw_id}/claim",
        operation="claim_prize",
        summary="Grant one prize of a play to a member",
        description="One voucher per play. Where the prize ran out, `prize_gone` names those that are left; where all "
        "ran out, a voucher that the network pays for stands in.",
        tag="plays",
        roles=_TILLS,
        handler=_claim,
        unaudited_because="a claim is a grant, which is a fact of its own",
        request=ClaimPrize,
        response=ClaimShown,
        status=201,
        transaction="write",
        errors=(
            errors.DrawUnknown,
            errors.DrawExpired,
            errors.DrawTaken,
            errors.AlreadyPlayed,
            errors.PrizeNotDrawn,
            errors.PrizeGone,
            errors.CapReached,
            errors.NoPrizeLeft,
            MemberUnknown,
        ),
        example={"token": _TOKEN, "offer_id": _ID, "member_id": _ID},
        example_response={"draw_id": _ID, "voucher_id": _ID, "offer_id": _ID, "stand_in": False},
    ),
    Route(
        method="POST",
        path="/v1/offers/{offer_id}/take",
        operation="take_voucher",
        summary="Take a voucher of an offer that a member has found",
        description="One voucher a day for each member, of each offer one at a time; the same again gives the first "
        "answer. Find offers with GET /v1/matches.",
        tag="plays",
        roles=_TILLS,
        handler=_take,
        unaudited_because="what is taken is a grant, which is a fact of its own",
        request=TakeVoucher,
        response=TakenShown,
        status=201,
        transaction="write",
        errors=(errors.OfferNotOpen, errors.OfferTaken, errors.CapReached, MemberUnknown, ShopNotFound, SceneRetired),
        example={"member_id": _ID},
        example_response={"voucher_id": _ID, "offer_id": _ID},
    ),
    Route(
        method="POST",
        path="/v1/receipts",
        operation="make_receipt_code",
        summary="Make the code on a receipt that leads to the next voucher",
        description="One per sale; once more gives the first one. Print `url` as a QR code.",
        tag="plays",
        roles=frozenset({"operator", "merchant", "terminal"}),
        handler=_receipt,
        unaudited_because="it is printed with every receipt",
        request=MakeReceipt,
        response=ReceiptShown,
        status=201,
        transaction="write",
        errors=(errors.SaleUnknown,),
        example={"sale_id": _ID},
        example_response={"sale_id": _ID, "scene_id": _ID, "url": "https://ring.example/s/Jm3xC0q0QZy8v1o5H2b7Ng"},
    ),
    Route(
        method="GET",
        path="/v1/draws/missed",
        operation="list_missed_draws",
        summary="List scenes at which people left without a prize",
        description="Nothing could be granted to them: no offer in reach was open, in stock and funded.",
        tag="plays",
        roles=frozenset({"operator", "analyst"}),
        handler=_missed,
        query=Since,
        response=Listed[MissedShown],
        example_query={"since": _AT},
        example_response={"items": [{"scene_id": _ID, "people": 3, "last_at": _AT}], "next": None},
    ),
)
