"""What happened to each voucher of an offer, and at a merchant's shops day by day."""

from datetime import date

import pytest

from ringmain.loop.api import daily, offer_funnel, offer_vouchers
from ringmain.voucher.errors import OfferNotFound
from tests.loop.street import DAY, NOW, Street, somebody


async def test_the_funnel_counts_each_stage(street: Street) -> None:
    """Of eight that were won three holders came to the shop in time; one voucher is spent, one undone, one ended."""
    offer = await street.publish(valid_days=10)
    won_at = NOW - 3 * DAY
    people = [somebody() for _ in range(5)]
    for person in people:
        await street.win(offer, person, won_at, won_at=1)
    vouchers = {one: await street.win(offer, one, won_at) for one in (somebody(), somebody())}
    (spender, first), (regretful, second) = vouchers.items()
    await street.win(offer, somebody(), NOW - 15 * DAY)
    await street.buy(0, won_at - DAY, people[0], 500)
    await street.buy(0, NOW - DAY, people[1], 500)
    await street.buy(1, NOW - DAY, people[2], 500)
    await street.buy(0, NOW - DAY, spender, 500, first)
    await street.reverse(await street.buy(0, NOW - DAY, regretful, 500, second), NOW)
    async with street.unit() as uow:
        found = await offer_funnel(uow, offer.id, street.tea)
    assert (found.won, found.came, found.spent, found.reversed) == (8, 3, 1, 1)
    assert (found.open, found.ended) == (6, 1)


async def test_vouchers_show_their_state_and_not_their_holder(street: Street) -> None:
    """Open, spent, undone, ended; won at an own shop by name, at another's only as elsewhere; newest first."""
    offer, ann = await street.publish(valid_days=10), somebody()
    await street.win(offer, ann, NOW - 15 * DAY)
    undone = await street.win(offer, ann, NOW - 3 * DAY, won_at=0)
    await street.reverse(await street.buy(0, NOW - DAY, ann, 500, undone), NOW - DAY)
    spent = await street.win(offer, ann, NOW - 2 * DAY, won_at=1)
    await street.buy(0, NOW - DAY, ann, 500, spent)
    async with street.console(street.tea) as uow:
        found = await offer_vouchers(uow, offer.id, street.tea)
        older = await offer_vouchers(uow, offer.id, street.tea, before=found[1].id)
    assert [(one.state, one.undone, one.won_elsewhere, one.won_at) for one in found] == [
        ("spent", False, True, None),
        ("open", True, False, street.shops[0]),
        ("expired", False, False, None),
    ]
    assert older == found[2:]
    assert not any(hasattr(one, "subject_id") for one in found)


async def test_another_merchants_offer_has_no_story(street: Street) -> None:
    """Neither funnel nor vouchers of an offer that is not the merchant's."""
    offer = await street.publish(merchant=1)
    async with street.unit() as uow:
        for told in (offer_funnel, offer_vouchers):
            with pytest.raises(OfferNotFound):
                await told(uow, offer.id, street.tea)


async def test_days_are_those_of_the_shops_clock(street: Street) -> None:
    """Each of the last days once, days without anything too; what was undone counts as a sale without a voucher."""
    offer, ann = await street.publish(), somebody()
    await street.buy(0, NOW - DAY, ann, 500, await street.win(offer, ann, NOW - 2 * DAY))
    await street.buy(0, NOW - DAY, None, 300)
    await street.reverse(await street.buy(0, NOW, ann, 500, await street.win(offer, ann, NOW)), NOW)
    async with street.console(street.tea) as uow:
        found = await daily(uow, street.tea, 3)
    assert [(one.day, one.sales, one.voucher_sales, one.taken_off_minor) for one in found] == [
        (date(2026, 3, 8), 0, 0, 0),
        (date(2026, 3, 9), 2, 1, 200),
        (date(2026, 3, 10), 1, 0, 0),
    ]
