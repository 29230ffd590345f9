"""The rule of invitations: what a friend's first visit earns, and what became of invitations."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.campaign import errors
from ringmain.campaign.referrals import invite
from ringmain.campaign.referrals.store import Figures, Rule
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Request, Role, Route

_TAG = "invitations"
_OPERATOR: frozenset[Role] = frozenset({"operator"})
_DAYS = 28


class SetReferralRule(Request, frozen=True):
    """Which voucher a friend's first visit earns, and how often a month; without an offer, nothing is earned."""

    offer_id: UUID | None = None
    most_a_month: Annotated[int, Meta(ge=1, le=100)] = 5


class ReferralRuleShown(Struct, frozen=True):
    """What a friend's first visit earns, and what became of the invitations of the last 28 days.

    `came`: joined by an invitation and bought something at a shop, for the first time; `refused`: joined on the phone
    on which the link was made; `undone`: the visit was undone, and the voucher taken back.
    """

    offer_id: UUID | None
    most_a_month: int | None
    days: int
    figures: Figures


async def _read(uow: UnitOfWork, _: Call) -> ReferralRuleShown:
    found = await invite.sharing_of(uow, None, _DAYS)
    rule = found.rule
    return ReferralRuleShown(
        None if rule is None else rule.offer_id, None if rule is None else rule.most_a_month, _DAYS, found.figures
    )


async def _set(uow: UnitOfWork, call: Call, body: SetReferralRule) -> ReferralRuleShown:
    await invite.set_rule(uow, None if body.offer_id is None else Rule(body.offer_id, body.most_a_month))
    return await _read(uow, call)


_ID = "018f4e3a-7c00-7a10-8000-000000000031"
_ASKED = {"offer_id": _ID, "most_a_month": 5}
_SHOWN = _ASKED | {
    "days": _DAYS,
    "figures": {"invitations": 120, "people": 85, "joined": 31, "refused": 2, "came": 17, "undone": 1},
}

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/referral-rule",
        operation="read_referral_rule",
        summary="Read what invitations earn, and what became of them",
        tag=_TAG,
        roles=_OPERATOR,
        handler=_read,
        response=ReferralRuleShown,
        example_response=_SHOWN,
    ),
    Route(
        method="PUT",
        path="/v1/referral-rule",
        operation="set_referral_rule",
        summary="Say what a friend's first visit earns who shared the link",
        description="A voucher once per friend, when they have joined by the link and bought something for the first "
        "time, at any shop. It is taken back where that visit is undone.",
        tag=_TAG,
        roles=_OPERATOR,
        handler=_set,
        request=SetReferralRule,
        response=ReferralRuleShown,
        transaction="write",
        errors=(errors.ReferralRuleInvalid,),
        example=_ASKED,
        example_response=_SHOWN,
    ),
)
