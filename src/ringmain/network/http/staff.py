"""Staff and the check of their PINs."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Change, Limit, Listed, Name, Page, Request, Role, Route, keys_of, listed, persist
from ringmain.kit.pure.errors import RuleBroken
from ringmain.network.errors import (
    MerchantNotFound,
    PinLocked,
    PinTooSimple,
    PinWrong,
    ShopNotFound,
    StaffNotFound,
)
from ringmain.network.model import Staff, StaffRole
from ringmain.network.staff import add_staff, change_staff, check_pin
from ringmain.network.store import people

_MANAGERS: frozenset[Role] = frozenset({"operator", "merchant"})
_ID = "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"
_AT = "2026-03-01T09:00:00Z"

Pin = Annotated[str, Meta(pattern=r"^[0-9]{4,8}\Z", description="4 to 8 digits.")]


class AddStaff(Request, frozen=True):
    """A person to add; without `shop_id` they work in every shop of the merchant."""

    name: Name
    role: StaffRole
    pin: Pin
    merchant_id: UUID | None = None
    shop_id: UUID | None = None


class ChangeStaff(Change, frozen=True):
    """What to change of a person; `left` ends or renews their work, a new PIN lifts the lock on the one before."""

    name: Name | UnsetType = UNSET
    role: StaffRole | UnsetType = UNSET
    shop_id: UUID | UnsetType | None = UNSET
    pin: Pin | UnsetType = UNSET
    left: bool | UnsetType = UNSET


class StaffKept(Struct, frozen=True):
    """A person by their id: names are not kept with idempotency keys."""

    id: UUID
    merchant_id: UUID
    shop_id: UUID | None
    role: StaffRole
    joined_at: datetime
    left_at: datetime | None


class StaffAnswer(Struct, frozen=True):
    """A person who works for a merchant."""

    id: UUID
    merchant_id: UUID
    shop_id: UUID | None
    name: str
    role: StaffRole
    joined_at: datetime
    left_at: datetime | None


class People(Page, frozen=True):
    """Which people to list."""

    merchant_id: UUID | None = None
    shop_id: UUID | None = None


class PinCheck(Request, frozen=True):
    """Who says they stand at the till."""

    staff_id: UUID
    pin: Pin


class PinAccepted(Struct, frozen=True):
    """Who stands at the till."""

    staff_id: UUID
    name: str
    role: StaffRole


async def _add(uow: UnitOfWork, call: Call, body: AddStaff) -> StaffKept:
    own = call.merchant_scope()
    merchant_id = body.merchant_id or own
    if merchant_id is None or own not in (None, merchant_id):
        raise MerchantNotFound(merchant_id=merchant_id)
    staff = await add_staff(uow, call.keyring, merchant_id, body.shop_id, body.name, body.role, body.pin)
    return _kept(staff)


async def _change(uow: UnitOfWork, call: Call, body: ChangeStaff) -> StaffKept:
    changes: dict[str, Any] = {
        name: value
        for name, value in msgspec.structs.asdict(body).items()
        if value is not UNSET and name not in ("pin", "left")
    }
    if body.left is not UNSET:
        changes["left_at"] = await uow.now() if body.left else None
    pin = None if body.pin is UNSET else body.pin
    staff = await change_staff(uow, call.keyring, call.id("staff_id"), call.merchant_scope(), changes, pin)
    return _kept(staff)


async def _list(uow: UnitOfWork, call: Call) -> Listed[StaffAnswer]:
    query: People = call.query
    after = keys_of(query.after, tuple[UUID])
    own = call.merchant_scope()
    if own is not None and query.merchant_id not in (None, own):
        return Listed([])
    # A till shows the names of those who work in its own shop, and nobody else's.
    shop_id = call.principal.shop_id or query.shop_id
    rows = await people.list_staff(uow, after and after[0], query.limit + 1, own or query.merchant_id, shop_id)
    return listed([_shown(row) for row in rows], query.limit, lambda staff: (staff.id,))


async def _check(call: Call, body: PinCheck) -> PinAccepted:
    shop_id = call.principal.shop_id
    if shop_id is None:
        raise PinWrong

    async def attempt() -> Staff | RuleBroken:
        async with call.database.unit(call.principal.network_id) as uow:
            return await check_pin(uow, call.keyring, shop_id, body.staff_id, body.pin)

    found = await persist(attempt)
    if isinstance(found, RuleBroken):
        raise found
    return PinAccepted(found.id, found.name, found.role)


def _kept(staff: Staff) -> StaffKept:
    return StaffKept(staff.id, staff.merchant_id, staff.shop_id, staff.role, staff.joined_at, staff.left_at)


def _shown(staff: Staff) -> StaffAnswer:
    return StaffAnswer(
        staff.id, staff.merchant_id, staff.shop_id, staff.name, staff.role, staff.joined_at, staff.left_at
    )


_KEPT = {"id": _ID, "merchant_id": _ID, "shop_id": None, "role": "cashier", "joined_at": _AT, "left_at": None}

STAFF_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/staff",
        operation="add_staff",
        summary="Add a person with a PIN",
        tag="staff",
        roles=_MANAGERS,
        transaction="write",
        handler=_add,
        request=AddStaff,
        response=StaffKept,
        status=201,
        errors=(MerchantNotFound, ShopNotFound, PinTooSimple),
        example={"name": "Mei", "role": "cashier", "pin": "7391", "merchant_id": _ID},
        example_response=_KEPT,
    ),
    Route(
        method="GET",
        path="/v1/staff",
        operation="list_staff",
        summary="List staff; a terminal sees those of its shop",
        tag="staff",
        roles=frozenset({"operator", "merchant", "terminal"}),
        handler=_list,
        query=People,
        response=Listed[StaffAnswer],
        example_query={"limit": "50"},
        example_response={"items": [_KEPT | {"name": "Mei"}], "next": None},
    ),
    Route(
        method="PATCH",
        path="/v1/staff/{staff_id}",
        operation="change_staff",
        summary="Change a person, or set a new PIN",
        tag="staff",
        roles=_MANAGERS,
        transaction="write",
        handler=_change,
        request=ChangeStaff,
        response=StaffKept,
        errors=(StaffNotFound, ShopNotFound, PinTooSimple),
        example={"role": "manager"},
        example_response=_KEPT | {"role": "manager"},
    ),
    Route(
        method="POST",
        path="/v1/staff/pin-checks",
        operation="check_pin",
        summary="Check who stands at the till",
        description="Five wrong tries lock the PIN for fifteen minutes, whichever till they came from.",
        tag="staff",
        roles=frozenset({"terminal"}),
        transaction="own",
        keyless_because="it changes nothing but the count of wrong tries, and each try counts.",
        limit=Limit(20, seconds=60.0),
        handler=_check,
        request=PinCheck,
        response=PinAccepted,
        errors=(PinWrong, PinLocked, ShopNotFound),
        example={"staff_id": _ID, "pin": "7391"},
        example_response={"staff_id": _ID, "name": "Mei", "role": "cashier"},
    ),
)
