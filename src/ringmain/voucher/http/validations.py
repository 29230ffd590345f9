"""Qualifications and validations: what would work here, and holding it for a till."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import AmountMinor, Call, Currency, NotFound, Request, Route
from ringmain.kit.pure.ids import uuid7
from ringmain.member.errors import MemberUnknown
from ringmain.network.errors import ShopNotFound
from ringmain.voucher import errors, store
from ringmain.voucher.codes import parse
from ringmain.voucher.http.common import AT, ID, TILL, UNTIL, answered, person, till_of
from ringmain.voucher.model import Redeem, Redeemer
from ringmain.voucher.qualify import Qualified, qualify
from ringmain.voucher.validate import HOLD, LONGEST_HOLD, release, validate

_TAG = "validations"
_Code = Annotated[str, Meta(min_length=4, max_length=400, description="What the scanner read from the voucher.")]
_HoldSeconds = Annotated[int, Meta(ge=1, le=int(LONGEST_HOLD.total_seconds()))]


class Qualify(Request, frozen=True):
    """Who stands here, and what they are about to buy."""

    member_id: UUID
    shop_id: UUID | None = None
    basket_minor: AmountMinor | None = None
    currency: Currency | None = None


class QualifiedAnswer(Struct, frozen=True):
    """One voucher of the member: what it would take off, or the rule that speaks against it and what to do next."""

    voucher_id: UUID
    offer_id: UUID
    name: str
    kind: str
    usable: bool
    amount_minor: int
    remaining_minor: int
    currency: str
    valid_until: datetime
    rule: str | None = None
    next_step: str | None = None


class Qualifications(Struct, frozen=True):
    """The open vouchers of the member, the best first."""

    items: list[QualifiedAnswer]


class VoucherAsked(Request, frozen=True):
    """One voucher: by its code, or by `voucher_id` where the guest has been identified as its holder."""

    code: _Code | None = None
    voucher_id: UUID | None = None
    amount_minor: AmountMinor | None = None
    lock_key: UUID | None = None


class Validate(Request, frozen=True):
    """Vouchers to try together in one sale. With `hold`, they are held for this till, 300 seconds unless said."""

    vouchers: Annotated[tuple[VoucherAsked, ...], Meta(min_length=1, max_length=30)]
    member_id: UUID | None = None
    shop_id: UUID | None = None
    basket_minor: AmountMinor | None = None
    currency: Currency | None = None
    hold: bool = False
    hold_seconds: _HoldSeconds = int(HOLD.total_seconds())


class WouldRedeem(Struct, frozen=True):
    """What one voucher would take off."""

    voucher_id: UUID
    amount_minor: int
    remaining_minor: int


class Validation(Struct, frozen=True):
    """All of the vouchers would work now. Where they are held, send `lock_key` with the redemption."""

    vouchers: list[WouldRedeem]
    amount_minor: int
    currency: str
    lock_key: UUID | None
    held_until: datetime | None


class Released(Struct, frozen=True):
    """A validation that holds nothing any more."""

    lock_key: UUID


async def _qualify(uow: UnitOfWork, call: Call) -> Qualifications:
    body: Qualify = call.body
    by = await till_of(uow, call, body.shop_id)
    who = await person(uow, body.member_id)
    found = await qualify(uow, who.subject_ids, by, basket_minor=body.basket_minor, currency=body.currency)
    if call.principal.role != "operator":
        # Where else the guest shops is none of this till's business.
        found = [one for one in found if not isinstance(one.refusal, errors.ShopNotAccepted)]
    names = await store.published_offers(uow, sorted({one.offer.id for one in found}))
    return Qualifications([_qualified(one, names[one.offer.id].name) for one in found])


def _qualified(one: Qualified, name: str) -> QualifiedAnswer:
    return QualifiedAnswer(
        one.voucher.id,
        one.offer.id,
        name,
        one.offer.terms.kind,
        one.refusal is None,
        one.amount_minor,
        one.voucher.remaining_minor,
        one.offer.terms.currency,
        one.voucher.valid_until,
        one.refusal.code if one.refusal else None,
        one.refusal.next_step if one.refusal else None,
    )


async def _validate(uow: UnitOfWork, call: Call, body: Validate) -> Validation:
    by = await till_of(uow, call, body.shop_id)
    who = await person(uow, body.member_id) if body.member_id else None
    subjects = who.subject_ids if who else ()
    now = await uow.now()
    redeems = [_redeem(one, body, by, subjects, now) for one in body.vouchers]
    hold = timedelta(seconds=body.hold_seconds) if body.hold else None
    found = answered(await validate(uow, by, redeems, hold=hold))
    vouchers = [WouldRedeem(one.voucher_id, one.amount_minor, one.remaining_minor) for one in found.redemptions]
    total = sum(one.amount_minor for one in vouchers)
    return Validation(vouchers, total, found.redemptions[0].currency, found.lock_key, found.held_until)


def _redeem(asked: VoucherAsked, body: Validate, by: Redeemer, subjects: tuple[UUID, ...], now: datetime) -> Redeem:
    code = parse(asked.code) if asked.code is not None else None
    voucher_id = code.voucher_id if code else asked.voucher_id
    if voucher_id is None:
        raise errors.CodeMalformed()
    return Redeem(
        id=uuid7(now),
        voucher_id=voucher_id,
        sale_id=voucher_id,
        by=by,
        at=now,
        secret=code.secret if code else None,
        subject_id=subjects[0] if subjects else None,
        merged_subject_ids=tuple(subjects[1:]),
        basket_minor=body.basket_minor,
        currency=body.currency,
        amount_minor=asked.amount_minor,
        lock_key=asked.lock_key,
    )


async def _release(uow: UnitOfWork, call: Call, _: None) -> Released:
    try:
        lock_key = UUID(call.path["lock_key"])
    except ValueError:
        raise NotFound() from None
    await release(uow, lock_key, call.merchant_scope())
    return Released(lock_key)


_RULES = (
    errors.AmountExceedsRemaining,
    errors.BasketRequired,
    errors.CodeMalformed,
    errors.CurrencyDiffers,
    errors.LimitReached,
    errors.MinimumNotReached,
    errors.NoEffect,
    errors.NotCombinable,
    errors.OutsideHours,
    errors.PartNotAllowed,
    errors.ShopNotAccepted,
    errors.ShopRequired,
    errors.VoucherAlreadySpent,
    errors.VoucherExpired,
    errors.VoucherLeased,
    errors.VoucherLocked,
    errors.VoucherNotFound,
    errors.VoucherNotYetValid,
    errors.VoucherVoid,
    errors.WrongHolder,
    MemberUnknown,
    ShopNotFound,
)

VALIDATION_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/qualifications",
        operation="read_qualifications",
        summary="What is this member entitled to here?",
        tag=_TAG,
        roles=TILL,
        reads_as="network",
        handler=_qualify,
        request=Qualify,
        response=Qualifications,
        errors=(errors.ShopRequired, MemberUnknown, ShopNotFound),
        example={"member_id": ID, "basket_minor": 1200, "currency": "CNY"},
        example_response={
            "items": [
                {
                    "voucher_id": ID,
                    "offer_id": ID,
                    "name": "Two off at the tea house",
                    "kind": "cash",
                    "usable": True,
                    "amount_minor": 200,
                    "remaining_minor": 200,
                    "currency": "CNY",
                    "valid_until": UNTIL,
                    "rule": None,
                    "next_step": None,
                }
            ]
        },
    ),
    Route(
        method="POST",
        path="/v1/validations",
        operation="validate_vouchers",
        summary="Would these vouchers work in one sale? Optionally hold them",
        tag=_TAG,
        roles=TILL,
        handler=_validate,
        unaudited_because="a hold ends by itself and changes no value",
        request=Validate,
        response=Validation,
        status=HTTPStatus.CREATED,
        transaction="write",
        errors=_RULES,
        example={
            "vouchers": [{"voucher_id": ID}],
            "member_id": ID,
            "basket_minor": 1200,
            "currency": "CNY",
            "hold": True,
        },
        example_response={
            "vouchers": [{"voucher_id": ID, "amount_minor": 200, "remaining_minor": 0}],
            "amount_minor": 200,
            "currency": "CNY",
            "lock_key": ID,
            "held_until": AT,
        },
    ),
    Route(
        method="DELETE",
        path="/v1/validations/{lock_key}",
        operation="release_validation",
        summary="Let go of what a validation holds",
        tag=_TAG,
        roles=TILL,
        handler=_release,
        unaudited_because="a hold ends by itself and changes no value",
        response=Released,
        transaction="write",
        errors=(errors.ValidationNotFound,),
        example_response={"lock_key": ID},
    ),
)
