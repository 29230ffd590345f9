"""Tests of merging and unmerging members: nothing is lost, and every way back is exact."""

import asyncio
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringmain.kit.migrate import Urls
from ringmain.member import api
from ringmain.member.api import IdentifierKind
from ringmain.member.errors import MemberErased, MemberUnknown, MergeAlreadyReversed, MergeUnknown, MergeWithItself
from ringmain.member.model import canonical_members, subject_aliases
from tests.member.people import NOW, OPERATOR, PHONE, Town, small_town

TABLES = ("member", "member_key", "member_identifier", "consent_record", "subject_alias")


async def _state(town: Town) -> dict[str, list[str]]:
    """Everything that is stored of people, except the history of merges itself."""
    return {table: await town.dump(table) for table in TABLES}


async def _merge(town: Town, source: UUID, target: UUID) -> api.Merged:
    async with town.unit() as uow:
        return await api.merge(uow, source, target, OPERATOR)


async def _unmerge(town: Town, merge_id: UUID) -> api.Merged:
    async with town.unit() as uow:
        return await api.unmerge(uow, merge_id, OPERATOR)


async def test_a_merge_makes_one_person_of_two(town: Town) -> None:
    """Either identifier finds the remaining member; both subjects are theirs; the record shows both identifiers."""
    anna = await town.person(IdentifierKind.PHONE, PHONE, name="Anna")
    card = await town.person(IdentifierKind.CARD_TOKEN, "tok_anna")
    merged = await _merge(town, card.member_id, anna.member_id)
    assert (merged.from_member_id, merged.into_member_id) == (card.member_id, anna.member_id)
    by_card = await town.known(IdentifierKind.CARD_TOKEN, "tok_anna")
    by_phone = await town.known(IdentifierKind.PHONE, PHONE)
    assert by_card is not None
    assert by_card == by_phone
    assert (by_card.member_id, by_card.subject_ids) == (anna.member_id, (anna.subject_id, card.subject_id))
    async with town.unit() as uow:
        shown = await api.show(uow, town.keyring, card.member_id, masked=False)
        assert await api.subjects(uow, [card.member_id]) == [by_card]
    assert shown.member_id == anna.member_id
    assert shown.merged_member_ids == [card.member_id]
    assert sorted(one.value for one in shown.identifiers) == [PHONE, "tok_anna"]
    assert await town.rows("SELECT subject_id, canonical_subject_id FROM subject_alias") == [
        (card.subject_id, anna.subject_id)
    ]
    assert await town.facts("member_merged") == [card.subject_id]


async def test_unmerging_restores_exactly_what_was(town: Town) -> None:
    """After merge and reversal every row of both members is as before; what was given since stays with its member."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    card = await town.person(IdentifierKind.CARD_TOKEN, "tok_anna")
    before = await _state(town)
    merged = await _merge(town, card.member_id, anna.member_id)
    assert await _state(town) != before
    await _unmerge(town, merged.merge_id)
    assert await _state(town) == before
    assert await town.known(IdentifierKind.CARD_TOKEN, "tok_anna") == card
    assert await town.facts("member_unmerged") == [card.subject_id, anna.subject_id]

    merged = await _merge(town, card.member_id, anna.member_id)
    async with town.unit() as uow:
        tag = api.identifier(IdentifierKind.TAG, "tag-since")
        await api.attach(uow, town.keyring, card.member_id, [tag], verified=True)
    await _unmerge(town, merged.merge_id)
    assert await town.known(IdentifierKind.TAG, "tag-since") == anna


async def test_merges_can_be_undone_in_any_order(town: Town) -> None:
    """A into B, B into C; undoing the first leaves B with C, undoing the second then leaves three people."""
    a, b, c = [await town.person(IdentifierKind.TAG, f"tag-{letter}") for letter in "abc"]
    first = await _merge(town, a.member_id, b.member_id)
    second = await _merge(town, a.member_id, c.member_id)
    assert second.from_member_id == b.member_id
    everybody = await town.known(IdentifierKind.TAG, "tag-a")
    assert everybody is not None
    assert everybody.member_id == c.member_id
    assert set(everybody.subject_ids) == {a.subject_id, b.subject_id, c.subject_id}
    undone = await _unmerge(town, first.merge_id)
    assert (undone.from_member_id, undone.into_member_id) == (a.member_id, c.member_id)
    assert await town.known(IdentifierKind.TAG, "tag-a") == a
    rest = await town.known(IdentifierKind.TAG, "tag-b")
    assert rest is not None
    assert (rest.member_id, rest.subject_ids) == (c.member_id, (c.subject_id, b.subject_id))
    await _unmerge(town, second.merge_id)
    assert [await town.known(IdentifierKind.TAG, f"tag-{letter}") for letter in "abc"] == [a, b, c]
    assert await town.count("subject_alias") == 0


async def test_what_cannot_be_merged_or_undone_is_refused(town: Town) -> None:
    """One person with themselves, an unknown member, an unknown or undone merge; nothing changes."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    card = await town.person(IdentifierKind.CARD_TOKEN, "tok_anna")
    merged = await _merge(town, card.member_id, anna.member_id)
    state = await _state(town)
    for source, target in ((anna, anna), (card, anna), (anna, card)):
        with pytest.raises(MergeWithItself):
            await _merge(town, source.member_id, target.member_id)
    with pytest.raises(MemberUnknown):
        await _merge(town, anna.member_id, UUID(int=1))
    with pytest.raises(MergeUnknown):
        await _unmerge(town, UUID(int=1))
    assert await _state(town) == state
    await _unmerge(town, merged.merge_id)
    with pytest.raises(MergeAlreadyReversed):
        await _unmerge(town, merged.merge_id)
    merged = await _merge(town, card.member_id, anna.member_id)
    async with town.unit() as uow:
        await api.erase(uow, anna.member_id, OPERATOR)
    with pytest.raises(MemberErased):
        await _unmerge(town, merged.merge_id)


