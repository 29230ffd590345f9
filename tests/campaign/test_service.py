"""Tests of service plans: who is served how, who is held out, what is recorded, and that nobody else is touched."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from ringmain.campaign import api
from ringmain.campaign.api import Benefit, NewServicePlan, Player, Said, ServicePlan
from ringmain.campaign.errors import (
    ServicePlanEnded,
    ServicePlanInvalid,
    ServicePlanNotFound,
    ServicePlanRunning,
)
from ringmain.campaign.service import serve, store
from ringmain.kit.pure.ids import uuid7
from ringmain.member import api as member
from ringmain.member.api import Known, Purpose
from ringmain.segment import store as tribes
from ringmain.segment.errors import TribeUnknown
from tests.campaign.games.test_limits import open_game, play_at
from tests.campaign.messages.morning import by_message, choices, column, send
from tests.campaign.messages.morning import people as wanting
from tests.campaign.playing import claim, draw, phone
from tests.campaign.test_deal import PHONES
from tests.campaign.test_pricing import put
from tests.entry.web.tribes import BUYERS, NOODLES, counted
from tests.match.street import NOW, Street

DAY = timedelta(days=1)
TABLE = Benefit("A table kept till 19:00", "留座到 19:00")


async def tribe(street: Street, members: Sequence[Known]) -> UUID:
    """Leave two tribes, of which the first has these people."""
    ids = [uuid7(NOW) for _ in range(2)]
    rows = [
        tribes.TribeRow(id_, one["name"], one["rule"], one["apart"], {}, 57, 0.9, NOW, NOW, None)
        for id_, one in zip(ids, (NOODLES, BUYERS), strict=True)
    ]
    async with street.unit() as uow:
        await tribes.save_tribes(uow, rows, NOW)
        placed = [tribes.MemberRow(one.subject_id, ids[0], None, [50, 50], NOW) for one in members]
        await tribes.save_members(uow, placed, NOW)
    return ids[0]


async def plan(street: Street, tribe_id: UUID, scene: Any = "poster", **said: Any) -> ServicePlan:
    """Let a plan of the network run that holds out a fifth."""
    new = NewServicePlan(
        owner_id=street.network_id, tribe_id=tribe_id, scene=scene, said=Said(**said), held_out_bp=2_000
    )
    async with street.unit() as uow:
        return await api.make_plan(uow, new, by=None)


def groups(one: ServicePlan, people: Sequence[Known]) -> tuple[list[Known], list[Known]]:
    """Return who is served, and who is held out."""
    held = [known for known in people if serve.held_out(one, known.subject_id)]
    return [known for known in people if known not in held], held


async def some(street: Street, count: int) -> list[Known]:
    """Make members who agree to personal answers."""
    return [await street.person(number) for number in PHONES[:count]]


async def test_offers_come_first_for_those_served_only(street: Street) -> None:
    """The far bookshop's offer is the first prize of everybody served; held out it is rare; both are recorded once."""
    who, books = await some(street, 60), street.offers[4]
    one = await plan(street, await tribe(street, who), offer_ids=(books,))
    served, held = groups(one, who)
    assert len(held) > 0
    token = await street.poster()
    firsts = {True: 0, False: 0}
    for known, group in [(known, True) for known in served[:12]] + [(known, False) for known in held[:12]]:
        drawn = await draw(street, token, Player(known=known))
        assert len({prize.shop.id for prize in drawn.prizes}) == 3
        firsts[group] += drawn.prizes[0].offer.id == books
        assert all(0 < prize.propensity <= 1 for prize in drawn.prizes)
        if group:
            assert drawn.prizes[0].propensity == 1
    assert firsts[True] == 12
    assert firsts[False] < min(12, len(held))
    met = await column(street, "SELECT treated FROM service_plan_met")
    assert (met.count(True), met.count(False)) == (12, min(12, len(held)))
    await draw(street, token, Player(known=served[0]), NOW + DAY)
    assert await street.value("SELECT count(*) FROM service_plan_met WHERE subject_id = %s", served[0].subject_id) == 1
    assert await street.value("SELECT sum(cardinality(ids)) FROM outbox WHERE kind = 'service_met'") == len(met)


