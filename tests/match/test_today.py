"""Tests of what is worth a look today: usual wants, places, vouchers that end soon, and what is not for somebody."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from ringmain.match import api
from ringmain.match.api import Today
from ringmain.member import api as member
from ringmain.member.api import Known, Purpose
from ringmain.profile import api as profile
from ringmain.sale import change
from ringmain.voucher import api as voucher
from tests.match.street import NOW, Street

WEEK = timedelta(days=7)


async def today(street: Street, known: Known) -> Today:
    """Ask for somebody who stands at the bakery."""
    async with street.unit() as uow:
        return await api.today(uow, known, at_shop_id=street.shops[0])


def shops(found: Today) -> tuple[list[UUID], list[UUID]]:
    """Return the shops of the wishes and of the places."""
    return [one.match.shop.id for one in found.wishes], [one.shop.id for one in found.places]


async def grant(street: Street, known: Known, offer_id: UUID) -> UUID:
    """Give somebody a voucher."""
    async with street.unit() as uow:
        granted = (await voucher.grant(uow, [voucher.Grant(offer_id=offer_id, at=NOW, subject_id=known.subject_id)]))[0]
    assert isinstance(granted, voucher.Granted)
    return granted.voucher_id


async def test_three_visits_at_this_time_of_the_day_make_a_wish(street: Street) -> None:
    """Books at midday, three times, are a wish with its evidence; twice is none, and other times of the day neither."""
    known = await street.person()
    bought = [await street.buy(known, 4, NOW - number * WEEK) for number in (1, 2)]
    await street.buy(known, 4, NOW - WEEK - timedelta(hours=5))
    assert shops(await today(street, known))[0] == []
    bought.append(await street.buy(known, 4, NOW - 3 * WEEK))
    found = await today(street, known)
    assert (found.part, found.personal) == ("midday", True)
    assert [(one.wanted.key, one.wanted.count, one.wanted.sale_ids) for one in found.wishes] == [
        ("books", 3, tuple(bought))
    ]
    assert shops(found)[0] == [street.shops[4]]
    assert street.shops[4] not in shops(found)[1]
    assert [reason.code for reason in found.places[0].reasons] == ["distance", "open_until", "new_to_you"]


async def test_what_was_not_them_or_undone_or_hidden_is_no_wish(street: Street) -> None:
    """A disputed sale, one that was refunded whole, and a field that is not to be used: each ends the wish."""
    known = await street.person()
    bought = [await street.buy(known, 4, NOW - number * WEEK) for number in (1, 2, 3)]
    async with street.unit() as uow:
        await profile.dispute(uow, known.member_id, bought[0], not_me=True)
    assert shops(await today(street, known))[0] == []
    async with street.unit(NOW + timedelta(seconds=1)) as uow:
        await profile.dispute(uow, known.member_id, bought[0], not_me=False)
    assert shops(await today(street, known))[0] == [street.shops[4]]
    async with street.unit() as uow:
        await profile.hide(uow, known.member_id, "usual_day_part", hidden=True)
    assert shops(await today(street, known))[0] == []
    async with street.unit() as uow:
        await profile.hide(uow, known.member_id, "usual_day_part", hidden=False)
        await change.refund(uow, change.Refund(bought[1], None, 3_000, "returned"))
    assert shops(await today(street, known))[0] == []


async def test_without_personalisation_everybody_is_told_the_same(street: Street) -> None:
    """Whatever the past holds, who agreed to nothing is told what a stranger is; the control: who agreed is not."""
    stranger = await street.person("+8613800138001", personal=False)
    known = await street.person(personal=False)
    before = await today(street, stranger)
    for number in range(1, 5):
        await street.buy(known, 4, NOW - number * WEEK)
        await street.buy(known, 1, NOW - number * WEEK)
    assert before.wishes == ()
    assert before.places
    assert await today(street, known) == before
    async with street.unit(NOW + timedelta(seconds=1)) as uow:
        answer = member.Answer(Purpose.PERSONALISATION, True, "2026-01", "en")
        await member.record_consents(uow, known.member_id, [answer], member.Place("page", known.member_id))
    changed = await today(street, known)
    assert set(shops(changed)[0]) == {street.shops[1], street.shops[4]}
    assert replace(changed, personal=False) != before


async def test_vouchers_that_end_within_three_days_the_soonest_first(street: Street) -> None:
    """Two end soon, one does not; a block of the offer leaves the voucher in the wallet and shows it no more."""
    known = await street.person()
    late = await street.publish(2, valid_days=3)
    soon = await street.publish(1, valid_days=1)
    await grant(street, known, street.offers[3])
    second, first = await grant(street, known, late.id), await grant(street, known, soon.id)
    assert [one.voucher.id for one in (await today(street, known)).ending] == [first, second]
    async with street.unit() as uow:
        await api.block(uow, known.subject_ids, offer_id=soon.id)
    assert [one.voucher.id for one in (await today(street, known)).ending] == [second]
    async with street.unit() as uow:
        assert len(await voucher.wallet(uow, known.subject_ids)) == 3


async def test_not_for_me_is_heard_at_the_next_call(street: Street) -> None:
    """The shop of a wish, blocked, is told no more, and neither is a blocked place."""
    known = await street.person()
    for number in (1, 2, 3):
        await street.buy(known, 4, NOW - number * WEEK)
    wished, places = shops(await today(street, known))
    async with street.unit() as uow:
        await api.block(uow, known.subject_ids, shop_id=wished[0])
        await api.block(uow, known.subject_ids, shop_id=places[0])
    assert shops(await today(street, known)) == ([], places[1:])
