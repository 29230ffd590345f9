"""The handlers of the till: they translate, call the use case, and translate back."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

from msgspec.structs import replace

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import BadItem, Call, Listed, NotFound, Outcome, keys_of, listed, payload_hash, problem_of
from ringmain.kit.http.auditing import actor_of
from ringmain.kit.idempotency import Keyed
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.network.errors import ShopNotFound
from ringmain.sale import errors, store
from ringmain.sale.buyer_receipt import receipt_of, receipt_token
from ringmain.sale.change import Completed, Completion, Refund, Refunded, complete, refund
from ringmain.sale.door import TillDoor
from ringmain.sale.http.shapes import (
    CompletionAsked,
    ReceiptLine,
    ReceiptVoucher,
    Redemption,
    RedemptionItem,
    RefundAsked,
    Sale,
    SaleAnswer,
    SaleItem,
    SaleLine,
    SaleReceipt,
    Sales,
    TenderPaid,
    Undo,
    VoucherUsed,
)
from ringmain.sale.model import Line, NewSale, Payment, Queued, Recorded, Tender, VoucherUse, believed_time
from ringmain.sale.reverse import ReversalAnswer
from ringmain.voucher import api as voucher
from ringmain.voucher import errors as voucher_errors

Answer = TypeVar("Answer")


class TillRoutes:
    """The handlers of the till, bound to the door that coalesces what they send."""

    def __init__(self, door: TillDoor) -> None:
        self._door = door

    async def redeem(self, call: Call, body: Redemption) -> Recorded:
        """Spend one voucher."""
        return await self._record(call, body, _redemption_sale(call, body))

    async def sell(self, call: Call, body: Sale) -> Recorded:
        """Record one sale."""
        return await self._record(call, body, _sale(call, body))

    async def redeem_batch(self, call: Call, body: Sequence[RedemptionItem | BadItem]) -> Listed[Outcome[Recorded]]:
        """Spend many vouchers; one answer each."""
        return await self._record_batch(call, body, _redemption_sale)

    async def sell_batch(self, call: Call, body: Sequence[SaleItem | BadItem]) -> Listed[Outcome[Recorded]]:
        """Record many sales; one answer each."""
        return await self._record_batch(call, body, _sale)

    async def reverse(self, call: Call, body: Undo) -> ReversalAnswer:
        """Undo one redemption."""
        assert call.idempotency_key is not None
        action = voucher.Reverse(
            id=uuid7(datetime.now(tz=UTC)),
            redemption_id=call.id("redemption_id"),
            merchant_id=call.merchant_scope(),
            at=datetime.now(tz=UTC),
            reason=body.reason,
        )
        keyed = Keyed(
            call.principal.principal_id,
            call.idempotency_key,
            payload_hash(call, body),
            action,
            actor_of(call.principal),
            call.request_id,
        )
        return _answer(await self._door.reverse(call.principal.network_id, keyed))

    async def _record(self, call: Call, body: Any, sale: NewSale) -> Recorded:
        assert call.idempotency_key is not None
        keyed = Keyed(call.principal.principal_id, call.idempotency_key, payload_hash(call, body), sale)
        return _answer(await self._door.record(call.principal.network_id, keyed))

    async def _record_batch(
        self, call: Call, body: Sequence[Any], to_sale: Callable[[Call, Any], NewSale]
    ) -> Listed[Outcome[Recorded]]:
        outcomes: list[Recorded | RuleBroken | None] = [None] * len(body)
        items: list[Keyed[NewSale]] = []
        places: list[int] = []
        for place, item in enumerate(body):
            try:
                sale = to_sale(call, item) if not isinstance(item, BadItem) else item.error
            except RuleBroken as error:
                sale = error
            if isinstance(sale, RuleBroken):
                outcomes[place] = sale
            else:
                hash_ = payload_hash(call, item)
                items.append(Keyed(call.principal.principal_id, item.idempotency_key, hash_, sale))
                places.append(place)
        if items:
            answers = await self._door.record_batch(call.principal.network_id, items)
            for place, answer in zip(places, answers, strict=True):
                outcomes[place] = answer
        return Listed(items=[_outcome(call, outcome) for outcome in outcomes])


def _answer(answer: Answer | RuleBroken) -> Answer:
    if isinstance(answer, RuleBroken):
        raise answer
    return answer


def _outcome(call: Call, answer: Recorded | RuleBroken | None) -> Outcome[Recorded]:
    assert answer is not None
    if isinstance(answer, RuleBroken):
        return Outcome(status=int(answer.status), problem=problem_of(answer, call.request_id))
    return Outcome(status=HTTPStatus.OK, answer=answer)


def _shop(call: Call, named: UUID | None) -> UUID:
    """Return the shop of the sale: a terminal stands in one, everybody else names it."""
    own = call.principal.shop_id
    if own is not None and named not in (None, own):
        raise ShopNotFound(shop_id=named)
    shop = own or named
    if shop is None:
        raise errors.ShopRequired()
    return shop


def _voucher_use(code: str | None, voucher_id: UUID | None, amount_minor: int | None, lock: UUID | None) -> VoucherUse:
    if code is not None:
        parsed = voucher.parse_code(code)
        return VoucherUse(parsed.voucher_id, parsed.secret, amount_minor, lock)
    if voucher_id is None:
        raise voucher_errors.CodeMalformed()
    return VoucherUse(voucher_id, None, amount_minor, lock)


def _redemption_sale(call: Call, body: Redemption) -> NewSale:
    return NewSale(
        id=uuid7(datetime.now(tz=UTC)),
        shop_id=_shop(call, body.shop_id),
        merchant_id=call.merchant_scope(),
        terminal_id=call.principal.terminal_id,
        member_id=body.member_id,
        total_minor=body.basket_minor,
        currency=body.currency,
        vouchers=(_voucher_use(body.code, body.voucher_id, body.amount_minor, body.lock_key),),
    )


def _sale(call: Call, body: Sale) -> NewSale:
    return new_sale(
        body,
        shop_id=_shop(call, body.shop_id),
        merchant_id=call.merchant_scope(),
        terminal_id=call.principal.terminal_id,
    )


def new_sale(
    body: Sale,
    *,
    shop_id: UUID,
    merchant_id: UUID | None,
    terminal_id: UUID | None,
    staff_id: UUID | None = None,
) -> NewSale:
    """Return the sale that a till sent, at the place where it stands. Raises `CodeMalformed`."""
    payment = body.payment
    now = datetime.now(tz=UTC)
    return NewSale(
        id=uuid7(believed_time(body.sold_at, now) if body.offline else body.sold_at or now),
        shop_id=shop_id,
        merchant_id=merchant_id,
        terminal_id=terminal_id,
        staff_id=staff_id,
        member_id=body.member_id,
        payment=Payment(payment.kind, payment.token) if payment else None,
        receipt=body.receipt,
        sold_at=body.sold_at,
        total_minor=body.total_minor,
        currency=body.currency,
        tenders=_tenders(body.tenders),
        lines=_lines(body.lines),
        vouchers=tuple(_voucher_used(one) for one in body.vouchers),
        apply_best=body.apply_best,
        queued=Queued(body.clock_offset_ms) if body.offline else None,
    )


def _voucher_used(one: VoucherUsed) -> VoucherUse:
    use = _voucher_use(one.code, one.voucher_id, one.amount_minor, one.lock_key)
    return replace(use, lease_id=one.lease_id, taken_minor=one.taken_minor)


def _tenders(tenders: Sequence[TenderPaid]) -> tuple[Tender, ...]:
    return tuple(Tender(one.kind, one.amount_minor) for one in tenders)


def _lines(lines: Sequence[SaleLine]) -> tuple[Line, ...]:
    return tuple(Line(one.product, one.quantity, one.amount_minor, one.category) for one in lines)


async def refund_sale(uow: UnitOfWork, call: Call, body: RefundAsked) -> Refunded:
    """Give money back for a sale."""
    asked = Refund(call.id("sale_id"), call.merchant_scope(), body.amount_minor, body.reason, body.restore_vouchers)
    return await refund(uow, asked)


async def complete_sale(uow: UnitOfWork, call: Call, body: CompletionAsked) -> Completed:
    """Complete a minimal sale."""
    tenders, lines = _tenders(body.tenders), _lines(body.lines)
    asked = Completion(call.id("sale_id"), call.merchant_scope(), body.total_minor, tenders, lines)
    return await complete(uow, asked)


async def read_sale(uow: UnitOfWork, call: Call) -> SaleAnswer:
    """Return one sale."""
    row = await store.read_sale(uow, call.id("sale_id"))
    if row is None:
        raise errors.SaleNotFound()
    call.allow_merchant(row.merchant_id)
    return _sale_answer(row)


async def read_receipt(uow: UnitOfWork, call: Call) -> SaleReceipt:
    """Return one sale as a receipt."""
    found = await receipt_of(uow, call.id("sale_id"))
    if call.merchant_scope() not in (None, found.merchant_id):
        raise errors.SaleNotFound()
    token, settings = receipt_token(call.keyring, uow.network_id, found.sale_id), call.settings
    public_url = settings.public_url or f"http://{settings.host}:{settings.port}"
    return SaleReceipt(
        sale_id=found.sale_id,
        merchant_name=found.merchant_name,
        shop_name=found.shop_name,
        receipt=found.receipt,
        sold_at=found.sold_at,
        minimal=found.minimal,
        total_minor=found.total_minor,
        saved_minor=found.saved_minor,
        to_pay_minor=found.to_pay_minor,
        refunded_minor=found.refunded_minor,
        currency=found.currency,
        lines=[ReceiptLine(line.product, line.quantity, line.amount_minor) for line in found.lines],
        tenders=[TenderPaid(tender.kind, tender.amount_minor) for tender in found.tenders],
        vouchers=[ReceiptVoucher(use.offer_name, use.amount_minor, use.reversed) for use in found.vouchers],
        token=token,
        url=f"{public_url.rstrip('/')}/receipts/{token}",
    )


async def list_sales(uow: UnitOfWork, call: Call) -> Listed[SaleAnswer]:
    """Return the newest sales of a shop."""
    query: Sales = call.query
    keys = keys_of(query.after, tuple[UUID])
    shop = _shop(call, query.shop_id)
    rows = await store.list_sales(uow, [shop], keys[0] if keys else None, query.limit + 1)
    scope = call.merchant_scope()
    if scope is not None and any(row.merchant_id != scope for row in rows):
        raise NotFound
    return listed([_sale_answer(row) for row in rows], query.limit, lambda one: (one.sale_id,))


def _sale_answer(row: store.SaleReadRow) -> SaleAnswer:
    return SaleAnswer(
        sale_id=row.id,
        merchant_id=row.merchant_id,
        shop_id=row.shop_id,
        terminal_id=row.terminal_id,
        receipt=row.receipt,
        minimal=row.minimal,
        total_minor=row.total_minor,
        redeemed_minor=row.redeemed_minor,
        currency=row.currency,
        sold_at=row.sold_at,
    )
