"""A validation rehearses a redemption; where it holds vouchers, only the till with its key can spend them."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.voucher import errors, expire, validate
from ringmain.voucher.apply import Use
from ringmain.voucher.model import Granted
from ringmain.voucher.validate import Validated
from tests.voucher.ring import NOW, Ring

FIVE = timedelta(minutes=5)


async def _validate(
    ring: Ring, *granted: Granted, hold: timedelta | None = None, **changes: Any
) -> Validated | RuleBroken:
    async with ring.unit() as uow:
        redeems = [ring.redeem(one, **changes) for one in granted]
        return await validate.validate(uow, ring.till(), redeems, hold=hold)


async def _held(ring: Ring, *granted: Granted, hold: timedelta = FIVE) -> Validated:
    answer = await _validate(ring, *granted, hold=hold)
    assert isinstance(answer, Validated), answer
    return answer


async def test_a_rehearsal_writes_nothing(ring: Ring) -> None:
    """It tells what the vouchers of one sale would take off together, and every table stays as it was."""
    offer = await ring.publish(per_day=5)
    vouchers = [await ring.grant(offer) for _ in range(2)]
    before = await ring.snapshot()
    answer = await _validate(ring, *vouchers, basket_minor=300)
    assert isinstance(answer, Validated)
    assert [one.amount_minor for one in answer.redemptions] == [200, 100]
    assert (answer.lock_key, answer.held_until) == (None, None)
    assert await ring.snapshot() == before


@pytest.mark.parametrize("hold", [None, FIVE])
async def test_a_refusal_holds_nothing(ring: Ring, hold: timedelta | None) -> None:
    """The first rule that speaks against one of them is the answer, and none of them is held."""
    good = await ring.grant(await ring.publish())
    alone = await ring.grant(await ring.publish(combinable=False))
    before = await ring.snapshot()
    assert isinstance(await _validate(ring, good, alone, hold=hold), errors.NotCombinable)
    assert await ring.snapshot() == before
    assert await ring.value("SELECT count(*) FROM validation") == 0


async def test_what_is_held_is_spent_with_its_key_only(ring: Ring) -> None:
    """Another till is told until when it is locked; the one with the key redeems, and the lock is gone."""
    granted = await ring.grant(await ring.publish(kind="gift"))
    held = await _held(ring, granted)
    assert held.held_until == NOW + FIVE
    refused = (await ring.apply([Use(all_of=(ring.redeem(granted),))]))[0]
    assert isinstance(refused, errors.VoucherLocked)
    assert refused.facts == {"until": NOW + FIVE}
    assert (await ring.spend(granted, amount_minor=50, lock_key=held.lock_key)).amount_minor == 50
    assert (await ring.spend(granted, amount_minor=50)).amount_minor == 50


async def test_a_hold_ends_by_itself(ring: Ring) -> None:
    """When its time is over, everybody may spend the voucher, and the sweep forgets the validation."""
    granted = await ring.grant(await ring.publish())
    await _held(ring, granted)
    assert (await ring.spend(granted, NOW + FIVE)).amount_minor == 200
    await expire.sweep(ring.database, ring.network_id, now=NOW + FIVE)
    assert await ring.value("SELECT count(*) FROM validation") == 0


async def test_no_hold_is_longer_than_a_day(ring: Ring) -> None:
    """Whatever is asked for, 24 hours are the most."""
    held = await _held(ring, await ring.grant(await ring.publish()), hold=timedelta(days=9))
    assert held.held_until == NOW + timedelta(hours=24)


async def test_a_hold_is_released_by_its_merchant(ring: Ring) -> None:
    """Releasing lets everybody spend again; another merchant, and a second time, find nothing to release."""
    granted = await ring.grant(await ring.publish())
    held = await _held(ring, granted)
    assert held.lock_key is not None
    for key, merchant in ((held.lock_key, ring.bakery), (uuid7(NOW), ring.cafe)):
        async with ring.unit() as uow:
            with pytest.raises(errors.ValidationNotFound):
                await validate.release(uow, key, merchant)
    async with ring.unit() as uow:
        await validate.release(uow, held.lock_key, ring.cafe)
        with pytest.raises(errors.ValidationNotFound):
            await validate.release(uow, held.lock_key, ring.cafe)
    assert (await ring.spend(granted)).amount_minor == 200


async def test_releasing_an_old_hold_leaves_a_newer_one(ring: Ring) -> None:
    """A validation whose time was over cannot let go of what another till holds since."""
    granted = await ring.grant(await ring.publish())
    old = await _held(ring, granted, hold=timedelta(seconds=1))
    async with ring.unit(NOW + FIVE) as uow:
        newer = await validate.validate(uow, ring.till(), [ring.redeem(granted, NOW + FIVE)], hold=FIVE)
        assert old.lock_key is not None
        await validate.release(uow, old.lock_key, None)
    assert isinstance(newer, Validated)
    refused = (await ring.apply([Use(all_of=(ring.redeem(granted, NOW + FIVE),))], NOW + FIVE))[0]
    assert isinstance(refused, errors.VoucherLocked)


async def test_one_of_many_tills_holds_a_voucher(ring: Ring) -> None:
    """Of twenty tills that validate at once, one holds the voucher and the others are told so."""
    granted = await ring.grant(await ring.publish())
    answers = await asyncio.gather(*(_validate(ring, granted, hold=FIVE) for _ in range(20)))
    assert Counter(type(answer).__name__ for answer in answers) == {"Validated": 1, "VoucherLocked": 19}