async def test_without_the_group_everybody_is_served(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: where nobody is held out, those of the group get the plan's offer first, too."""
    monkeypatch.setattr(serve, "is_compared", lambda *_: False)
    who, books = await some(street, 12), street.offers[4]
    await plan(street, await tribe(street, who), offer_ids=(books,))
    token = await street.poster()
    firsts = [(await draw(street, token, Player(known=known))).prizes[0].offer.id for known in who]
    assert firsts == [books] * 12


@pytest.mark.parametrize("case", ["no consent", "another tribe", "another scene", "unknown", "ended"])
async def test_who_has_no_plan_leaves_no_fact(street: Street, case: str) -> None:
    """Nothing is recorded, and nothing comes first, of whoever did not agree, is elsewhere, or nobody knows."""
    known = await street.person(PHONES[0], personal=case != "no consent")
    tribe_id = await tribe(street, [] if case == "another tribe" else [known])
    scene = "screen" if case == "another scene" else "poster"
    one = await plan(street, tribe_id, scene, offer_ids=(street.offers[4],), benefits=(TABLE,))
    if case == "ended":
        async with street.unit() as uow:
            await api.end_plan(uow, one.id, by=None)
    player = phone() if case == "unknown" else Player(known=known)
    drawn = await draw(street, await street.poster(), player)
    assert len(drawn.prizes) == 3
    assert await street.value("SELECT count(*) FROM service_plan_met") == 0
    async with street.unit() as uow:
        assert await api.benefits_of(uow, known, None) == []


async def test_benefits_last_as_long_as_consent_and_plan(street: Street) -> None:
    """From the first meeting on; not for who is held out; gone with consent, a change, or the plan's end."""
    who = await some(street, 40)
    one = await plan(street, await tribe(street, who), benefits=(TABLE,))
    (served, *_), (held, *_) = groups(one, who)

    async def shown(known: Known) -> list[str]:
        async with street.unit() as uow:
            found = await api.benefits_of(uow, known, [street.merchants[0]])
        return [line for _, some in found for line in api.in_language(some, "en")]

    assert await shown(served) == []
    token = await street.poster()
    for known in (served, held):
        await draw(street, token, Player(known=known))
    assert (await shown(served), await shown(held)) == ([TABLE.en], [])
    async with street.unit() as uow:
        changed = await api.change_plan(uow, one.id, replace(one.said, benefits=(Benefit("Tea", "茶"),)), by=None)
        again = await api.change_plan(uow, one.id, changed.said, by=None)
    assert (changed.version, again.version, await shown(served)) == (2, 2, ["Tea"])
    async with street.unit() as uow:
        answer = member.Answer(Purpose.PERSONALISATION, False, "2026-01", "en")
        await member.record_consents(uow, served.member_id, [answer], member.Place("page", served.member_id))
    assert await shown(served) == []


async def test_a_claim_asks_nothing_of_plans(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was drawn is claimed without a look at plans: no statement more."""
    who = await some(street, 1)
    await plan(street, await tribe(street, who), offer_ids=(street.offers[4],))
    drawn = await draw(street, await street.poster(), Player(known=who[0]))
    monkeypatch.setattr(serve, "_of_tribe", None)
    monkeypatch.setattr(store, "running", None)
    assert (await claim(street, drawn, who[0])).offer_id == drawn.prizes[0].offer.id


async def test_messages_give_first_offers_and_keep_the_pace(street: Street) -> None:
    """Of two campaigns those served get the plan's, and nothing more for a week; those held out go on as before."""
    first, other = await by_message(street, 1), await by_message(street, 4)
    who = await wanting(street, 60)
    said = {"offer_ids": (first.said.offer_id,), "message_days": 7}
    one = await plan(street, await tribe(street, who), "message", **said)
    served, held = (frozenset(known.subject_id for known in some_) for some_ in groups(one, who))
    await send(street)
    chosen = await choices(street)
    assert {chosen[id_][0] for id_ in served if id_ in chosen} == {first.said.offer_id}
    assert other.said.offer_id in {chosen[id_][0] for id_ in held}
    met = await column(street, "SELECT treated FROM service_plan_met")
    assert (met.count(True), met.count(False)) == (len(served), len(held))
    given = set(await column(street, "SELECT subject_id FROM given WHERE channel = 'message'"))
    second = "SELECT subject_id FROM message_choice WHERE day > '2026-03-02'"
    for days in (1, 6):
        await send(street, NOW + days * DAY)
    later = set(await column(street, second))
    assert later & given & served == set()
    assert later & given & held
    await send(street, NOW + 7 * DAY)
    assert set(await column(street, second)) & given & served


async def test_a_merchant_serves_whom_it_is_told_of(street: Street) -> None:
    """Its plan is for shown tribes and own offers, works at its own shops, and is nobody else's to read or change."""
    known = await street.person(PHONES[0])
    tribe_id = await tribe(street, [known])
    said = Said(benefits=(TABLE,))
    new = NewServicePlan(owner_id=street.merchants[1], tribe_id=tribe_id, scene="poster", said=said, held_out_bp=500)
    own, other = street.merchants[1], street.merchants[2]
    with pytest.raises(TribeUnknown):
        async with street.unit() as uow:
            await api.make_plan(uow, new, by=own)
    await counted(street.database, street.network_id, own)
    shown = await column(street, "SELECT tribe_id FROM tribe_reach WHERE merchant_id = %s ORDER BY people DESC", own)
    new = replace(new, tribe_id=shown[0])
    for wrong, by in (
        (replace(new, said=Said(offer_ids=(street.offers[2],))), own),
        (replace(new, said=Said()), own),
        (replace(new, held_out_bp=2_001), own),
        (replace(new, said=Said(benefits=(Benefit("Tea", " "),))), own),
    ):
        with pytest.raises(ServicePlanInvalid):
            async with street.unit() as uow:
                await api.make_plan(uow, wrong, by=by)
    with pytest.raises(ServicePlanNotFound):
        async with street.unit() as uow:
            await api.make_plan(uow, new, by=other)
    assert await street.value("SELECT count(*) FROM service_plan") == 0
    async with street.unit() as uow:
        one = await api.make_plan(uow, new, by=own)
    with pytest.raises(ServicePlanRunning):
        async with street.unit() as uow:
            await api.make_plan(uow, new, by=own)
    with pytest.raises(ServicePlanNotFound):
        async with street.unit() as uow:
            await api.end_plan(uow, one.id, by=other)
    async with street.unit() as uow:
        assert [plan.id for plan in await api.plans_of(uow, own)] == [one.id]
        assert await api.plans_of(uow, other) == []
        ended = await api.end_plan(uow, one.id, by=own)
        assert ended.ended_at == NOW
        assert (await api.end_plan(uow, one.id, by=own)).ended_at == NOW
    with pytest.raises(ServicePlanEnded):
        async with street.unit() as uow:
            await api.change_plan(uow, one.id, Said(message_days=3), by=own)
    async with street.unit() as uow:
        assert (await api.make_plan(uow, new, by=own)).version == 1


async def test_a_merchants_plan_works_at_its_own_shops(street: Street) -> None:
    """Met at the flower shop's poster, not at the bakery's."""
    known = await street.person(PHONES[0])
    await counted(street.database, street.network_id, street.merchants[1])
    tribe_id = (await column(street, "SELECT tribe_id FROM tribe_reach ORDER BY people DESC"))[0]
    async with street.unit() as uow:
        await tribes.save_members(uow, [tribes.MemberRow(known.subject_id, tribe_id, None, [50, 50], NOW)], NOW)
        new = NewServicePlan(
            owner_id=street.merchants[1], tribe_id=tribe_id, scene="poster", said=Said(benefits=(TABLE,))
        )
        await api.make_plan(uow, new, by=street.merchants[1])
    await draw(street, await street.poster(0), Player(known=known))
    assert await street.value("SELECT count(*) FROM service_plan_met") == 0
    await draw(street, await street.poster(1), Player(known=known))
    assert await street.value("SELECT count(*) FROM service_plan_met") == 1


async def test_offers_come_first_at_prices_too(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where prices serve, both places of the plan's offers come first, however dear; the third is any other."""
    monkeypatch.setattr(serve, "is_compared", lambda *_: False)
    who, first = await some(street, 6), {street.offers[1], street.offers[4]}
    await put(street, {street.offers[4]: 1.0})
    await plan(street, await tribe(street, who), offer_ids=tuple(first))
    token = await street.poster()
    for known in who:
        prizes = (await draw(street, token, Player(known=known))).prizes
        assert {prize.offer.id for prize in prizes[:2]} == first
        assert prizes[2].offer.id not in first
        assert len({prize.shop.id for prize in prizes}) == 3
        assert prizes[1].propensity == 1
        assert 0 < prizes[2].propensity < 1


async def test_a_game_is_a_meeting_and_keeps_its_odds(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever plays is met, and may read the benefit; the likeliest prize is won, not the plan's offer."""
    monkeypatch.setattr(serve, "is_compared", lambda *_: False)
    (known,) = await some(street, 1)
    await plan(street, await tribe(street, [known]), offer_ids=(street.offers[4],), benefits=(TABLE,))
    _, door = await open_game(street, [street.offers[1], street.offers[4]], [1_000_000, 1])
    won = await play_at(street, door, known)
    assert won.prize.offer_id == street.offers[1]
    assert await column(street, "SELECT treated FROM service_plan_met") == [True]
    async with street.unit() as uow:
        assert await api.benefits_of(uow, known, []) == [(street.network_id, (TABLE,))]
