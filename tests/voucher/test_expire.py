"""Vouchers whose time is over are closed by a sweep that goes on where it stopped; creators take theirs back."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.voucher import errors, expire
from ringmain.voucher.apply import Use
from ringmain.voucher.model import Ended, Grant
from tests.voucher.ring import DAY, DEPOSIT_MINOR, NOW, Money, Ring


async def _sweep(ring: Ring, at: Any, **options: Any) -> int:
    return await expire.sweep(ring.database, ring.network_id, now=at, **options)


async def test_the_sweep_gives_back_what_was_left(ring: Ring) -> None:
    """An ended voucher is closed, value and fee go back to the funder, and a row and a fact tell of it."""
    granted = await ring.grant(await ring.publish(fee_minor=7))
    assert await _sweep(ring, granted.valid_until) == 1
    assert await ring.money(ring.bakery) == Money(DEPOSIT_MINOR, 0, 0)
    assert await ring.value("SELECT closed FROM voucher") == "expired"
    assert await ring.value("SELECT released_minor FROM voucher_end WHERE how = 'expired'") == 207
    assert await ring.value("SELECT ids FROM outbox WHERE kind = 'voucher_closed'") == [granted.voucher_id]


async def test_the_sweep_leaves_the_others_alone(ring: Ring) -> None:
    """Vouchers that are valid, spent or taken back are not touched, and a second sweep finds nothing."""
    offer = await ring.publish()
    late = await ring.grant(offer, at=NOW + DAY)
    await ring.spend(await ring.grant(offer))
    await ring.grant(offer)
    assert await _sweep(ring, late.valid_until - timedelta(seconds=1)) == 1
    before = await ring.snapshot()
    assert await _sweep(ring, late.valid_until - timedelta(seconds=1)) == 0
    assert await ring.snapshot() == before
    assert await ring.value("SELECT closed IS NULL FROM voucher WHERE id = %s", late.voucher_id) is True


async def test_a_part_that_was_spent_stays_spent(ring: Ring) -> None:
    """Of stored value, only what was never spent goes back."""
    granted = await ring.grant(await ring.publish(kind="gift"))
    await ring.spend(granted, amount_minor=50)
    assert await _sweep(ring, granted.valid_until) == 1
    assert await ring.money(ring.bakery) == Money(DEPOSIT_MINOR - 50, 0, 0)


async def test_it_works_in_chunks_and_is_resumed(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupted after a chunk, the next sweep goes on; many sweeps at once close every voucher once."""
    monkeypatch.setattr(expire, "_CHUNK", 7)
    offer = await ring.publish(face_minor=1)
    await ring.grant_all([Grant(offer_id=offer.id, at=NOW, subject_id=uuid7(NOW)) for _ in range(40)])
    end = NOW + 14 * DAY
    async with ring.unit(end) as uow:
        swept = await expire.sweep_chunk(uow, None, 7)
    assert (swept.closed, swept.done) == (7, False)
    await ring.check()
    closed = await asyncio.gather(*(_sweep(ring, end + DAY) for _ in range(4)))
    assert sum(closed) == 33
    assert await ring.value("SELECT count(*) FROM voucher_end") == 40
    assert (await ring.money(ring.bakery)).held_minor == 0


async def test_the_sweep_does_not_look_at_the_past_again(ring: Ring) -> None:
    """Its place is noted, minutes behind the present; an import of the past is found by a sweep from the start."""
    offer = await ring.publish()
    await ring.grant(offer)
    assert await _sweep(ring, NOW + 20 * DAY) == 1
    assert await ring.value("SELECT valid_until FROM expiry_cursor") == NOW + 14 * DAY
    old = await ring.grant(offer, at=NOW - DAY)
    assert await _sweep(ring, NOW + 20 * DAY) == 0
    assert await _sweep(ring, NOW + 20 * DAY, from_start=True) == 1
    assert await ring.value("SELECT closed FROM voucher WHERE id = %s", old.voucher_id) == "expired"


async def test_the_last_minutes_are_looked_at_again(ring: Ring) -> None:
    """A voucher that ended minutes ago, and whose grant was committed after the sweep, is found by the next one."""
    granted = await ring.grant(await ring.publish())
    assert await _sweep(ring, granted.valid_until) == 1
    offer = await ring.publish(valid_until=granted.valid_until - timedelta(minutes=5))
    await ring.grant(offer)
    assert await _sweep(ring, granted.valid_until) == 1


async def test_a_revived_voucher_ends_again(ring: Ring) -> None:
    """A reversal within grace moves the end; the sweep closes the voucher a second time, with its own row."""
    granted = await ring.grant(await ring.publish())
    redeemed = await ring.spend(granted)
    late = granted.valid_until + DAY
    await _sweep(ring, late)
    await ring.apply([ring.reverse(redeemed, late)], late)
    assert await _sweep(ring, late + 7 * DAY) == 1
    assert await ring.money(ring.bakery) == Money(DEPOSIT_MINOR, 0, 0)


async def test_a_creator_takes_a_voucher_back(ring: Ring) -> None:
    """A voided voucher gives its money back and can no longer be spent; the second time says that it is void."""
    granted = await ring.grant(await ring.publish())
    async with ring.unit() as uow:
        first, second = await expire.void(uow, [granted.voucher_id, granted.voucher_id], creator=ring.bakery)
    assert isinstance(first, Ended)
    assert (first.released_minor, type(second)) == (200, errors.VoucherVoid)
    assert await ring.money(ring.bakery) == Money(DEPOSIT_MINOR, 0, 0)
    refused = (await ring.apply([Use(all_of=(ring.redeem(granted),))]))[0]
    assert isinstance(refused, errors.VoucherVoid)


async def test_only_its_creator_takes_a_voucher_back(ring: Ring) -> None:
    """Another merchant's voucher and one that never was get the same answer, and nothing happens."""
    granted = await ring.grant(await ring.publish())
    before = await ring.snapshot()
    async with ring.unit() as uow:
        answers = await expire.void(uow, [granted.voucher_id, uuid7(NOW)], creator=ring.cafe)
    assert [one.code for one in answers if isinstance(one, RuleBroken)] == ["voucher_not_found"] * 2
    assert await ring.snapshot() == before
