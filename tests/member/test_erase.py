"""Tests of erasure: the keys are destroyed, nothing leads back, and a restored backup is corrected."""

import asyncio
from uuid import UUID

import pytest

from ringmain.kit.secrets import SealBroken
from ringmain.member import api
from ringmain.member.api import Answer, IdentifierKind, Place, Purpose
from ringmain.member.errors import MemberErased, MemberUnknown
from tests.member.people import NOW, OPERATOR, PHONE, Postbox, Town


async def _erase(town: Town, member_id: UUID) -> list[UUID]:
    async with town.unit() as uow:
        return await api.erase(uow, member_id, OPERATOR)


async def test_an_erased_person_is_gone_and_their_facts_lead_nowhere(town: Town) -> None:
    """Key, name, identifiers and open challenges are deleted, also of members merged in; subjects are announced."""
    anna = await town.person(IdentifierKind.PHONE, PHONE, name="Anna")
    card = await town.person(IdentifierKind.CARD_TOKEN, "tok_anna")
    bert = await town.person(IdentifierKind.TAG, "tag-bert")
    async with town.unit() as uow:
        await api.merge(uow, card.member_id, anna.member_id, OPERATOR)
        await api.send_code(uow, town.keyring, Postbox(), api.identifier(IdentifierKind.PHONE, PHONE))
        await api.record_consents(
            uow, anna.member_id, [Answer(Purpose.MARKETING, True, "2026-01", "zh")], Place("till", OPERATOR)
        )
    assert sorted(await _erase(town, card.member_id)) == sorted([anna.member_id, card.member_id])
    assert await town.rows("SELECT member_id FROM member_key") == [(bert.member_id,)]
    assert await town.rows("SELECT member_id FROM member_identifier") == [(bert.member_id,)]
    assert await town.count("member_challenge") == 0
    assert sorted(await town.facts("member_erased")) == sorted([anna.subject_id, card.subject_id])
    assert await town.known(IdentifierKind.PHONE, PHONE) is None
    assert await town.known(IdentifierKind.TAG, "tag-bert") == bert
    async with town.unit() as uow:
        assert await api.subjects(uow, [anna.member_id, card.member_id]) == [None, None]
        assert await api.consented(uow, [anna.subject_id], Purpose.MARKETING) == set()
        with pytest.raises(MemberUnknown):
            await api.show(uow, town.keyring, anna.member_id)


async def test_no_row_links_an_erased_member_to_their_subject(town: Town) -> None:
    """Every table is searched for rows that hold both ids; the control is the same search before the erasure."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)

    async def links() -> list[str]:
        tables = await town.rows(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'network_id' "
            "WHERE c.relkind IN ('r', 'p') AND has_table_privilege(c.oid, 'SELECT')"
        )
        return [
            table
            for (table,) in tables
            for row in await town.dump(table)
            if str(anna.member_id) in row and str(anna.subject_id) in row
        ]

    assert await links() == ["member_key"]
    await _erase(town, anna.member_id)
    assert await links() == []


async def test_what_a_backup_still_holds_cannot_be_opened(town: Town) -> None:
    """With the key row gone, a sealed value from an old copy opens with no key that is left."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    (sealed,) = (await town.rows("SELECT sealed FROM member_identifier"))[0]
    (identifier_id,) = (await town.rows("SELECT id FROM member_identifier"))[0]
    await _erase(town, anna.member_id)
    again = town.keyring.new_data_key(town.network_id, anna.member_id)
    with pytest.raises(SealBroken):
        again.open(f"identifier/{identifier_id}", sealed)


async def test_an_identifier_attached_during_an_erasure_dies_with_it(town: Town) -> None:
    """Attached first, it is erased; erased first, attaching is refused: no identifier stays without its key."""
    await town.warm()
    for n in range(20):
        known = await town.person(IdentifierKind.TAG, f"tag-{n}")

        async def attach(n: int = n, member_id: UUID = known.member_id) -> None:
            async with town.unit() as uow:
                card = api.identifier(IdentifierKind.CARD_TOKEN, f"card-{n}")
                await api.attach(uow, town.keyring, member_id, [card], verified=True)

        first, second = await asyncio.gather(attach(), _erase(town, known.member_id), return_exceptions=True)
        assert first is None or isinstance(first, MemberUnknown)
        assert second == [known.member_id]
    assert await town.count("member_identifier") == await town.count("member_key") == 0


async def test_erasing_twice_or_nobody_is_refused(town: Town) -> None:
    """An erased member stays erased, with the first time; an unknown one was never there."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    await _erase(town, anna.member_id)
    with pytest.raises(MemberErased):
        await _erase(town, anna.member_id)
    with pytest.raises(MemberUnknown):
        await _erase(town, UUID(int=2))
    assert await town.rows("SELECT member_id, erased_at FROM member_erasure") == [(anna.member_id, NOW)]


async def test_an_erased_phone_can_join_as_somebody_new(town: Town) -> None:
    """The same phone makes a new member, who has nothing of the old one."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    await _erase(town, anna.member_id)
    again = await town.person(IdentifierKind.PHONE, PHONE)
    assert again.member_id != anna.member_id
    assert again.subject_id != anna.subject_id


async def test_the_list_of_erasures_corrects_a_restored_backup(town: Town) -> None:
    """Members whom a restored database knows again are erased again; applied once more it does nothing."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    bert = await town.person(IdentifierKind.TAG, "tag-bert")
    async with town.unit() as uow:
        await api.erase(uow, anna.member_id, OPERATOR)
        list_ = await api.erasures(uow)
    assert [one.member_id for one in list_] == [anna.member_id]
    # What a restore brings back: the member's key and identifier, under the same member id.
    await _restore(town, anna)
    assert await town.known(IdentifierKind.PHONE, PHONE) is not None
    async with town.unit() as uow:
        assert await api.erase_again(uow, list_) == [anna.member_id]
    async with town.unit() as uow:
        assert await api.erase_again(uow, list_) == []
    assert await town.known(IdentifierKind.PHONE, PHONE) is None
    assert await town.known(IdentifierKind.TAG, "tag-bert") == bert


async def _restore(town: Town, known: api.Known) -> None:
    """Put the member's rows back as an old backup would: through the tables, not through a use case."""
    key = town.keyring.new_data_key(town.network_id, known.member_id)
    wrapped = town.keyring.wrap(key, town.network_id, known.member_id)
    async with town.unit() as uow:
        await uow.execute(
            "INSERT INTO member_key (network_id, member_id, subject_id, master_version, wrapped, code_id)"
            " VALUES (%s, %s, %s, 1, %s, gen_random_uuid())",
            (town.network_id, known.member_id, known.subject_id, wrapped.data),
        )
        await uow.execute("UPDATE member SET erased_at = NULL WHERE id = %s", (known.member_id,))
        phone = api.identifier(IdentifierKind.PHONE, PHONE)
        await api.attach(uow, town.keyring, known.member_id, [phone], verified=True)
