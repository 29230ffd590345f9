"""Requests, answers and routes of campaigns."""

from dataclasses import fields
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.campaign import errors
from ringmain.campaign.plan import run
from ringmain.campaign.plan.model import (
    DAY_MINUTES,
    LAPSED_DAYS,
    LEAST_LAPSED,
    MOST_LAPSED,
    USUAL_COMPARED_BP,
    Audience,
    Campaign,
    Channel,
    Goal,
    NewCampaign,
    Schedule,
)
from ringmain.campaign.plan.partner_http import PARTNERSHIP_ROUTES, OnBehalf, acting
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import AmountMinor, Call, Listed, Name, Page, Request, Role, Route, Time, keys_of, listed
from ringmain.network.errors import MerchantNotFound
from ringmain.segment.errors import SegmentUnknown

_MANAGERS: frozenset[Role] = frozenset({"operator", "merchant"})
_READERS: frozenset[Role] = frozenset({"operator", "merchant", "analyst"})
_TAG = "campaigns"
_Minute = Annotated[int, Meta(ge=0, le=DAY_MINUTES, description="Minutes after midnight, by the network's clock.")]
LapsedDays = Annotated[
    int,
    Meta(ge=LEAST_LAPSED, le=MOST_LAPSED, description="For `lapsed`: days since a guest bought something there last."),
]
_Metres = Annotated[int, Meta(ge=50, le=50_000)]


class AudienceAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may get the offer: everyone in reach, a tribe, a segment, who needs a category within a week, or an area."""

    kind: Annotated[str, Meta(pattern="^(everyone|tribe|segment|need|area)$")] = "everyone"
    tribe_id: UUID | None = None
    segment_id: UUID | None = None
    category: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None
    metres: _Metres | None = None


class DraftCampaign(Request, frozen=True, kw_only=True):
    """A campaign to draft; it never changes afterwards.

    A merchant's key drafts for that merchant; an operator names `merchant_id`, or leaves it out for the network's own.
    `turn_hours`: areas have the campaign by turns of so many hours, where people influence each other. The goal `new`
    is for who never bought at the merchant's shops, `lapsed` for who did and stayed away, as far as the network may
    tell.
    """

    name: Name
    goal: Goal
    offer_id: UUID
    budget_minor: AmountMinor
    starts_at: Time
    ends_at: Time
    merchant_id: UUID | None = None
    audience: AudienceAsked = AudienceAsked()
    weekdays: Annotated[tuple[int, ...], Meta(max_length=7, description="1 Monday to 7; empty: every day.")] = ()
    from_minute: _Minute = 0
    until_minute: _Minute = DAY_MINUTES
    channels: Annotated[tuple[Channel, ...], Meta(max_length=3)] = ("scene", "search")
    comparison_bp: Annotated[int, Meta(description="500 to 1,000 of 10,000 people.")] = USUAL_COMPARED_BP
    turn_hours: Annotated[int, Meta(ge=1, le=168)] | None = None
    partnership_id: UUID | None = None
    lapsed_days: LapsedDays = LAPSED_DAYS


class CopyCampaign(Request, frozen=True, kw_only=True):
    """When the copy shall run."""

    starts_at: Time
    ends_at: Time


class CampaignShown(Struct, frozen=True, kw_only=True):
    """A campaign as it stands."""

    id: UUID
    merchant_id: UUID
    name: str
    goal: str
    state: str
    audience: Audience
    offer_id: UUID
    currency: str
    budget_minor: int
    starts_at: datetime
    ends_at: datetime
    weekdays: tuple[int, ...]
    from_minute: int
    until_minute: int
    channels: tuple[str, ...]
    comparison_bp: int
    turn_hours: int | None
    partnership_id: UUID | None
    copied_from: UUID | None
    lapsed_days: int
    made_at: datetime
    changed_at: datetime


class Campaigns(Page, frozen=True):
    """Which campaigns to list; `to_approve`: those of partners that wait for a merchant's approval, all of them."""

    merchant_id: UUID | None = None
    to_approve: bool = False


