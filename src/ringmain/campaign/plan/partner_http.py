"""Requests, answers and routes of partnerships."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.campaign import errors
from ringmain.campaign.plan import partner
from ringmain.campaign.plan.model import Partnership
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import AmountMinor, Call, Listed, Name, Request, Role, Route
from ringmain.network.errors import MerchantNotFound

_MANAGERS: frozenset[Role] = frozenset({"operator", "merchant"})
_READERS: frozenset[Role] = frozenset({"operator", "merchant", "analyst"})
_TAG = "partnerships"


class OnBehalf(Request, frozen=True, kw_only=True):
    """For which merchant; a merchant's key acts for its own."""

    merchant_id: UUID | None = None


class ProposePartnership(Request, frozen=True, kw_only=True):
    """Merchants to propose it to, and the limit of each party: the budgets of its exchanges that have not ended."""

    name: Name
    merchant_ids: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=49)]
    limit_minor: AmountMinor
    merchant_id: UUID | None = None


class PartnershipShown(Struct, frozen=True, kw_only=True):
    """A partnership as it stands: proposed, agreed (by all) or ended."""

    id: UUID
    name: str
    state: str
    proposed_by: UUID
    merchant_ids: tuple[UUID, ...]
    agreed: tuple[UUID, ...]
    currency: str
    limit_minor: int
    proposed_at: datetime
    ended_at: datetime | None


def acting(call: Call, merchant_id: UUID | None) -> UUID:
    """Return the merchant for which a call acts. Raises `MerchantNotFound` for another one than its own, or none."""
    own = call.merchant_scope()
    if own is not None and merchant_id in (None, own):
        return own
    if own is not None or merchant_id is None:
        raise MerchantNotFound(merchant_id=merchant_id)
    return merchant_id


async def _propose(uow: UnitOfWork, call: Call, body: ProposePartnership) -> PartnershipShown:
    party = acting(call, body.merchant_id)
    return _told(await partner.propose_partnership(uow, body.name, party, body.merchant_ids, body.limit_minor))


async def _partnerships(uow: UnitOfWork, call: Call) -> Listed[PartnershipShown]:
    return Listed([_told(one) for one in await partner.partnerships_of(uow, call.merchant_scope())])


async def _agree(uow: UnitOfWork, call: Call, body: OnBehalf) -> PartnershipShown:
    party = acting(call, body.merchant_id)
    return _told(await partner.agree_partnership(uow, call.id("partnership_id"), party=party))


async def _end_partnership(uow: UnitOfWork, call: Call, body: OnBehalf) -> PartnershipShown:
    party = acting(call, body.merchant_id)
    return _told(await partner.end_partnership(uow, call.id("partnership_id"), party=party))


def _told(one: Partnership) -> PartnershipShown:
    return PartnershipShown(**{name: getattr(one, name) for name in PartnershipShown.__struct_fields__})


_ID = "018f4e3a-7c00-7a10-8000-000000000041"
_AT = "2026-03-01T10:00:00Z"
_PARTNERSHIP = {
    "id": _ID,
    "name": "Tea and flowers",
    "state": "proposed",
    "proposed_by": _ID,
    "merchant_ids": [_ID],
    "agreed": [_ID],
    "currency": "CNY",
    "limit_minor": 100_000,
    "proposed_at": _AT,
    "ended_at": None,
}


def _party_step(step: str, operation: str, summary: str, handler: Any, *, ended: bool) -> Route:
    """Return the route of a step of a party to a partnership."""
    changed: dict[str, Any] = {"state": "ended", "ended_at": _AT} if ended else {"state": "agreed"}
    return Route(
        method="POST",
        path=f"/v1/partnerships/{{partnership_id}}/{step}",
        operation=operation,
        summary=summary,
        tag=_TAG,
        roles=_MANAGERS,
        handler=handler,
        request=OnBehalf,
        response=PartnershipShown,
        transaction="write",
        errors=(errors.PartnershipNotFound, errors.PartnershipNotAgreed, MerchantNotFound),
        example={},
        example_response=_PARTNERSHIP | changed,
    )


PARTNERSHIP_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/partnerships",
        operation="propose_partnership",
        summary="Propose a partnership to other merchants",
        description="It holds when all of them have agreed, and until one of them ends it.",
        tag=_TAG,
        roles=_MANAGERS,
        handler=_propose,
        request=ProposePartnership,
        response=PartnershipShown,
        status=HTTPStatus.CREATED,
        transaction="write",
        errors=(errors.CampaignInvalid, MerchantNotFound),
        example={"name": "Tea and flowers", "merchant_ids": [_ID], "limit_minor": 100_000},
        example_response=_PARTNERSHIP,
    ),
    Route(
        method="GET",
        path="/v1/partnerships",
        operation="list_partnerships",
        summary="List the newest 200 partnerships",
        tag=_TAG,
        roles=_READERS,
        reads_as="network",
        handler=_partnerships,
        response=Listed[PartnershipShown],
        example_response={"items": [_PARTNERSHIP], "next": None},
    ),
    _party_step("agree", "agree_partnership", "Agree to a partnership", _agree, ended=False),
    _party_step("end", "end_partnership", "End or decline a partnership", _end_partnership, ended=True),
)
