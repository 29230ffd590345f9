"""Tests of service plans for searches: what comes first for whom, and that no rule of matching gives way."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from ringmain.campaign import api
from ringmain.campaign.api import NewServicePlan, Said
from ringmain.campaign.service import serve
from ringmain.match import api as match
from ringmain.match.api import Context, Match
from ringmain.member.api import Known
from ringmain.network import api as network
from ringmain.segment import store as tribes
from tests.campaign.messages.morning import column
from tests.campaign.test_deal import PHONES
from tests.campaign.test_service import groups, plan, some, tribe
from tests.entry.web.tribes import counted
from tests.match.street import NOW, Street, open_shops

BOOKS = "Old Books"


async def search(street: Street, known: Known, at: Any = NOW, **changes: Any) -> list[Match]:
    """Look for something at the bakery's door as the pages do."""
    asked: dict[str, Any] = {"at_shop_id": street.shops[0], "subject_ids": known.subject_ids, **changes}
    async with street.unit(at) as uow:
        first = await api.first_found(uow, known, asked["at_shop_id"], at)
        return await match.show_nearby(uow, Context(at=at, first_offers=first, **asked))


def names(found: list[Match]) -> list[str]:
    """Return what was found, best first."""
    return [one.shop.name for one in found]


def why(found: list[Match]) -> list[str]:
    """Return the shops that are said to come first by a plan."""
    return [one.shop.name for one in found if any(reason.code == "first" for reason in one.reasons)]


async def test_a_plan_comes_first_for_those_served_only(street: Street) -> None:
    """The far bookshop is the first of the list, and says so; held out it is the last as ever; both are met once."""
    who = await some(street, 40)
    one = await plan(street, await tribe(street, who), "search", offer_ids=(street.offers[4],))
    served, held = groups(one, who)
    assert len(held) > 2
    for known in (*served[:3], *held[:3]):
        found = await search(street, known)
        first = known in served
        assert (names(found).index(BOOKS), why(found)) == ((0, [BOOKS]) if first else (3, []))
        assert len(found) == 4
    assert (await search(street, served[0], NOW + timedelta(days=1)))[0].shop.name == BOOKS
    met = await column(street, "SELECT treated FROM service_plan_met")
    assert (met.count(True), met.count(False)) == (3, 3)
    assert await street.value("SELECT sum(cardinality(ids)) FROM outbox WHERE kind = 'service_met'") == 6


