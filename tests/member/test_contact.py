"""Tests of how people are reached by the subjects of facts."""

import uuid
from datetime import timedelta

import pytest

from ringmain.kit.secrets import SealBroken
from ringmain.member import api
from ringmain.member.api import IdentifierKind
from tests.member.people import NOW, OPERATOR, OTHER_PHONE, PHONE, Town

THIRD_PHONE = "+8613900139000"


async def _contact(town: Town, known: api.Known) -> api.Contact:
    async with town.unit() as uow:
        return (await api.contacts(uow, town.keyring, [known.subject_id]))[known.subject_id]


async def test_the_phone_proven_last_is_the_one_that_rings(town: Town) -> None:
    """A number given later without proof does not replace one that was proven; one proven later does."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    unproven = api.identifier(IdentifierKind.PHONE, OTHER_PHONE)
    async with town.unit(NOW + timedelta(days=1)) as uow:
        await api.attach(uow, town.keyring, anna.member_id, [unproven], verified=False)
    assert await _contact(town, anna) == api.Contact(anna, None, PHONE, phone_proven=True, phone_since=NOW)
    newer = api.identifier(IdentifierKind.PHONE, THIRD_PHONE)
    async with town.unit(NOW + timedelta(days=2)) as uow:
        await api.attach(uow, town.keyring, anna.member_id, [newer], verified=True)
    assert (await _contact(town, anna)).phone == THIRD_PHONE


async def test_a_contact_does_not_show_its_phone_in_text(town: Town) -> None:
    """Whoever logs one by mistake tells nobody's number."""
    contact = await _contact(town, await town.person(IdentifierKind.PHONE, PHONE))
    assert contact.phone == PHONE
    assert PHONE not in repr(contact)


async def test_merged_members_are_reached_as_one(town: Town) -> None:
    """Under either subject the person is the same, with the phone of whichever member has one."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    card = await town.person(IdentifierKind.CARD_TOKEN, "tok_8fG2kLq9")
    assert (await _contact(town, card)).phone is None
    async with town.unit() as uow:
        await api.merge(uow, anna.member_id, card.member_id, OPERATOR)
    both = [await _contact(town, one) for one in (anna, card)]
    assert [one.phone for one in both] == [PHONE, PHONE]
    assert both[0].known == both[1].known
    assert both[0].known.member_id == card.member_id
    assert set(both[0].known.subject_ids) == {anna.subject_id, card.subject_id}


async def test_unknown_and_erased_people_are_absent(town: Town) -> None:
    """Neither contact nor key nor name is left."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    async with town.unit() as uow:
        await api.erase(uow, anna.member_id, OPERATOR)
    asked = [anna.subject_id, uuid.uuid4()]
    async with town.unit() as uow:
        assert await api.contacts(uow, town.keyring, asked) == {}
        assert await api.sealing_keys(uow, town.keyring, asked, "messages") == {}
        assert await api.people_of(uow, asked) == {}


async def test_a_sealing_key_is_good_for_its_purpose_and_subject_only(town: Town) -> None:
    """What one slice seals, another cannot open; after a merge each subject's key still opens its own."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    bert = await town.person(IdentifierKind.PHONE, OTHER_PHONE)
    subjects = [anna.subject_id, bert.subject_id]
    async with town.unit() as uow:
        keys = await api.sealing_keys(uow, town.keyring, subjects, "messages")
        others = await api.sealing_keys(uow, town.keyring, subjects, "orders")
        sealed = keys[anna.subject_id].seal("field", "hello")
        await api.merge(uow, anna.member_id, bert.member_id, OPERATOR)
    async with town.unit() as uow:
        again = await api.sealing_keys(uow, town.keyring, subjects, "messages")
    assert again[anna.subject_id].open("field", sealed) == "hello"
    for wrong in (others[anna.subject_id], again[bert.subject_id]):
        with pytest.raises(SealBroken):
            wrong.open("field", sealed)
