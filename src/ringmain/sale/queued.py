"""Sales that were made without a network, as they arrive: each is recorded once, whatever becomes of its vouchers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7_of
from ringmain.network import api as network
from ringmain.sale import store
from ringmain.sale.model import NewSale, RefusedVoucher
from ringmain.voucher import api as voucher

Rules = Mapping[UUID, voucher.OfflineRule]


@dataclass(slots=True)
class Arrived:
    """What became of the vouchers of queued sales: refusals by the place of their sale, and all losses."""

    refused: dict[int, tuple[RefusedVoucher, ...]] = field(default_factory=dict)
    losses: list[voucher.NewLoss] = field(default_factory=list)

    def note(self, place: int, sale: NewSale, by: voucher.Redeemer, settled: voucher.Settled) -> None:
        """Note what nobody pays for of one sale."""
        rules = dict(settled.refused)
        amounts = {one.voucher_id: one.amount_minor for one in settled.done}
        self.refused[place] = tuple(
            _refused(use.voucher_id, rules[use.voucher_id], use.taken_minor)
            for use in sale.vouchers
            if use.voucher_id in rules
        )
        for use in sale.vouchers:
            rule = rules.get(use.voucher_id)
            loss = max(use.taken_minor - amounts.get(use.voucher_id, 0), 0)
            if (rule is not None or loss) and sale.currency is not None and sale.sold_at is not None:
                code = rule.code if rule is not None else None
                self.losses.append(
                    voucher.NewLoss(sale.id, use.voucher_id, by, use.lease_id, code, loss, sale.currency, sale.sold_at)
                )


def _refused(voucher_id: UUID, rule: RuleBroken, taken_minor: int) -> RefusedVoucher:
    facts: Mapping[str, Any] = rule.facts
    at, shop = facts.get("redeemed_at"), facts.get("shop_id")
    return RefusedVoucher(
        voucher_id,
        rule.code,
        rule.next_step,
        taken_minor,
        at if at is None or isinstance(at, datetime) else datetime.fromisoformat(at),
        shop if shop is None or isinstance(shop, UUID) else UUID(shop),
    )


async def rules_of(uow: UnitOfWork, sales: Sequence[NewSale], shops: Mapping[UUID, network.Shop]) -> Rules:
    """Return what the merchants of queued sales with vouchers let their tills do; no query where there are none."""
    merchants = {shops[sale.shop_id].merchant_id for sale in sales if sale.queued is not None and sale.vouchers}
    return await voucher.offline_rules(uow, merchants) if merchants else {}


def settlement(sale: NewSale, by: voucher.Redeemer, rules: Rules, now: datetime) -> voucher.Settle:
    """Return what is asked of the vouchers that a till took off a queued sale; `sold_at` is what is believed of it."""
    anyway = rules.get(by.merchant_id, voucher.OfflineRule()).accept_anyway
    at = sale.sold_at or now
    return voucher.Settle(
        tuple(
            voucher.Redeem(
                id=uuid7_of(now, sale.id, use.voucher_id),
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
                offline=voucher.Offline(now, use.lease_id, use.taken_minor, anyway),
            )
            for use in sale.vouchers
        )
    )


async def note_arrivals(
    uow: UnitOfWork, said: Mapping[UUID, NewSale], shops: Mapping[UUID, network.Shop], arrived: Arrived
) -> None:
    """Keep what the clocks of queued sales said, and their losses; `said` are the sales as they came, by id."""
    now = await uow.now()
    if said:
        rows = [
            store.QueuedRow(
                sale.id,
                shops[sale.shop_id].merchant_id,
                sale.sold_at or now,
                sale.queued.clock_offset_ms if sale.queued else None,
                now,
            )
            for sale in said.values()
        ]
        await store.insert_queued(uow, rows)
    if arrived.losses:
        await voucher.note_losses(uow, arrived.losses)
