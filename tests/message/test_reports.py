"""Tests of what providers tell: noted once, the next channel, new tries, stops until an address is confirmed again."""

import asyncio
import uuid
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ringmain.member import api as member
from ringmain.message import api
from ringmain.message.channels.port import NotDelivered
from ringmain.message.model import Preferences, Refusal, Rules
from ringmain.message.model.steps import State, Verdict
from tests.member.people import NOW, PHONE, Town
from tests.message.post import LATER, Outbox, confirmed_email, deliver, member_of, reminder, send, set_rules, steps, won

SOON = NOW + timedelta(minutes=1)
WRONG = NotDelivered("address_unknown", passing=False)
FULL = NotDelivered("message_too_long", passing=False)


async def _tell(town: Town, *reports: api.Report, at: datetime = SOON) -> list[Verdict]:
    async with town.unit(at) as uow:
        return await api.take_reports(uow, town.keyring, reports)


async def _sent(town: Town, known: member.Known, outbox: Outbox, *, marketing: bool = False) -> uuid.UUID:
    (made,) = await send(town, reminder(known) if marketing else won(known))
    await deliver(town, outbox)
    return made.message_id


def _failed(message_id: uuid.UUID, reason: str = "address_unknown", *, hard: bool = True) -> api.Report:
    return api.Report(message_id, State.FAILED, NOW, reason, hard=hard, provider_reference="kept-1")


async def test_what_arrived_is_noted_once_in_whatever_order_it_is_told(town: Town) -> None:
    """Delivered before accepted, and both twice: it stands as delivered; others' messages are unknown."""
    anna, texts = await member_of(town), Outbox()
    id_ = await _sent(town, anna, texts)
    arrived = api.Report(id_, State.DELIVERED, NOW, provider_reference="kept-1")
    taken, nobodys = replace(arrived, state=State.SENT), replace(arrived, message_id=uuid.uuid4())
    assert await _tell(town, arrived, taken, arrived, nobodys) == [
        Verdict.NEW,
        Verdict.REPEATED,
        Verdict.REPEATED,
        Verdict.UNKNOWN,
    ]
    assert await steps(town, id_) == [("queued", None), ("sent", None), ("delivered", None)]


async def test_twenty_calls_at_once_note_one_step(town: Town) -> None:
    """The control: without the lock on the message several of them would find nothing told before."""
    anna, texts = await member_of(town), Outbox()
    id_ = await _sent(town, anna, texts)
    await town.warm()
    told = await asyncio.gather(*(_tell(town, api.Report(id_, State.DELIVERED, NOW)) for _ in range(20)))
    assert sorted(one.value for (one,) in told) == ["new", *["repeated"] * 19]


async def test_what_fails_for_good_goes_by_the_next_channel(town: Town) -> None:
    """A number that does not exist: the same words by e-mail, and no more text messages until it is confirmed again."""
    anna, texts, mails = await member_of(town), Outbox(), Outbox()
    await confirmed_email(town, anna)
    id_ = await _sent(town, anna, texts)
    assert await _tell(town, _failed(id_), _failed(id_)) == [Verdict.NEW, Verdict.REPEATED]
    await deliver(town, texts, SOON + LATER, mails=mails)
    assert ([one.address for one in texts.messages], [one.address for one in mails.messages]) == (
        [PHONE],
        ["anna@example.org"],
    )
    assert await steps(town, id_) == [
        ("queued", None),
        ("sent", None),
        ("failed", "address_unknown"),
        ("queued", "next_channel"),
        ("sent", None),
    ]
    (other,) = await send(town, won(anna), at=SOON + LATER)
    await deliver(town, texts, SOON + LATER, mails=mails)
    assert (len(texts.messages), len(mails.messages), other.refusal) == (1, 2, None)


async def test_a_channel_is_stopped_until_its_address_is_confirmed_again(town: Town) -> None:
    """Where it was the only one nothing is sent; a code to the number proves it, and messages come again."""
    anna, texts = await member_of(town), Outbox()
    await _tell(town, _failed(await _sent(town, anna, texts)))
    async with town.unit(SOON) as uow:
        await api.set_preferences(uow, anna.member_id, Preferences((api.Channel.SMS,)))
    refused, selling = await send(town, won(anna), reminder(anna), at=SOON)
    assert (refused.refusal, selling.refusal) == (Refusal.CHANNEL_STOPPED, Refusal.CHANNEL_STOPPED)
    later = SOON + timedelta(minutes=1)
    async with town.unit(later) as uow:
        assert await api.stopped_channels(uow, town.keyring, anna.subject_id) == {api.Channel.SMS}
        phone = member.identifier(member.IdentifierKind.PHONE, PHONE)
        await member.attach(uow, town.keyring, anna.member_id, [phone], verified=True)
        assert await api.stopped_channels(uow, town.keyring, anna.subject_id) == frozenset()
    (made,) = await send(town, won(anna), at=later)
    assert made.refusal is None


async def test_what_fails_for_now_is_tried_again_and_then_goes_another_way(town: Town) -> None:
    """A phone that is switched off: twice again after a pause, at the third failure by e-mail; nothing is stopped."""
    anna, texts, mails = await member_of(town), Outbox(), Outbox()
    await confirmed_email(town, anna)
    id_ = await _sent(town, anna, texts)
    at = SOON
    for number in (1, 2, 3):
        report = api.Report(id_, State.FAILED, at, "address_unreachable", provider_reference=f"kept-{number}")
        assert await _tell(town, report, at=at) == [Verdict.NEW]
        assert await deliver(town, texts, at, mails=mails) == (1 if number == 3 else 0)
        at += timedelta(seconds=40)
        await deliver(town, texts, at, mails=mails)
    assert (len(texts.messages), len(mails.messages)) == (3, 1)
    async with town.unit(at) as uow:
        assert await api.stopped_channels(uow, town.keyring, anna.subject_id) == frozenset()


