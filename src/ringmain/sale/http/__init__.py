"""The till's routes: redemptions, sales, their batches, reversals, refunds and completions; decides nothing."""

from http import HTTPStatus

from ringmain.kit.http import Audited, Listed, Outcome, Role, Route
from ringmain.kit.idempotency import KeyReusedWithOtherPayload
from ringmain.kit.pure.errors import RuleBroken
from ringmain.member import errors as member_errors
from ringmain.network.errors import ShopNotFound
from ringmain.sale import errors
from ringmain.sale.change import Completed, Refunded
from ringmain.sale.door import TillDoor
from ringmain.sale.http import examples as ex
from ringmain.sale.http import handlers
from ringmain.sale.http.shapes import (
    CompletionAsked,
    Redemption,
    RedemptionItem,
    RefundAsked,
    Sale,
    SaleAnswer,
    SaleItem,
    SaleReceipt,
    Sales,
    Undo,
)
from ringmain.sale.model import Recorded
from ringmain.sale.reverse import ReversalAnswer
from ringmain.voucher import errors as voucher_errors

TILL: frozenset[Role] = frozenset({"terminal", "merchant", "operator"})
_TAG = "till"

_VOUCHER_RULES: tuple[type[RuleBroken], ...] = (
    voucher_errors.AmountExceedsRemaining,
    voucher_errors.BasketRequired,
    voucher_errors.CodeMalformed,
    voucher_errors.CurrencyDiffers,
    voucher_errors.LimitReached,
    voucher_errors.MinimumNotReached,
    voucher_errors.NoEffect,
    voucher_errors.NotCombinable,
    voucher_errors.OutsideHours,
    voucher_errors.PartNotAllowed,
    voucher_errors.ShopNotAccepted,
    voucher_errors.TendersDiffer,
    voucher_errors.VoucherAlreadySpent,
    voucher_errors.VoucherExpired,
    voucher_errors.VoucherLeased,
    voucher_errors.VoucherLocked,
    voucher_errors.VoucherNotFound,
    voucher_errors.VoucherNotYetValid,
    voucher_errors.VoucherVoid,
    voucher_errors.WrongHolder,
)
_RECORD_RULES: tuple[type[RuleBroken], ...] = (
    *_VOUCHER_RULES,
    KeyReusedWithOtherPayload,
    errors.LinesDiffer,
    errors.MemberNotFound,
    errors.SaleInFuture,
    errors.SaleTooOld,
    ShopNotFound,
    errors.ShopRequired,
    errors.TotalRequired,
    errors.VoucherNamedTwice,
    member_errors.IdentifierInvalid,
)


def routes(door: TillDoor) -> tuple[Route, ...]:
    """Return the routes of the till; the writing ones of its hot path go through `door`."""
    till = handlers.TillRoutes(door)
    return (*_redemption_routes(till), *_sale_routes(till), *_CHANGES)


def _redemption_routes(till: handlers.TillRoutes) -> tuple[Route, ...]:
    return (
        Route(
            method="POST",
            path="/v1/redemptions",
            operation="redeem_voucher",
            summary="Spend a voucher",
            tag=_TAG,
            roles=TILL,
            transaction="own",
            handler=till.redeem,
            request=Redemption,
            response=Recorded,
            status=HTTPStatus.CREATED,
            errors=_RECORD_RULES,
            example=ex.REDEMPTION,
            example_response=ex.RECORDED,
        ),
        Route(
            method="POST",
            path="/v1/redemptions/batch",
            operation="redeem_vouchers",
            summary="Spend up to 1,000 vouchers",
            tag=_TAG,
            roles=TILL,
            transaction="own",
            handler=till.redeem_batch,
            batch_of=RedemptionItem,
            response=Listed[Outcome[Recorded]],
            errors=(),
            example={"items": [ex.REDEMPTION | {"idempotency_key": "receipt-4711"}]},
            example_response={"items": [{"status": 200, "answer": ex.RECORDED}], "next": None},
        ),
        Route(
            method="POST",
            path="/v1/redemptions/{redemption_id}/reversal",
            operation="reverse_redemption",
            summary="Undo a redemption",
            tag=_TAG,
            roles=TILL,
            transaction="own",
            handler=till.reverse,
            request=Undo,
            response=ReversalAnswer,
            status=HTTPStatus.CREATED,
            errors=(
                KeyReusedWithOtherPayload,
                voucher_errors.RedemptionNotFound,
                voucher_errors.RedemptionAlreadyReversed,
            ),
            example={"reason": "typed at the wrong table"},
            example_response=ex.REVERSAL,
        ),
    )


