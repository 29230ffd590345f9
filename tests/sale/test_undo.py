"""A whole sale is undone once, by who may, and always by adding."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest

from ringmain.kit.pure.errors import RuleBroken
from ringmain.sale.api import Refunded, Tender, Undo, till_sale, undo
from ringmain.sale.errors import SaleAlreadyUndone, SaleNotFound, UndoNeedsManager
from tests.sale.tills import Till
from tests.voucher.ring import NOW, Money

_STAFF = uuid.uuid4()
_LATER = NOW + timedelta(hours=1, seconds=1)


async def _undo(till: Till, sale_id: uuid.UUID, at: datetime = NOW, **changes: Any) -> Refunded:
    fields = {"shop_id": till.ring.cafe_shop, "staff_id": _STAFF, "by_manager": False, "reason": "wrong", **changes}
    async with till.ring.unit(at) as uow:
        return await undo(uow, Undo(sale_id=sale_id, **fields))


async def _refused(till: Till, rule: type[RuleBroken], *args: Any, **changes: Any) -> None:
    before = await till.everything()
    with pytest.raises(rule):
        await _undo(till, *args, **changes)
    assert await till.everything() == before


async def test_money_and_voucher_go_back(till: Till) -> None:
    """What was paid is refunded in the ways it was paid, the voucher lives again, and the sale says since when."""
    granted = await till.ring.grant(await till.ring.publish())
    sold = await till.sell(till.with_voucher(granted, tenders=(Tender("cash", 800),), staff_id=_STAFF))

    done = await _undo(till, sold.sale_id)

    assert (done.amount_minor, done.left_minor, done.restored) == (800, 0, (granted.voucher_id,))
    assert await till.ring.money(till.ring.bakery) == Money(99_800, 200, 0)
    async with till.ring.unit() as uow:
        known = await till_sale(uow, sold.sale_id)
    assert known is not None
    assert (known.undone_at, known.refunded_minor, known.collected_minor, known.staff_id) == (NOW, 800, 0, _STAFF)
    kept = await till.ring.value("SELECT detail -> 'tenders' FROM sale_change WHERE sale_id = %s", sold.sale_id)
    assert kept == [{"kind": "cash", "amount_minor": 800}]


async def test_a_sale_that_a_voucher_paid_whole_is_undone_too(till: Till) -> None:
    """Nothing goes back in money; the voucher does, once."""
    granted = await till.ring.grant(await till.ring.publish())
    sold = await till.sell(till.with_voucher(granted, total_minor=200))

    assert (await _undo(till, sold.sale_id)).restored == (granted.voucher_id,)
    await _refused(till, SaleAlreadyUndone, sold.sale_id)


async def test_a_sale_is_undone_once(till: Till) -> None:
    """The second time is refused with the time of the first, and nothing happens."""
    sold = await till.sell(till.new())
    await _undo(till, sold.sale_id)
    await _refused(till, SaleAlreadyUndone, sold.sale_id)


async def test_an_old_sale_needs_a_manager(till: Till) -> None:
    """A cashier has an hour; a manager undoes what is older."""
    sold = await till.sell(till.new())
    await _refused(till, UndoNeedsManager, sold.sale_id, _LATER)
    assert (await _undo(till, sold.sale_id, _LATER, by_manager=True)).amount_minor == 1_000


async def test_another_shop_cannot_undo(till: Till) -> None:
    """A sale is undone where it was made; elsewhere it does not exist."""
    sold = await till.sell(till.new())
    await _refused(till, SaleNotFound, sold.sale_id, shop_id=till.ring.bakery_shop)
    await _refused(till, SaleNotFound, uuid.uuid4())