async def test_what_nobody_wants_any_more_goes_no_other_way(town: Town) -> None:
    """Told a day later, a failure is a fact and nothing else."""
    anna, texts, mails = await member_of(town), Outbox(), Outbox()
    await confirmed_email(town, anna)
    id_ = await _sent(town, anna, texts)
    await _tell(town, _failed(id_), at=NOW + timedelta(days=2))
    assert await deliver(town, texts, NOW + timedelta(days=2), mails=mails) == 0
    assert (await steps(town, id_))[-1] == ("failed", "address_unknown")


async def test_a_text_that_arrived_after_all_is_not_sent_again_by_mail(town: Town) -> None:
    """Delivered after failed: what waited for the next channel is dropped."""
    anna, texts, mails = await member_of(town), Outbox(), Outbox()
    await confirmed_email(town, anna)
    id_ = await _sent(town, anna, texts)
    await _tell(town, _failed(id_, "filtered_by_carrier"))
    await _tell(town, api.Report(id_, State.DELIVERED, NOW, provider_reference="kept-1"), at=SOON)
    assert await deliver(town, texts, SOON + timedelta(minutes=1), mails=mails) == 0
    assert mails.messages == []


@pytest.mark.parametrize(("error", "stopped"), [(WRONG, True), (FULL, False)])
async def test_what_the_provider_refuses_at_once_goes_by_the_next_channel(
    town: Town, error: NotDelivered, stopped: bool
) -> None:
    """Without a call of anybody; the channel is stopped only where its address is at fault."""
    anna, texts, mails = await member_of(town), Outbox(error), Outbox()
    await confirmed_email(town, anna)
    (made,) = await send(town, won(anna))
    at = NOW + timedelta(seconds=1)
    assert await deliver(town, texts, at, mails=mails) == 1
    assert await deliver(town, texts, at + LATER, mails=mails) == 1
    assert (texts.messages, len(mails.messages)) == ([], 1)
    assert [state for state, _ in await steps(town, made.message_id)] == ["queued", "failed", "queued", "sent"]
    async with town.unit(at) as uow:
        assert bool(await api.stopped_channels(uow, town.keyring, anna.subject_id)) is stopped


async def test_a_complaint_ends_marketing(town: Town) -> None:
    """Who reports a message as spam gets no more of them, and the message that led to it is known."""
    anna, texts = await member_of(town), Outbox()
    id_ = await _sent(town, anna, texts, marketing=True)
    await _tell(town, api.Report(id_, State.COMPLAINED, NOW))
    async with town.unit(SOON) as uow:
        assert not await api.gets_marketing(uow, anna.subject_id)
        assert await api.stopped(uow, [id_]) == 1


async def test_a_failed_reminder_leaves_room_for_another(town: Town) -> None:
    """It was not received; while it waits for the next channel it counts."""
    anna, texts = await member_of(town), Outbox()
    await set_rules(town, Rules(1, 1))
    await confirmed_email(town, anna)
    id_ = await _sent(town, anna, texts, marketing=True)
    await _tell(town, _failed(id_, "filtered_by_carrier"))
    (waits,) = await send(town, reminder(anna), at=SOON)
    async with town.unit(SOON) as uow:
        await api.set_preferences(uow, anna.member_id, Preferences((api.Channel.SMS,)))
    await deliver(town, texts, SOON + LATER, mails=Outbox())
    (free,) = await send(town, reminder(anna), at=SOON + timedelta(minutes=1))
    assert (waits.refusal, (await steps(town, id_))[-1], free.refusal) == (
        Refusal.CAP_DAY,
        ("failed", "no_channel_left"),
        None,
    )


async def test_following_the_link_is_noted_once(town: Town) -> None:
    """For the message that told of it, and for nobody else's."""
    anna, texts, reference = await member_of(town), Outbox(), uuid.uuid4()
    (made,) = await send(town, won(anna, reference))
    for _ in range(2):
        async with town.unit(SOON) as uow:
            await api.note_opened(uow, town.keyring, anna, reference)
        await deliver(town, texts)
    async with town.unit(SOON) as uow:
        await api.note_opened(uow, town.keyring, anna, reference)
        await api.note_opened(uow, town.keyring, anna, uuid.uuid4())
    assert await steps(town, made.message_id) == [("queued", None), ("sent", None), ("opened", None)]


async def test_stop_by_text_ends_marketing_and_is_answered_once(town: Town) -> None:
    """By the number, in its language; a stranger's STOP, and the same again, change nothing and are not answered."""
    anna, texts = await member_of(town), Outbox()
    for phone, changed in ((PHONE, True), (PHONE, False), ("+8613900139000", False), ("Bakery", False)):
        async with town.unit(SOON) as uow:
            assert await api.stop_by_text(uow, town.keyring, phone) is changed
    await deliver(town, texts, SOON)
    assert [(one.address, one.language) for one in texts.messages] == [(PHONE, "zh")]
    assert "不会再收到" in texts.messages[0].body
    async with town.unit(SOON) as uow:
        (now,), _ = await member.consents(uow, anna.member_id)
    assert (now.granted, now.place) == (False, "message")


async def test_of_who_agrees_to_nothing_no_opening_is_noted(town: Town) -> None:
    """They get the message that belongs to what they did, and read it unobserved."""
    anna, texts, reference = await member_of(town, agrees=False), Outbox(), uuid.uuid4()
    (made,) = await send(town, won(anna, reference))
    await deliver(town, texts)
    async with town.unit(SOON) as uow:
        await api.note_opened(uow, town.keyring, anna, reference)
    assert await steps(town, made.message_id) == [("queued", None), ("sent", None)]
