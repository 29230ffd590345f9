"""Offers are published with terms that make sense, and paused or resumed afterwards."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.voucher import errors, offers
from ringmain.voucher.model import NewOffer, PublishedOffer
from tests.voucher.ring import DAY, NOW, Ring


async def _publish(ring: Ring, *wanted: NewOffer, by_operator: bool = False) -> list[PublishedOffer | RuleBroken]:
    async with ring.unit() as uow:
        return await offers.publish(uow, wanted, by_operator=by_operator)


async def test_a_published_offer_reads_as_it_was_sent(ring: Ring) -> None:
    """An offer comes back with all of its terms, its stock, and not paused."""
    offer = await ring.publish(
        stock=5, kind="discount", percent_bp=1_500, shop_ids=(ring.cafe_shop,), weekdays=(1, 5), valid_until=NOW + DAY
    )
    async with ring.unit() as uow:
        assert await offers.read(uow, offer.id) == offer
    assert (offer.stock, offer.paused, offer.created_at) == (5, False, NOW)
    assert offer.terms.shop_ids == (ring.cafe_shop,)


async def test_each_offer_of_a_batch_is_judged_by_itself(ring: Ring) -> None:
    """One offer that makes no sense is refused with its field; the others are published."""
    good, bad = ring.new_offer(), ring.new_offer(kind="discount")
    answers = await _publish(ring, good, bad, good)
    assert [type(one) for one in answers] == [PublishedOffer, errors.InvalidOffer, PublishedOffer]
    assert isinstance(answers[1], RuleBroken)
    assert answers[1].facts["field"] == "percent_bp"
    assert await ring.value("SELECT count(*) FROM offer") == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"terms": {"face_minor": 0}}, "face_minor"),
        ({"terms": {"currency": "USD"}}, "currency"),
        ({"terms": {"shop_ids": (UUID(int=7),)}}, "shop_ids"),
        ({"name": " "}, "name"),
        ({"stock": 0}, "stock"),
    ],
)
async def test_an_offer_that_makes_no_sense_changes_nothing(ring: Ring, changes: dict[str, Any], field: str) -> None:
    """The field that is wrong is named, and nothing is published."""
    offer = ring.new_offer(**changes.get("terms", {}))
    offer = replace(offer, **{name: value for name, value in changes.items() if name != "terms"})
    before = await ring.snapshot()
    answer = (await _publish(ring, offer))[0]
    assert isinstance(answer, errors.InvalidOffer)
    assert answer.facts["field"] == field
    assert await ring.snapshot() == before


async def test_only_an_operator_makes_others_pay(ring: Ring) -> None:
    """A merchant funds its own offers; for another funder, or the network, the operator has to ask."""
    for funder in (ring.cafe, ring.network_id):
        offer = ring.new_offer(funder=funder)
        before = await ring.snapshot()
        assert [type(one) for one in await _publish(ring, offer)] == [errors.FunderNotAllowed]
        assert await ring.snapshot() == before
        answer = (await _publish(ring, offer, by_operator=True))[0]
        assert isinstance(answer, PublishedOffer)
        assert answer.funder_id == funder


async def test_publishing_under_the_same_id_leaves_the_first(ring: Ring) -> None:
    """A replay that publishes again under the same id changes nothing."""
    offer = replace(ring.new_offer(), id=uuid7(NOW))
    await _publish(ring, offer)
    await _publish(ring, replace(offer, name="Another"))
    assert await ring.value("SELECT array_agg(name) FROM offer") == ["Two off"]


async def test_offers_are_listed_newest_first_by_page(ring: Ring) -> None:
    """Pages follow each other by id, for one creator or for all."""
    mine = [await ring.publish() for _ in range(3)]
    async with ring.unit() as uow:
        other = (
            await offers.publish(uow, [replace(ring.new_offer(), creator_merchant_id=ring.cafe)], by_operator=True)
        )[0]
        assert isinstance(other, PublishedOffer)
        newest = sorted([one.id for one in (*mine, other)], reverse=True)
        first = await offers.newest(uow, limit=2)
        rest = await offers.newest(uow, before=first[-1].id, limit=50)
        assert [one.id for one in (*first, *rest)] == newest
        assert {one.id for one in await offers.newest(uow, creator_merchant_id=ring.bakery)} == {one.id for one in mine}


async def test_a_paused_offer_grants_nothing_until_it_is_resumed(ring: Ring) -> None:
    """Pausing stops grants, resuming lets them through again; vouchers that are out stay valid."""
    offer = await ring.publish()
    out = await ring.grant(offer)
    async with ring.unit() as uow:
        assert (await offers.set_paused(uow, offer.id, paused=True)).paused
    assert (await ring.spend(out)).amount_minor == 200
    async with ring.unit() as uow:
        assert not (await offers.set_paused(uow, offer.id, paused=False, creator=ring.bakery)).paused
    await ring.grant(offer)


async def test_another_creators_offer_is_not_found(ring: Ring) -> None:
    """A merchant pauses its own offers only; another one's, and one that never was, get the same answer."""
    offer = await ring.publish()
    for id_, creator in ((offer.id, ring.cafe), (uuid7(NOW), None)):
        with pytest.raises(errors.OfferNotFound):
            async with ring.unit() as uow:
                await offers.set_paused(uow, id_, paused=True, creator=creator)
    assert await ring.value("SELECT bool_or(paused) FROM offer") is False