async def _draft(uow: UnitOfWork, call: Call, body: DraftCampaign) -> CampaignShown:
    own = call.merchant_scope()
    if own is not None and body.merchant_id not in (None, own):
        raise MerchantNotFound(merchant_id=body.merchant_id)
    when = Schedule(**{one.name: getattr(body, one.name) for one in fields(Schedule)})
    names = (
        "name",
        "goal",
        "offer_id",
        "budget_minor",
        "channels",
        "comparison_bp",
        "turn_hours",
        "partnership_id",
        "lapsed_days",
    )
    audience: Any = {name: getattr(body.audience, name) for name in AudienceAsked.__struct_fields__}
    new = NewCampaign(
        merchant_id=own or body.merchant_id or call.principal.network_id,
        schedule=when,
        audience=Audience(**audience),
        **{name: getattr(body, name) for name in names},
    )
    return _shown(await run.draft_campaign(uow, new, by=own))


async def _list(uow: UnitOfWork, call: Call) -> Listed[CampaignShown]:
    query: Campaigns = call.query
    own = call.merchant_scope()
    if own is not None and query.merchant_id not in (None, own):
        return Listed([])
    whose = own or query.merchant_id
    if query.to_approve:
        return Listed([_shown(one) for one in await run.campaigns_to_approve(uow, whose)] if whose else [])
    after = keys_of(query.after, tuple[UUID])
    found = await run.campaigns_of(uow, whose, before=after and after[0], limit=query.limit + 1)
    return listed([_shown(one) for one in found], query.limit, lambda one: (one.id,))


async def _read(uow: UnitOfWork, call: Call) -> CampaignShown:
    return _shown(await run.read_campaign(uow, call.id("campaign_id"), by=call.merchant_scope()))


async def _start(uow: UnitOfWork, call: Call, _: None) -> CampaignShown:
    return _shown(await run.start_campaign(uow, call.id("campaign_id"), by=call.merchant_scope()))


async def _pause(uow: UnitOfWork, call: Call, _: None) -> CampaignShown:
    return _shown(await run.pause_campaign(uow, call.id("campaign_id"), by=call.merchant_scope()))


async def _end(uow: UnitOfWork, call: Call, _: None) -> CampaignShown:
    return _shown(await run.end_campaign(uow, call.id("campaign_id"), by=call.merchant_scope()))


async def _copy(uow: UnitOfWork, call: Call, body: CopyCampaign) -> CampaignShown:
    by, times = call.merchant_scope(), {"starts_at": body.starts_at, "ends_at": body.ends_at}
    return _shown(await run.copy_campaign(uow, call.id("campaign_id"), by=by, **times))


async def _approve(uow: UnitOfWork, call: Call, body: OnBehalf) -> CampaignShown:
    party = acting(call, body.merchant_id)
    return _shown(await run.approve_campaign(uow, call.id("campaign_id"), partner=party))


async def _decline(uow: UnitOfWork, call: Call, body: OnBehalf) -> CampaignShown:
    party = acting(call, body.merchant_id)
    return _shown(await run.decline_campaign(uow, call.id("campaign_id"), partner=party))


def _shown(one: Campaign) -> CampaignShown:
    said, when = one.said, one.said.schedule
    names = ("merchant_id", "name", "goal", "audience", "offer_id", "budget_minor", "channels", "comparison_bp")
    more = ("turn_hours", "partnership_id", "copied_from", "lapsed_days")
    return CampaignShown(
        id=one.id,
        state=one.state.value,
        currency=one.currency,
        made_at=one.made_at,
        changed_at=one.changed_at,
        **{name: getattr(said, name) for name in (*names, *more)},
        **{part.name: getattr(when, part.name) for part in fields(Schedule)},
    )


_ID = "018f4e3a-7c00-7a10-8000-000000000041"
_AT, _UNTIL = "2026-03-01T10:00:00Z", "2026-03-29T10:00:00Z"
_ASKED = {
    "name": "Quiet afternoons",
    "goal": "quiet_hours",
    "offer_id": _ID,
    "budget_minor": 50_000,
    "starts_at": _AT,
    "ends_at": _UNTIL,
    "from_minute": 840,
    "until_minute": 1020,
}
_CAMPAIGN = _ASKED | {
    "id": _ID,
    "merchant_id": _ID,
    "state": "draft",
    "audience": {
        "kind": "everyone",
        "tribe_id": None,
        "segment_id": None,
        "category": None,
        "latitude": None,
        "longitude": None,
        "metres": None,
    },
    "currency": "CNY",
    "weekdays": [],
    "channels": ["scene", "search"],
    "comparison_bp": 1000,
    "turn_hours": None,
    "partnership_id": None,
    "copied_from": None,
    "lapsed_days": 60,
    "made_at": _AT,
    "changed_at": _AT,
}
_EXCHANGE = (errors.PartnershipNotFound, errors.PartnershipNotAgreed, errors.PartnershipLimit)


