"""Every coin can be followed: from the funder, over what led to the voucher, to where it was spent and back."""

from typing import Any

import pytest

from ringmain.kit.pure.ids import uuid7
from ringmain.voucher import errors, expire, mint
from ringmain.voucher.model import Grant, Granted, Mint
from ringmain.voucher.postings import Posting
from ringmain.voucher.show import Story, show
from tests.voucher.ring import DAY, NOW, Ring


async def _show(ring: Ring, voucher_id: Any, merchant: Any = None) -> Story:
    async with ring.unit() as uow:
        return await show(uow, voucher_id, merchant)


async def test_the_story_of_a_voucher_names_every_transfer(ring: Ring) -> None:
    """Issue, redemption, reversal and end are told in order, each with the transfers that it led to."""
    granted = await ring.grant(await ring.publish(fee_minor=7))
    redeemed = await ring.spend(granted, basket_minor=150)
    await ring.apply([ring.reverse(redeemed, NOW + DAY)], NOW + DAY)
    await expire.sweep(ring.database, ring.network_id, now=NOW + 20 * DAY)
    story = await _show(ring, granted.voucher_id)
    told = [(event.row.kind, [(one.code, one.amount_minor) for one in event.transfers]) for event in story.events]
    assert [(one.code, one.amount_minor) for one in story.issue_transfers] == [(Posting.HOLD, 207)]
    assert told == [
        ("redemption", [(Posting.REDEEM, 150), (Posting.FEE, 7), (Posting.RELEASE, 50)]),
        ("reversal", [(Posting.REVERSE, 150), (Posting.FEE_REVERSED, 7)]),
        ("expired", [(Posting.EXPIRE, 157)]),
    ]
    assert await ring.value("SELECT count(*) FROM ledger_transfer WHERE code >= 10") == 7
    assert story.events[1].row.redemption_id == redeemed.id
    assert story.events[0].row.sale_id == redeemed.sale_id


async def test_lineage_goes_back_over_sales_and_vouchers(ring: Ring) -> None:
    """A voucher won by a sale that was paid with a voucher leads back to the first one of the row."""
    offer = await ring.publish()
    first = await ring.grant(offer)
    second = await _granted(ring, offer.id, "voucher", first.voucher_id)
    redeemed = await ring.spend(second)
    third = await _granted(ring, offer.id, "sale", redeemed.sale_id)
    story = await _show(ring, third.voucher_id)
    assert [one.voucher_id for one in story.lineage] == [third.voucher_id, second.voucher_id, first.voucher_id]
    assert [one.origin_kind for one in story.lineage] == ["sale", "voucher", None]


async def test_a_lineage_that_bites_its_tail_ends(ring: Ring) -> None:
    """Two vouchers that name each other as their origin do not loop for ever."""
    offer = await ring.publish()
    mine, yours = uuid7(NOW), uuid7(NOW)
    await _granted(ring, offer.id, "voucher", yours, mine)
    await _granted(ring, offer.id, "voucher", mine, yours)
    assert len((await _show(ring, mine)).lineage) == 21


async def _granted(ring: Ring, offer_id: Any, kind: Any, origin: Any, id_: Any = None) -> Granted:
    wanted = Grant(offer_id=offer_id, at=NOW, subject_id=ring.member, origin_kind=kind, origin_id=origin, id=id_)
    answer = (await ring.grant_all([wanted]))[0]
    assert isinstance(answer, Granted)
    return answer


async def test_a_minted_code_shows_the_money_of_its_order(ring: Ring) -> None:
    """What was set aside for a minted code is the one transfer of its order."""
    offer = await ring.publish()
    async with ring.unit() as uow:
        order = await mint.order(uow, offer.id, 3)
    assert isinstance(order, Mint)
    await mint.complete(ring.database, ring.network_id, order.id)
    id_ = await ring.value("SELECT id FROM voucher ORDER BY id LIMIT 1")
    story = await _show(ring, id_)
    assert [(one.code, one.amount_minor, one.reference_id) for one in story.issue_transfers] == [
        (Posting.HOLD, 600, order.id)
    ]


async def test_only_its_parties_see_a_voucher(ring: Ring) -> None:
    """Creator and funder see a voucher; the redeemer does from the redemption on; nobody else learns that it exists."""
    granted = await ring.grant(await ring.publish())
    assert (await _show(ring, granted.voucher_id, ring.bakery)).voucher.id == granted.voucher_id
    for id_ in (granted.voucher_id, uuid7(NOW)):
        with pytest.raises(errors.VoucherNotFound):
            await _show(ring, id_, ring.cafe)
    await ring.spend(granted)
    assert (await _show(ring, granted.voucher_id, ring.cafe)).voucher.closed == "spent"