async def test_two_opposite_merges_at_once_make_no_circle(town: Town) -> None:
    """Of A into B and B into A at the same time one happens, and one meets a single person; ten times over."""
    await town.warm()
    for n in range(10):
        a, b = [await town.person(IdentifierKind.TAG, f"tag-{letter}-{n}") for letter in "ab"]
        answers = await asyncio.gather(
            _merge(town, a.member_id, b.member_id), _merge(town, b.member_id, a.member_id), return_exceptions=True
        )
        assert sorted(type(answer).__name__ for answer in answers) == ["MergeWithItself", "Merged"]
        known = [await town.known(IdentifierKind.TAG, f"tag-{letter}-{n}") for letter in "ab"]
        assert known[0] == known[1]


@given(st.data())
def test_any_merge_undone_is_as_if_it_had_never_been(data: st.DataObject) -> None:
    """In any forest of merges, adding one and cutting it again gives who stood for whom before."""
    members = [UUID(int=n) for n in range(1, data.draw(st.integers(2, 12)) + 1)]
    merges: list[tuple[UUID, UUID]] = []
    for _ in range(data.draw(st.integers(0, 14))):
        _grow(data, members, merges)
    before = canonical_members(members, merges)
    after = list(merges)
    grew = _grow(data, members, after)
    assert (canonical_members(members, after) != before) == grew
    cut = [edge for edge in after if edge in merges]
    assert canonical_members(members, cut) == before
    subjects = {member: UUID(int=member.int + 1_000) for member in members}
    aliases = subject_aliases(before, subjects)
    assert set(aliases) & set(aliases.values()) == set()


def _grow(data: st.DataObject, members: list[UUID], merges: list[tuple[UUID, UUID]]) -> bool:
    """Add a merge of two people as the use case does: between those who stand for them; say whether they were two."""
    roots = canonical_members(members, merges)
    source, target = roots[data.draw(st.sampled_from(members))], roots[data.draw(st.sampled_from(members))]
    if source != target:
        merges.append((source, target))
    return source != target


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 4)), max_size=8))
def test_merges_undone_in_any_order_leave_the_database_as_it_was(
    database_urls: Urls, steps: list[tuple[bool, int, int]]
) -> None:
    """Merges and reversals in any mixture; when the last merge is undone, every row is as at the beginning."""

    async def walk() -> None:
        async with small_town(database_urls.application_url) as town:
            people = [await town.person(IdentifierKind.TAG, f"tag-{n}") for n in range(5)]
            before = await _state(town)
            open_: list[UUID] = []
            for add, first, second in steps:
                if add or not open_:
                    try:
                        merged = await _merge(town, people[first].member_id, people[second].member_id)
                    except MergeWithItself:
                        continue
                    open_.append(merged.merge_id)
                else:
                    await _unmerge(town, open_.pop(first % len(open_)))
                await _agrees_with_the_model(town)
            for merge_id in open_:
                await _unmerge(town, merge_id)
            assert await _state(town) == before

    asyncio.run(walk())


async def _agrees_with_the_model(town: Town) -> None:
    canonical = dict(await town.rows("SELECT id, canonical_id FROM member"))
    merges = await town.rows("SELECT from_id, into_id FROM member_merge WHERE reversed_at IS NULL")
    assert canonical == canonical_members(canonical, merges)
    subjects = dict(await town.rows("SELECT member_id, subject_id FROM member_key"))
    aliases = dict(await town.rows("SELECT subject_id, canonical_subject_id FROM subject_alias"))
    assert aliases == subject_aliases(canonical, subjects)


def test_control_a_merge_that_forgets_its_tree_is_caught() -> None:
    """Were only the merged member itself redirected, those merged into it before would stay behind."""
    a, b, c = (UUID(int=n) for n in (1, 2, 3))
    careless = {a: b, b: c, c: c}
    assert careless != canonical_members([a, b, c], [(a, b), (b, c)])


async def test_the_time_of_a_merge_is_kept(town: Town) -> None:
    """Who merged, when, and who undid it stay on record."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    card = await town.person(IdentifierKind.CARD_TOKEN, "tok_anna")
    merged = await _merge(town, card.member_id, anna.member_id)
    await _unmerge(town, merged.merge_id)
    assert await town.rows("SELECT merged_at, merged_by, reversed_at, reversed_by FROM member_merge") == [
        (NOW, OPERATOR, NOW, OPERATOR)
    ]
