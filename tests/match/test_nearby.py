"""Tests of finding shops and offers against the database."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib import import_module
from uuid import UUID

import msgspec
import numpy as np
import pytest

from ringmain.kit.db import UnitOfWork
from ringmain.kit.learn import registry
from ringmain.kit.learn.registry import NewModel
from ringmain.kit.pure.ids import uuid7
from ringmain.match.api import Context, Place, block, blocks, unblock
from ringmain.match.errors import BlockTarget
from ringmain.member import api as member
from ringmain.member.api import Known, Purpose
from ringmain.need import api as need
from ringmain.need.store import Wanted
from ringmain.need.store import replace as replace_needs
from ringmain.network.errors import ShopNotFound
from ringmain.segment import store as tribes
from tests.match.street import NOW, Street

# `match.api` has a function of this module's name.
finding = import_module("ringmain.match.nearby")
NOWHERE = UUID(int=4)


async def test_shops_in_reach_come_with_their_offers(street: Street) -> None:
    """At the bakery's door: the others by distance, each with its own offer; the bakery is not among them."""
    found = await street.find()
    assert [one.shop.name for one in found][:3] == ["Flower Corner", "Noodle House 兰州面馆", "Café Léon"]
    assert [one.distance_m for one in found] == [300, 400, 500, 3_000]
    assert [[offer.id for offer in one.offers] for one in found] == [[id_] for id_ in street.offers[1:]]
    # Somebody elsewhere, at no scene, sees all five; without a place there is no distance.
    assert len(await street.names(at_shop_id=None, place=Place(31.2, 121.5))) == 5
    assert {one.distance_m for one in await street.find(at_shop_id=None)} == {None}
    with pytest.raises(ShopNotFound):
        await street.find(at_shop_id=NOWHERE)


async def test_one_offer_is_asked_for(street: Street) -> None:
    """Only the shop to which it leads, with this offer alone; none where it may not be shown, or is none."""
    more = await street.publish(2)
    (found,) = await street.find(offer_id=more.id)
    assert (found.shop.id, [offer.id for offer in found.offers]) == (street.shops[2], [more.id])
    assert await street.find(offer_id=street.offers[0]) == []
    assert await street.find(offer_id=NOWHERE) == []
    # Its score is the one that it has among all: what others offer is still what is usual.
    (alone,) = await street.find(offer_id=street.offers[3])
    assert alone.score == next(one.score for one in await street.find() if one.shop.id == street.shops[3])


async def test_rivals_of_either_side_are_never_shown(street: Street) -> None:
    """The bakery declared the cafe a rival, the florist the bakery: both are missing here, and only here."""
    await street.rival(0, 3)
    await street.rival(1, 0)
    assert await street.names() == ["Noodle House 兰州面馆", "Old Books"]
    assert "Café Léon" in await street.names(at_shop_id=street.shops[1])


async def test_only_what_can_be_granted_is_offered(street: Street) -> None:
    """Paused, used up, over and unfunded offers are left out; their shops stay."""
    used_up = await street.publish(1, stock=1)
    over = await street.publish(2, valid_until=NOW + timedelta(hours=1))
    dear = await street.publish(3, face_minor=100_001)
    await street.pause(street.offers[4])
    async with street.unit() as uow:
        await uow.execute("UPDATE offer SET stock = 0 WHERE id = %s", (used_up.id,))
    found = {
        one.shop.name: {offer.id for offer in one.offers} for one in await street.find(at=NOW + timedelta(hours=2))
    }
    assert found == {
        "Flower Corner": {street.offers[1]},
        "Noodle House 兰州面馆": {street.offers[2]},
        "Café Léon": {street.offers[3]},
        "Old Books": set(),
    }
    assert not {used_up.id, over.id, dear.id} & set().union(*found.values())


async def test_an_offer_of_the_network_leads_everywhere(street: Street) -> None:
    """What names no shop leads to its creator's shops; where the network is the creator, to all."""
    async with street.unit() as uow:
        await uow.execute(
            "UPDATE ledger_guard SET credit_limit_minor = 1000 WHERE network_id = %s", (street.network_id,)
        )
    everywhere = await street.publish(0, by_network=True)
    own = await street.publish(2, shop_ids=())
    found = {one.shop.name: {offer.id for offer in one.offers} for one in await street.find()}
    assert all(everywhere.id in offers for offers in found.values())
    assert [name for name, offers in found.items() if own.id in offers] == ["Noodle House 兰州面馆"]


