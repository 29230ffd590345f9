"""Requests, answers and routes of budgets, caps, bands of fairness and prices."""

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.campaign import budgets, errors, store
from ringmain.campaign.store import Band, Budget, Cap
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Listed, Request, Role, Route, Time
from ringmain.network.errors import MerchantNotFound

_HOUR = timedelta(hours=1)
_MOST_MINOR = 9_007_199_254_740_991
_Minor = Annotated[int, Meta(ge=0, le=_MOST_MINOR)]
_Below = Annotated[int, Meta(ge=-_MOST_MINOR, le=0)]


class OpenBudget(Request, frozen=True):
    """A budget of a merchant's offers; an operator names the merchant, or nobody for the network's own."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]
    limit_minor: _Minor
    begins_at: Time
    ends_at: Time
    offer_ids: Annotated[list[UUID], Meta(min_length=1, max_length=2000)]
    merchant_id: UUID | None = None


class BudgetLimit(Request, frozen=True):
    """What may be set aside in the whole period."""

    limit_minor: _Minor


class BudgetShown(Struct, frozen=True):
    """A budget as it stands: `planned_minor` by now, had it gone evenly; `hour_minor` for the next hour at that pace.

    `spent_minor` is set aside or spent; what vouchers gave back is counted every hour. `owner_id` is a merchant, or the
    network.
    """

    id: UUID
    owner_id: UUID
    name: str
    currency: str
    limit_minor: int
    spent_minor: int
    left_minor: int
    planned_minor: int
    hour_minor: int
    begins_at: datetime
    ends_at: datetime


class SetCap(Request, frozen=True):
    """At most `most` vouchers in `days` days of the network.

    `person`: to one person, of all merchants. `person_channel`: to one person by one channel. `person_merchant`: of one
    merchant's offers to one person. `merchant`: of one merchant's offers in all. Without `merchant_id` an operator says
    what holds for every merchant that says nothing.
    """

    kind: Literal["person", "person_channel", "person_merchant", "merchant"]
    most: Annotated[int, Meta(ge=0, le=1_000_000)]
    days: Annotated[int, Meta(ge=1, le=366)]
    channel: Literal["", "scene", "receipt", "search", "message", "share"] = ""
    merchant_id: UUID | None = None


class CapShown(Struct, frozen=True):
    """A cap; `owner_id` is a merchant, or the network for all that say nothing."""

    owner_id: UUID
    kind: str
    channel: str
    most: int
    days: int


class SetBand(Request, frozen=True):
    """How much more power (minor units of vouchers) a merchant may give than it receives, and the reverse, in 30 days.

    `least_minor` is 0 or less: what it may receive more than it gives.
    """

    least_minor: _Below
    most_minor: _Minor
    merchant_id: UUID | None = None


class BandShown(Struct, frozen=True):
    """A merchant's band, and what it has given and received in 30 days."""

    merchant_id: UUID
    least_minor: int
    most_minor: int
    given_minor: int = 0
    received_minor: int = 0


class CoinPriceShown(Struct, frozen=True):
    """What a minor unit costs, in expected visits: of an offer, or where a merchant is the sender (`kind`)."""

    kind: str
    object_id: UUID
    price: float


class PricesShown(Struct, frozen=True):
    """The newest solution: for how many plays, what its allocation is worth in visits, and how near to the best.

    `bound`: no allocation is worth more; `gap` is the share of it that was not reached. Offers and merchants that are
    not named cost nothing. `solved_at` is null until somebody has played.
    """

    solved_at: datetime | None
    plays: int
    vouchers: int
    value: float
    bound: float
    gap: float
    prices: list[CoinPriceShown]


async def _prices(uow: UnitOfWork, call: Call) -> PricesShown:
    del call
    found = await store.newest_pricing(uow)
    if found is None:
        return PricesShown(None, 0, 0, 0.0, 0.0, 0.0, [])
    prices = [CoinPriceShown(one.kind, one.object_id, one.price) for one in await store.coin_prices(uow)]
    return PricesShown(found.solved_at, found.people, found.vouchers, found.value, found.bound, found.gap, prices)