def _sale_routes(till: handlers.TillRoutes) -> tuple[Route, ...]:
    return (
        Route(
            method="POST",
            path="/v1/sales",
            operation="record_sale",
            summary="Record a sale with the vouchers spent in it",
            tag=_TAG,
            roles=TILL,
            transaction="own",
            handler=till.sell,
            request=Sale,
            response=Recorded,
            status=HTTPStatus.CREATED,
            errors=_RECORD_RULES,
            example=ex.SALE,
            example_response=ex.RECORDED,
        ),
        Route(
            method="POST",
            path="/v1/sales/batch",
            operation="record_sales",
            summary="Record up to 1,000 sales",
            tag=_TAG,
            roles=TILL,
            transaction="own",
            handler=till.sell_batch,
            batch_of=SaleItem,
            response=Listed[Outcome[Recorded]],
            errors=(),
            example={"items": [ex.SALE | {"idempotency_key": "receipt-4712"}]},
            example_response={"items": [{"status": 200, "answer": ex.RECORDED}], "next": None},
        ),
    )


_CHANGES = (
    Route(
        method="POST",
        path="/v1/sales/{sale_id}/refunds",
        operation="refund_sale",
        summary="Give money back for a sale; a full refund restores its vouchers",
        tag=_TAG,
        roles=TILL,
        transaction="write",
        handler=handlers.refund_sale,
        audited=Audited(),
        request=RefundAsked,
        response=Refunded,
        status=HTTPStatus.CREATED,
        errors=(errors.SaleNotFound, errors.RefundExceedsSale, voucher_errors.RedemptionAlreadyReversed),
        example={"amount_minor": 1000, "reason": "cold soup"},
        example_response=ex.REFUNDED,
    ),
    Route(
        method="POST",
        path="/v1/sales/{sale_id}/completion",
        operation="complete_sale",
        summary="Add the total, lines and tenders of a sale of which only the voucher was known",
        tag=_TAG,
        roles=TILL,
        transaction="write",
        handler=handlers.complete_sale,
        unaudited_because="it adds what the till knew anyway; the change of the sale is a fact with its time",
        request=CompletionAsked,
        response=Completed,
        status=HTTPStatus.CREATED,
        errors=(
            errors.SaleNotFound,
            errors.SaleAlreadyComplete,
            errors.LinesDiffer,
            voucher_errors.TendersDiffer,
        ),
        example={"total_minor": 1000, "tenders": [{"kind": "cash", "amount_minor": 800}]},
        example_response=ex.COMPLETED,
    ),
    Route(
        method="GET",
        path="/v1/sales/{sale_id}",
        operation="read_sale",
        summary="Read a sale",
        tag=_TAG,
        roles=TILL,
        handler=handlers.read_sale,
        response=SaleAnswer,
        errors=(errors.SaleNotFound,),
        example_response=ex.SALE_ANSWER,
    ),
    Route(
        method="GET",
        path="/v1/sales/{sale_id}/receipt",
        operation="read_receipt",
        summary="Read a sale as its buyer's receipt, with the token that a printed code opens it by",
        tag=_TAG,
        roles=TILL,
        reads_as="network",
        handler=handlers.read_receipt,
        response=SaleReceipt,
        errors=(errors.SaleNotFound,),
        example_response=ex.RECEIPT,
    ),
    Route(
        method="GET",
        path="/v1/sales",
        operation="list_sales",
        summary="List the newest sales of a shop",
        tag=_TAG,
        roles=TILL,
        handler=handlers.list_sales,
        query=Sales,
        response=Listed[SaleAnswer],
        errors=(ShopNotFound, errors.ShopRequired),
        example_query={"shop_id": ex.SHOP, "limit": "2"},
        example_response={"items": [ex.SALE_ANSWER], "next": None},
    ),
)
