"""Points are a currency of the ledger: members have them, and whoever gave them owes them."""

import asyncio

import pytest

from ringmain.kit.pure.ids import uuid7
from ringmain.network.api import MerchantAccount
from ringmain.voucher import points
from ringmain.voucher.model import Grant, Granted
from ringmain.voucher.points import PointsGiven
from tests.voucher.ring import NOW, Ring


async def test_points_add_up_and_are_owed(ring: Ring) -> None:
    """Gifts of several issuers add up at the member; each issuer owes what it gave."""
    gifts = [(ring.member, ring.bakery, 30), (ring.member, ring.network_id, 5), (ring.other_member, ring.bakery, 1)]
    async with ring.unit() as uow:
        await points.give(uow, [PointsGiven(uuid7(NOW), *gift, NOW) for gift in gifts])
        assert [await points.balance(uow, one) for one in (ring.member, ring.other_member, uuid7(NOW))] == [35, 1, 0]
    owed = [await ring.balance(one, MerchantAccount.POINTS, "POINTS") for one in (ring.bakery, ring.network_id)]
    assert owed == [-31, -5]


async def test_a_gift_is_given_once(ring: Ring) -> None:
    """The same gift twice fails the transaction, and nothing of it is written."""
    gift = PointsGiven(uuid7(NOW), ring.member, ring.bakery, 30, NOW)
    async with ring.unit() as uow:
        await points.give(uow, [gift])
    before = await ring.snapshot()
    with pytest.raises(Exception, match="ledger_transfer_pkey"):
        async with ring.unit() as uow:
            await points.give(uow, [gift])
    assert await ring.snapshot() == before


async def test_points_are_spent_once(ring: Ring) -> None:
    """Of ten exchanges at once that want the same last points, exactly one gets a voucher."""
    await ring.give_points(ring.member, 50)
    offer = await ring.publish(kind="points", price_points=50)
    wanted = [Grant(offer_id=offer.id, at=NOW, subject_id=ring.member)]
    answers = await asyncio.gather(*(ring.grant_all(wanted) for _ in range(10)))
    assert sum(isinstance(one, Granted) for answer in answers for one in answer) == 1