async def _open(uow: UnitOfWork, call: Call, body: OpenBudget) -> BudgetShown:
    new = budgets.NewBudget(
        owner_id=_owner(call, body.merchant_id),
        name=body.name,
        currency=body.currency,
        limit_minor=body.limit_minor,
        begins_at=body.begins_at,
        ends_at=body.ends_at,
        offer_ids=tuple(body.offer_ids),
    )
    return _shown(await budgets.open_budget(uow, new), await uow.now())


async def _list(uow: UnitOfWork, call: Call) -> Listed[BudgetShown]:
    now = await uow.now()
    return Listed([_shown(one, now) for one in await store.budgets(uow, call.merchant_scope())])


async def _change(uow: UnitOfWork, call: Call, body: BudgetLimit) -> BudgetShown:
    own = call.merchant_scope()
    changed = await budgets.change_limit(uow, call.id("budget_id"), body.limit_minor, owner_id=own)
    return _shown(changed, await uow.now())


async def _set_cap(uow: UnitOfWork, call: Call, body: SetCap) -> CapShown:
    cap = Cap(_owner(call, body.merchant_id), body.kind, body.channel, body.most, body.days)
    await budgets.set_cap(uow, cap)
    return _cap(cap)


async def _caps(uow: UnitOfWork, call: Call) -> Listed[CapShown]:
    own = call.merchant_scope()
    owners = None if own is None else [own, uow.network_id]
    return Listed([_cap(one) for one in await store.caps(uow, owners)])


async def _set_band(uow: UnitOfWork, call: Call, body: SetBand) -> BandShown:
    band = Band(_owner(call, body.merchant_id), body.least_minor, body.most_minor)
    await budgets.set_band(uow, band)
    return BandShown(band.merchant_id, band.least_minor, band.most_minor)


async def _bands(uow: UnitOfWork, call: Call) -> Listed[BandShown]:
    own = call.merchant_scope()
    return Listed(
        [
            BandShown(
                one.band.merchant_id,
                one.band.least_minor,
                one.band.most_minor,
                one.power.given_minor,
                one.power.received_minor,
            )
            for one in await budgets.standings(uow)
            if own in (None, one.band.merchant_id)
        ]
    )


def _owner(call: Call, merchant_id: UUID | None) -> UUID:
    """Return whose it is: the caller's own merchant, else the one that is named, else the network."""
    own = call.merchant_scope()
    if own is not None and merchant_id not in (None, own):
        raise MerchantNotFound(merchant_id=merchant_id)
    return own or merchant_id or call.principal.network_id


def _cap(cap: Cap) -> CapShown:
    return CapShown(cap.owner_id, cap.kind, cap.channel, cap.most, cap.days)


def _shown(one: Budget, now: datetime) -> BudgetShown:
    pace = budgets.pace_of(one)
    return BudgetShown(
        id=one.id,
        owner_id=one.owner_id,
        name=one.name,
        currency=one.currency,
        limit_minor=one.limit_minor,
        spent_minor=one.spent_minor,
        left_minor=one.left_minor,
        planned_minor=pace.planned(now),
        hour_minor=pace.allowance(one.spent_minor, now, _HOUR),
        begins_at=one.begins_at,
        ends_at=one.ends_at,
    )


