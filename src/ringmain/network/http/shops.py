"""Shops, their opening hours, and which are rivals."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import EVERYBODY, Call, Change, Listed, Name, Page, Request, Role, Route, keys_of, listed
from ringmain.network.errors import (
    HoursInvalid,
    MerchantNotFound,
    RivalIsOwnShop,
    ShopNotFound,
    TimeZoneUnknown,
)
from ringmain.network.model import DAY_MINUTES, Hours, NewShop, Shop
from ringmain.network.open import change_shop, declare_rival, merchant_of, open_shops, shop_of, withdraw_rival
from ringmain.network.store import places

_MANAGERS: frozenset[Role] = frozenset({"operator", "merchant"})
_ID = "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"
_AT = "2026-03-01T09:00:00Z"

Category = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{1,49}\Z", description="A word of lower-case letters.")]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
TimeZone = Annotated[str, Meta(min_length=1, max_length=64, description="A name of the IANA time zone database.")]
Clock = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z|^24:00\Z")]


class Open(Request, frozen=True):
    """From when to when a shop is open, by its own clock; a time not after `opens` is on the next day."""

    opens: Clock
    closes: Clock


Day = Annotated[list[Open], Meta(max_length=12)]


class OpeningHours(Request, frozen=True):
    """When a shop is open in an ordinary week; a day without times is closed."""

    monday: Day = field(default_factory=list)
    tuesday: Day = field(default_factory=list)
    wednesday: Day = field(default_factory=list)
    thursday: Day = field(default_factory=list)
    friday: Day = field(default_factory=list)
    saturday: Day = field(default_factory=list)
    sunday: Day = field(default_factory=list)


class OpenShop(Request, frozen=True):
    """A shop to open; a merchant's key may leave `merchant_id` out."""

    name: Name
    category: Category
    latitude: Latitude
    longitude: Longitude
    time_zone: TimeZone
    merchant_id: UUID | None = None
    hours: OpeningHours | None = None


class ChangeShop(Change, frozen=True):
    """What to change of a shop; what is absent stays, and `hours: null` means that they are not known."""

    name: Name | UnsetType = UNSET
    category: Category | UnsetType = UNSET
    latitude: Latitude | UnsetType = UNSET
    longitude: Longitude | UnsetType = UNSET
    time_zone: TimeZone | UnsetType = UNSET
    hours: OpeningHours | UnsetType | None = UNSET


class Shops(Page, frozen=True):
    """Which shops to list."""

    merchant_id: UUID | None = None


class ShopAnswer(Struct, frozen=True):
    """A shop."""

    id: UUID
    merchant_id: UUID
    name: str
    category: str
    latitude: float
    longitude: float
    time_zone: str
    hours: OpeningHours | None
    opened_at: datetime


class RivalAnswer(Struct, frozen=True):
    """A declared rival."""

    merchant_id: UUID
    shop_id: UUID


async def _open(uow: UnitOfWork, call: Call, body: OpenShop) -> ShopAnswer:
    own = call.merchant_scope()
    merchant_id = body.merchant_id or own
    if merchant_id is None or own not in (None, merchant_id):
        raise MerchantNotFound(merchant_id=merchant_id)
    new = NewShop(
        merchant_id, body.name, body.category, body.latitude, body.longitude, body.time_zone, _hours_of(body.hours)
    )
    (shop,) = await open_shops(uow, [new])
    return _shown(shop)


async def _list(uow: UnitOfWork, call: Call) -> Listed[ShopAnswer]:
    query: Shops = call.query
    after = keys_of(query.after, tuple[UUID])
    own = call.merchant_scope()
    if own is not None and query.merchant_id not in (None, own):
        return Listed([])
    rows = await places.list_shops(uow, after and after[0], query.limit + 1, own or query.merchant_id)
    return listed([_shown(row) for row in rows], query.limit, lambda shop: (shop.id,))


async def _read(uow: UnitOfWork, call: Call) -> ShopAnswer:
    return _shown(await shop_of(uow, call.id("shop_id"), call.merchant_scope()))


async def _change(uow: UnitOfWork, call: Call, body: ChangeShop) -> ShopAnswer:
    changes: dict[str, Any] = {
        name: value for name, value in msgspec.structs.asdict(body).items() if value is not UNSET
    }
    if "hours" in changes:
        changes["hours"] = _hours_of(changes["hours"])
    return _shown(await change_shop(uow, call.id("shop_id"), call.merchant_scope(), changes))


async def _rivals(uow: UnitOfWork, call: Call) -> Listed[RivalAnswer]:
    merchant_id = _merchant_id(call)
    await merchant_of(uow, merchant_id)
    found = await places.rivals(uow, merchant_id)
    return Listed([RivalAnswer(one.merchant_id, one.rival_shop_id) for one in found])


async def _declare(uow: UnitOfWork, call: Call, _: None) -> RivalAnswer:
    rival = await declare_rival(uow, _merchant_id(call), call.id("shop_id"))
    return RivalAnswer(rival.merchant_id, rival.rival_shop_id)


