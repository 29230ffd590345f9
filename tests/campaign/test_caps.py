"""Tests of caps and budgets: what a play may give at all, and that what is refused has taken nothing."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from ringmain.campaign import budgets, store
from ringmain.campaign.api import Claimed
from ringmain.campaign.budgets import NewBudget
from ringmain.campaign.errors import (
    BudgetInvalid,
    BudgetSpent,
    BudgetUnknown,
    CapInvalid,
    CapReached,
    OfferNotOpen,
    PrizeGone,
)
from ringmain.campaign.store import Band, Budget, Cap, CapKind
from ringmain.campaign.take import take
from ringmain.member.api import Known
from ringmain.network.errors import MerchantNotFound
from ringmain.voucher import api as voucher
from tests.campaign.playing import claim, draw, phone
from tests.match.street import NOW, Street

DAY = timedelta(days=1)


async def cap(street: Street, kind: CapKind, most: int, *, days: int = 1, place: int | None = None) -> None:
    """Set a cap of a merchant, or of the network."""
    owner = street.network_id if place is None else street.merchants[place]
    channel = "search" if kind == "person_channel" else ""
    async with street.unit() as uow:
        await budgets.set_cap(uow, Cap(owner, kind, channel, most, days))


async def budget(street: Street, place: int, limit_minor: int, *, offers: list[UUID] | None = None) -> Budget:
    """Open a budget of a merchant for a week, for its offer where no others are named."""
    new = NewBudget(
        owner_id=street.merchants[place],
        name="Week",
        currency="CNY",
        limit_minor=limit_minor,
        begins_at=NOW - DAY,
        ends_at=NOW + 6 * DAY,
        offer_ids=tuple(offers or [street.offers[place]]),
    )
    async with street.unit() as uow:
        return await budgets.open_budget(uow, new)


async def taken(street: Street, known: Known, offer_id: UUID) -> Claimed:
    """Take an offer that somebody has found."""
    async with street.unit() as uow:
        return await take(uow, street.keyring, offer_id, known.member_id)


async def standing(street: Street, budget_id: UUID) -> Budget:
    """Return a budget as it stands."""
    async with street.unit() as uow:
        return next(one for one in await store.budgets(uow) if one.id == budget_id)


async def test_a_budget_gives_what_it_bears_and_no_more(street: Street) -> None:
    """Of 700 two vouchers of 300 are given; then the offer is neither drawn nor taken, and nothing more is held."""
    week = await budget(street, 1, 700)
    people = [await street.person(f"+861380013800{number}") for number in range(3)]
    for known in people[:2]:
        await taken(street, known, street.offers[1])
    assert (await standing(street, week.id)).left_minor == 100
    held = await street.value("SELECT count(*) FROM ledger_transfer")
    with pytest.raises(OfferNotOpen):
        await taken(street, people[2], street.offers[1])
    assert await street.value("SELECT count(*) FROM ledger_transfer") == held
    assert await street.value("SELECT sum(amount_minor) FROM budget_take") == 600
    token = await street.poster()
    for _ in range(10):
        assert street.shops[1] not in {prize.shop.id for prize in (await draw(street, token)).prizes}
    async with street.unit() as uow:
        assert (await budgets.change_limit(uow, week.id, 900)).left_minor == 300
    assert (await taken(street, people[2], street.offers[1])).offer_id == street.offers[1]


async def test_the_budget_of_a_claim_is_that_of_its_offer(street: Street) -> None:
    """A prize whose budget ran out since it was drawn is gone; the others of the play are left, and stand."""
    week = await budget(street, 1, 300)
    first, second = await street.person(), await street.person("+8613800138001")
    token = await street.poster()
    drawn = await draw(street, token)
    while street.offers[1] not in {prize.offer.id for prize in drawn.prizes}:
        drawn = await draw(street, token)
    await taken(street, first, street.offers[1])
    with pytest.raises(PrizeGone) as gone:
        await claim(street, drawn, second, street.offers[1])
    left = gone.value.facts["offer_ids"]
    assert street.offers[1] not in left
    assert (await claim(street, drawn, second, left[0])).stand_in is False
    assert (await standing(street, week.id)).taken_minor == 300
    row = "SELECT count(*) FROM given WHERE sender_id = %s AND cost_minor > 0 AND channel = 'scene'"
    assert await street.value(row, street.merchants[0]) == 1


async def test_an_offer_whose_budgets_are_over_is_not_given(street: Street) -> None:
    """After its last budget's end an offer rests; with another one that runs it goes on."""
    await budget(street, 1, 5_000)
    later = NOW + 8 * DAY
    async with street.unit(later) as uow:
        assert await store.shut_offers(uow, later) == {street.offers[1]}
        new = NewBudget(
            owner_id=street.network_id,
            name="Next",
            currency="CNY",
            limit_minor=400,
            begins_at=later - DAY,
            ends_at=later + DAY,
            offer_ids=(street.offers[1], street.offers[2]),
        )
        await budgets.open_budget(uow, new)
        assert await store.shut_offers(uow, later) == set()


async def test_what_ended_comes_back(street: Street) -> None:
    """When vouchers end, what they did not need is counted back into their budget."""
    week = await budget(street, 1, 300)
    first, second = await street.person(), await street.person("+8613800138001")
    given = await taken(street, first, street.offers[1])
    async with street.unit() as uow:
        await voucher.apply(uow, [voucher.Close(uuid4(), given.voucher_id, NOW, "void")])
        await budgets.count_returned(uow, await standing(street, week.id))
    assert (await standing(street, week.id)).left_minor == 300
    assert (await taken(street, second, street.offers[1])).offer_id == street.offers[1]


