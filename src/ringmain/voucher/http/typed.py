"""Typed codes: 12 digits for one shop and five minutes, made for the guest and resolved by the till."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.http import Call, Limit, Request, Route, persist
from ringmain.kit.pure.errors import RuleBroken
from ringmain.network.api import shop_of
from ringmain.network.errors import ShopNotFound
from ringmain.voucher import errors, typed
from ringmain.voucher.codes import Code, parse
from ringmain.voucher.http.common import AT, ID, MANAGERS, TILL, answered, till_of

_TAG = "codes"
_CodeText = Annotated[str, Meta(min_length=4, max_length=400, description="The voucher's own code.")]
_Digits = Annotated[str, Meta(pattern=r"^[0-9]{12}\Z", description="12 digits, as the guest's phone shows them.")]
_CODE = "RM1AGJSYXT3IF6D3HZBHMNI4DD5IIUUOJRBSPPD2W2IBLJ5XQ4Y4UVTI"


class MakeTyped(Request, frozen=True):
    """For which voucher and shop."""

    code: _CodeText
    shop_id: UUID


class TypedAnswer(Struct, frozen=True):
    """The digits, which hold at one shop until `expires_at`."""

    digits: str
    expires_at: datetime


class ResolveTyped(Request, frozen=True):
    """What the cashier typed."""

    digits: _Digits
    shop_id: UUID | None = None


class Resolved(Struct, frozen=True):
    """The voucher that the digits stand for; redeem it with its code, as if it had been scanned."""

    voucher_id: UUID
    code: str


async def _make(call: Call, body: MakeTyped) -> TypedAnswer:
    code = parse(body.code)
    async with call.database.unit(call.principal.network_id) as uow:
        # The guest chooses the shop: any shop of the network will do.
        await shop_of(uow, body.shop_id)
        made = await typed.make(uow, call.keyring, code, body.shop_id)
    return TypedAnswer(made.digits, made.expires_at)


async def _resolve(call: Call, body: ResolveTyped) -> Resolved:
    principal = call.principal

    async def attempt() -> Code | RuleBroken:
        async with call.database.unit(principal.network_id) as uow:
            by = await till_of(uow, call, body.shop_id)
            return await typed.resolve(uow, call.keyring, principal.principal_id, by.shop_id, body.digits)

    # Raised after the commit: wrong digits stay counted.
    found = answered(await persist(attempt))
    return Resolved(found.voucher_id, found.text())


TYPED_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/typed-codes",
        operation="make_typed_code",
        summary="Make 12 digits for a voucher that cannot be scanned",
        tag=_TAG,
        roles=MANAGERS,
        handler=_make,
        request=MakeTyped,
        response=TypedAnswer,
        status=HTTPStatus.CREATED,
        transaction="own",
        keyless_because="A second set of digits for the same voucher does no harm; each dies in five minutes.",
        errors=(errors.CodeMalformed, errors.VoucherNotFound, ShopNotFound),
        example={"code": _CODE, "shop_id": ID},
        example_response={"digits": "048221907364", "expires_at": AT},
    ),
    Route(
        method="POST",
        path="/v1/typed-codes/resolution",
        operation="resolve_typed_code",
        summary="Find the voucher that 12 digits stand for at this shop",
        tag=_TAG,
        roles=TILL,
        handler=_resolve,
        request=ResolveTyped,
        response=Resolved,
        transaction="own",
        keyless_because="It changes nothing but the count of wrong digits, which every try must raise.",
        limit=Limit(60, seconds=60),
        errors=(errors.TypedCodeUnknown, errors.TooManyWrongCodes, errors.ShopRequired, ShopNotFound),
        example={"digits": "048221907364"},
        example_response={"voucher_id": ID, "code": _CODE},
    ),
)
