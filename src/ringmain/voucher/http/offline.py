"""What tills may do without a network, and what was lost by it: routes that translate and decide nothing."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import AmountMinorOrZero, Call, Listed, Page, Request, Route, keys_of, listed
from ringmain.network import api as network
from ringmain.network.errors import MerchantNotFound
from ringmain.voucher.http.common import AT, ID, MANAGERS, TILL
from ringmain.voucher.lease import change_offline_rule, offline_rule
from ringmain.voucher.losses import OfflineLoss, list_losses
from ringmain.voucher.model import LONGEST_GRACE, LONGEST_LEASE, OfflineRule

_TAG = "offline"
_MINUTE = timedelta(minutes=1)
_LeaseMinutes = Annotated[int, Meta(ge=1, le=LONGEST_LEASE // _MINUTE)]
_GraceMinutes = Annotated[int, Meta(ge=0, le=LONGEST_GRACE // _MINUTE)]


class OfflineRuleAnswer(Struct, frozen=True):
    """What a merchant's tills may do without a network; counts and values are per terminal."""

    merchant_id: UUID
    most_leases: int
    most_value_minor: int
    lease_minutes: int
    grace_minutes: int
    accept_anyway: bool


class ChangeOfflineRule(Request, frozen=True):
    """What a merchant's tills may do without a network; `accept_anyway` takes vouchers at the merchant's own loss."""

    most_leases: Annotated[int, Meta(ge=0, le=10_000)]
    most_value_minor: AmountMinorOrZero
    lease_minutes: _LeaseMinutes
    grace_minutes: _GraceMinutes
    accept_anyway: bool


class OfflineLossAnswer(Struct, frozen=True):
    """What a till took off without a network and nobody pays for."""

    loss_id: UUID
    sale_id: UUID
    voucher_id: UUID
    merchant_id: UUID
    shop_id: UUID
    terminal_id: UUID | None
    lease_id: UUID | None
    rule: str | None
    loss_minor: int
    currency: str
    used_at: datetime
    recorded_at: datetime


async def _read_rule(uow: UnitOfWork, call: Call) -> OfflineRuleAnswer:
    merchant_id = await _merchant(uow, call)
    return _rule(merchant_id, await offline_rule(uow, merchant_id))


async def _change_rule(uow: UnitOfWork, call: Call, body: ChangeOfflineRule) -> OfflineRuleAnswer:
    merchant_id = await _merchant(uow, call)
    rule = OfflineRule(
        most_leases=body.most_leases,
        most_value_minor=body.most_value_minor,
        lease=body.lease_minutes * _MINUTE,
        grace=body.grace_minutes * _MINUTE,
        accept_anyway=body.accept_anyway,
    )
    await change_offline_rule(uow, merchant_id, rule)
    return _rule(merchant_id, rule)


async def _merchant(uow: UnitOfWork, call: Call) -> UUID:
    merchant_id = call.id("merchant_id")
    if call.merchant_scope() not in (None, merchant_id) or not await network.merchants(uow, [merchant_id]):
        raise MerchantNotFound()
    return merchant_id


def _rule(merchant_id: UUID, rule: OfflineRule) -> OfflineRuleAnswer:
    return OfflineRuleAnswer(
        merchant_id,
        rule.most_leases,
        rule.most_value_minor,
        rule.lease // _MINUTE,
        rule.grace // _MINUTE,
        rule.accept_anyway,
    )


async def _losses(uow: UnitOfWork, call: Call) -> Listed[OfflineLossAnswer]:
    page: Page = call.query
    before = keys_of(page.after, tuple[UUID])
    rows = await list_losses(
        uow, merchant_id=call.merchant_scope(), before=before[0] if before else None, limit=page.limit + 1
    )
    found = listed(rows, page.limit, lambda one: (one.id,))
    return Listed([_loss(one) for one in found.items], found.next)


def _loss(one: OfflineLoss) -> OfflineLossAnswer:
    return OfflineLossAnswer(
        one.id,
        one.sale_id,
        one.voucher_id,
        one.merchant_id,
        one.shop_id,
        one.terminal_id,
        one.lease_id,
        one.rule,
        one.loss_minor,
        one.currency,
        one.used_at,
        one.recorded_at,
    )


_RULE_ASKED = {
    "most_leases": 50,
    "most_value_minor": 100_000,
    "lease_minutes": 720,
    "grace_minutes": 1440,
    "accept_anyway": False,
}

OFFLINE_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/merchants/{merchant_id}/offline-rule",
        operation="read_offline_rule",
        summary="Read what a merchant's tills may do without a network",
        tag=_TAG,
        roles=TILL,
        handler=_read_rule,
        response=OfflineRuleAnswer,
        errors=(MerchantNotFound,),
        example_response={"merchant_id": ID, **_RULE_ASKED},
    ),
    Route(
        method="PUT",
        path="/v1/merchants/{merchant_id}/offline-rule",
        operation="change_offline_rule",
        summary="Say what a merchant's tills may do without a network",
        tag=_TAG,
        roles=MANAGERS,
        handler=_change_rule,
        request=ChangeOfflineRule,
        response=OfflineRuleAnswer,
        transaction="write",
        errors=(MerchantNotFound,),
        example=_RULE_ASKED,
        example_response={"merchant_id": ID, **_RULE_ASKED},
    ),
    Route(
        method="GET",
        path="/v1/offline-losses",
        operation="list_offline_losses",
        summary="List what tills took off without a network and nobody pays for, the newest first",
        tag=_TAG,
        roles=MANAGERS,
        handler=_losses,
        query=Page,
        response=Listed[OfflineLossAnswer],
        example_response={
            "items": [
                {
                    "loss_id": ID,
                    "sale_id": ID,
                    "voucher_id": ID,
                    "merchant_id": ID,
                    "shop_id": ID,
                    "terminal_id": ID,
                    "lease_id": None,
                    "rule": "voucher_already_spent",
                    "loss_minor": 200,
                    "currency": "CNY",
                    "used_at": AT,
                    "recorded_at": AT,
                }
            ],
            "next": None,
        },
    ),
)
