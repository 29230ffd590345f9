"""Refunds restore vouchers by rule; a minimal sale is completed once; always by adding."""

import asyncio

import pytest

from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.sale.change import Completion, Refund, Refunded, complete, refund
from ringmain.sale.errors import LinesDiffer, RefundExceedsSale, SaleAlreadyComplete, SaleNotFound
from ringmain.sale.model import Line, Tender
from ringmain.voucher.errors import TendersDiffer
from tests.sale.tills import Till
from tests.voucher.ring import DAY, NOW, Money


async def test_a_full_refund_restores_the_voucher(till: Till) -> None:
    """Everybody has what they had before the sale, and the voucher works again."""
    granted = await till.ring.grant(await till.ring.publish())
    sold = await till.sell(till.with_voucher(granted))

    async with till.ring.unit() as uow:
        done = await refund(uow, Refund(sold.sale_id, till.ring.cafe, 800, "cold soup"))

    assert (done.left_minor, done.restored, done.returned) == (0, (granted.voucher_id,), ())
    assert await till.ring.money(till.ring.bakery) == Money(99_800, 200, 0)
    assert await till.ring.money(till.ring.cafe) == Money(100_000, 0, 0)
    assert (await till.sell(till.with_voucher(granted))).redeemed_minor == 200


async def test_a_part_is_refunded_without_the_voucher_unless_asked(till: Till) -> None:
    """A partial refund leaves the voucher spent; the rest of it restores the voucher."""
    granted = await till.ring.grant(await till.ring.publish())
    sold = await till.sell(till.with_voucher(granted))

    async with till.ring.unit() as uow:
        first = await refund(uow, Refund(sold.sale_id, till.ring.cafe, 300, "one dish"))
    async with till.ring.unit() as uow:
        second = await refund(uow, Refund(sold.sale_id, till.ring.cafe, 100, "kindness", restore_vouchers=True))

    assert (first.left_minor, first.restored) == (500, ())
    assert (second.left_minor, second.restored) == (400, (granted.voucher_id,))


async def test_a_refund_long_after_the_end_pays_the_funder(till: Till) -> None:
    """Beyond the grace period nobody can use the voucher again: its money goes back to the bakery."""
    granted = await till.ring.grant(await till.ring.publish(grace_days=7))
    sold = await till.sell(till.with_voucher(granted))
    late = NOW + 22 * DAY

    async with till.ring.unit(late) as uow:
        done = await refund(uow, Refund(sold.sale_id, None, 800, "recall"))

    assert (done.restored, done.returned) == ((), (granted.voucher_id,))
    assert await till.ring.money(till.ring.bakery) == Money(100_000, 0, 0)


async def test_refunds_never_exceed_what_was_paid(till: Till) -> None:
    """The part that vouchers paid is not money the till gives back; nothing happens on refusal."""
    sold = await till.sell(till.with_voucher(await till.ring.grant(await till.ring.publish())))
    before = await till.everything()

    with pytest.raises(RefundExceedsSale) as refusal:
        async with till.ring.unit() as uow:
            await refund(uow, Refund(sold.sale_id, till.ring.cafe, 801, "greed"))

    assert refusal.value.facts == {"left_minor": 800, "currency": "EUR"}
    assert await till.everything() == before


async def test_two_refunds_at_once_give_back_the_sale_once(till: Till) -> None:
    """Of ten clerks who refund the whole sale at the same moment, one does."""
    sold = await till.sell(till.new())

    async def try_it() -> Refunded | RuleBroken:
        try:
            async with till.ring.unit() as uow:
                return await refund(uow, Refund(sold.sale_id, till.ring.cafe, 1_000, "all"))
        except RuleBroken as rule:
            return rule

    answers = await asyncio.gather(*[try_it() for _ in range(10)])

    assert sum(isinstance(answer, Refunded) for answer in answers) == 1
    assert await till.ring.value("SELECT sum(amount_minor)::bigint FROM sale_change") == 1_000


async def test_another_merchant_sees_no_sale(till: Till) -> None:
    """A foreign sale and one that never was get the same answer."""
    sold = await till.sell(till.new())
    for id_, merchant in ((sold.sale_id, till.ring.bakery), (uuid7(NOW), till.ring.cafe)):
        with pytest.raises(SaleNotFound):
            async with till.ring.unit() as uow:
                await refund(uow, Refund(id_, merchant, 1, "curiosity"))


async def test_a_minimal_sale_is_completed_once(till: Till) -> None:
    """The total, lines and tenders are added; a second completion is refused."""
    granted = await till.ring.grant(await till.ring.publish())
    sold = await till.sell(till.with_voucher(granted, total_minor=None, currency=None))
    asked = Completion(sold.sale_id, till.ring.cafe, 1_000, (Tender("cash", 800),), (Line("soup", 1_000, 1_000),))

    async with till.ring.unit() as uow:
        done = await complete(uow, asked)

    assert (done.total_minor, done.redeemed_minor, done.to_pay_minor) == (1_000, 200, 800)
    with pytest.raises(SaleAlreadyComplete):
        async with till.ring.unit() as uow:
            await complete(uow, asked)
    assert await till.ring.value("SELECT count(*) FROM sale_line") == 1


@pytest.mark.parametrize(
    ("tenders", "lines", "error"),
    [
        ((Tender("cash", 1_000),), (), TendersDiffer),
        ((), (Line("soup", 1_000, 999),), LinesDiffer),
    ],
)
async def test_a_completion_that_does_not_add_up_is_refused(
    till: Till, tenders: tuple[Tender, ...], lines: tuple[Line, ...], error: type[RuleBroken]
) -> None:
    """Nothing is added, and the right completion still goes through."""
    granted = await till.ring.grant(await till.ring.publish())
    sold = await till.sell(till.with_voucher(granted, total_minor=None, currency=None))
    with pytest.raises(error):
        async with till.ring.unit() as uow:
            await complete(uow, Completion(sold.sale_id, till.ring.cafe, 1_000, tenders, lines))

    assert await till.ring.value("SELECT count(*) FROM sale_change") == 0


async def test_a_whole_sale_needs_no_completion(till: Till) -> None:
    """Only a minimal sale can be completed."""
    sold = await till.sell(till.new())
    with pytest.raises(SaleAlreadyComplete):
        async with till.ring.unit() as uow:
            await complete(uow, Completion(sold.sale_id, till.ring.cafe, 2_000))
