"""The routes of a merchant's figures: its day, its pressure, its guests, its set-up, and what an offer would cost."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import (
    AmountMinor,
    AmountMinorOrZero,
    Call,
    Currency,
    Listed,
    Page,
    Request,
    Role,
    Route,
    keys_of,
    listed,
)
from ringmain.loop.checklist import Checklist, checklist
from ringmain.loop.errors import BudgetOrStock
from ringmain.loop.guests import Guest, GuestCounts, guest_counts, guests
from ringmain.loop.pressure import Pressure, pressure
from ringmain.loop.preview import Plan, Preview, preview
from ringmain.loop.today import Today, today
from ringmain.network.errors import CurrencyNotOfNetwork, MerchantNotFound
from ringmain.voucher.api import Kind

_MANAGERS: frozenset[Role] = frozenset({"operator", "merchant"})
_TAG = "figures"
_ID = "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"
_AT = "2026-03-01T09:00:00Z"


class PreviewOffer(Request, frozen=True, kw_only=True):
    """An offer that somebody thinks of: its worth, and either a budget or a number of vouchers."""

    kind: Kind
    currency: Currency
    face_minor: AmountMinor
    fee_minor: AmountMinorOrZero = 0
    budget_minor: AmountMinor | None = None
    stock: Annotated[int, Meta(ge=1, le=4_294_967_295)] | None = None
    merchant_id: UUID | None = None


class GuestList(Struct, frozen=True):
    """A page of the guests who share with the merchant, and counts of all guests."""

    counts: GuestCounts
    sharing: Listed[Guest]


async def _today(uow: UnitOfWork, call: Call) -> Today:
    return await today(uow, _merchant_id(call))


async def _pressure(uow: UnitOfWork, call: Call) -> Pressure:
    return await pressure(uow, _merchant_id(call))


async def _checklist(uow: UnitOfWork, call: Call) -> Checklist:
    return await checklist(uow, _merchant_id(call))


async def _guests(uow: UnitOfWork, call: Call) -> GuestList:
    query: Page = call.query
    merchant_id, after = _merchant_id(call), keys_of(query.after, tuple[UUID])
    counts = await guest_counts(uow, merchant_id)
    rows = await guests(uow, call.keyring, merchant_id, after=after and after[0], limit=query.limit + 1)
    return GuestList(counts, listed(rows, query.limit, lambda guest: (guest.member_id,)))


async def _preview(uow: UnitOfWork, call: Call) -> Preview:
    body: PreviewOffer = call.body
    own = call.merchant_scope()
    merchant_id = own or body.merchant_id
    if merchant_id is None or body.merchant_id not in (None, merchant_id):
        raise MerchantNotFound(merchant_id=body.merchant_id)
    plan = Plan(
        kind=body.kind,
        currency=body.currency,
        face_minor=body.face_minor,
        fee_minor=body.fee_minor,
        budget_minor=body.budget_minor,
        stock=body.stock,
    )
    return await preview(uow, merchant_id, plan)


def _merchant_id(call: Call) -> UUID:
    """Return the merchant of the path; another's does not exist for a merchant's key."""
    id_ = call.id("merchant_id")
    if call.merchant_scope() not in (None, id_):
        raise MerchantNotFound(merchant_id=id_)
    return id_


_COUNTED = {
    "period": "today",
    "first_day": "2026-03-01",
    "last_day": "2026-03-01",
    "sales": 64,
    "sales_minor": 193_000,
    "unidentified_sales": 22,
    "guests": 38,
    "new_guests": 11,
    "back_at_full_price": 7,
    "voucher_sales": 19,
    "voucher_sales_minor": 61_000,
    "taken_off_minor": 9_400,
    "sent": 14,
    "sent_minor": 47_000,
    "paid_minor": 8_600,
}
_ESTIMATE = {
    "state": "runs_dry",
    "days_left": 9.5,
    "dry_on": "2026-03-10",
    "used": 91_000,
    "returned": 7_000,
    "days": 14.0,
    "vouchers": 410,
}

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/merchants/{merchant_id}/today",
        operation="read_today",
        summary="Read a merchant's day, counted",
        description="Guests, sales and vouchers of today, yesterday, and the last 7 and 28 days, by the clock of each "
        "shop. All of it is counted. What vouchers caused is told by comparison groups only, and kept apart.",
        tag=_TAG,
        roles=_MANAGERS,
        handler=_today,
        response=Today,
        errors=(MerchantNotFound,),
        example_response={
            "merchant_id": _ID,
            "currency": "CNY",
            "time_zone": "Asia/Shanghai",
            "at": _AT,
            "counted": [_COUNTED],
            "caused": {"state": "no_comparison_group", "missing": "A campaign that holds some people back by chance."},
        },
    ),
    Route(
        method="GET",
        path="/v1/merchants/{merchant_id}/pressure",
        operation="read_pressure",
        summary="Read how many days a merchant's money and offers last",
        description="What is left, divided by what was used a day in the last 14 days, with what that rests on. "
        "Where there were fewer than 3 days or 10 vouchers it says `too_little_data`.",
        tag=_TAG,
        roles=_MANAGERS,
        handler=_pressure,
        response=Pressure,
        errors=(MerchantNotFound,),
        example_response={
            "merchant_id": _ID,
            "currency": "CNY",
            "at": _AT,
            "available_minor": 57_000,
            "credit_minor": 0,
            "window_days": 14,
            "money": _ESTIMATE,
            "offers": [
                {
                    "offer_id": _ID,
                    "name": "Two off at the tea house",
                    "paused": False,
                    "stock": None,
                    "cost_minor": 200,
                    "issued": 410,
                    "limited_by": "money",
                    "left": _ESTIMATE,
                }
            ],
        },
    ),
    Route(
        method="GET",
        path="/v1/merchants/{merchant_id}/checklist",
        operation="read_checklist",
        summary="Read what a merchant has set up, and what comes next",
        tag=_TAG,
        roles=_MANAGERS,
        handler=_checklist,
        response=Checklist,
        errors=(MerchantNotFound,),
        example_response={
            "steps": [{"step": "shop_with_hours", "done": False, "page": "/merchant/shops"}],
            "next": "shop_with_hours",
        },
    ),
    Route(
        method="GET",
        path="/v1/merchants/{merchant_id}/guests",
        operation="list_guests",
        summary="List the guests who share with a merchant; everybody else is counted",
        description="Names and masked phones of people who agreed to share with this merchant, with their visits here. "
        "Of what guests do elsewhere only groups of ten and more people over three and more other merchants are shown.",
        tag=_TAG,
        roles=_MANAGERS,
        # Counts of what groups do elsewhere need others' rows; what is returned is one merchant's.
        reads_as="network",
        handler=_guests,
        query=Page,
        response=GuestList,
        errors=(MerchantNotFound,),
        example_query={"limit": "50"},
        example_response={
            "counts": {"days": 28, "guests": 211, "elsewhere": [{"category": "bakery", "people": 64}]},
            "sharing": {
                "items": [
                    {
                        "member_id": _ID,
                        "name": "Mei",
                        "phone": "+86 138 **** 0000",
                        "visits": 9,
                        "visits_with_voucher": 3,
                        "last_visit_at": _AT,
                    }
                ],
                "next": None,
            },
        },
    ),
    Route(
        method="POST",
        path="/v1/offers/preview",
        operation="preview_offer",
        summary="Say what a new offer may cost, before it is published",
        description="The greatest cost is what is set aside if every voucher is won; what is not spent comes back. The "
        "likely cost comes from similar offers of the network (same kind, half to twice the value), with its 95 % "
        "interval; it is null where there is no history yet.",
        tag=_TAG,
        roles=_MANAGERS,
        # The rate of similar offers rests on others' vouchers, enough of them that no single merchant's shows.
        reads_as="network",
        handler=_preview,
        request=PreviewOffer,
        response=Preview,
        errors=(BudgetOrStock, CurrencyNotOfNetwork, MerchantNotFound),
        example={"kind": "cash", "currency": "CNY", "face_minor": 500, "budget_minor": 100_000},
        example_response={
            "currency": "CNY",
            "cost_each_minor": 500,
            "vouchers": 200,
            "greatest_cost_minor": 100_000,
            "available_minor": 57_000,
            "short_minor": 43_000,
            "redemption": {"share": 0.23, "low": 0.17, "high": 0.29, "offers": 9, "vouchers": 1_410},
            "likely_low_minor": 17_000,
            "likely_high_minor": 29_000,
            "vouchers_per_day": 29.3,
            "days": 6.8,
        },
    ),
)
