"""Tests of stopping marketing with one tap."""

from datetime import timedelta

import pytest

from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.message import api
from ringmain.message.errors import UnsubscribeLinkInvalid
from ringmain.message.model import Refusal
from tests.member.people import NOW, OPERATOR, Town
from tests.message.post import BASE, answer, member_of, reminder, send, won

SOON = NOW + timedelta(minutes=1)


async def test_the_link_withdraws_consent_once(town: Town) -> None:
    """One record is added, by the person, from a page; a second tap adds none; no marketing is sent after it."""
    anna = await member_of(town)
    link = api.stop_link(town.keyring, BASE, town.network_id, anna.subject_id)
    assert link.startswith(f"{BASE}/u/")
    who = api.read_stop_token(town.keyring, link.rpartition("/")[2])
    async with town.unit(SOON) as uow:
        assert await api.gets_marketing(uow, who.subject_id)
        assert await api.unsubscribe(uow, who, "zh")
    async with town.unit(SOON) as uow:
        assert not await api.unsubscribe(uow, who, "zh")
        (now,), history = await member.consents(uow, anna.member_id)
    assert (now.granted, now.place, now.recorded_by, now.language) == (False, "page", anna.member_id, "zh")
    assert len(history) == 2
    (made,) = await send(town, reminder(anna), at=SOON + timedelta(minutes=1))
    assert made.refusal is Refusal.NO_CONSENT


async def test_an_old_link_stops_again_who_agreed_again(town: Town) -> None:
    """A link is good for ever: whoever finds the message later can still stop."""
    anna = await member_of(town)
    who = api.Unsubscriber(town.network_id, anna.subject_id)
    async with town.unit(SOON) as uow:
        await api.unsubscribe(uow, who, "en")
    await answer(town, anna, granted=True, at=SOON + timedelta(minutes=1))
    async with town.unit(SOON + timedelta(minutes=2)) as uow:
        assert await api.unsubscribe(uow, who, "en")


async def test_a_link_of_an_erased_person_does_nothing(town: Town) -> None:
    """It still reads, and finds nobody."""
    anna = await member_of(town)
    who = api.Unsubscriber(town.network_id, anna.subject_id)
    async with town.unit() as uow:
        await member.erase(uow, anna.member_id, OPERATOR)
    async with town.unit(SOON) as uow:
        assert not await api.gets_marketing(uow, anna.subject_id)
        assert not await api.unsubscribe(uow, who, "en")


def test_what_is_no_link_of_ours_is_refused() -> None:
    """Nobody can make a link for somebody else."""
    for token in ("", "x" * 66, "A" * 66):
        with pytest.raises(UnsubscribeLinkInvalid):
            api.read_stop_token(Keyring({1: bytes(32)}), token)


async def test_the_link_says_which_message_led_to_the_stop(town: Town) -> None:
    """A second tap, and a link of a message of another network, count nothing; what waits is refused when it is due."""
    anna = await member_of(town)
    (made,) = await send(town, reminder(anna))
    link = api.stop_link(town.keyring, BASE, town.network_id, anna.subject_id, made.message_id)
    who = api.read_stop_token(town.keyring, link.rpartition("/")[2])
    assert who == api.Unsubscriber(town.network_id, anna.subject_id, made.message_id)
    for at in (SOON, SOON + timedelta(minutes=1)):
        async with town.unit(at) as uow:
            await api.unsubscribe(uow, who, "en")
            assert await api.stopped(uow, [made.message_id]) == 1
            assert await api.still_reached(uow, anna.subject_id)
    doors = api.Doors(town.keyring, {}, BASE, frozenset({town.network_id}))
    await api.deliver_due(town.database, doors, town.network_id, now=made.due_at + timedelta(minutes=3))
    assert await town.count("message_sink") == 0
    assert await town.rows("SELECT reason FROM message_delivery WHERE state = 'refused'") == [("no_consent",)]


async def test_everything_can_be_stopped_as_well(town: Town) -> None:
    """After the reminders also receipts: both presses count for their message once, and a pause is kept."""
    anna = await member_of(town)
    (made,) = await send(town, reminder(anna))
    who = api.Unsubscriber(town.network_id, anna.subject_id, made.message_id)
    until = NOW + timedelta(days=9)
    async with town.unit(SOON) as uow:
        await api.set_preferences(uow, anna.member_id, api.Preferences(paused_until=until))
        assert await api.unsubscribe(uow, who, "en", everything=True)
        assert not await api.unsubscribe(uow, who, "en", everything=True)
        assert not await api.still_reached(uow, anna.subject_id)
        assert await api.preferences(uow, anna.member_id) == api.Preferences((), until)
    (refused,) = await send(town, won(anna), at=SOON)
    assert refused.refusal is Refusal.CHANNEL_NONE
    assert await town.rows("SELECT everything FROM message_stop") == [(True,)]