async def test_blocks_are_kept_until_they_are_taken_back(street: Street) -> None:
    """A block hides a shop, or one offer, from this person only; it is appended, and withdrawn by adding."""
    anna, ben = await street.person(), await street.person("+8613800138001")
    async with street.unit() as uow:
        first = await block(uow, anna.subject_ids, shop_id=street.shops[1])
        assert await block(uow, anna.subject_ids, shop_id=street.shops[1]) == first
        await block(uow, anna.subject_ids, offer_id=street.offers[2])
    mine = {one.shop.name: one.offers for one in await street.find(subject_ids=anna.subject_ids)}
    assert "Flower Corner" not in mine
    assert mine["Noodle House 兰州面馆"] == ()
    assert "Flower Corner" in await street.names(subject_ids=ben.subject_ids)
    async with street.unit() as uow:
        await unblock(uow, anna.subject_ids, shop_id=street.shops[1])
        await unblock(uow, anna.subject_ids, shop_id=street.shops[3])
        assert [one.offer_id for one in await blocks(uow, anna.subject_ids)] == [street.offers[2]]
    assert "Flower Corner" in await street.names(subject_ids=anna.subject_ids)
    assert await street.value("SELECT count(*) FROM match_block") == 3


@pytest.mark.parametrize(
    "target", [{}, {"shop_id": NOWHERE}, {"offer_id": NOWHERE}, {"shop_id": NOWHERE, "offer_id": NOWHERE}]
)
async def test_a_block_names_one_thing_that_exists(street: Street, target: dict[str, UUID]) -> None:
    """Nothing, both, or something unknown is refused, and nothing is written."""
    anna = await street.person()
    with pytest.raises(BlockTarget):
        async with street.unit() as uow:
            await block(uow, anna.subject_ids, **target)
    assert await street.value("SELECT count(*) FROM match_block") == 0


async def test_without_consent_the_person_does_not_matter(street: Street) -> None:
    """Personalisation off: the answer is that of a stranger, byte for byte, but for blocks; on, it knows the past."""
    anna = await street.person(personal=False)
    ben = await street.person("+8613800138001", personal=True)
    for known in (anna, ben):
        await street.buy(known, 1)
        await street.buy(known, 1)
    stranger = await street.find()
    assert await street.find(subject_ids=anna.subject_ids) == stranger
    assert await street.find(subject_ids=ben.subject_ids, personal=False) == stranger
    # The control: with consent the answer differs, and says why.
    personal = {
        one.shop.name: {reason.code: dict(reason.facts) for reason in one.reasons}
        for one in await street.find(subject_ids=ben.subject_ids)
    }
    assert personal["Flower Corner"]["here_before"] == {"visits": 2, "days": 0}
    assert personal["Old Books"]["new_to_you"] == {}
    async with street.unit() as uow:
        await block(uow, anna.subject_ids, shop_id=street.shops[1])
    assert await street.find(subject_ids=anna.subject_ids) == [
        one for one in stranger if one.shop.id != street.shops[1]
    ]


async def expect(street: Street, known: Known, chances: Mapping[int, float], made: datetime = NOW) -> None:
    """Let a forecast expect that a person comes to shops, by their place in the street."""
    async with street.unit(made) as uow:
        until = made - timedelta(days=1)
        serving = await registry.serving(uow, need.TASK)
        if serving is None:
            new = NewModel(need.TASK, until, until, 1, {}, {}, b"trees")
            serving = await registry.keep(uow, new, compared_with=None)
        places = list(chances)
        given = np.array(list(chances.values()))
        wanted = Wanted(
            [known.subject_id] * len(places),
            [street.shops[place] for place in places],
            np.arange(1, len(places) + 1),
            given,
            given,
            np.ones(len(places), dtype=bool),
        )
        await replace_needs(uow, wanted, serving.id, made)


async def test_what_a_forecast_expects_moves_shops_up(street: Street) -> None:
    """With consent a probable shop comes first and says why; rows of more than a week ago count no more."""
    ben = await street.person()
    before = await street.names(subject_ids=ben.subject_ids)
    assert before[0] == "Flower Corner"
    await expect(street, ben, {3: 0.9, 1: 0.05})
    found = await street.find(subject_ids=ben.subject_ids)
    assert found[0].shop.name == "Café Léon"
    told = {one.shop.name: [dict(why.facts) for why in one.reasons if why.code == "need"] for one in found}
    assert told["Café Léon"] == [{"category": "coffee"}]
    assert told["Flower Corner"] == []
    await expect(street, ben, {3: 0.9}, NOW - timedelta(days=7))
    assert await street.names(subject_ids=ben.subject_ids) == before


async def belong(street: Street, known: Known, category: str, probability: float | None = None) -> None:
    """Put a person into a tribe of people who mostly go for a category."""
    name, at = f"category:{category}", NOW - timedelta(hours=9)
    rule = [{"column": name, "at_least": True, "per_cent": 40}]
    apart = [{"column": name, "per_cent": 80.0, "everybody": 20.0}]
    tribe = tribes.TribeRow(uuid7(at), [name], rule, apart, {name: 0.8}, 20, 0.9, at, at, None)
    async with street.unit(at) as uow:
        await tribes.save_tribes(uow, [tribe], at)
        await tribes.save_members(uow, [tribes.MemberRow(known.subject_id, tribe.id, probability, [100], at)], at)


