"""Visits of people of a small town, as the tests of images make them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ringmain.kit.pure.ids import uuid7
from ringmain.member import api as member
from ringmain.network import api as network
from ringmain.sale import api as sale
from ringmain.voucher import api as voucher
from tests.member.people import NOW, Town

DAY = timedelta(days=1)


async def buy(
    town: Town, known: member.Known | None, at: datetime = NOW, *, elsewhere: bool = False, **more: Any
) -> UUID:
    """Record a sale of 32.00 at the bakery, or at the florist's, and return its id."""
    new = sale.NewSale(
        id=uuid7(at),
        shop_id=town.other_shop_id if elsewhere else town.shop_id,
        subject_id=known.subject_id if known else None,
        sold_at=at,
        **{"total_minor": 3_200, "currency": "CNY", **more},
    )
    async with town.unit(at) as uow:
        (answer,) = await sale.record(uow, [new])
    assert isinstance(answer, sale.Recorded), answer
    return answer.sale_id


async def buy_often(town: Town, known: member.Known, days: Sequence[int], **more: Any) -> list[UUID]:
    """Record one sale on each of these days before now, the oldest first."""
    return [await buy(town, known, NOW - DAY * day, **more) for day in sorted(days, reverse=True)]


async def voucher_of(town: Town, known: member.Known, at: datetime = NOW) -> UUID:
    """Grant the person a voucher of 8.00 of the bakery, paid by the network's pool."""
    terms = voucher.Terms(kind="cash", currency="CNY", face_minor=800, valid_days=14)
    new = voucher.NewOffer(
        creator_merchant_id=town.merchant_id, funder_id=town.network_id, name="Eight off", terms=terms
    )
    async with town.unit(at) as uow:
        await network.fund_pool(uow, 10_000, "CNY", "budget", town.network_id)
        (offer,) = await voucher.publish(uow, [new], by_operator=True)
        assert isinstance(offer, voucher.PublishedOffer), offer
        (granted,) = await voucher.grant(uow, [voucher.Grant(offer_id=offer.id, at=at, subject_id=known.subject_id)])
    assert isinstance(granted, voucher.Granted), granted
    return granted.voucher_id