def _step(step: str, summary: str, handler: Any, state: str, description: str = "", *more: Any) -> Route:
    """Return the route of a step of a campaign's own merchant."""
    return Route(
        method="POST",
        path=f"/v1/campaigns/{{campaign_id}}/{step}",
        operation=f"{step}_campaign",
        summary=summary,
        description=description,
        tag=_TAG,
        roles=_MANAGERS,
        handler=handler,
        response=CampaignShown,
        transaction="write",
        errors=(errors.CampaignNotFound, errors.CampaignMoveRefused, *more),
        example_response=_CAMPAIGN | {"state": state},
    )


def _partners_step(step: str, summary: str, handler: Any, state: str, description: str) -> Route:
    """Return the route of a step of another party."""
    return Route(
        method="POST",
        path=f"/v1/campaigns/{{campaign_id}}/{step}",
        operation=f"{step}_campaign",
        summary=summary,
        description=description,
        tag=_TAG,
        roles=_MANAGERS,
        handler=handler,
        request=OnBehalf,
        response=CampaignShown,
        transaction="write",
        errors=(
            errors.CampaignNotFound,
            errors.CampaignMoveRefused,
            errors.OfferInCampaign,
            errors.PartnershipNotAgreed,
            errors.PartnershipLimit,
            MerchantNotFound,
        ),
        example={},
        example_response=_CAMPAIGN | {"goal": "exchange", "partnership_id": _ID, "state": state},
    )


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/campaigns",
        operation="draft_campaign",
        summary="Draft a campaign",
        description="Its offer is then given by the campaign only: while it runs, at its hours, to its audience, and "
        "never to the people of its comparison group, who win something else.",
        tag=_TAG,
        roles=_MANAGERS,
        handler=_draft,
        request=DraftCampaign,
        response=CampaignShown,
        status=HTTPStatus.CREATED,
        transaction="write",
        errors=(errors.CampaignInvalid, errors.PartnershipNotFound, MerchantNotFound, SegmentUnknown),
        example=_ASKED,
        example_response=_CAMPAIGN,
    ),
    Route(
        method="GET",
        path="/v1/campaigns",
        operation="list_campaigns",
        summary="List campaigns, the newest first",
        tag=_TAG,
        roles=_READERS,
        reads_as="network",
        handler=_list,
        query=Campaigns,
        response=Listed[CampaignShown],
        example_query={"limit": "2"},
        example_response={"items": [_CAMPAIGN], "next": None},
    ),
    Route(
        method="GET",
        path="/v1/campaigns/{campaign_id}",
        operation="read_campaign",
        summary="Read a campaign; partners may read what they are asked to approve",
        tag=_TAG,
        roles=_READERS,
        reads_as="network",
        handler=_read,
        response=CampaignShown,
        errors=(errors.CampaignNotFound,),
        example_response=_CAMPAIGN,
    ),
    _step(
        "start",
        "Let a draft, or a paused campaign, run",
        _start,
        "running",
        "An exchange first awaits the approval of every other party of its partnership.",
        errors.OfferInCampaign,
        *_EXCHANGE,
    ),
    _step("pause", "Give a campaign's offer to nobody until it is started again", _pause, "paused"),
    _step("end", "End a campaign for good; vouchers that are out stay valid", _end, "ended"),
    Route(
        method="POST",
        path="/v1/campaigns/{campaign_id}/copy",
        operation="copy_campaign",
        summary="Draft the same campaign again for another time",
        tag=_TAG,
        roles=_MANAGERS,
        handler=_copy,
        request=CopyCampaign,
        response=CampaignShown,
        status=HTTPStatus.CREATED,
        transaction="write",
        errors=(errors.CampaignNotFound, errors.CampaignInvalid, errors.PartnershipNotFound, SegmentUnknown),
        example={"starts_at": _AT, "ends_at": _UNTIL},
        example_response=_CAMPAIGN | {"copied_from": _ID},
    ),
    _partners_step(
        "approve",
        "Approve a partner's exchange",
        _approve,
        "running",
        "It runs when all others have, too.",
    ),
    _partners_step("decline", "Send a partner's exchange back", _decline, "draft", "It is a draft again."),
    *PARTNERSHIP_ROUTES,
)
