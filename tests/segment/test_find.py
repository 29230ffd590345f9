"""Tribes of a network: found among those who agree, stored with their people, kept from night to night."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from ringmain.member import api as member
from ringmain.segment import api, find
from ringmain.segment.finding import find_tribes
from tests.member.people import OPERATOR
from tests.segment.street import NOW, Street

DAY = timedelta(days=1)


async def _own(street: Street, people: Sequence[member.Known]) -> list[api.OwnTribe | None]:
    async with street.unit() as uow:
        return [await api.own_tribe(uow, one.member_id) for one in people]


async def _tribes(street: Street) -> dict[str, api.Tribe]:
    async with street.unit() as uow:
        found = await api.tribes_of_network(uow)
    return {api.name_words(one.told.name, "en"): one for one in found.tribes}


async def _groups(street: Street, **sizes: int) -> dict[str, list[member.Known]]:
    """Let groups live, each with the usual category it is named after; "others" have none."""
    groups = {}
    for seed, (name, size) in enumerate(sizes.items(), start=1):
        groups[name] = await street.join(size)
        street.live(groups[name], None if name == "others" else name, seed=seed)
    return groups


async def test_planted_groups_are_found_and_stored_with_their_people(street: Street) -> None:
    """Noodle people and tea people become two tribes with exactly their members; people of everything are in none."""
    groups = await _groups(street, noodles=20, tea=15, others=40)
    outcome = await street.find()
    assert (outcome.people, outcome.newcomers, outcome.tribes, outcome.placed) == (75, 0, 2, 35)
    tribes = await _tribes(street)
    assert {name: one.size for name, one in tribes.items()} == {"Noodles": 20, "Tea": 15}
    assert min(one.stability for one in tribes.values()) > 0.9
    for name in ("noodles", "tea"):
        own = await _own(street, groups[name])
        assert {one and (one.tribe_id, one.probability) for one in own} == {(tribes[name.title()].id, None)}
    assert await _own(street, groups["others"]) == [None] * 40


async def test_where_everybody_does_everything_there_are_no_tribes(street: Street) -> None:
    """Control: people without groups are looked at, and nothing is found in them."""
    await _groups(street, others=90)
    outcome = await street.find()
    assert (outcome.people, outcome.tribes, outcome.placed) == (90, 0, 0)
    async with street.unit() as uow:
        told = await api.tribes_of_merchant(uow, street.merchants[0])
    assert (told.state, told.tribes) == (api.WeekState.NONE_FOUND, ())


async def test_only_who_agrees_is_looked_at(street: Street) -> None:
    """Without consent a person is in no tribe, makes none, and counts nowhere; withdrawn, it goes off at once."""
    groups = await _groups(street, noodles=12, others=30)
    silent = await street.join(25, agree=False)
    street.live(silent, "tea", seed=9)
    outcome = await street.find()
    assert (outcome.people, outcome.tribes) == (42, 1)
    assert await _own(street, silent) == [None] * 25
    async with street.unit() as uow:
        await street.say(uow, groups["noodles"][0], agree=False)
    first, second = await _own(street, groups["noodles"][:2])
    assert first is None
    assert second is not None
    await street.find(NOW + DAY)
    gone = groups["noodles"][0].subject_id
    assert await street.rows("SELECT 1 FROM tribe_member WHERE subject_id = %s", gone) == []


async def test_who_changes_their_mind_meanwhile_is_placed_nowhere(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Consent that is withdrawn while tribes are looked for holds for what is written at the end."""
    groups = await _groups(street, noodles=20, tea=15, others=40)
    leaving, loop = groups["tea"][0], asyncio.get_running_loop()

    async def withdraw() -> None:
        async with street.unit(NOW + timedelta(seconds=1)) as uow:
            await street.say(uow, leaving, agree=False)

    def find_slowly(*given: Any) -> Any:
        asyncio.run_coroutine_threadsafe(withdraw(), loop).result()
        return find_tribes(*given)

    monkeypatch.setattr(find, "find_tribes", find_slowly)
    outcome = await street.find()
    assert (outcome.tribes, outcome.placed) == (2, 34)
    assert await street.rows("SELECT tribe_id FROM tribe_member WHERE subject_id = %s", leaving.subject_id) == []


async def test_what_a_person_hides_is_not_looked_at(street: Street) -> None:
    """Who hides what they mostly go for is placed by nothing else than the rest."""
    groups = await _groups(street, noodles=14, others=30)
    shy = groups["noodles"][0]
    async with street.unit() as uow:
        await member.hide_field(uow, shy.member_id, "favourite_categories", hidden=True)
    await street.find()
    assert (await _tribes(street))["Noodles"].size == 13
    assert await _own(street, [shy]) == [None]


async def test_a_tribe_keeps_its_id_name_and_people(street: Street) -> None:
    """The next night finds the same tribes under the same ids, people keep since when; what is gone is withdrawn."""
    groups = await _groups(street, noodles=20, tea=15, others=40)
    await street.find()
    before = await _tribes(street)
    new = await street.join(12)
    street.live(new, "florist", seed=7)
    street.visits = [row for row in street.visits if row["subject_id"] not in _subjects(groups["tea"])]
    await street.find(NOW + DAY)
    after = await _tribes(street)
    assert sorted(after) == ["Florist", "Noodles"]
    assert after["Noodles"].id == before["Noodles"].id
    assert (after["Noodles"].found_at, after["Noodles"].seen_at) == (NOW, NOW + DAY)
    (own, other) = await _own(street, [groups["noodles"][0], new[0]])
    assert own is not None
    assert other is not None
    assert (own.since, other.since) == (NOW, NOW + DAY)
    withdrawn = await street.rows("SELECT id FROM tribe WHERE withdrawn_at IS NOT NULL")
    assert withdrawn == [(before["Tea"].id,)]
    assert await _own(street, groups["tea"]) == [None] * 15