async def _withdraw(uow: UnitOfWork, call: Call, _: None) -> RivalAnswer:
    await withdraw_rival(uow, _merchant_id(call), call.id("shop_id"))
    return RivalAnswer(_merchant_id(call), call.id("shop_id"))


def _merchant_id(call: Call) -> UUID:
    id_ = call.id("merchant_id")
    if call.merchant_scope() not in (None, id_):
        raise MerchantNotFound(merchant_id=id_)
    return id_


def _hours_of(hours: OpeningHours | None) -> Hours | None:
    if hours is None:
        return None
    return tuple(tuple(_minutes(span) for span in day) for day in msgspec.structs.astuple(hours))


def _minutes(span: Open) -> tuple[int, int]:
    opens, closes = _minute(span.opens), _minute(span.closes)
    return opens, closes if closes > opens else closes + DAY_MINUTES


def _minute(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _clock(minute: int) -> str:
    past = minute if minute <= DAY_MINUTES else minute - DAY_MINUTES
    return f"{past // 60:02}:{past % 60:02}"


def _shown(shop: Shop) -> ShopAnswer:
    hours = None
    if shop.hours is not None:
        hours = OpeningHours(*([Open(_clock(opens), _clock(closes)) for opens, closes in day] for day in shop.hours))
    return ShopAnswer(
        shop.id,
        shop.merchant_id,
        shop.name,
        shop.category,
        shop.latitude,
        shop.longitude,
        shop.time_zone,
        hours,
        shop.opened_at,
    )


_DAY = [{"opens": "09:00", "closes": "21:30"}]
_HOURS = {
    "monday": _DAY,
    "tuesday": _DAY,
    "wednesday": _DAY,
    "thursday": _DAY,
    "friday": _DAY,
    "saturday": [{"opens": "10:00", "closes": "02:00"}],
    "sunday": [],
}
_SHOP = {
    "id": _ID,
    "merchant_id": _ID,
    "name": "Lotus Tea House, West Lake",
    "category": "tea",
    "latitude": 30.2489,
    "longitude": 120.1551,
    "time_zone": "Asia/Shanghai",
    "hours": _HOURS,
    "opened_at": _AT,
}
_NEW_SHOP = {name: value for name, value in _SHOP.items() if name not in ("id", "opened_at")}
_RIVAL = {"merchant_id": _ID, "shop_id": _ID}

SHOP_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/shops",
        operation="open_shop",
        summary="Open a shop",
        tag="shops",
        roles=_MANAGERS,
        transaction="write",
        handler=_open,
        request=OpenShop,
        response=ShopAnswer,
        status=201,
        errors=(MerchantNotFound, TimeZoneUnknown, HoursInvalid),
        example=_NEW_SHOP,
        example_response=_SHOP,
    ),
    Route(
        method="GET",
        path="/v1/shops",
        operation="list_shops",
        summary="List shops; keys of merchants and terminals see their merchant's",
        tag="shops",
        roles=EVERYBODY,
        handler=_list,
        query=Shops,
        response=Listed[ShopAnswer],
        example_query={"limit": "50"},
        example_response={"items": [_SHOP], "next": None},
    ),
    Route(
        method="GET",
        path="/v1/shops/{shop_id}",
        operation="read_shop",
        summary="Read a shop",
        tag="shops",
        roles=EVERYBODY,
        handler=_read,
        response=ShopAnswer,
        errors=(ShopNotFound,),
        example_response=_SHOP,
    ),
    Route(
        method="PATCH",
        path="/v1/shops/{shop_id}",
        operation="change_shop",
        summary="Change a shop",
        tag="shops",
        roles=_MANAGERS,
        transaction="write",
        handler=_change,
        request=ChangeShop,
        response=ShopAnswer,
        errors=(ShopNotFound, TimeZoneUnknown, HoursInvalid),
        example={"name": "Lotus Tea House, Su Causeway"},
        example_response=_SHOP | {"name": "Lotus Tea House, Su Causeway"},
    ),
    Route(
        method="GET",
        path="/v1/merchants/{merchant_id}/rivals",
        operation="list_rivals",
        summary="List the shops that a merchant has declared to be rivals",
        tag="shops",
        roles=_MANAGERS,
        handler=_rivals,
        response=Listed[RivalAnswer],
        errors=(MerchantNotFound,),
        example_response={"items": [_RIVAL], "next": None},
    ),
    Route(
        method="PUT",
        path="/v1/merchants/{merchant_id}/rivals/{shop_id}",
        operation="declare_rival",
        summary="Declare a shop to be a rival",
        description="Neither side is then shown the other's vouchers.",
        tag="shops",
        roles=_MANAGERS,
        transaction="write",
        handler=_declare,
        response=RivalAnswer,
        errors=(MerchantNotFound, ShopNotFound, RivalIsOwnShop),
        example_response=_RIVAL,
    ),
    Route(
        method="DELETE",
        path="/v1/merchants/{merchant_id}/rivals/{shop_id}",
        operation="withdraw_rival",
        summary="Withdraw the declaration of a rival",
        tag="shops",
        roles=_MANAGERS,
        transaction="write",
        handler=_withdraw,
        response=RivalAnswer,
        errors=(MerchantNotFound,),
        example_response=_RIVAL,
    ),
)