async def test_a_tribe_speaks_for_a_newcomer_and_never_for_who_has_a_history(street: Street) -> None:
    """With fewer than three visits what people alike go for comes first and says why; from the third on it is still."""
    ben = await street.person()
    for _ in range(2):
        await street.buy(ben, 3, NOW - timedelta(days=2))
    before = [(one.shop.name, one.score) for one in await street.find(subject_ids=ben.subject_ids)]
    await belong(street, ben, "books")
    found = await street.find(subject_ids=ben.subject_ids)
    rise = {one.shop.name: round(one.score - dict(before)[one.shop.name], 6) for one in found}
    assert rise == {"Old Books": 0.2, "Flower Corner": 0.0, "Noodle House 兰州面馆": 0.0, "Café Léon": 0.0}
    told = {one.shop.name: [dict(why.facts) for why in one.reasons if why.code == "tribe"] for one in found}
    assert (told["Old Books"], told["Café Léon"]) == ([{"category": "books"}], [])
    await belong(street, ben, "books", 0.75)
    (books,) = [one for one in await street.find(subject_ids=ben.subject_ids) if one.shop.name == "Old Books"]
    assert round(books.score - dict(before)["Old Books"], 6) == 0.15
    await street.buy(ben, 3, NOW - timedelta(days=1))
    found = await street.find(subject_ids=ben.subject_ids)
    assert [why.code for one in found for why in one.reasons if why.code == "tribe"] == []
    assert dict(before)["Old Books"] == next(one.score for one in found if one.shop.name == "Old Books")


async def test_without_consent_a_tribe_does_not_matter(street: Street) -> None:
    """Personalisation off: whatever tribe the rows say, the answer is that of a stranger, byte for byte."""
    anna = await street.person(personal=False)
    stranger = msgspec.json.encode(await street.find())
    for category in ("books", "coffee"):
        await belong(street, anna, category)
        assert msgspec.json.encode(await street.find(subject_ids=anna.subject_ids)) == stranger


async def test_without_consent_a_forecast_does_not_matter(street: Street) -> None:
    """Personalisation off: whatever the rows say, the answer is that of a stranger, byte for byte."""
    anna = await street.person(personal=False)
    stranger = msgspec.json.encode(await street.find())
    for chances in ({}, {1: 1.0}, {2: 0.5, 4: 0.5}, {4: 1.0}):
        await expect(street, anna, chances)
        assert msgspec.json.encode(await street.find(subject_ids=anna.subject_ids)) == stranger
    async with street.unit() as uow:
        answer = member.Answer(Purpose.PERSONALISATION, True, "2026-01", "en")
        await member.record_consents(uow, anna.member_id, [answer], member.Place("page", anna.member_id))
    assert msgspec.json.encode(await street.find(subject_ids=anna.subject_ids, personal=False)) == stranger


async def test_a_planted_leak_of_needs_is_caught(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: were needs read without asking for consent, the answers would differ."""
    anna = await street.person(personal=False)
    await expect(street, anna, {4: 1.0})
    stranger = msgspec.json.encode(await street.find())

    async def asked_of_nobody(uow: UnitOfWork, context: Context) -> object:
        return finding.Asked(uow, needs=await need.ask_needs(uow, context.subject_ids, context.at))

    monkeypatch.setattr(finding, "who_asks", asked_of_nobody)
    assert msgspec.json.encode(await street.find(subject_ids=anna.subject_ids)) != stranger


async def test_words_narrow_the_answer_and_say_how(street: Street) -> None:
    """Typed words find by name, category and offer, in both languages, with a slip."""
    assert await street.names(words="flowers") == ["Flower Corner"]
    assert await street.names(words="咖啡") == ["Café Léon"]
    assert await street.names(words="面馆") == ["Noodle House 兰州面馆"]
    assert await street.names(words="bokos") == ["Old Books"]
    assert await street.names(words="submarine") == []
    (found,) = await street.find(words="CAFE")
    assert (found.reasons[0].code, dict(found.reasons[0].facts)) == ("words", {"how": "name", "word": "cafe"})


async def test_nothing_is_written_by_looking(street: Street) -> None:
    """Neither place nor words nor person leave a trace."""
    anna = await street.person()
    before = await street.value("SELECT count(*) FROM outbox")
    await street.find(subject_ids=anna.subject_ids, words="tea", place=Place(31.2, 121.5))
    assert await street.value("SELECT count(*) FROM outbox") == before
