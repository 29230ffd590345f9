"""The routes of standing top-ups, and of the pressure of the whole ring."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import AmountMinor, Call, Request, Role, Route
from ringmain.loop import top_up
from ringmain.loop.errors import TopUpInvalid, TopUpNotFound
from ringmain.loop.model.pressure import Estimate
from ringmain.loop.model.top_ups import TopUp, Why
from ringmain.loop.pressure import RingPressure, ring_pressure
from ringmain.network.errors import MerchantNotFound

_MANAGERS: frozenset[Role] = frozenset({"operator", "merchant"})
_WHOLE_NETWORK: frozenset[Role] = frozenset({"operator", "analyst"})
_ID = "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"
_AT = "2026-03-01T09:00:00Z"
_TAG = "top-ups"


class SetTopUp(Request, frozen=True, kw_only=True):
    """Add so much of what is owed when what can be spent falls below an amount, or lasts fewer days than these."""

    add_minor: AmountMinor
    month_minor: AmountMinor
    below_minor: AmountMinor | None = None
    below_days: Annotated[int, Meta(ge=1, le=90)] | None = None


class PauseTopUp(Request, frozen=True):
    """Pause, which stops what is announced, or go on."""

    paused: bool


class OrderShown(Struct, frozen=True, kw_only=True):
    """A standing top-up."""

    below_minor: int | None
    below_days: int | None
    add_minor: int
    month_minor: int
    paused: bool
    changed_at: datetime


class StandingShown(Struct, frozen=True, kw_only=True):
    """A standing top-up (null: never set), where it stands, and its newest 20.

    `why`: due, paused, enough, month_full (this month's limit is used), waits (one is announced, or has just failed).
    `month_minor`: made and announced this month. A top-up fails where less is owed to the merchant than it adds.
    """

    merchant_id: UUID
    currency: str
    order: OrderShown | None
    available_minor: int
    owed_minor: int
    month_minor: int
    left: Estimate
    why: Why | None
    top_ups: list[TopUp]


async def _read(uow: UnitOfWork, call: Call) -> StandingShown:
    merchant_id = _merchant(call)
    return _shown(merchant_id, await top_up.standing(uow, merchant_id))


async def _set(uow: UnitOfWork, call: Call, body: SetTopUp) -> StandingShown:
    merchant_id = _merchant(call)
    found = await top_up.set_top_up(
        uow,
        merchant_id,
        below_minor=body.below_minor,
        below_days=body.below_days,
        add_minor=body.add_minor,
        month_minor=body.month_minor,
    )
    return _shown(merchant_id, found)


async def _pause(uow: UnitOfWork, call: Call, body: PauseTopUp) -> StandingShown:
    merchant_id = _merchant(call)
    return _shown(merchant_id, await top_up.pause_top_up(uow, merchant_id, paused=body.paused))


async def _ring(uow: UnitOfWork, call: Call) -> RingPressure:
    del call
    return await ring_pressure(uow)


def _merchant(call: Call) -> UUID:
    id_ = call.id("merchant_id")
    if call.merchant_scope() not in (None, id_):
        raise MerchantNotFound(merchant_id=id_)
    return id_


def _shown(merchant_id: UUID, found: top_up.Standing) -> StandingShown:
    one = found.order
    return StandingShown(
        merchant_id=merchant_id,
        currency=found.currency,
        order=None
        if one is None
        else OrderShown(**{name: getattr(one, name) for name in OrderShown.__struct_fields__}),
        available_minor=found.available_minor,
        owed_minor=found.owed_minor,
        month_minor=found.month_minor,
        left=found.left,
        why=found.why,
        top_ups=found.top_ups,
    )


_ESTIMATE = {
    "state": "runs_dry",
    "days_left": 9.5,
    "dry_on": "2026-03-10",
    "used": 91_000,
    "returned": 7_000,
    "days": 14.0,
    "vouchers": 410,
}
_ORDER = {
    "below_minor": 20_000,
    "below_days": 7,
    "add_minor": 10_000,
    "month_minor": 40_000,
    "paused": False,
    "changed_at": _AT,
}
_STANDING = {
    "merchant_id": _ID,
    "currency": "CNY",
    "order": _ORDER,
    "available_minor": 57_000,
    "owed_minor": 31_000,
    "month_minor": 10_000,
    "left": _ESTIMATE,
    "why": "enough",
    "top_ups": [],
}

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/merchants/{merchant_id}/top-up",
        operation="read_top_up",
        summary="Read a merchant's standing top-up",
        tag=_TAG,
        roles=_MANAGERS,
        reads_as="network",
        handler=_read,
        response=StandingShown,
        errors=(MerchantNotFound,),
        example_response=_STANDING,
    ),
    Route(
        method="PUT",
        path="/v1/merchants/{merchant_id}/top-up",
        operation="set_top_up",
        summary="Let what a merchant is owed keep its offers going",
        description="When what it can spend falls below the amount, or lasts fewer days, a top-up is announced, and a "
        "day later made from what the network owes the merchant for vouchers that it took. At most `month_minor` a "
        "calendar month. Nothing is taken from anywhere else; where too little is owed, the top-up fails and says so.",
        tag=_TAG,
        roles=_MANAGERS,
        handler=_set,
        request=SetTopUp,
        response=StandingShown,
        transaction="write",
        errors=(MerchantNotFound, TopUpInvalid),
        example={"below_days": 7, "add_minor": 10_000, "month_minor": 40_000},
        example_response=_STANDING,
    ),
    Route(
        method="POST",
        path="/v1/merchants/{merchant_id}/top-up/pause",
        operation="pause_top_up",
        summary="Pause a standing top-up, or let it go on",
        tag=_TAG,
        roles=_MANAGERS,
        handler=_pause,
        request=PauseTopUp,
        response=StandingShown,
        transaction="write",
        errors=(MerchantNotFound, TopUpNotFound),
        example={"paused": True},
        example_response=_STANDING | {"order": _ORDER | {"paused": True}, "why": "paused"},
    ),
    Route(
        method="GET",
        path="/v1/loop/pressure",
        operation="read_ring_pressure",
        summary="Read how many days the money of the whole ring lasts",
        description="The sum of what all merchants and the network's pool can spend, divided by what was used a day.",
        tag="loop",
        roles=_WHOLE_NETWORK,
        handler=_ring,
        response=RingPressure,
        example_response={
            "currency": "CNY",
            "at": _AT,
            "available_minor": 912_000,
            "credit_minor": 0,
            "window_days": 14,
            "money": _ESTIMATE,
        },
    ),
)
