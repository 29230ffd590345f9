"""Requests, answers and routes of benefits at tills."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.campaign.errors import BenefitNotDue
from ringmain.campaign.service.benefits import Till, due_benefits, give_benefit
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, NotFound, Request, Role, Route
from ringmain.kit.pure.errors import RuleBroken
from ringmain.member import api as member
from ringmain.member.errors import MemberCodeInvalid, MemberCodeUsed

_TERMINALS: frozenset[Role] = frozenset({"terminal"})
_TAG = "service plans"


class LookUpBenefits(Request, frozen=True):
    """The rotating code that the guest's phone shows now."""

    code: Annotated[str, Meta(max_length=100)]


class DueBenefitShown(Struct, frozen=True):
    """A benefit that the guest gets here; `merchant_id` null: the network's. `token` is good for 15 minutes."""

    token: str
    merchant_id: UUID | None
    en: str
    zh: str


class BenefitsDue(Struct, frozen=True):
    """Whose code it is, and what they get beside prices."""

    member_id: UUID
    benefits: list[DueBenefitShown]


class GiveBenefit(Request, frozen=True):
    """The token of a benefit that was looked up at this till."""

    token: Annotated[str, Meta(max_length=200)]


class BenefitGiven(Struct, frozen=True):
    """That it was given; `new` false: that had been told today."""

    benefit_given_id: UUID
    new: bool


async def _due(uow: UnitOfWork, call: Call) -> BenefitsDue:
    body: LookUpBenefits = call.body
    known = (await member.read_codes(uow, call.keyring, [body.code.strip().upper()]))[0]
    if isinstance(known, RuleBroken):
        raise known
    found = await due_benefits(uow, call.keyring, known, _till(call))
    return BenefitsDue(
        known.member_id,
        [
            DueBenefitShown(
                one.token, None if one.owner_id == uow.network_id else one.owner_id, one.benefit.en, one.benefit.zh
            )
            for one in found
        ],
    )


async def _give(uow: UnitOfWork, call: Call, body: GiveBenefit) -> BenefitGiven:
    given = await give_benefit(uow, call.keyring, body.token, _till(call))
    return BenefitGiven(given.id, given.new)


def _till(call: Call) -> Till:
    who = call.principal
    if who.merchant_id is None or who.shop_id is None:
        raise NotFound
    return Till(who.merchant_id, who.shop_id, who.terminal_id or who.principal_id)


_ID = "018f4e3a-7c00-7a10-8000-000000000041"

ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/benefits/lookups",
        operation="look_up_benefits",
        summary="See what a guest gets beside prices, by the code that they show",
        description="Of service plans under which they were met and are served. Nobody is told of them who was "
        "recognised by a payment or a phone. The code stays unused; it is used by the redemption.",
        tag=_TAG,
        roles=_TERMINALS,
        reads_as="network",
        handler=_due,
        request=LookUpBenefits,
        response=BenefitsDue,
        errors=(MemberCodeInvalid, MemberCodeUsed),
        example={"code": "RM2" + "A" * 58},
        example_response={
            "member_id": _ID,
            "benefits": [
                {"token": "AY9OOnwAehCA", "merchant_id": None, "en": "A table kept till 19:00", "zh": "留座到 19:00"}
            ],
        },
    ),
    Route(
        method="POST",
        path="/v1/benefits/given",
        operation="give_benefit",
        summary="Tell that a guest was given a benefit",
        description="Counted once a day at a shop; the effect of a service plan says how many were given.",
        tag=_TAG,
        roles=_TERMINALS,
        handler=_give,
        request=GiveBenefit,
        response=BenefitGiven,
        status=HTTPStatus.CREATED,
        transaction="write",
        errors=(BenefitNotDue,),
        example={"token": "AY9OOnwAehCA"},
        example_response={"benefit_given_id": _ID, "new": True},
    ),
)
