"""Grants: vouchers issued to members, one or up to 1,000 at once."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import (
    BadItem,
    Call,
    IdempotencyKey,
    Listed,
    Outcome,
    Request,
    Route,
    payload_hash,
    persist,
    problem_of,
)
from ringmain.kit.idempotency import Keyed, answer_once
from ringmain.kit.pure.errors import RuleBroken
from ringmain.member.errors import MemberUnknown
from ringmain.network import api as network
from ringmain.network.errors import ShopNotFound
from ringmain.voucher import errors, store
from ringmain.voucher.grant import grant
from ringmain.voucher.http.common import AT, ID, MANAGERS, UNTIL, answered, people
from ringmain.voucher.model import Grant, Granted

_TAG = "grants"


class Origin(Request, frozen=True):
    """What led to the voucher."""

    kind: Literal["touch", "sale", "voucher"]
    id: UUID


class GrantVoucher(Request, frozen=True):
    """A voucher to issue. Without `member_id`, whoever carries its code may use it."""

    offer_id: UUID
    member_id: UUID | None = None
    sender_shop_id: UUID | None = None
    origin: Origin | None = None


class GrantItem(GrantVoucher, frozen=True, kw_only=True):
    """One grant of a batch, with its own key."""

    idempotency_key: IdempotencyKey


class GrantAnswer(Struct, frozen=True):
    """A voucher that was issued; GET /v1/vouchers/{voucher_id} shows its code."""

    voucher_id: UUID
    offer_id: UUID
    face_minor: int
    currency: str
    valid_from: datetime
    valid_until: datetime


async def _grant_one(uow: UnitOfWork, call: Call, body: GrantVoucher) -> GrantAnswer:
    return answered((await _grant_all(uow, call, [body]))[0])


async def _grant_all(uow: UnitOfWork, call: Call, bodies: Sequence[GrantVoucher]) -> list[GrantAnswer | RuleBroken]:
    """Issue what may be issued: own offers, to members that exist, sent by own shops."""
    own, now = call.merchant_scope(), await uow.now()
    members = await people(uow, sorted({one.member_id for one in bodies if one.member_id}))
    senders = sorted({one.sender_shop_id for one in bodies if one.sender_shop_id})
    shops = {shop.id: shop for shop in await network.shops(uow, senders)} if senders else {}
    offers = await store.published_offers(uow, sorted({one.offer_id for one in bodies}))
    answers: list[Any] = []
    grants: list[Grant] = []
    for one in bodies:
        offer = offers.get(one.offer_id)
        sender = shops.get(one.sender_shop_id) if one.sender_shop_id else None
        if offer is None or own not in (None, offer.creator_merchant_id):
            answers.append(errors.OfferNotFound())
        elif one.member_id is not None and one.member_id not in members:
            answers.append(MemberUnknown())
        elif one.sender_shop_id is not None and (sender is None or own not in (None, sender.merchant_id)):
            answers.append(ShopNotFound(shop_id=one.sender_shop_id))
        else:
            answers.append(None)
            grants.append(
                Grant(
                    offer_id=one.offer_id,
                    at=now,
                    subject_id=members[one.member_id].subject_id if one.member_id else None,
                    sender_shop_id=one.sender_shop_id,
                    origin_kind=one.origin.kind if one.origin else None,
                    origin_id=one.origin.id if one.origin else None,
                )
            )
    done = await grant(uow, grants)
    # Whoever gives by hand knows nothing of campaigns; these look at it later.
    by_hand = [one.voucher_id for one in done if isinstance(one, Granted) and one.subject_id is not None]
    uow.record("grant_by_hand", by_hand)
    granted = iter(done)
    return [_shown(next(granted)) if answer is None else answer for answer in answers]


async def _grant_batch(call: Call, body: Sequence[GrantItem | BadItem]) -> Listed[Outcome[GrantAnswer]]:
    principal = call.principal
    good = {place: item for place, item in enumerate(body) if isinstance(item, GrantItem)}
    keyed = [
        Keyed(principal.principal_id, item.idempotency_key, payload_hash(call, item), item) for item in good.values()
    ]

    async def attempt() -> list[Any]:
        async with call.database.unit(principal.network_id) as uow:
            return await answer_once(
                uow, call.route.number, keyed, lambda uow, items: _grant_all(uow, call, items), GrantAnswer
            )

    answers: dict[int, Any] = dict(zip(good, await persist(attempt), strict=True)) if keyed else {}
    for place, item in enumerate(body):
        if isinstance(item, BadItem):
            answers[place] = item.error
    return Listed([_outcome(call, answers[place]) for place in range(len(body))])


def _shown(granted: Granted | RuleBroken) -> GrantAnswer | RuleBroken:
    if isinstance(granted, RuleBroken):
        return granted
    return GrantAnswer(
        granted.voucher_id,
        granted.offer_id,
        granted.face_minor,
        granted.currency,
        granted.valid_from,
        granted.valid_until,
    )


def _outcome(call: Call, answer: GrantAnswer | RuleBroken) -> Outcome[GrantAnswer]:
    if isinstance(answer, RuleBroken):
        return Outcome(status=int(answer.status), problem=problem_of(answer, call.request_id))
    return Outcome(status=HTTPStatus.CREATED, answer=answer)


_ASKED = {"offer_id": ID, "member_id": ID, "sender_shop_id": ID, "origin": {"kind": "touch", "id": ID}}
_GRANTED = {
    "voucher_id": ID,
    "offer_id": ID,
    "face_minor": 200,
    "currency": "CNY",
    "valid_from": AT,
    "valid_until": UNTIL,
}

GRANT_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/grants",
        operation="grant_voucher",
        summary="Issue a voucher",
        description="Its greatest possible cost is set aside from the funder's balance, or nothing happens.",
        tag=_TAG,
        roles=MANAGERS,
        handler=_grant_one,
        unaudited_because="every grant is a fact of its own, with its time, offer and funder",
        request=GrantVoucher,
        response=GrantAnswer,
        status=HTTPStatus.CREATED,
        transaction="write",
        errors=(
            errors.OfferNotFound,
            errors.OfferPaused,
            errors.OfferEnded,
            errors.OutOfStock,
            errors.FundsInsufficient,
            errors.PointsInsufficient,
            errors.HolderRequired,
            MemberUnknown,
            ShopNotFound,
        ),
        example=_ASKED,
        example_response=_GRANTED,
    ),
    Route(
        method="POST",
        path="/v1/grants/batch",
        operation="grant_vouchers",
        summary="Issue up to 1,000 vouchers",
        tag=_TAG,
        roles=MANAGERS,
        handler=_grant_batch,
        batch_of=GrantItem,
        response=Listed[Outcome[GrantAnswer]],
        transaction="own",
        example={"items": [_ASKED | {"idempotency_key": "visit-4711"}]},
        example_response={"items": [{"status": 201, "answer": _GRANTED}], "next": None},
    ),
)
