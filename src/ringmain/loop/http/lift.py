"""The routes of effect: what a campaign brought, and whether comparison groups are dealt as they should."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from ringmain.campaign.errors import CampaignNotFound
from ringmain.kit.http import Call, Limit, Role, Route
from ringmain.loop import lift
from ringmain.loop.model.lift import Reading, Watch
from ringmain.loop.turns import in_turn

_READERS: frozenset[Role] = frozenset({"operator", "merchant", "analyst"})
_WHOLE_NETWORK: frozenset[Role] = frozenset({"operator", "analyst"})
_SOME_AT_A_TIME = Limit(20, seconds=60)


class ReadingShown(Struct, frozen=True, kw_only=True):
    """What was brought in all, with its 95 % interval; null where nothing may be said yet.

    `state`: too_early, effect, no_effect_seen or miscounted (the groups are not of the sizes that were promised).
    """

    state: str
    treated: int
    compared_with: int
    total: float | None
    low: float | None
    high: float | None


class TurnsShown(Struct, frozen=True, kw_only=True):
    """Where areas have a campaign by turns: visits per person met, more than in turns without it; `chance` if none."""

    pairs: int
    effect: float
    low: float
    high: float
    chance: float


class PartShown(Struct, frozen=True, kw_only=True):
    """What vouchers won at one shop led to, over all hops; `shop_id` null: people's own visits, often fewer."""

    shop_id: UUID | None
    total: float
    low: float
    high: float


class PartsShown(Struct, frozen=True, kw_only=True):
    """The parts of a campaign's visits; they sum to its lift. Empty where nothing may be said of the whole."""

    campaign_id: UUID
    items: list[PartShown]


class LiftShown(Struct, frozen=True, kw_only=True):
    """What a campaign brought in the `window_days` after people would have been shown its offer.

    `paid`: minor units, vouchers and refunds left out. `waiting`: people whose days are not over. While it is not
    `final`, the intervals hold however often they are looked at; the final one is for one reading.
    """

    campaign_id: UUID
    window_days: int
    people: int
    waiting: int
    first_at: datetime | None
    final: bool
    visits: ReadingShown
    paid: ReadingShown
    days_needed: int | None
    turns: TurnsShown | None


async def _lift(call: Call, _: Any) -> LiftShown:
    network_id, campaign_id = call.principal.network_id, call.id("campaign_id")
    async with call.database.unit(network_id) as uow:
        asked, now = await lift.lift_of(uow, campaign_id, by=call.merchant_scope()), await uow.now()
    found = await in_turn(lift.campaign_lift, call.settings.lake_folder, network_id, asked, now)
    return LiftShown(
        campaign_id=campaign_id,
        window_days=found.window_days,
        people=found.people,
        waiting=found.waiting,
        first_at=found.first_at,
        final=found.final,
        visits=shown(found.visits),
        paid=shown(found.paid),
        days_needed=found.days_needed,
        turns=None
        if found.turns is None
        else TurnsShown(
            pairs=found.turns.pairs,
            effect=round(found.turns.effect, 4),
            low=round(found.turns.interval.low, 4),
            high=round(found.turns.interval.high, 4),
            chance=found.turns.chance,
        ),
    )


async def _parts(call: Call, _: Any) -> PartsShown:
    network_id, campaign_id = call.principal.network_id, call.id("campaign_id")
    async with call.database.unit(network_id) as uow:
        asked, now = await lift.lift_of(uow, campaign_id, by=None), await uow.now()
    found = await in_turn(lift.campaign_parts, call.settings.lake_folder, network_id, asked, now)
    items = [
        PartShown(
            shop_id=one.shop_id,
            total=round(one.total, 2),
            low=round(one.interval.low, 2),
            high=round(one.interval.high, 2),
        )
        for one in found
    ]
    return PartsShown(campaign_id=campaign_id, items=items)


async def _watch(call: Call, _: Any) -> Watch:
    return await in_turn(lift.aa_watch, call.settings.lake_folder, call.principal.network_id)


def shown(one: Reading) -> ReadingShown:
    """Return a reading, rounded to what it can bear."""
    return ReadingShown(
        state=one.state.value,
        treated=one.treated,
        compared_with=one.others,
        total=None if one.total is None else round(one.total, 1),
        low=None if one.interval is None else round(one.interval.low, 1),
        high=None if one.interval is None else round(one.interval.high, 1),
    )


_READING = {
    "state": "effect",
    "treated": 1804,
    "compared_with": 196,
    "total": 41.2,
    "low": 12.0,
    "high": 70.4,
}

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/campaigns/{campaign_id}/lift",
        operation="read_campaign_lift",
        summary="Read what a campaign brought, beside its comparison group",
        description="People are compared as they were dealt, whether they won the offer or not, from the moment they "
        "would have been shown it, for as long as everybody. What people did before is taken off (CUPED).",
        tag="campaigns",
        roles=_READERS,
        handler=_lift,
        transaction="own",
        response=LiftShown,
        limit=_SOME_AT_A_TIME,
        errors=(CampaignNotFound,),
        example_response={
            "campaign_id": "018f4e3a-7c00-7a10-8000-000000000041",
            "window_days": 14,
            "people": 2000,
            "waiting": 310,
            "first_at": "2026-03-01T10:00:00Z",
            "final": False,
            "visits": _READING,
            "paid": _READING | {"state": "too_early", "total": 120_000.0, "low": -9_000.0, "high": 249_000.0},
            "days_needed": None,
            "turns": None,
        },
    ),
    Route(
        method="GET",
        path="/v1/campaigns/{campaign_id}/parts",
        operation="read_campaign_parts",
        summary="Read whose vouchers led to what a campaign brought, over many hops",
        description="The credit of a visit is shared equally by the shops whose vouchers led to it; each shop's credit "
        "is compared between the groups, so the parts sum to the lift. What would have come anyway is the negative "
        "part without a shop.",
        tag="campaigns",
        roles=_WHOLE_NETWORK,
        handler=_parts,
        transaction="own",
        response=PartsShown,
        limit=_SOME_AT_A_TIME,
        errors=(CampaignNotFound,),
        example_response={
            "campaign_id": "018f4e3a-7c00-7a10-8000-000000000041",
            "items": [
                {"shop_id": None, "total": -12.4, "low": -30.1, "high": 4.9},
                {"shop_id": "0195e4a0-0000-7000-8000-000000000001", "total": 53.6, "low": 41.2, "high": 66.3},
            ],
        },
    ),
    Route(
        method="GET",
        path="/v1/comparison-groups/watch",
        operation="watch_comparisons",
        summary="Read whether comparison groups are dealt as they should",
        description="How the groups of all campaigns differed before anybody was shown anything: the chances of such "
        "differences have to be spread evenly. An alarm is about dealing and recording, not about shops.",
        tag="campaigns",
        roles=_WHOLE_NETWORK,
        handler=_watch,
        transaction="own",
        response=Watch,
        limit=_SOME_AT_A_TIME,
        example_response={"count": 34, "below_alpha": 2, "chance": 0.41, "alarm": False},
    ),
)