_OWNERS: frozenset[Role] = frozenset({"operator", "merchant"})
_ID = "018f4e3a-7c00-7a10-8000-000000000032"
_FROM, _TO = "2026-10-01T00:00:00Z", "2026-10-08T00:00:00Z"
_BUDGET = {
    "id": _ID,
    "owner_id": _ID,
    "name": "National Day",
    "currency": "CNY",
    "limit_minor": 500_000,
    "spent_minor": 0,
    "left_minor": 500_000,
    "planned_minor": 0,
    "hour_minor": 2_977,
    "begins_at": _FROM,
    "ends_at": _TO,
}
_CAP = {"owner_id": _ID, "kind": "person", "channel": "", "most": 5, "days": 1}
_BAND = {
    "merchant_id": _ID,
    "least_minor": -100_000,
    "most_minor": 100_000,
    "given_minor": 20_500,
    "received_minor": 18_000,
}

ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/budgets",
        operation="open_budget",
        summary="Open a budget for some offers and a period",
        description="While it runs, each voucher of these offers that a play gives draws its greatest cost on it. An "
        "offer may draw on several budgets; one whose budgets are all over is not given.",
        tag="allocation",
        roles=_OWNERS,
        handler=_open,
        request=OpenBudget,
        response=BudgetShown,
        status=201,
        transaction="write",
        errors=(errors.BudgetInvalid, MerchantNotFound),
        example={
            "name": "National Day",
            "currency": "CNY",
            "limit_minor": 500_000,
            "begins_at": _FROM,
            "ends_at": _TO,
            "offer_ids": [_ID],
        },
        example_response=_BUDGET,
    ),
    Route(
        method="GET",
        path="/v1/budgets",
        operation="list_budgets",
        summary="List budgets with their pace and what is left",
        tag="allocation",
        roles=frozenset({"operator", "merchant", "analyst"}),
        handler=_list,
        reads_as="network",
        response=Listed[BudgetShown],
        example_response={"items": [_BUDGET], "next": None},
    ),
    Route(
        method="PUT",
        path="/v1/budgets/{budget_id}/limit",
        operation="change_budget_limit",
        summary="Change what a budget may set aside",
        tag="allocation",
        roles=_OWNERS,
        handler=_change,
        request=BudgetLimit,
        response=BudgetShown,
        transaction="write",
        errors=(errors.BudgetUnknown, errors.BudgetSpent),
        example={"limit_minor": 500_000},
        example_response=_BUDGET,
    ),
    Route(
        method="PUT",
        path="/v1/caps",
        operation="set_cap",
        summary="Set how many vouchers may be given",
        description="A merchant says it for its own offers; an operator for any merchant, or for all.",
        tag="allocation",
        roles=_OWNERS,
        handler=_set_cap,
        request=SetCap,
        response=CapShown,
        transaction="write",
        errors=(errors.CapInvalid, MerchantNotFound),
        example={"kind": "person", "most": 5, "days": 1},
        example_response=_CAP,
    ),
    Route(
        method="GET",
        path="/v1/caps",
        operation="list_caps",
        summary="List caps: the network's, and of merchants their own",
        tag="allocation",
        roles=frozenset({"operator", "merchant", "analyst"}),
        handler=_caps,
        reads_as="network",
        response=Listed[CapShown],
        example_response={"items": [_CAP], "next": None},
    ),
    Route(
        method="PUT",
        path="/v1/power-bands",
        operation="set_power_band",
        summary="Agree how far power given and received may differ",
        description="A merchant agrees for itself; an operator writes down what was agreed with `merchant_id`.",
        tag="allocation",
        roles=_OWNERS,
        handler=_set_band,
        request=SetBand,
        response=BandShown,
        transaction="write",
        errors=(MerchantNotFound,),
        example={"least_minor": -100_000, "most_minor": 100_000, "merchant_id": _ID},
        example_response=_BAND | {"given_minor": 0, "received_minor": 0},
    ),
    Route(
        method="GET",
        path="/v1/power-bands",
        operation="list_power_bands",
        summary="List bands with the power given and received in 30 days",
        tag="allocation",
        roles=frozenset({"operator", "merchant", "analyst"}),
        handler=_bands,
        reads_as="network",
        response=Listed[BandShown],
        example_response={"items": [_BAND], "next": None},
    ),
    Route(
        method="GET",
        path="/v1/prices",
        operation="read_prices",
        summary="Read what coins cost now, and how near to the best that is",
        description="Solved every hour from the plays of a week, under all budgets, purses, stocks and bands.",
        tag="allocation",
        roles=frozenset({"operator", "analyst"}),
        handler=_prices,
        response=PricesShown,
        example_response={
            "solved_at": _FROM,
            "plays": 18_200,
            "vouchers": 17_950,
            "value": 912.4,
            "bound": 913.9,
            "gap": 0.0016,
            "prices": [{"kind": "offer", "object_id": _ID, "price": 0.00002}],
        },
    ),
)
