"""The routes of stated margins."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Request, Role, Route
from ringmain.network.errors import MerchantNotFound
from ringmain.network.margin import margin_of, state_margin

_MANAGERS: frozenset[Role] = frozenset({"operator", "merchant"})
_ID = "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"


class StateMargin(Request, frozen=True):
    """What a merchant keeps of its turnover before rent and wages, in 1 of 10,000; null: it is not stated."""

    margin_bp: Annotated[int, Meta(ge=0, le=10_000)] | None


class MarginShown(Struct, frozen=True):
    """What a merchant has stated; null where it has not."""

    merchant_id: UUID
    margin_bp: int | None


def _own(call: Call) -> UUID:
    merchant_id = call.id("merchant_id")
    if call.merchant_scope() not in (None, merchant_id):
        raise MerchantNotFound(merchant_id=merchant_id)
    return merchant_id


async def _state(uow: UnitOfWork, call: Call, body: StateMargin) -> MarginShown:
    return MarginShown(_own(call), await state_margin(uow, _own(call), body.margin_bp))


async def _read(uow: UnitOfWork, call: Call) -> MarginShown:
    return MarginShown(_own(call), await margin_of(uow, _own(call)))


ROUTES: tuple[Route, ...] = (
    Route(
        method="PUT",
        path="/v1/merchants/{merchant_id}/margin",
        operation="state_margin",
        summary="State what a merchant keeps of its turnover, or take it back",
        description="Reports then name margin beside turnover. Nobody but the merchant and the operator is told.",
        tag="merchants",
        roles=_MANAGERS,
        transaction="write",
        handler=_state,
        request=StateMargin,
        response=MarginShown,
        errors=(MerchantNotFound,),
        example={"margin_bp": 6_200},
        example_response={"merchant_id": _ID, "margin_bp": 6_200},
    ),
    Route(
        method="GET",
        path="/v1/merchants/{merchant_id}/margin",
        operation="read_margin",
        summary="Read what a merchant has stated that it keeps of its turnover",
        tag="merchants",
        roles=_MANAGERS,
        handler=_read,
        response=MarginShown,
        errors=(MerchantNotFound,),
        example_response={"merchant_id": _ID, "margin_bp": 6_200},
    ),
)
