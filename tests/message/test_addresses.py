"""Tests of addresses besides the phone: asked for, confirmed by a link, replaced, forgotten."""

from datetime import timedelta

import pytest

from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.message import api
from ringmain.message.errors import AddressLinkInvalid
from ringmain.network.errors import EmailInvalid
from tests.member.people import NOW, OPERATOR, OTHER_PHONE, Town
from tests.message.post import BASE, LATER, Outbox, confirmed_email, deliver, member_of
from tests.message.wechat import OPENID

MAIL = "anna@example.org"


async def _own(town: Town, known: member.Known) -> list[tuple[str, bool]]:
    async with town.unit() as uow:
        found = await api.addresses_of(uow, town.keyring, {known.subject_id: known.subject_ids})
    return [(one.text, one.proven_at is not None) for one in found.get(known.subject_id, [])]


async def test_an_address_counts_once_its_owner_has_opened_the_link(town: Town) -> None:
    """The question goes to the address, in its owner's language; nothing of it is readable in the database."""
    anna, mails = await member_of(town), Outbox()
    async with town.unit() as uow:
        await api.add_email(uow, town.keyring, anna, f" {MAIL} ", "zh", BASE)
    assert await _own(town, anna) == [(MAIL, False)]
    await deliver(town, mails, email=True)
    (question,) = mails.messages
    assert (question.address, question.language) == (MAIL, "zh")
    token = question.body.split(f"{BASE}/m/")[1].split()[0]
    network_id, address_id = api.read_address_token(town.keyring, token)
    assert network_id == town.network_id
    for at in (LATER, timedelta(days=30)):
        async with town.unit(NOW + at) as uow:
            await api.confirm_address(uow, address_id)
    assert await _own(town, anna) == [(MAIL, True)]
    rows = [*await town.dump("message_address"), *await town.dump("message_waiting")]
    assert len(rows) == 1
    assert not any("anna" in row or b"anna".hex() in row for row in rows)


async def test_a_link_is_good_for_a_week_and_until_the_next_one(town: Town) -> None:
    """An older question is forgotten with its address, and a late answer confirms nothing."""
    anna = await member_of(town)
    async with town.unit() as uow:
        old = await api.add_email(uow, town.keyring, anna, "typo@example.org", "en", BASE)
        new = await api.add_email(uow, town.keyring, anna, MAIL, "en", BASE)
    for address_id, at in ((old, NOW), (new, NOW + timedelta(days=7, seconds=1))):
        with pytest.raises(AddressLinkInvalid):
            async with town.unit(at) as uow:
                await api.confirm_address(uow, address_id)
    assert await _own(town, anna) == [(MAIL, False)]


async def test_a_new_address_replaces_the_old_one_when_it_is_confirmed(town: Town) -> None:
    """Until then the old one is used."""
    anna = await member_of(town)
    await confirmed_email(town, anna)
    async with town.unit() as uow:
        new = await api.add_email(uow, town.keyring, anna, "new@example.org", "en", BASE)
    assert await _own(town, anna) == [("new@example.org", False), (MAIL, True)]
    async with town.unit() as uow:
        await api.confirm_address(uow, new)
    assert await _own(town, anna) == [("new@example.org", True)]


async def test_an_address_is_forgotten_by_its_owner_only(town: Town) -> None:
    """Somebody else's id deletes nothing; a merged member's addresses are the person's."""
    anna, bert = await member_of(town), await member_of(town, OTHER_PHONE)
    id_ = await confirmed_email(town, anna)
    async with town.unit() as uow:
        assert not await api.forget_address(uow, bert, id_)
        await member.merge(uow, bert.member_id, anna.member_id, OPERATOR)
        whole = (await member.subjects(uow, [bert.member_id]))[0]
    assert whole is not None
    assert await _own(town, whole) == [(MAIL, True)]
    async with town.unit() as uow:
        assert await api.forget_address(uow, whole, id_)
    assert await _own(town, whole) == []


async def test_an_address_dies_with_its_member(town: Town) -> None:
    """Nobody can read it any more, and its link confirms nothing."""
    anna = await member_of(town)
    async with town.unit() as uow:
        id_ = await api.add_email(uow, town.keyring, anna, MAIL, "en", BASE)
        await member.erase(uow, anna.member_id, OPERATOR)
    assert await _own(town, anna) == []
    with pytest.raises(AddressLinkInvalid):
        async with town.unit() as uow:
            await api.confirm_address(uow, id_)


async def test_what_is_no_address_or_no_link_is_refused(town: Town) -> None:
    """Nothing is kept and nothing is sent."""
    anna = await member_of(town)
    with pytest.raises(EmailInvalid):
        async with town.unit() as uow:
            await api.add_email(uow, town.keyring, anna, "anna@example.org, b@example.org", "en", BASE)
    assert (await town.count("message_address"), await town.count("message")) == (0, 0)
    with pytest.raises(AddressLinkInvalid):
        api.read_address_token(Keyring({1: bytes(32)}), "A" * 66)


async def test_a_follower_is_kept_once_and_forgotten_with_its_person(town: Town) -> None:
    """Sealed, with the words that were agreed to; another openid replaces it; it dies with its member's key."""
    anna = await member_of(town)
    async with town.unit() as uow:
        for openid in ("oFirst00000000000000", OPENID):
            await api.add_follower(uow, town.keyring, anna, openid, "wechat-1")
    assert await _own(town, anna) == [(OPENID, True)]
    (row,) = await town.dump("message_address")
    assert "wechat-1" in row
    assert OPENID not in row
    assert OPENID.encode().hex() not in row
    async with town.unit() as uow:
        await member.erase(uow, anna.member_id, OPERATOR)
    assert await _own(town, anna) == []
