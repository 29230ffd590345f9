"""Sales that were made without a network: recorded once, whatever their vouchers, buyers and clocks say."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from ringmain.kit.secrets import Keyring
from ringmain.sale import api as sale
from ringmain.sale.model import Queued
from ringmain.voucher import api as voucher
from tests.sale.tills import Till
from tests.voucher.ring import DAY, NOW, ZONE, Money

HOUR = timedelta(hours=1)
TERMINAL = uuid.UUID(int=81)


def queued(till: Till, at: datetime, *uses: sale.VoucherUse, **changes: Any) -> sale.NewSale:
    """Return a sale of 10.00 that a terminal made at a time of its clock."""
    fields = {"terminal_id": TERMINAL, "sold_at": at, "vouchers": uses, "queued": Queued(-250), **changes}
    return till.new(NOW, **fields)


async def test_a_leased_voucher_is_redeemed_when_its_sale_arrives(till: Till) -> None:
    """The sale has the till's time, the redemption is booked when it arrives, and the cafe is paid."""
    granted = await till.ring.grant(await till.ring.publish())
    by = voucher.Redeemer(till.ring.cafe, till.ring.cafe_shop, TERMINAL, ZONE)
    async with till.ring.unit() as uow:
        lease = (await voucher.lease(uow, by, [voucher.AskLease(granted.voucher_id, by, None, (till.ring.member,))]))[0]
    assert isinstance(lease, voucher.Lease)
    use = sale.VoucherUse(granted.voucher_id, lease_id=lease.id, taken_minor=200)
    new = queued(till, NOW + HOUR, use, subject_id=till.ring.member, tenders=(sale.Tender("cash", 800),))

    answer = await till.sell(new, NOW + 5 * HOUR)

    assert (answer.sold_at, answer.redeemed_minor, answer.to_pay_minor, answer.refused) == (NOW + HOUR, 200, 800, ())
    assert await till.ring.value("SELECT redeemed_at FROM redemption") == NOW + 5 * HOUR
    assert await till.ring.value("SELECT used_at FROM redemption") == NOW + HOUR
    assert await till.ring.money(till.ring.cafe) == Money(100_000, 0, 200)
    assert await till.ring.value("SELECT count(*) FROM offline_loss") == 0


async def test_a_refused_voucher_leaves_the_sale_and_a_loss(till: Till) -> None:
    """The sale is recorded, the answer says when and where the voucher was used, and the loss is noted."""
    granted = await till.ring.grant(await till.ring.publish())
    await till.sell(till.with_voucher(granted), NOW + HOUR)
    use = sale.VoucherUse(granted.voucher_id, taken_minor=200)
    new = queued(till, NOW + 2 * HOUR, use, subject_id=till.ring.member, tenders=(sale.Tender("cash", 800),))

    answer = await till.sell(new, NOW + 5 * HOUR)

    assert (answer.total_minor, answer.redeemed_minor) == (1_000, 0)
    refused = answer.refused[0]
    assert (refused.voucher_id, refused.rule, refused.loss_minor) == (granted.voucher_id, "voucher_already_spent", 200)
    assert (refused.used_at, refused.used_shop_id) == (NOW + HOUR, till.ring.cafe_shop)
    async with till.ring.unit() as uow:
        losses = await voucher.list_losses(uow, merchant_id=till.ring.cafe)
    assert [(one.sale_id, one.rule, one.loss_minor, one.used_at) for one in losses] == [
        (new.id, "voucher_already_spent", 200, NOW + 2 * HOUR)
    ]
    assert await till.ring.value("SELECT count(*) FROM sale") == 2


@pytest.mark.parametrize(("anyway", "rule"), [(False, "voucher_needs_network"), (True, None)])
async def test_what_is_not_leased_is_tried_only_where_the_merchant_says_so(
    till: Till, anyway: bool, rule: str | None
) -> None:
    """Where the merchant accepts anyway it is redeemed if it is there; where not, it is the merchant's loss."""
    granted = await till.ring.grant(await till.ring.publish())
    async with till.ring.unit() as uow:
        await voucher.change_offline_rule(uow, till.ring.cafe, voucher.OfflineRule(accept_anyway=anyway))
    use = sale.VoucherUse(granted.voucher_id, taken_minor=200)

    answer = await till.sell(queued(till, NOW + HOUR, use, subject_id=till.ring.member), NOW + 2 * HOUR)

    assert [one.rule for one in answer.refused] == ([rule] if rule else [])
    assert answer.redeemed_minor == (0 if rule else 200)
    assert await till.ring.value("SELECT coalesce(sum(loss_minor), 0) FROM offline_loss") == (200 if rule else 0)


async def test_what_the_till_took_off_beyond_the_voucher_is_a_loss(till: Till) -> None:
    """The funder pays what the voucher is worth; the rest is the merchant's."""
    granted = await till.ring.grant(await till.ring.publish())
    async with till.ring.unit() as uow:
        await voucher.change_offline_rule(uow, till.ring.cafe, voucher.OfflineRule(accept_anyway=True))
    use = sale.VoucherUse(granted.voucher_id, taken_minor=350)

    answer = await till.sell(queued(till, NOW, use, subject_id=till.ring.member), NOW + HOUR)

    assert answer.redeemed_minor == 200
    assert await till.ring.value("SELECT loss_minor FROM offline_loss WHERE rule IS NULL") == 150


CLOCKS: dict[str, tuple[timedelta, timedelta]] = {
    "right": (timedelta(hours=-3), timedelta(hours=-3)),
    "ten minutes ahead": (timedelta(minutes=10), timedelta(0)),
    "days ahead": (3 * DAY, timedelta(0)),
    "a month back, which a till in a drawer may be": (-31 * DAY, -31 * DAY),
    "of the year 2000": (-9_500 * DAY, timedelta(0)),
}


@pytest.mark.parametrize(("said", "believed"), CLOCKS.values(), ids=CLOCKS.keys())
async def test_no_clock_loses_a_queued_sale(till: Till, said: timedelta, believed: timedelta) -> None:
    """A time that cannot be is replaced by that of the arrival, and what was said is kept."""
    answer = await till.sell(queued(till, NOW + said), NOW)

    assert answer.sold_at == NOW + believed
    assert await till.ring.value("SELECT said_at FROM queued_sale") == NOW + said
    assert await till.ring.value("SELECT clock_offset_ms FROM queued_sale") == -250
    assert await till.ring.value("SELECT arrived_at FROM queued_sale") == NOW


async def test_a_member_that_is_gone_does_not_lose_the_sale(till: Till) -> None:
    """The sale is recorded as nobody's; the same sale of the moment would have been refused."""
    gone = queued(till, NOW, member_id=uuid.uuid4())
    async with till.ring.unit() as uow:
        answers = await sale.sell(uow, Keyring({1: bytes(32)}), [gone, replace(gone, queued=None)])
    assert isinstance(answers[0], sale.Recorded)
    assert not answers[0].recognised
    assert getattr(answers[1], "code", None) == "sale_member_not_found"


async def test_tenders_that_do_not_add_up_do_not_lose_the_sale(till: Till) -> None:
    """The money is in the drawer, as it is."""
    answer = await till.sell(queued(till, NOW, tenders=(sale.Tender("cash", 700),)), NOW + HOUR)
    assert (answer.total_minor, answer.redeemed_minor) == (1_000, 0)


async def test_a_sale_of_the_moment_leaves_no_trace_of_a_queue(till: Till) -> None:
    """Only what was queued has a clock to keep."""
    await till.sell(till.new())
    assert await till.ring.value("SELECT count(*) FROM queued_sale") == 0
