"""Shifts: what a till recorded, what was counted, and the difference; opened and closed once."""

import uuid
from datetime import timedelta

import pytest

from ringmain.sale.api import Tender, Undo, close_shift, find_till_sales, open_shift, past_shifts, shift_of, till_sales
from ringmain.sale.api import undo as undo_sale
from ringmain.sale.errors import NoShiftOpen, ShiftAlreadyOpen
from tests.sale.tills import Till
from tests.voucher.ring import NOW

_CASHIER = uuid.uuid4()
_MINUTE = timedelta(minutes=1)


async def test_a_shift_says_what_should_be_in_the_drawer(till: Till) -> None:
    """Sums per tender, vouchers, what was undone; other tills and the time before do not count."""
    ring, terminal = till.ring, uuid.uuid4()
    await till.sell(till.new(NOW - _MINUTE, terminal_id=terminal, tenders=(Tender("cash", 1_000),)), NOW - _MINUTE)
    async with ring.unit() as uow:
        opened = await open_shift(uow, ring.cafe_shop, terminal, _CASHIER, 5_000)
    at = NOW + _MINUTE
    granted = await ring.grant(await ring.publish())
    both = (Tender("cash", 300), Tender("card", 500))
    await till.sell(till.with_voucher(granted, at, terminal_id=terminal, tenders=both), at)
    wrong = await till.sell(till.new(at, terminal_id=terminal, tenders=(Tender("cash", 1_000),)), at)
    await till.sell(till.new(at, terminal_id=uuid.uuid4(), tenders=(Tender("cash", 1_000),)), at)
    async with ring.unit(at + _MINUTE) as uow:
        await undo_sale(uow, Undo(wrong.sale_id, ring.cafe_shop, _CASHIER, by_manager=False, reason="wrong amount"))

    async with ring.unit(at + 2 * _MINUTE) as uow:
        closed = await close_shift(uow, opened.id, terminal, _CASHIER, 5_250)

    sums = closed.sums
    assert (sums.sales, sums.total_minor, sums.vouchers_minor, sums.voucher_sales) == (2, 2_000, 200, 1)
    assert (sums.tenders, sums.given_back) == ({"card": 500, "cash": 1_300}, {"cash": 1_000})
    assert (sums.undone, sums.undone_minor) == (1, 1_000)
    assert (closed.expected_minor, closed.row.counted_minor, closed.difference_minor) == (5_300, 5_250, -50)
    async with ring.unit(at + 3 * _MINUTE) as uow:
        assert await shift_of(uow, terminal) is None
        assert [one.difference_minor for one in await past_shifts(uow, terminal)] == [-50]


async def test_a_till_has_one_open_shift(till: Till) -> None:
    """A second one is refused, and so is closing twice or another till's."""
    ring, terminal = till.ring, uuid.uuid4()
    async with ring.unit() as uow:
        opened = await open_shift(uow, ring.cafe_shop, terminal, _CASHIER, 0)
    async with ring.unit() as uow:
        with pytest.raises(ShiftAlreadyOpen):
            await open_shift(uow, ring.cafe_shop, terminal, _CASHIER, 0)
        with pytest.raises(NoShiftOpen):
            await close_shift(uow, opened.id, uuid.uuid4(), _CASHIER, 0)
    async with ring.unit(NOW + _MINUTE) as uow:
        await close_shift(uow, opened.id, terminal, _CASHIER, 0)
        with pytest.raises(NoShiftOpen):
            await close_shift(uow, opened.id, terminal, _CASHIER, 0)
    assert await ring.value("SELECT count(*) FROM shift_close") == 1


async def test_sales_are_found_by_receipt_digits_and_amount(till: Till) -> None:
    """The end of the receipt, the end of the id, the total, or what was collected; nothing of another shop."""
    ring = till.ring
    first = await till.sell(till.new(receipt="1128F3-0007"))
    granted = await ring.grant(await ring.publish())
    at = NOW + _MINUTE
    second = await till.sell(till.with_voucher(granted, at, receipt="1128F3-0008"), at)
    since = NOW - timedelta(days=1)

    async with ring.unit() as uow:
        assert [one.id for one in await till_sales(uow, ring.cafe_shop, since, 9)] == [second.sale_id, first.sale_id]
        by_receipt = await find_till_sales(uow, ring.cafe_shop, since, "f3-0007", [], 9)
        by_id = await find_till_sales(uow, ring.cafe_shop, since, second.sale_id.hex[-6:], [], 9)
        by_collected = await find_till_sales(uow, ring.cafe_shop, since, "8", [800], 9)
        elsewhere = await find_till_sales(uow, ring.bakery_shop, since, "0007", [1_000], 9)
    assert [one.id for one in by_receipt] == [first.sale_id]
    assert [one.id for one in by_id] == [second.sale_id]
    assert second.sale_id in [one.id for one in by_collected]
    assert elsewhere == []
