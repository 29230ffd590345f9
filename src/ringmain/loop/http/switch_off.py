"""The routes of switch-offs: what visits remain when the money stops, and planning one for a share of the areas."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.campaign import api as campaign
from ringmain.campaign.api import SwitchOff
from ringmain.campaign.errors import SwitchOffInvalid, SwitchOffNotFound, SwitchOffPlanned
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Limit, Request, Role, Route, Time
from ringmain.loop import switch_off
from ringmain.loop.model.switch_off import Period, Remaining
from ringmain.loop.turns import in_turn

_OPERATOR: frozenset[Role] = frozenset({"operator"})
_WHOLE_NETWORK: frozenset[Role] = frozenset({"operator", "analyst"})
_SOME_AT_A_TIME = Limit(10, seconds=60)
_ID = "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"
_AT, _UNTIL = "2026-03-02T00:00:00Z", "2026-05-31T00:00:00Z"


class PlanSwitchOff(Request, frozen=True, kw_only=True):
    """Switch campaigns off in a share of the areas (1,000 to 5,000 of 10,000, drawn by chance) for 30 to 180 days."""

    share_bp: Annotated[int, Meta(description="Of 10,000 areas.")]
    starts_at: Time
    days: int


class PlannedShown(Struct, frozen=True, kw_only=True):
    """A planned switch-off; `stopped_at`: when it was called off or ended early."""

    id: UUID
    share_bp: int
    starts_at: datetime
    ends_at: datetime
    planned_at: datetime
    stopped_at: datetime | None


class PlannedReadShown(Struct, frozen=True, kw_only=True):
    """A planned switch-off, the areas that are off and on, and the share of visits left after 30, 60, 90 days.

    remaining: null where it is too early, or there are too few areas.
    """

    planned: PlannedShown
    off: list[str]
    on: list[str]
    remaining: list[Remaining | None]


class StopShown(Struct, frozen=True, kw_only=True):
    """What remained after the campaigns of a merchant, of an area, or (both null) of the whole ring were over.

    Visits a person and week: `rate` of who could win, `others` of who was kept apart by chance, `habit` what the first
    would have come by habit alone; `more` what the money made of it, with its 95 % interval, null: too early to say.
    """

    merchant_id: UUID | None
    area: str | None
    stopped_at: datetime
    topping_up: bool
    periods: list[Period]


class SwitchedOffShown(Struct, frozen=True, kw_only=True):
    """Whose money has stopped, and the newest twenty planned switch-offs."""

    stops: list[StopShown]
    planned: list[PlannedReadShown]


async def _read(call: Call, _: Any) -> SwitchedOffShown:
    network_id = call.principal.network_id
    async with call.database.unit(network_id) as uow:
        asked, now = await switch_off.stops(uow), await uow.now()
    found = await in_turn(switch_off.switched_off, call.settings.lake_folder, network_id, asked, now)
    return SwitchedOffShown(
        stops=[
            StopShown(
                merchant_id=one.merchant_id,
                area=one.area,
                stopped_at=one.stopped_at,
                topping_up=one.topping_up,
                periods=list(one.periods),
            )
            for one in found.stops
        ],
        planned=[
            PlannedReadShown(
                planned=_planned(one.planned), off=list(one.off), on=list(one.on), remaining=list(one.remaining)
            )
            for one in found.planned
        ],
    )


async def _plan(uow: UnitOfWork, call: Call, body: PlanSwitchOff) -> PlannedShown:
    del call
    return _planned(
        await campaign.plan_switch_off(uow, share_bp=body.share_bp, starts_at=body.starts_at, days=body.days)
    )


async def _stop(uow: UnitOfWork, call: Call, _: None) -> PlannedShown:
    return _planned(await campaign.stop_switch_off(uow, call.id("switch_off_id")))


def _planned(one: SwitchOff) -> PlannedShown:
    return PlannedShown(**{name: getattr(one, name) for name in PlannedShown.__struct_fields__})


_PLANNED = {
    "id": _ID,
    "share_bp": 2500,
    "starts_at": _AT,
    "ends_at": _UNTIL,
    "planned_at": _AT,
    "stopped_at": None,
}
_PERIOD = {
    "name": "after_30",
    "treated": 1840,
    "compared_with": 205,
    "rate": 0.61,
    "others": 0.52,
    "habit": 0.53,
    "more": 0.08,
    "interval": {"low": 0.01, "high": 0.15},
}
_REMAINING = {"off": 4, "on": 12, "share": 0.86, "interval": {"low": 0.74, "high": 1.01}}

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/loop/switch-off",
        operation="read_switch_off",
        summary="Read what visits remain when the money stops",
        description="Visits before, during, and 30, 60 and 90 days after the campaigns of a merchant, an area or the "
        "ring were over, beside people who were kept apart by chance; and planned switch-offs, beside areas where the "
        "money flows on.",
        tag="loop",
        roles=_WHOLE_NETWORK,
        handler=_read,
        transaction="own",
        response=SwitchedOffShown,
        limit=_SOME_AT_A_TIME,
        example_response={
            "stops": [
                {
                    "merchant_id": _ID,
                    "area": None,
                    "stopped_at": _AT,
                    "topping_up": False,
                    "periods": [_PERIOD],
                }
            ],
            "planned": [
                {
                    "planned": _PLANNED,
                    "off": ["1506:6074"],
                    "on": ["1507:6074"],
                    "remaining": [_REMAINING, None, None],
                }
            ],
        },
    ),
    Route(
        method="POST",
        path="/v1/switch-offs",
        operation="plan_switch_off",
        summary="Plan a switch-off",
        description="Areas are drawn by chance in which no campaign gives anything for some days. Games go on there "
        "with what stands in; vouchers that are out stay valid. One at a time.",
        tag="loop",
        roles=_OPERATOR,
        handler=_plan,
        request=PlanSwitchOff,
        response=PlannedShown,
        status=HTTPStatus.CREATED,
        transaction="write",
        errors=(SwitchOffInvalid, SwitchOffPlanned),
        example={"share_bp": 2500, "starts_at": _AT, "days": 90},
        example_response=_PLANNED,
    ),
    Route(
        method="POST",
        path="/v1/switch-offs/{switch_off_id}/stop",
        operation="stop_switch_off",
        summary="Stop a switch-off",
        description="Campaigns give everywhere again.",
        tag="loop",
        roles=_OPERATOR,
        handler=_stop,
        response=PlannedShown,
        transaction="write",
        errors=(SwitchOffNotFound,),
        example_response={**_PLANNED, "stopped_at": _UNTIL},
    ),
)
