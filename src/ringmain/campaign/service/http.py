"""Requests, answers and routes of service plans."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.campaign import errors
from ringmain.campaign.service import manage
from ringmain.campaign.service.model import (
    LONGEST_BENEFIT,
    LONGEST_PACE_DAYS,
    MOST_BENEFITS,
    MOST_OFFERS,
    USUAL_HELD_OUT_BP,
    Benefit,
    Said,
    Scene,
    ServicePlan,
)
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Listed, Page, Request, Role, Route, keys_of, listed
from ringmain.network.errors import MerchantNotFound
from ringmain.segment.errors import TribeUnknown

_MANAGERS: frozenset[Role] = frozenset({"operator", "merchant"})
_READERS: frozenset[Role] = frozenset({"operator", "merchant", "analyst"})
_TAG = "service plans"
_Words = Annotated[str, Meta(min_length=1, max_length=LONGEST_BENEFIT)]
_Offers = Annotated[tuple[UUID, ...], Meta(max_length=MOST_OFFERS)]
_Days = Annotated[int, Meta(ge=1, le=LONGEST_PACE_DAYS, description="At most one message in so many days.")]


class BenefitAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """A benefit that is no price, in both languages: "A table kept till 19:00"."""

    en: _Words
    zh: _Words


_Benefits = Annotated[tuple[BenefitAsked, ...], Meta(max_length=MOST_BENEFITS)]


class ChangeServicePlan(Request, frozen=True, kw_only=True):
    """What the plan says from now on, as a whole."""

    offer_ids: _Offers = ()
    benefits: _Benefits = ()
    message_days: _Days | None = None


class MakeServicePlan(ChangeServicePlan, frozen=True, kw_only=True):
    """A plan for a tribe at a kind of scene; operators make the network's own, or that of `merchant_id`.

    `held_out_bp`: 500 to 2,000 of 10,000 people of the tribe are served as if there were no plan.
    """

    tribe_id: UUID
    scene: Scene
    held_out_bp: Annotated[int, Meta(description="500 to 2,000 of 10,000 people.")] = USUAL_HELD_OUT_BP
    merchant_id: UUID | None = None


class ServicePlanShown(Struct, frozen=True, kw_only=True):
    """A plan as it stands; `merchant_id` null: the network's own."""

    id: UUID
    merchant_id: UUID | None
    tribe_id: UUID
    scene: str
    version: int
    offer_ids: tuple[UUID, ...]
    benefits: tuple[Benefit, ...]
    message_days: int | None
    held_out_bp: int
    made_at: datetime
    changed_at: datetime
    ended_at: datetime | None


class ServicePlans(Page, frozen=True):
    """Which plans to list; a merchant sees its own."""

    merchant_id: UUID | None = None


async def _make(uow: UnitOfWork, call: Call, body: MakeServicePlan) -> ServicePlanShown:
    own = call.merchant_scope()
    if own is not None and body.merchant_id not in (None, own):
        raise MerchantNotFound(merchant_id=body.merchant_id)
    new = manage.NewServicePlan(
        owner_id=own or body.merchant_id or call.principal.network_id,
        tribe_id=body.tribe_id,
        scene=body.scene,
        said=_said(body),
        held_out_bp=body.held_out_bp,
    )
    return _shown(await manage.make_plan(uow, new, by=own), call)


async def _change(uow: UnitOfWork, call: Call, body: ChangeServicePlan) -> ServicePlanShown:
    by = call.merchant_scope()
    return _shown(await manage.change_plan(uow, call.id("plan_id"), _said(body), by=by), call)


async def _end(uow: UnitOfWork, call: Call, _: None) -> ServicePlanShown:
    return _shown(await manage.end_plan(uow, call.id("plan_id"), by=call.merchant_scope()), call)


async def _read(uow: UnitOfWork, call: Call) -> ServicePlanShown:
    return _shown(await manage.read_plan(uow, call.id("plan_id"), by=call.merchant_scope()), call)


