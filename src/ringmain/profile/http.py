"""The routes about the image of a person, and about what a till may see of a guest."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Listed, NotFound, Page, Request, Role, Route, keys_of, listed
from ringmain.member.errors import MemberUnknown
from ringmain.profile import api
from ringmain.profile.errors import FieldUnknown, SaleNotOfMember

_OPERATOR: frozenset[Role] = frozenset({"operator"})
_TILLS: frozenset[Role] = frozenset({"terminal", "merchant"})


class CountedValue(Struct, frozen=True):
    """One value, how many of how many facts say so, and the newest of the sales that do."""

    key: str
    words: str
    count: int
    sale_ids: list[UUID]
    of: int


class FieldShown(Struct, frozen=True):
    """One field of an image: what is known, on how many facts it rests, how fresh and how sure it is; null: too few.

    `number` is a share from 0 to 1, days, or times what others pay. `low` and `high` hold 95 % of where the figure, or
    the share of the first value, may be. `weak`: on some recorded visits it foretold no more than what everybody does.
    """

    field: str
    hidden: bool
    values: list[CountedValue]
    amount_minor: int | None
    currency: str | None
    facts: int
    oldest_at: datetime | None
    newest_at: datetime | None
    number: float | None
    low: float | None
    high: float | None
    confidence: api.Confidence | None
    expected_at: datetime | None
    weak: bool


class VoucherSpent(Struct, frozen=True):
    """A voucher that was spent in a visit."""

    voucher_id: UUID
    offer_name: str
    amount_minor: int
    reversed: bool


class VisitShown(Struct, frozen=True):
    """One visit of a person; `disputed`: they said that it was not them, so that nothing counts it."""

    sale_id: UUID
    shop_id: UUID
    shop_name: str
    sold_at: datetime
    minimal: bool
    total_minor: int
    saved_minor: int
    refunded_minor: int
    currency: str
    vouchers: list[VoucherSpent]
    disputed: bool


class ImageShown(Struct, frozen=True):
    """The image of a person. `personalised` false: it is shown to its owner and used for nothing."""

    member_id: UUID
    personalised: bool
    counted: int
    counted_since: datetime
    fields: list[FieldShown]
    answers: dict[str, str | None]
    photo: bool
    visits: list[VisitShown]


class DisputeSale(Request, frozen=True):
    """A person says of a sale that it was not them, or takes that back."""

    sale_id: UUID
    not_me: bool = True


class SaleDisputed(Struct, frozen=True):
    """What counts now; `new` is false where the person had said so before."""

    sale_id: UUID
    not_me: bool
    new: bool


class HideField(Request, frozen=True):
    """Whether a field is kept from being shown and used."""

    hidden: bool


class FieldHidden(Struct, frozen=True):
    """What counts now."""

    field: str
    hidden: bool


class HabitsShown(Struct, frozen=True):
    """A guest as one merchant knows them, from its own sales; `points` are those of the network."""

    visits: int
    last_visit_at: datetime | None
    recent_visits: int
    usual_product: str | None
    usual_visits: int
    points: int


async def _image(uow: UnitOfWork, call: Call) -> ImageShown:
    found = await api.image(uow, call.keyring, call.id("member_id"))
    return ImageShown(
        member_id=found.person.member_id,
        personalised=found.personalised,
        counted=found.counted,
        counted_since=found.counted_since,
        fields=[_field(one, found.hidden) for one in found.fields],
        answers={one.question: one.value for one in found.answers},
        photo=found.photo,
        visits=[_visit(one) for one in found.visits],
    )


async def _visits(uow: UnitOfWork, call: Call) -> Listed[VisitShown]:
    query: Page = call.query
    before = keys_of(query.after, tuple[UUID])
    rows = await api.visits(uow, call.id("member_id"), before=before and before[0], limit=query.limit + 1)
    return listed([_visit(one) for one in rows], query.limit, lambda one: (one.sale_id,))


async def _dispute(uow: UnitOfWork, call: Call, body: DisputeSale) -> SaleDisputed:
    new = await api.dispute(uow, call.id("member_id"), body.sale_id, not_me=body.not_me)
    return SaleDisputed(body.sale_id, body.not_me, new)


async def _hide(uow: UnitOfWork, call: Call, body: HideField) -> FieldHidden:
    await api.hide(uow, call.id("member_id"), call.path["field"], hidden=body.hidden)
    return FieldHidden(call.path["field"], body.hidden)


async def _habits(uow: UnitOfWork, call: Call) -> HabitsShown:
    merchant_id = call.merchant_scope()
    if merchant_id is None:
        raise NotFound
    found = await api.habits_for_merchant(uow, call.id("member_id"), merchant_id)
    return HabitsShown(
        found.visits,
        found.last_visit_at,
        found.recent_visits,
        found.usual_product,
        found.usual_visits,
        found.points,
    )


def _field(one: api.FieldFact, hidden: frozenset[str]) -> FieldShown:
    return FieldShown(
        field=one.field.value,
        hidden=one.field.value in hidden,
        values=[
            CountedValue(value.key, value.words, value.count, list(value.sale_ids), value.of) for value in one.values
        ],
        amount_minor=one.amount_minor,
        currency=one.currency,
        facts=one.facts,
        oldest_at=one.oldest_at,
        newest_at=one.newest_at,
        number=one.number,
        low=one.low,
        high=one.high,
        confidence=one.confidence,
        expected_at=one.expected_at,
        weak=one.field in api.WEAK,
    )


def _visit(one: api.ShownVisit) -> VisitShown:
    return VisitShown(
        sale_id=one.sale_id,
        shop_id=one.shop_id,
        shop_name=one.shop_name,
        sold_at=one.sold_at,
        minimal=one.minimal,
        total_minor=one.total_minor,
        saved_minor=one.saved_minor,
        refunded_minor=one.refunded_minor,
        currency=one.currency,
        vouchers=[VoucherSpent(use.voucher_id, use.offer_name, use.amount_minor, use.reversed) for use in one.vouchers],
        disputed=one.disputed,
    )


_MEMBER = "018f4e3a-7c00-7a10-8000-000000000001"
_SALE = "018f4e3a-7c00-7a10-8000-000000000031"
_SHOP = "018f4e3a-7c00-7a10-8000-000000000032"
_AT = "2026-03-01T10:00:00Z"
_VISIT: dict[str, Any] = {
    "sale_id": _SALE,
    "shop_id": _SHOP,
    "shop_name": "Lotus Tea",
    "sold_at": _AT,
    "minimal": False,
    "total_minor": 3_200,
    "saved_minor": 800,
    "refunded_minor": 0,
    "currency": "CNY",
    "vouchers": [{"voucher_id": _MEMBER, "offer_name": "Eight off", "amount_minor": 800, "reversed": False}],
    "disputed": False,
}

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/members/{member_id}/image",
        operation="read_image",
        summary="Read what the network knows of a member, with the evidence",
        description="For the member's own eyes. Each field says on how many facts it rests; with fewer than three, "
        "nothing is said. Sales of the last 180 days are counted.",
        tag="members",
        roles=_OPERATOR,
        handler=_image,
        response=ImageShown,
        errors=(MemberUnknown,),
        example_response={
            "member_id": _MEMBER,
            "personalised": True,
            "counted": 5,
            "counted_since": _AT,
            "fields": [
                {
                    "field": "favourite_shops",
                    "hidden": False,
                    "values": [{"key": _SHOP, "words": "Lotus Tea", "count": 5, "sale_ids": [_SALE], "of": 5}],
                    "amount_minor": None,
                    "currency": None,
                    "facts": 5,
                    "oldest_at": _AT,
                    "newest_at": _AT,
                    "number": None,
                    "low": 0.57,
                    "high": 1.0,
                    "confidence": "sure",
                    "expected_at": None,
                    "weak": False,
                }
            ],
            "answers": {"spice": "mild"},
            "photo": False,
            "visits": [_VISIT],
        },
    ),
    Route(
        method="GET",
        path="/v1/members/{member_id}/visits",
        operation="list_visits",
        summary="List the visits of a member, the newest first",
        tag="members",
        roles=_OPERATOR,
        handler=_visits,
        query=Page,
        response=Listed[VisitShown],
        errors=(MemberUnknown,),
        example_query={"limit": "50"},
        example_response={"items": [_VISIT], "next": None},
    ),
    Route(
        method="POST",
        path="/v1/members/{member_id}/disputes",
        operation="dispute_sale",
        summary="Note that a member says of a sale: this was not me",
        description="The sale stays as it is; it no longer counts for the member.",
        tag="members",
        roles=_OPERATOR,
        handler=_dispute,
        request=DisputeSale,
        response=SaleDisputed,
        transaction="write",
        errors=(MemberUnknown, SaleNotOfMember),
        example={"sale_id": _SALE},
        example_response={"sale_id": _SALE, "not_me": True, "new": True},
    ),
    Route(
        method="PUT",
        path="/v1/members/{member_id}/image/{field}",
        operation="hide_image_field",
        summary="Keep a field of a member's image from being shown and used",
        tag="members",
        roles=_OPERATOR,
        handler=_hide,
        request=HideField,
        response=FieldHidden,
        transaction="write",
        errors=(MemberUnknown, FieldUnknown),
        example={"hidden": True},
        example_path={"field": "usual_tender"},
        example_response={"field": "usual_tender", "hidden": True},
    ),
    Route(
        method="GET",
        path="/v1/members/{member_id}/habits",
        operation="read_habits",
        summary="Read what this merchant knows of a guest, from its own sales",
        tag="members",
        roles=_TILLS,
        reads_as="network",
        handler=_habits,
        response=HabitsShown,
        errors=(MemberUnknown,),
        example_response={
            "visits": 12,
            "last_visit_at": _AT,
            "recent_visits": 9,
            "usual_product": "beef noodles",
            "usual_visits": 7,
            "points": 40,
        },
    ),
)