@pytest.mark.parametrize("kind", ["person", "person_channel"])
async def test_a_person_gets_no_more_than_their_cap(street: Street, kind: CapKind) -> None:
    """With one a day a person takes one voucher, and plays no more that day by any way that counts; others may."""
    await cap(street, kind, 1)
    known = await street.person()
    await taken(street, known, street.offers[1])
    token = await street.poster()
    if kind == "person":
        with pytest.raises(CapReached):
            await draw(street, token, phone(known))
        # Somebody who signs in only when choosing is stopped there.
        drawn = await draw(street, token)
        with pytest.raises(CapReached):
            await claim(street, drawn, known)
        assert await street.value("SELECT count(*) FROM draw_claim") == 1
        tomorrow = NOW + DAY
        again = await draw(street, token, phone(known), tomorrow)
        await claim(street, again, known, at=tomorrow)
    else:
        await claim(street, await draw(street, token, phone(known)), known)
        assert await street.value("SELECT count(*) FROM draw_claim") == 2


async def test_a_cap_counts_its_days(street: Street) -> None:
    """With one in three days the third day is still too early, and the fourth is not."""
    await cap(street, "person", 1, days=3)
    known, token = await street.person(), await street.poster()
    await claim(street, await draw(street, token, phone(known)), known)
    with pytest.raises(CapReached):
        await draw(street, token, phone(known), NOW + 2 * DAY)
    assert (await draw(street, token, phone(known), NOW + 3 * DAY)).state == "open"


async def test_a_merchant_gives_no_more_than_its_cap(street: Street) -> None:
    """A merchant's own word comes before the network's; a full merchant is neither drawn nor taken."""
    await cap(street, "merchant", 1)
    await cap(street, "merchant", 2, place=2)
    people = [await street.person(f"+861380013800{number}") for number in range(6)]
    await taken(street, people[0], street.offers[1])
    with pytest.raises(OfferNotOpen):
        await taken(street, people[1], street.offers[1])
    await taken(street, people[1], street.offers[2])
    await taken(street, people[2], street.offers[2])
    with pytest.raises(OfferNotOpen):
        await taken(street, people[3], street.offers[2])
    drawn = await draw(street, await street.poster())
    assert {prize.shop.id for prize in drawn.prizes} == {street.shops[3], street.shops[4]}


async def test_a_person_gets_no_more_of_a_merchant_than_its_cap(street: Street) -> None:
    """One of a merchant in seven days: its other offer is not for this person, and is for others."""
    await cap(street, "person_merchant", 1, days=7)
    other = await street.publish(1, face_minor=900)
    known = await street.person()
    await taken(street, known, street.offers[1])
    async with street.unit(NOW + DAY) as uow:
        with pytest.raises(OfferNotOpen):
            await take(uow, street.keyring, other.id, known.member_id)
    assert (await taken(street, await street.person("+8613800138001"), other.id)).offer_id == other.id


async def test_what_makes_no_sense_is_refused(street: Street) -> None:
    """Other owners' offers, ends before beginnings, unknown merchants and channels are refused, and nothing is kept."""
    with pytest.raises(BudgetInvalid):
        await budget(street, 1, 100, offers=[street.offers[2]])
    with pytest.raises(BudgetInvalid):
        await budget(street, 1, 100, offers=[UUID(int=5)])
    async with street.unit() as uow:
        with pytest.raises(CapInvalid):
            await budgets.set_cap(uow, Cap(street.merchants[1], "person", "", 1, 1))
        with pytest.raises(CapInvalid):
            await budgets.set_cap(uow, Cap(street.network_id, "person_channel", "", 1, 1))
        with pytest.raises(MerchantNotFound):
            await budgets.set_cap(uow, Cap(UUID(int=5), "merchant", "", 1, 1))
        with pytest.raises(MerchantNotFound):
            await budgets.set_band(uow, Band(UUID(int=5), 0, 0))
        with pytest.raises(BudgetUnknown):
            await budgets.change_limit(uow, UUID(int=5), 100)
    assert await street.value("SELECT count(*) FROM budget") == 0
    week = await budget(street, 1, 300)
    await taken(street, await street.person(), street.offers[1])
    async with street.unit() as uow:
        with pytest.raises(BudgetSpent):
            await budgets.change_limit(uow, week.id, 299)
        with pytest.raises(BudgetUnknown):
            await budgets.change_limit(uow, week.id, 900, owner_id=street.merchants[2])
    assert (await standing(street, week.id)).limit_minor == 300


async def test_bands_say_what_was_given_and_received(street: Street) -> None:
    """A voucher won at the bakery that leads to the noodles is power given by the one and received by the other."""
    async with street.unit() as uow:
        for place in (0, 2, 4):
            await budgets.set_band(uow, Band(street.merchants[place], -1_000, 2_000))
    known = await street.person()
    drawn = await draw(street, await street.poster(), phone(known))
    prize = next(prize for prize in drawn.prizes if prize.shop.id in (street.shops[2], street.shops[4]))
    await claim(street, drawn, known, prize.offer.id)
    async with street.unit() as uow:
        found = {one.band.merchant_id: one for one in await budgets.standings(uow)}
    cost = prize.offer.terms.cost_minor
    assert found[street.merchants[0]].net_minor == cost
    assert found[prize.shop.merchant_id].net_minor == -cost
    assert sum(one.net_minor for one in found.values()) == 0