def _subjects(people: Sequence[member.Known]) -> set[str]:
    return {str(one.subject_id) for one in people}


async def test_a_newcomer_is_placed_with_a_probability(street: Street) -> None:
    """Four visits, all for noodles, place; four of everything do not. Neither makes or counts in a tribe's size."""
    groups = await _groups(street, noodles=20, tea=15, others=40)
    eager, vague = await street.join(2)
    for number in range(4):
        street.visit(eager, "noodles", NOW - DAY * (number + 1))
        street.visit(vague, ("bakery", "tea", "florist", "noodles")[number], NOW - DAY * (number + 1))
    outcome = await street.find()
    assert (outcome.people, outcome.newcomers, outcome.placed_newcomers) == (75, 2, 1)
    own, none = await _own(street, [eager, vague])
    assert own is not None
    assert own.probability is not None
    assert (own.probability > 0.7, own.shares) == (True, (100,))
    assert none is None
    tribes = await _tribes(street)
    assert (own.tribe_id, tribes["Noodles"].size) == (tribes["Noodles"].id, len(groups["noodles"]))


async def test_erasing_and_merging_are_known_to_tribes(street: Street) -> None:
    """Who is erased is in no tribe at once; merged members are one person, and each their own when it is undone."""
    groups = await _groups(street, noodles=20, others=40)
    await street.find()
    first, second, third = groups["noodles"][:3]
    async with street.unit() as uow:
        await member.erase(uow, first.member_id, OPERATOR)
        merged = await member.merge(uow, second.member_id, third.member_id, OPERATOR)
    assert await street.rows("SELECT 1 FROM tribe_member WHERE subject_id = %s", first.subject_id) == []
    both = await _own(street, [second, third])
    assert both[0] == both[1] is not None
    street.aliases = [{"subject_id": str(second.subject_id), "canonical_subject_id": str(third.subject_id)}]
    outcome = await street.find(NOW + DAY)
    assert outcome.people == 58
    async with street.unit() as uow:
        await member.unmerge(uow, merged.merge_id, OPERATOR)
    street.aliases = []
    (street.lake / "subject_alias" / f"network={street.network_id}" / "all.parquet").unlink()
    assert (await street.find(NOW + 2 * DAY)).people == 59
    assert None not in await _own(street, [second, third])


async def test_too_few_people_make_no_tribes(street: Street) -> None:
    """Of 29 people nothing is told apart; the finding says how many there were."""
    await _groups(street, noodles=15, tea=14)
    outcome = await street.find()
    assert (outcome.people, outcome.tribes) == (29, 0)
    async with street.unit() as uow:
        found = await api.tribes_of_network(uow)
    assert found.finding is not None
    assert (found.finding.people, found.tribes) == (29, ())


async def _reach(street: Street) -> list[tuple[Any, ...]]:
    return await street.rows("SELECT t::text FROM tribe_reach t ORDER BY 1")


async def test_a_week_is_counted_once_and_stays(street: Street) -> None:
    """Whatever comes later in the week, a merchant reads the same; the next Monday brings another count."""
    groups = await _groups(street, noodles=24, others=40)
    assert (await street.find()).week_counted
    first = await _reach(street)
    assert len(first) > 0
    more = await street.join(8)
    street.live(more, "noodles", seed=11)
    async with street.unit() as uow:
        await street.say(uow, groups["noodles"][0], agree=False)
        await member.erase(uow, groups["noodles"][1].member_id, OPERATOR)
    assert not (await street.find(NOW + 6 * DAY)).week_counted
    assert await _reach(street) == first
    assert (await street.find(NOW + 7 * DAY)).week_counted
    assert len(await _reach(street)) > len(first)
    async with street.unit() as uow:
        told = await api.tribes_of_merchant(uow, street.merchants[1])
    assert told.first_day is not None
    assert told.last_day is not None
    assert (told.first_day.isoformat(), told.last_day.isoformat()) == ("2026-02-09", "2026-03-08")


async def test_a_merchant_is_told_groups_in_fives_and_nobody(street: Street) -> None:
    """Figures are fives from ten on, with the words of the rule; as a merchant the database shows no members at all."""
    await _groups(street, noodles=24, others=40)
    await street.find()
    merchant = street.shops["noodles"].merchant_id
    async with street.database.unit(street.network_id, role="app_merchant", merchant_id=merchant, now=NOW) as uow:
        told = await api.tribes_of_merchant(uow, merchant)
        other = await api.tribes_of_merchant(uow, merchant)
    (one,) = told.tribes
    assert (told.state, api.name_words(one.told.name, "en")) == (api.WeekState.SHOWN, "Noodles")
    assert (one.people in (20, 25), one.people % 5, one.per_cent % 5) == (True, 0, 0)
    assert told == other
    numbers = [number for lift in one.told.apart for number in (lift.per_cent, lift.everybody)]
    assert [number % 5 for number in numbers] == [0] * len(numbers)
    denied = await street.rows(
        "SELECT has_table_privilege('app_merchant', name, 'SELECT') FROM unnest(%s::text[]) AS name",
        ["tribe", "tribe_member", "tribe_finding", "tribe_week", "tribe_reach"],
    )
    assert [row[0] for row in denied] == [False, False, False, True, True]
