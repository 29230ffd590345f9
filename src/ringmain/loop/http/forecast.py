"""The route of a forecast: what a campaign would cost and may bring, before it is drafted."""

from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.campaign.api import (
    DAY_MINUTES,
    LAPSED_DAYS,
    LEAST_LAPSED,
    MOST_LAPSED,
    Audience,
    Goal,
    NewCampaign,
    Schedule,
)
from ringmain.campaign.errors import CampaignInvalid
from ringmain.kit.http import AmountMinor, Call, Limit, Request, Role, Route, Time
from ringmain.loop.forecast import forecast, planned
from ringmain.loop.turns import in_turn
from ringmain.network.errors import CurrencyNotOfNetwork, MerchantNotFound
from ringmain.segment.errors import SegmentUnknown

_MANAGERS: frozenset[Role] = frozenset({"operator", "merchant"})
_Minute = Annotated[int, Meta(ge=0, le=DAY_MINUTES)]


class ForecastCampaign(Request, frozen=True, kw_only=True):
    """A campaign that somebody thinks of. At most one of tribe, segment and category says for whom it is.

    The goals `new` and `lapsed` narrow that to guests who are new, or who stayed away for `lapsed_days`.
    """

    offer_id: UUID
    budget_minor: AmountMinor
    starts_at: Time
    ends_at: Time
    merchant_id: UUID | None = None
    tribe_id: UUID | None = None
    segment_id: UUID | None = None
    category: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    weekdays: Annotated[tuple[int, ...], Meta(max_length=7)] = ()
    from_minute: _Minute = 0
    until_minute: _Minute = DAY_MINUTES
    goal: Goal = "quiet_hours"
    lapsed_days: Annotated[int, Meta(ge=LEAST_LAPSED, le=MOST_LAPSED)] = LAPSED_DAYS


class RangeShown(Struct, frozen=True, kw_only=True):
    """What is expected, and between which bounds 95 of 100 campaigns end."""

    expected: int
    low: int
    high: int


class ForecastShown(Struct, frozen=True, kw_only=True):
    """What a campaign would cost at most, and may bring; amounts in minor units.

    `people`: about how many its audience holds, null where that is unknown or not told. `more`: visits that would not
    have come anyway. `past_offers`, `past_campaigns`: on how many that rests; with none it is a usual value.
    """

    currency: str
    greatest_cost_minor: int
    short_minor: int
    people: int | None
    vouchers: int
    visits: RangeShown
    more: RangeShown
    past_offers: int
    past_campaigns: int


async def _forecast(call: Call, body: ForecastCampaign) -> ForecastShown:
    own, network_id = call.merchant_scope(), call.principal.network_id
    merchant_id = own or body.merchant_id
    if merchant_id is None or body.merchant_id not in (None, merchant_id):
        raise MerchantNotFound(merchant_id=body.merchant_id)
    wish = NewCampaign(
        merchant_id=merchant_id,
        name="",
        goal=body.goal,
        lapsed_days=body.lapsed_days,
        offer_id=body.offer_id,
        budget_minor=body.budget_minor,
        audience=_audience(body),
        schedule=Schedule(
            starts_at=body.starts_at,
            ends_at=body.ends_at,
            weekdays=body.weekdays,
            from_minute=body.from_minute,
            until_minute=body.until_minute,
        ),
    )
    async with call.database.unit(network_id) as uow:
        asked = await planned(uow, call.keyring, wish)
    found = await in_turn(forecast, call.settings.lake_folder, network_id, asked)
    visits, more = (RangeShown(expected=one.expected, low=one.low, high=one.high) for one in (found.visits, found.more))
    return ForecastShown(
        currency=asked.costs.currency,
        greatest_cost_minor=asked.costs.greatest_cost_minor,
        short_minor=asked.costs.short_minor,
        people=asked.people,
        vouchers=found.given,
        visits=visits,
        more=more,
        past_offers=found.offers,
        past_campaigns=found.campaigns,
    )


def _audience(body: ForecastCampaign) -> Audience:
    if len([one for one in (body.tribe_id, body.segment_id, body.category) if one is not None]) > 1:
        raise CampaignInvalid(field="tribe_id", reason="Name a tribe, a segment or a category, and not two of them.")
    if body.ends_at <= body.starts_at:
        raise CampaignInvalid(field="ends_at", reason="It ends after it starts.")
    if body.tribe_id is not None:
        return Audience(kind="tribe", tribe_id=body.tribe_id)
    if body.segment_id is not None:
        return Audience(kind="segment", segment_id=body.segment_id)
    return Audience() if body.category is None else Audience(kind="need", category=body.category)


_RANGE: dict[str, Any] = {"expected": 38, "low": 4, "high": 121}

ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/campaigns/forecast",
        operation="forecast_campaign",
        summary="Forecast what a campaign would cost and may bring; nothing is kept",
        description="From offers like its own and the merchant's ended campaigns; where those are few, drawn to a "
        "usual value, with an interval as wide as that deserves.",
        tag="campaigns",
        roles=_MANAGERS,
        handler=_forecast,
        transaction="own",
        request=ForecastCampaign,
        response=ForecastShown,
        status=HTTPStatus.OK,
        limit=Limit(20, seconds=60),
        errors=(CampaignInvalid, MerchantNotFound, CurrencyNotOfNetwork, SegmentUnknown),
        example={
            "offer_id": "018f4e3a-7c00-7a10-8000-000000000041",
            "budget_minor": 50_000,
            "starts_at": "2026-03-01T10:00:00Z",
            "ends_at": "2026-03-29T10:00:00Z",
        },
        example_response={
            "currency": "CNY",
            "greatest_cost_minor": 50_000,
            "short_minor": 0,
            "people": None,
            "vouchers": 250,
            "visits": _RANGE,
            "more": _RANGE | {"expected": 21, "low": -3},
            "past_offers": 6,
            "past_campaigns": 0,
        },
    ),
)