async def test_without_the_group_everybody_is_served(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: where nobody is held out, those of the group find the plan's shop first, too."""
    monkeypatch.setattr(serve, "is_compared", lambda *_: False)
    who = await some(street, 8)
    await plan(street, await tribe(street, who), "search", offer_ids=(street.offers[4],))
    assert [names(await search(street, known))[0] for known in who] == [BOOKS] * 8


async def rival(street: Street, _: Known) -> None:
    """Let the bakery declare the bookshop a rival."""
    await street.rival(0, 4)


async def block_shop(street: Street, known: Known) -> None:
    """Let the person say "not for me" of the bookshop."""
    async with street.unit() as uow:
        await match.block(uow, known.subject_ids, shop_id=street.shops[4])


async def block_offer(street: Street, known: Known) -> None:
    """Let the person say "not for me" of its offer."""
    async with street.unit() as uow:
        await match.block(uow, known.subject_ids, offer_id=street.offers[4])


async def pause(street: Street, _: Known) -> None:
    """Pause the offer."""
    await street.pause(street.offers[4])


@pytest.mark.parametrize(("case", "shown"), [(rival, False), (block_shop, False), (block_offer, True), (pause, True)])
async def test_no_rule_of_matching_gives_way(
    street: Street, monkeypatch: pytest.MonkeyPatch, case: Callable[[Street, Known], Awaitable[None]], shown: bool
) -> None:
    """A rival, what is "not for me" and what cannot be granted do not come first; shops that may be shown stay last."""
    monkeypatch.setattr(serve, "is_compared", lambda *_: False)
    (known,) = await some(street, 1)
    await plan(street, await tribe(street, [known]), "search", offer_ids=(street.offers[4],))
    assert names(await search(street, known))[0] == BOOKS
    await case(street, known)
    found = await search(street, known)
    assert (names(found)[-1] == BOOKS, BOOKS in names(found), why(found)) == (shown, shown, [])


@pytest.mark.parametrize("case", ["no consent", "another tribe", "another scene", "asks impersonally"])
async def test_who_has_no_plan_finds_as_ever(street: Street, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing comes first, and no fact is left, of whoever did not agree, is elsewhere, or is met elsewhere."""
    monkeypatch.setattr(serve, "is_compared", lambda *_: False)
    known = await street.person(PHONES[0], personal=case != "no consent")
    tribe_id = await tribe(street, [] if case == "another tribe" else [known])
    await plan(street, tribe_id, "poster" if case == "another scene" else "search", offer_ids=(street.offers[4],))
    if case == "asks impersonally":
        found = await search(street, known, personal=False)
    else:
        found = await search(street, known)
        assert await street.value("SELECT count(*) FROM service_plan_met") == 0
    assert (names(found)[-1], why(found)) == (BOOKS, [])
    # A list of ids alone, as a fault in a caller would give, does not get around what the person agreed to.
    if case == "no consent":
        found = await street.find(subject_ids=known.subject_ids, first_offers=frozenset({street.offers[4]}))
        assert (names(found)[-1], why(found)) == (BOOKS, [])


async def test_chance_places_and_typed_words_stay(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """Places after the first go by chance as before; who types a name finds that shop, and a kind what is planned."""
    monkeypatch.setattr(serve, "is_compared", lambda *_: False)
    (known,) = await some(street, 1)
    async with street.unit() as uow:
        merchants, shops = await open_shops(uow, [("Noodle Bar", "noodles", 700, 0)])
    street.merchants += merchants
    street.shops += shops
    bar = (await street.publish(5, face_minor=100)).id
    await plan(street, await tribe(street, [known]), "search", offer_ids=(bar,))
    assert names(await search(street, known, words="Noodle House"))[0].startswith("Noodle House")
    assert names(await search(street, known, words="noodles"))[0] == "Noodle Bar"
    monkeypatch.setattr("ringmain.match.model.explore.SHARE", 1.0)
    found = await search(street, known, limit=2)
    assert names(found)[0] == "Noodle Bar"
    shown = await column(street, "SELECT explored FROM match_shown WHERE true = ANY(explored)")
    assert shown == [[False, True]]


async def test_a_far_shop_and_an_offer_for_everywhere_stay_in_their_places(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond five kilometres nothing comes first; an offer that leads everywhere puts no shop before another."""
    monkeypatch.setattr(serve, "is_compared", lambda *_: False)
    (known,) = await some(street, 1)
    async with street.unit() as uow:
        merchants, shops = await open_shops(uow, [("Far Tea", "tea", 5_100, 0)])
    street.merchants += merchants
    street.shops += shops
    far = (await street.publish(5, face_minor=100)).id
    async with street.unit() as uow:
        await network.fund_pool(uow, 10_000, "CNY", "pool", street.merchants[0])
    everywhere = (await street.publish(0, by_network=True, face_minor=100)).id
    tribe_id = await tribe(street, [known])
    before = names(await search(street, known))
    await plan(street, tribe_id, "search", offer_ids=(far, everywhere))
    found = await search(street, known)
    assert (names(found), why(found)) == (before, [])
    assert before[-1] == "Far Tea"


async def test_a_chain_comes_first_once_and_its_planned_offer_first(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an offer of several shops the best comes first, not all; within the shop the plan's offer is named first."""
    monkeypatch.setattr(serve, "is_compared", lambda *_: False)
    (known,) = await some(street, 1)
    chain = (await street.publish(4, face_minor=100, shop_ids=(street.shops[3], street.shops[4]))).id
    await plan(street, await tribe(street, [known]), "search", offer_ids=(chain,))
    found = await search(street, known)
    assert (names(found)[0], why(found), found[0].offers[0].id) == ("Café Léon", ["Café Léon"], chain)
    assert names(found)[-1] == BOOKS


async def test_a_merchants_plan_works_for_who_stands_at_its_shops(street: Street) -> None:
    """At the flower shop's place, not at the bakery's, and not where nobody knows the place."""
    (known,) = await some(street, 1)
    await counted(street.database, street.network_id, street.merchants[1])
    reach = "SELECT tribe_id FROM tribe_reach ORDER BY people DESC"
    shown: list[UUID] = await column(street, reach)
    async with street.unit() as uow:
        await tribes.save_members(uow, [tribes.MemberRow(known.subject_id, shown[0], None, [50, 50], NOW)], NOW)
        new = NewServicePlan(owner_id=street.merchants[1], tribe_id=shown[0], scene="search", said=Said(message_days=7))
        await api.make_plan(uow, new, by=street.merchants[1])
    for place, met in ((None, 0), (street.shops[0], 0), (street.shops[1], 1)):
        async with street.unit() as uow:
            await api.first_found(uow, known, place, NOW)
        assert await street.value("SELECT count(*) FROM service_plan_met") == met


async def test_today_puts_it_first_too(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is worth a look now begins with the plan's shop."""
    monkeypatch.setattr(serve, "is_compared", lambda *_: False)
    (known,) = await some(street, 1)
    await plan(street, await tribe(street, [known]), "search", offer_ids=(street.offers[4],))
    async with street.unit() as uow:
        first = await api.first_found(uow, known, street.shops[0], NOW)
        found = await match.today(uow, known, at_shop_id=street.shops[0], first_offers=first)
    assert found.places[0].shop.name == BOOKS
