"""Recording sales: each with all of its vouchers, or nothing of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.sale import api as sale
from tests.sale.tills import Till
from tests.voucher.ring import DAY, NOW, Money


async def test_a_sale_is_written_with_lines_and_tenders(till: Till) -> None:
    """What the till sent is what the database holds; amounts add up."""
    lines = (sale.Line("noodles", 2_000, 900, "food"), sale.Line("tea", 1_000, 100))
    new = till.new(lines=lines, tenders=(sale.Tender("cash", 1_000),), receipt="A-1")

    answer = await till.sell(new)

    assert (answer.total_minor, answer.redeemed_minor, answer.to_pay_minor, answer.redemptions) == (1_000, 0, 1_000, ())
    written = "SELECT array_agg(product || ' ' || quantity || ' ' || amount_minor ORDER BY line_no) FROM sale_line"
    assert await till.ring.value(written) == ["noodles 2000 900", "tea 1000 100"]
    assert await till.ring.value("SELECT tenders FROM sale") == [{"kind": "cash", "amount_minor": 1_000}]


async def test_a_voucher_is_spent_in_the_same_transaction(till: Till) -> None:
    """The sale says what to pay, the cafe is owed the voucher, and the bakery has paid for it."""
    granted = await till.ring.grant(await till.ring.publish())

    answer = await till.sell(till.with_voucher(granted, tenders=(sale.Tender("card", 800),)))

    assert (answer.redeemed_minor, answer.to_pay_minor) == (200, 800)
    assert [one.voucher_id for one in answer.redemptions] == [granted.voucher_id]
    assert await till.ring.money(till.ring.bakery) == Money(99_800, 0, 0)
    assert await till.ring.money(till.ring.cafe) == Money(100_000, 0, 200)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"total_minor": None, "currency": None}, "total_required"),
        ({"currency": None}, "total_required"),
        ({"lines": (sale.Line("tea", 1_000, 999),)}, "lines_differ"),
        ({"tenders": (sale.Tender("cash", 999),)}, "tenders_differ"),
        ({"sold_at": NOW + timedelta(minutes=6)}, "sale_in_future"),
        ({"shop_id": uuid7(NOW)}, "shop_not_found"),
        ({"merchant_id": uuid7(NOW)}, "shop_not_found"),
        ({"vouchers": (sale.VoucherUse(uuid7(NOW)),)}, "voucher_not_found"),
    ],
)
async def test_a_sale_that_breaks_a_rule_is_refused_whole(till: Till, changes: dict[str, Any], code: str) -> None:
    """The rule is named and nothing is written."""
    assert await till.refusal(till.new(**changes)) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"tenders": (sale.Tender("cash", 1_000),)}, "tenders_differ"),
        ({"sold_at": NOW - 4 * DAY}, "sale_too_old"),
        ({"currency": "USD"}, "currency_differs"),
        ({"subject_id": None}, "voucher_not_found"),
    ],
)
async def test_a_sale_with_a_voucher_that_breaks_a_rule_leaves_the_voucher(
    till: Till, changes: dict[str, Any], code: str
) -> None:
    """The refused sale does not spend the voucher: it is spent afterwards."""
    granted = await till.ring.grant(await till.ring.publish())
    new = till.with_voucher(granted)
    refused = till.new(**{"subject_id": new.subject_id, "vouchers": new.vouchers, **changes})

    assert await till.refusal(refused) == code
    assert (await till.sell(new)).redeemed_minor == 200


async def test_of_several_vouchers_one_refusal_keeps_them_all(till: Till) -> None:
    """A sale with a good and a spent voucher spends neither."""
    offer = await till.ring.publish()
    good, spent = await till.ring.grant(offer), await till.ring.grant(offer)
    await till.sell(till.with_voucher(spent))
    both = (sale.VoucherUse(good.voucher_id), sale.VoucherUse(spent.voucher_id))

    assert await till.refusal(till.new(subject_id=till.ring.member, vouchers=both)) == "voucher_already_spent"
    assert (await till.sell(till.with_voucher(good))).redeemed_minor == 200


async def test_a_refused_sale_of_a_batch_does_not_hinder_the_others(till: Till) -> None:
    """Answers come in order, each sale with its own."""
    sales = [till.new(), till.new(shop_id=uuid7(NOW)), till.new()]

    answers = await till.record(sales)

    assert [isinstance(answer, RuleBroken) for answer in answers] == [False, True, False]
    assert await till.ring.value("SELECT count(*) FROM sale") == 2


async def test_two_sales_of_one_batch_want_one_voucher_and_the_first_has_it(till: Till) -> None:
    """A batch is decided in order of arrival."""
    granted = await till.ring.grant(await till.ring.publish())

    first, second = await till.record([till.with_voucher(granted), till.with_voucher(granted)])

    assert isinstance(first, sale.Recorded)
    assert isinstance(second, RuleBroken)
    assert second.code == "voucher_already_spent"


async def test_the_best_voucher_comes_off_by_itself(till: Till) -> None:
    """Of what the identified guest holds, that which takes most off here is spent, and no other."""
    small = await till.ring.publish()
    large = await till.ring.publish(face_minor=300)
    elsewhere = await till.ring.publish(face_minor=900, shop_ids=(till.ring.bakery_shop,))
    for offer in (small, large, elsewhere):
        await till.ring.grant(offer)

    answer = await till.sell(till.new(subject_id=till.ring.member, apply_best=True))

    assert [(one.offer_id, one.amount_minor) for one in answer.redemptions] == [(large.id, 300)]
    assert await till.ring.value("SELECT count(*) FROM voucher WHERE closed = 'spent'") == 1


async def test_the_best_voucher_joins_those_that_were_named(till: Till) -> None:
    """A sale may name vouchers and take the best of the rest off what is left of the price."""
    named = await till.ring.grant(await till.ring.publish(face_minor=900))
    await till.ring.grant(await till.ring.publish())

    answer = await till.sell(till.with_voucher(named, apply_best=True))

    assert [one.amount_minor for one in answer.redemptions] == [900, 100]
    assert answer.to_pay_minor == 0


async def test_nothing_comes_off_where_nothing_applies(till: Till) -> None:
    """A guest without a voucher for this shop pays the price."""
    await till.ring.grant(await till.ring.publish(shop_ids=(till.ring.bakery_shop,)))

    answer = await till.sell(till.new(subject_id=till.ring.member, apply_best=True))

    assert (answer.redemptions, answer.to_pay_minor) == ((), 1_000)


async def test_a_till_that_knows_only_the_code_makes_a_minimal_sale(till: Till) -> None:
    """It is worth what the voucher took off, until it is completed."""
    granted = await till.ring.grant(await till.ring.publish())
    minimal = till.with_voucher(granted, total_minor=None, currency=None)

    answer = await till.sell(minimal)

    assert (answer.total_minor, answer.redeemed_minor, answer.to_pay_minor, answer.currency) == (200, 200, 0, "EUR")
    assert await till.ring.value("SELECT minimal FROM sale") is True


async def test_returns_and_gifts_are_sales_too(till: Till) -> None:
    """A negative or zero total is recorded as it is."""
    answers = [await till.sell(till.new(total_minor=total)) for total in (-500, 0)]

    assert [answer.to_pay_minor for answer in answers] == [-500, 0]


async def test_a_sale_lands_in_the_partition_of_its_month(till: Till) -> None:
    """The id carries the time of the sale, and the partition follows from the id."""
    # A month of its own: rows that wait in the default partition keep their month from being made.
    may = datetime(2031, 5, 31, 23, 59, tzinfo=UTC)
    async with till.ring.unit() as uow:
        await sale.ensure_partitions(uow, may, may)
    await till.sell(till.new(may), may)

    assert await till.ring.value("SELECT tableoid::regclass::text FROM sale") == "sale_2031_05"
