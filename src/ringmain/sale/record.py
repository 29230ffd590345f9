"""Record sales with the vouchers spent in them: each sale with all of its vouchers, or nothing of it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7_of
from ringmain.kit.secrets import Keyring
from ringmain.network import api as network
from ringmain.network.errors import ShopNotFound
from ringmain.sale import store
from ringmain.sale.identify import with_buyers
from ringmain.sale.model import (
    NewSale,
    Recorded,
    RedemptionAnswer,
    RefusedVoucher,
    SaleRow,
    VoucherUse,
    believed_time,
    broken_rule,
    total_of,
)
from ringmain.sale.queued import Arrived, Rules, note_arrivals, rules_of, settlement
from ringmain.voucher import api as voucher


async def sell(uow: UnitOfWork, keyring: Keyring, sales: Sequence[NewSale]) -> list[Recorded | RuleBroken]:
    """Find out who buys, then record the sales: the way of every till, coalesced, in batches, and replayed."""
    known = await with_buyers(uow, keyring, sales)
    recorded = iter(await record(uow, [sale for sale in known if not isinstance(sale, RuleBroken)]))
    return [sale if isinstance(sale, RuleBroken) else next(recorded) for sale in known]


async def record(uow: UnitOfWork, sales: Sequence[NewSale]) -> list[Recorded | RuleBroken]:
    """Record sales in order of arrival; one answer each. A refused sale changes nothing and hinders no other.

    Guarantees that a sale is written if and only if all of its vouchers are spent. Raises nothing of its own; the
    rules are answers. The caller commits.
    """
    answers: dict[int, Recorded | RuleBroken] = {}
    shops_wanted = await network.shops(uow, sorted({sale.shop_id for sale in sales}))
    now = await uow.now()
    shops = {shop.id: shop for shop in shops_wanted}
    places: list[int] = []
    said = {sale.id: sale for sale in sales if sale.queued is not None}
    if said:
        sales = [replace(one, sold_at=believed_time(one.sold_at, now)) if one.id in said else one for one in sales]
    for place, sale in enumerate(sales):
        rule = _refusal(sale, shops, now)
        if rule is None:
            places.append(place)
        else:
            answers[place] = rule
            said.pop(sale.id, None)
    arrived = Arrived()
    outcomes = await _redeem(uow, [sales[place] for place in places], shops, now, arrived)
    rows: list[SaleRow] = []
    for number, (place, outcome) in enumerate(zip(places, outcomes, strict=True)):
        if isinstance(outcome, RuleBroken):
            answers[place] = outcome
        else:
            refused = arrived.refused.get(number, ())
            row, answer = _written(sales[place], shops[sales[place].shop_id], outcome, refused, now)
            rows.append(row)
            answers[place] = answer
    if rows:
        await store.insert_sales(uow, rows)
        uow.record("sale", [row.id for row in rows])
    if said:
        await note_arrivals(uow, said, shops, arrived)
    return [answers[place] for place in range(len(sales))]


def _refusal(sale: NewSale, shops: dict[UUID, network.Shop], now: datetime) -> RuleBroken | None:
    shop = shops.get(sale.shop_id)
    if shop is None or sale.merchant_id not in (None, shop.merchant_id):
        return ShopNotFound(shop_id=sale.shop_id)
    return broken_rule(sale, now)


async def _redeem(
    uow: UnitOfWork, sales: Sequence[NewSale], shops: dict[UUID, network.Shop], now: datetime, arrived: Arrived
) -> list[list[RedemptionAnswer] | RuleBroken]:
    """Spend the vouchers of sales; a sale without any gets an empty list."""
    found = await _candidates(uow, sales, now)
    rules: Rules = await rules_of(uow, sales, shops)
    uses: list[voucher.Use | voucher.Settle] = []
    places: list[int] = []
    for place, sale in enumerate(sales):
        if sale.queued is not None:
            if sale.vouchers:
                uses.append(settlement(sale, _till(sale, shops[sale.shop_id]), rules, now))
                places.append(place)
        elif sale.vouchers or sale.apply_best:
            uses.append(_use(sale, found.get(place, ()), shops[sale.shop_id], now))
            places.append(place)
    outcomes: list[list[RedemptionAnswer] | RuleBroken] = [[] for _ in sales]
    for place, answer in zip(places, await voucher.apply(uow, uses), strict=True):
        if isinstance(answer, RuleBroken):
            outcomes[place] = answer
        elif isinstance(answer, voucher.Settled):
            outcomes[place] = [_redemption_answer(one) for one in answer.done]
            arrived.note(place, sales[place], _till(sales[place], shops[sales[place].shop_id]), answer)
        elif isinstance(answer, list):
            outcomes[place] = [_redemption_answer(one) for one in answer]
    return outcomes


async def _candidates(uow: UnitOfWork, sales: Sequence[NewSale], now: datetime) -> dict[int, Sequence[UUID]]:
    """Return, by place, the vouchers among which the best is chosen for buyers who were identified."""
    visits = {
        place: voucher.Visit(
            (sale.subject_id, *sale.merged_subject_ids), sale.shop_id, sale.total_minor, sale.decided_at or now
        )
        for place, sale in enumerate(sales)
        if sale.apply_best and sale.subject_id and sale.queued is None
    }
    if not visits:
        return {}
    return dict(zip(visits, await voucher.candidates(uow, list(visits.values())), strict=True))


def _till(sale: NewSale, shop: network.Shop) -> voucher.Redeemer:
    return voucher.Redeemer(shop.merchant_id, shop.id, sale.terminal_id, shop.time_zone)


def _use(sale: NewSale, found: Sequence[UUID], shop: network.Shop, now: datetime) -> voucher.Use:
    by = _till(sale, shop)
    named = {use.voucher_id for use in sale.vouchers}
    return voucher.Use(
        all_of=tuple(_redeem_action(sale, use, by, now) for use in sale.vouchers),
        best_of=tuple(_redeem_action(sale, VoucherUse(id_), by, now) for id_ in found if id_ not in named),
        expected_minor=sale.left_for_vouchers,
    )


def _redeem_action(sale: NewSale, use: VoucherUse, by: voucher.Redeemer, now: datetime) -> voucher.Redeem:
    at = sale.decided_at or now
    return voucher.Redeem(
        # Derived, so that a sale replayed under the same id makes the same redemption.
        id=uuid7_of(at, sale.id, use.voucher_id),
        voucher_id=use.voucher_id,
        sale_id=sale.id,
        by=by,
        at=at,
        secret=use.secret,
        subject_id=sale.subject_id,
        merged_subject_ids=sale.merged_subject_ids,
        basket_minor=sale.total_minor,
        currency=sale.currency,
        amount_minor=use.amount_minor,
        lock_key=use.lock_key,
        made_at=sale.sold_at,
        lease_id=use.lease_id,
    )


def _redemption_answer(one: voucher.Redeemed) -> RedemptionAnswer:
    return RedemptionAnswer(
        redemption_id=one.id,
        voucher_id=one.voucher_id,
        offer_id=one.offer_id,
        amount_minor=one.amount_minor,
        remaining_minor=one.remaining_minor,
        currency=one.currency,
    )


def _written(
    sale: NewSale,
    shop: network.Shop,
    redemptions: Sequence[RedemptionAnswer],
    refused: tuple[RefusedVoucher, ...],
    now: datetime,
) -> tuple[SaleRow, Recorded]:
    """Return the row of a sale and the answer to its till."""
    total, currency = total_of(sale, redemptions)
    redeemed = sum(one.amount_minor for one in redemptions)
    sold_at = sale.sold_at or now
    row = SaleRow(
        id=sale.id,
        merchant_id=shop.merchant_id,
        shop_id=shop.id,
        terminal_id=sale.terminal_id,
        subject_id=sale.subject_id,
        receipt=sale.receipt,
        minimal=sale.minimal,
        total_minor=total,
        redeemed_minor=redeemed,
        currency=currency,
        tenders=sale.tenders,
        sold_at=sold_at,
        lines=sale.lines,
        staff_id=sale.staff_id,
    )
    answer = Recorded(
        sale_id=sale.id,
        sold_at=sold_at,
        total_minor=total,
        redeemed_minor=redeemed,
        to_pay_minor=total - redeemed,
        currency=currency,
        redemptions=tuple(redemptions),
        recognised=sale.subject_id is not None,
        ask_for_phone=sale.subject_id is None and sale.payment is not None,
        refused=refused,
    )
    return row, answer
