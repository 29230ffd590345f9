"""The routes of how tribes were served: what a service plan brought, beside those who were held out."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from ringmain.campaign.errors import ServicePlanNotFound
from ringmain.kit.http import Call, Limit, Role, Route
from ringmain.loop import served
from ringmain.loop.served import Group, More
from ringmain.loop.turns import in_turn

_READERS: frozenset[Role] = frozenset({"operator", "merchant", "analyst"})
_SOME_AT_A_TIME = Limit(20, seconds=60)


class PerPerson(Struct, frozen=True, kw_only=True):
    """What one person of those served did more than those held out, with its 95 % interval; null: nothing can be said.

    `state`: too_early, effect, no_effect_seen or miscounted (the groups are not of the sizes that were promised).
    """

    state: str
    more: float | None
    low: float | None
    high: float | None


class PlanEffectShown(Struct, frozen=True, kw_only=True):
    """What a plan brought in the `window_days` after each person was first met: counted, and caused.

    `served`, `held_out` are counted: people, their visits, those without a voucher (`full_price`), and what they paid.
    Readings are differences per person; while not `final` they hold however often they are looked at. Merchants read
    it as it stood on a Monday, people in fives; null: fewer than ten. `benefits_given`: what tills told of, by when.
    """

    plan_id: UUID
    window_days: int
    until: datetime
    final: bool
    waiting: int | None
    served: Group
    held_out: Group
    visits: PerPerson
    full_price: PerPerson
    paid: PerPerson
    benefits_given: int | None


def per_person(one: More) -> PerPerson:
    """Return a reading, rounded to what it can bear."""
    if one.more is None or one.interval is None:
        return PerPerson(state=one.state.value, more=None, low=None, high=None)
    more, low, high = (round(value, 4) for value in (one.more, one.interval.low, one.interval.high))
    return PerPerson(state=one.state.value, more=more, low=low, high=high)


async def _effect(call: Call, _: Any) -> PlanEffectShown:
    network_id, plan_id = call.principal.network_id, call.id("plan_id")
    async with call.database.unit(network_id) as uow:
        asked = await served.effect_of(uow, plan_id, by=call.merchant_scope())
    found = await in_turn(served.plan_effect, call.settings.lake_folder, call.keyring, network_id, asked)
    return PlanEffectShown(
        plan_id=plan_id,
        window_days=found.window_days,
        until=found.until,
        final=found.final,
        waiting=found.waiting,
        served=found.served,
        held_out=found.held_out,
        visits=per_person(found.visits),
        full_price=per_person(found.full_price),
        paid=per_person(found.paid),
        benefits_given=found.given,
    )


_ID = "018f4e3a-7c00-7a10-8000-000000000041"
_MORE = {"state": "effect", "more": 0.31, "low": 0.12, "high": 0.5}

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/service-plans/{plan_id}/effect",
        operation="read_service_plan_effect",
        summary="Read what a service plan brought, beside those held out",
        description="People are compared as they were dealt at the first meeting, for as long as everybody, whether "
        "they took up what they were offered or not. What they did before is taken off (CUPED).",
        tag="service plans",
        roles=_READERS,
        handler=_effect,
        transaction="own",
        response=PlanEffectShown,
        limit=_SOME_AT_A_TIME,
        errors=(ServicePlanNotFound,),
        example_response={
            "plan_id": _ID,
            "window_days": 14,
            "until": "2026-03-02T00:00:00Z",
            "final": False,
            "waiting": 45,
            "served": {"people": 900, "visits": 1_980, "full_price": 1_420, "paid_minor": 9_870_000},
            "held_out": {"people": 100, "visits": 189, "full_price": 131, "paid_minor": 940_000},
            "visits": _MORE,
            "full_price": _MORE | {"more": 0.27, "low": 0.08, "high": 0.46},
            "paid": _MORE | {"state": "too_early", "more": 1_560.0, "low": -400.0, "high": 3_520.0},
            "benefits_given": 640,
        },
    ),
)