async def _list(uow: UnitOfWork, call: Call) -> Listed[ServicePlanShown]:
    query: ServicePlans = call.query
    own = call.merchant_scope()
    if own is not None and query.merchant_id not in (None, own):
        return Listed([])
    after = keys_of(query.after, tuple[UUID])
    found = await manage.plans_of(uow, own or query.merchant_id, before=after and after[0], limit=query.limit + 1)
    return listed([_shown(one, call) for one in found], query.limit, lambda one: (one.id,))


def _said(body: ChangeServicePlan) -> Said:
    benefits = tuple(Benefit(one.en.strip(), one.zh.strip()) for one in body.benefits)
    return Said(offer_ids=body.offer_ids, benefits=benefits, message_days=body.message_days)


def _shown(one: ServicePlan, call: Call) -> ServicePlanShown:
    return ServicePlanShown(
        merchant_id=None if one.owner_id == call.principal.network_id else one.owner_id,
        offer_ids=one.said.offer_ids,
        benefits=one.said.benefits,
        message_days=one.said.message_days,
        **{
            name: getattr(one, name)
            for name in ("id", "tribe_id", "scene", "version", "held_out_bp", "made_at", "changed_at", "ended_at")
        },
    )


_ID = "018f4e3a-7c00-7a10-8000-000000000041"
_AT = "2026-03-01T10:00:00Z"
_SAID: dict[str, Any] = {
    "offer_ids": [_ID],
    "benefits": [{"en": "A table kept till 19:00", "zh": "留座到 19:00"}],
    "message_days": 7,
}
_PLAN = _SAID | {
    "id": _ID,
    "merchant_id": None,
    "tribe_id": _ID,
    "scene": "poster",
    "version": 1,
    "held_out_bp": 1_000,
    "made_at": _AT,
    "changed_at": _AT,
    "ended_at": None,
}

ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/service-plans",
        operation="make_service_plan",
        summary="Let a tribe be served by a plan at a kind of scene",
        description="Some of its people are held out, and served as if there were no plan, so that its effect can be "
        "read. A merchant makes plans for tribes it is told of; they work at its own shops.",
        tag=_TAG,
        roles=_MANAGERS,
        handler=_make,
        request=MakeServicePlan,
        response=ServicePlanShown,
        status=HTTPStatus.CREATED,
        transaction="write",
        errors=(errors.ServicePlanInvalid, errors.ServicePlanRunning, TribeUnknown, MerchantNotFound),
        example=_SAID | {"tribe_id": _ID, "scene": "poster"},
        example_response=_PLAN,
    ),
    Route(
        method="GET",
        path="/v1/service-plans",
        operation="list_service_plans",
        summary="List service plans, the newest first",
        tag=_TAG,
        roles=_READERS,
        reads_as="network",
        handler=_list,
        query=ServicePlans,
        response=Listed[ServicePlanShown],
        example_query={"limit": "2"},
        example_response={"items": [_PLAN], "next": None},
    ),
    Route(
        method="GET",
        path="/v1/service-plans/{plan_id}",
        operation="read_service_plan",
        summary="Read a service plan as it stands",
        tag=_TAG,
        roles=_READERS,
        reads_as="network",
        handler=_read,
        response=ServicePlanShown,
        errors=(errors.ServicePlanNotFound,),
        example_response=_PLAN,
    ),
    Route(
        method="POST",
        path="/v1/service-plans/{plan_id}/versions",
        operation="change_service_plan",
        summary="Let a service plan say something else from now on",
        description="What was said before is kept. Who is held out stays so.",
        tag=_TAG,
        roles=_MANAGERS,
        handler=_change,
        request=ChangeServicePlan,
        response=ServicePlanShown,
        status=HTTPStatus.CREATED,
        transaction="write",
        errors=(errors.ServicePlanNotFound, errors.ServicePlanEnded, errors.ServicePlanInvalid),
        example=_SAID,
        example_response=_PLAN | {"version": 2},
    ),
    Route(
        method="POST",
        path="/v1/service-plans/{plan_id}/end",
        operation="end_service_plan",
        summary="End a service plan for good",
        tag=_TAG,
        roles=_MANAGERS,
        handler=_end,
        response=ServicePlanShown,
        transaction="write",
        errors=(errors.ServicePlanNotFound,),
        example_response=_PLAN | {"ended_at": _AT},
    ),
)
