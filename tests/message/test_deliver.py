"""Tests of sending what is due."""

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from ringmain.kit.db import Database
from ringmain.kit.migrate import Urls
from ringmain.member import api as member
from ringmain.message import api
from ringmain.message import deliver as deliver_module
from ringmain.message.channels.port import Delivered, NotDelivered, Outgoing
from ringmain.message.channels.sms import TwilioSms
from ringmain.message.model import Channel, Preferences, Quiet, Refusal
from ringmain.network.api import open_network
from tests.member.people import NOW, OPERATOR, OTHER_PHONE, PHONE, Town
from tests.message.post import (
    BASE,
    LATER,
    WON,
    Outbox,
    answer,
    confirmed_email,
    deliver,
    member_of,
    reminder,
    send,
    steps,
    won,
)
from tests.message.providers import FakeTwilio

BUSY = NotDelivered("provider_failed", passing=True, provider_code=20503)
WRONG = NotDelivered("address_invalid", passing=False, provider_code=21211)


async def test_what_is_due_goes_out_once_in_words(town: Town) -> None:
    """The phone and the words are the member's; a second round finds nothing."""
    anna, outbox = await member_of(town), Outbox()
    (made,) = await send(town, won(anna))
    assert await deliver(town, outbox) == 1
    (message,) = outbox.messages
    assert (message.address, message.language, message.stop_link) == (PHONE, "zh", None)
    assert message.body == "【Test street】您获得Bakery的券：8，Sunday前有效。https://ring.example/v/1"
    assert await deliver(town, outbox, NOW + timedelta(hours=1)) == 0
    assert await steps(town, made.message_id) == [("queued", None), ("sent", None)]
    assert await town.rows("SELECT provider_reference FROM message_delivery WHERE state = 'sent'") == [("kept-1",)]
    assert await town.count("message_waiting") == 0


async def test_marketing_carries_the_link_that_stops_it(town: Town) -> None:
    """The link is in the words and beside them, and names this person of this network."""
    anna, outbox = await member_of(town), Outbox()
    await send(town, reminder(anna))
    await deliver(town, outbox)
    (message,) = outbox.messages
    assert message.stop_link is not None
    assert message.body.endswith(f"\n退订：{message.stop_link}")
    token = message.stop_link.removeprefix(f"{BASE}/u/")
    assert api.read_stop_token(town.keyring, token) == api.Unsubscriber(
        town.network_id, anna.subject_id, message.message_id
    )


async def test_what_is_not_due_waits(town: Town) -> None:
    """A reminder of the evening goes out at nine, not before."""
    anna, outbox = await member_of(town), Outbox()
    (made,) = await send(town, reminder(anna), at=NOW + timedelta(hours=4))
    assert await deliver(town, outbox, made.due_at - LATER) == 0
    assert await deliver(town, outbox, made.due_at) == 1
    assert len(outbox.messages) == 1


async def test_who_withdrew_overnight_is_not_reminded(town: Town) -> None:
    """The rules are asked again at the moment of sending: consent, pause, channel."""
    anna, bert, cleo = [await member_of(town, phone) for phone in (PHONE, OTHER_PHONE, "+8613900139000")]
    evening = NOW + timedelta(hours=4)
    made = await send(town, reminder(anna), reminder(bert), reminder(cleo), at=evening)
    await answer(town, anna, granted=False, at=evening + LATER)
    async with town.unit(evening) as uow:
        await api.set_preferences(uow, bert.member_id, Preferences(paused_until=evening + timedelta(days=30)))
        await api.set_preferences(uow, cleo.member_id, Preferences(()))
    outbox = Outbox()
    assert await deliver(town, outbox, made[0].due_at) == 3
    assert outbox.messages == []
    assert [(await steps(town, one.message_id))[1] for one in made] == [
        ("refused", "no_consent"),
        ("refused", "paused"),
        ("refused", "channel_none"),
    ]


async def test_a_sender_that_was_away_does_not_make_up_at_night(town: Town) -> None:
    """Due at six, looked at by eleven at night: it waits for the morning, and no try was used."""
    anna, outbox = await member_of(town), Outbox()
    (made,) = await send(town, reminder(anna))
    await deliver(town, outbox, NOW + timedelta(hours=5))
    assert outbox.messages == []
    assert await town.rows("SELECT tries, due_at FROM message_waiting") == [(0, NOW + timedelta(hours=15))]
    await deliver(town, outbox, NOW + timedelta(hours=15))
    assert len(outbox.messages) == 1
    assert [state for state, _ in await steps(town, made.message_id)] == ["queued", "queued", "sent"]


async def test_quiet_hours_lose_nothing_but_what_is_over(town: Town) -> None:
    """Quiet for longer than a message is wanted, it waits and is sent; where its voucher ends before, it is dropped."""
    anna, bert = await member_of(town), await member_of(town, OTHER_PHONE)
    short = timedelta(hours=2)
    items = [
        api.NewMessage(one.subject_id, api.Template.VOUCHER_WON, WON, uuid.uuid4(), useful_for=short, ends_at=ends)
        for one, ends in ((anna, NOW + timedelta(hours=9)), (bert, NOW + timedelta(hours=7)))
    ]
    kept, over = await send(town, *items)
    async with town.unit() as uow:
        for one in (anna, bert):
            # From 18:00 in Shanghai, that is now, for eight hours.
            await api.set_preferences(uow, one.member_id, Preferences(quiet=Quiet(18 * 60, 2 * 60)))
    outbox = Outbox()
    await deliver(town, outbox, NOW)
    assert outbox.messages == []
    assert await deliver(town, outbox, NOW + timedelta(hours=8) - LATER) == 0
    await deliver(town, outbox, NOW + timedelta(hours=8))
    assert [one.message_id for one in outbox.messages] == [kept.message_id]
    assert (await steps(town, over.message_id))[-1] == ("failed", "too_late")


async def test_a_voucher_that_has_ended_is_not_told_of(town: Town) -> None:
    """However long its message would be wanted else."""
    anna, outbox = await member_of(town), Outbox()
    ends = NOW + timedelta(minutes=5)
    item = api.NewMessage(anna.subject_id, api.Template.VOUCHER_WON, WON, uuid.uuid4(), ends_at=ends)
    (made,) = await send(town, item)
    await deliver(town, outbox, ends)
    assert outbox.messages == []
    assert (await steps(town, made.message_id))[-1] == ("failed", "too_late")


async def test_it_goes_by_the_channel_that_is_first_at_the_time(town: Town) -> None:
    """By e-mail where they chose that meanwhile, and by text message where the installation cannot send mail."""
    anna = await member_of(town)
    made = await send(town, won(anna), won(anna))
    await confirmed_email(town, anna)
    async with town.unit() as uow:
        await api.set_preferences(uow, anna.member_id, Preferences((Channel.EMAIL, Channel.SMS)))
    texts, mails = Outbox(), Outbox()
    doors = api.Doors(town.keyring, {Channel.SMS: texts, Channel.EMAIL: mails}, BASE)
    await api.deliver_due(town.database, doors, town.network_id, now=NOW + LATER, most=1)
    await deliver(town, texts)
    assert [one.address for one in mails.messages] == ["anna@example.org"]
    assert [one.address for one in texts.messages] == [PHONE]
    async with town.unit() as uow:
        ways = [(await api.read_message(uow, one.message_id))[0].message.way for one in made]
    assert sorted(ways) == ["email", "sms"]


async def test_an_erased_person_gets_nothing_more(town: Town) -> None:
    """What waited when the person left is refused."""
    anna, outbox = await member_of(town), Outbox()
    (made,) = await send(town, won(anna))
    async with town.unit() as uow:
        await member.erase(uow, anna.member_id, OPERATOR)
    await deliver(town, outbox)
    assert outbox.messages == []
    assert (await steps(town, made.message_id))[1] == ("refused", Refusal.PERSON_UNKNOWN.value)


async def test_a_passing_failure_is_tried_again_later_and_later(town: Town) -> None:
    """Six tries, each after a longer wait; then it failed for good."""
    anna, outbox = await member_of(town), Outbox(*[BUSY] * 6)
    (made,) = await send(town, won(anna))
    at, tried = NOW, 0
    for seconds in (1, 10, 20, 40, 80, 160):
        at += timedelta(seconds=seconds)
        too_early = await deliver(town, outbox, at - timedelta(milliseconds=1)) if tried else 0
        assert (too_early, await deliver(town, outbox, at)) == (0, 1)
        tried += 1
    assert await deliver(town, outbox, at + timedelta(hours=1)) == 0
    assert (tried, outbox.messages) == (6, [])
    assert await steps(town, made.message_id) == [
        ("queued", None),
        *[("queued", "provider_failed")] * 5,
        ("failed", "provider_failed"),
    ]


async def test_a_refusal_for_good_is_not_tried_again(town: Town) -> None:
    """One try, and the provider's number of the error is kept."""
    anna, outbox = await member_of(town), Outbox(WRONG)
    (made,) = await send(town, won(anna))
    await deliver(town, outbox)
    assert await deliver(town, outbox, NOW + timedelta(hours=1)) == 0
    assert await steps(town, made.message_id) == [("queued", None), ("failed", "address_invalid")]
    assert await town.rows("SELECT provider_code FROM message_delivery WHERE state = 'failed'") == [(21211,)]


async def test_what_nobody_wants_any_more_is_dropped(town: Town) -> None:
    """A receipt of the day before yesterday, and every failed try in between, end as too late."""
    anna, outbox = await member_of(town), Outbox()
    (made,) = await send(town, won(anna))
    await deliver(town, outbox, NOW + timedelta(days=1))
    assert outbox.messages == []
    assert await steps(town, made.message_id) == [("queued", None), ("failed", "too_late")]


async def test_a_channel_that_is_gone_waits_for_its_settings(town: Town) -> None:
    """Where the operator brings them back in time, the message goes out."""
    anna, outbox = await member_of(town), Outbox()
    (made,) = await send(town, won(anna))
    await deliver(town, outbox, email=True)
    assert (await steps(town, made.message_id))[1] == ("queued", "channel_not_configured")
    await deliver(town, outbox, NOW + timedelta(minutes=1))
    assert len(outbox.messages) == 1


async def test_two_senders_at_once_send_each_message_once(town: Town) -> None:
    """What one has taken the other passes over."""
    phones = [f"+86138001380{place:02}" for place in range(20)]
    people = [await member_of(town, phone, agrees=False) for phone in phones]
    await send(town, *(won(one) for one in people))
    outbox = Outbox()
    doors = api.Doors(town.keyring, {Channel.SMS: outbox}, BASE)
    await town.warm()
    done = await asyncio.gather(
        *(api.deliver_due(town.database, doors, town.network_id, most=7, now=NOW + LATER) for _ in range(5))
    )
    assert sum(done) == 20
    assert sorted(one.address for one in outbox.messages) == phones


async def test_what_a_dead_sender_had_taken_is_sent_after_its_lease(town: Town) -> None:
    """A sender that is killed while the provider answers leaves its messages to the next one."""
    anna = await member_of(town)
    await send(town, won(anna))

    class Dies(Outbox):
        async def deliver(self, message: Outgoing) -> Delivered:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await deliver(town, Dies())
    outbox = Outbox()
    assert await deliver(town, outbox, NOW + timedelta(minutes=9)) == 0
    assert await deliver(town, outbox, NOW + timedelta(minutes=11)) == 1
    assert len(outbox.messages) == 1


async def test_one_message_that_nobody_understands_does_not_hold_up_the_others(town: Town) -> None:
    """A defect of one is logged and tried again; the others are noted as sent, and not sent twice."""
    anna, bert = await member_of(town), await member_of(town, OTHER_PHONE)
    broken, fine = await send(town, won(anna), won(bert))

    class Breaks(Outbox):
        async def deliver(self, message: Outgoing) -> Delivered:
            if message.message_id == broken.message_id:
                raise ValueError(message.address)
            return await Outbox.deliver(self, message)

    with capture_logs() as logs:
        await deliver(town, Breaks())
    assert (await steps(town, broken.message_id))[1] == ("queued", "internal_error")
    assert (await steps(town, fine.message_id))[1] == ("sent", None)
    assert PHONE not in repr(logs)


async def test_the_whole_way_to_the_provider(town: Town, twilio: FakeTwilio) -> None:
    """A 503, then a message: two requests, one of them taken, and its id noted; no log tells the phone."""
    anna = await member_of(town)
    (made,) = await send(town, won(anna))
    channel = TwilioSms(twilio.account())
    twilio.answers = [(503, b"busy")]
    doors = api.Doors(town.keyring, {Channel.SMS: channel}, BASE)
    with capture_logs() as logs:
        for seconds in (1, 12):
            at = NOW + timedelta(seconds=seconds)
            await api.deliver_due(town.database, doors, town.network_id, now=at)
    await channel.close()
    assert [one.form["To"] for one in twilio.requests] == [PHONE, PHONE]
    assert [state for state, _ in await steps(town, made.message_id)] == ["queued", "queued", "sent"]
    assert PHONE not in repr(logs)
    (log,) = [one for one in logs if one["event"] == "message_not_delivered"]
    assert (log["reason"], log["again_in_seconds"]) == ("provider_failed", 10.0)


async def test_the_loop_sends_and_survives_errors(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round that fails is logged, and the next one sends."""
    monkeypatch.setattr(deliver_module, "_PAUSE_SECONDS", 0.01)
    anna, outbox, stop = await member_of(town), Outbox(), asyncio.Event()
    async with town.database.unit(town.network_id) as uow:
        await api.send(uow, town.keyring, [won(anna)])
    rounds: list[Any] = []

    async def networks() -> list[uuid.UUID]:
        rounds.append(None)
        if len(rounds) == 1:
            raise RuntimeError("the database is away")
        if outbox.messages:
            stop.set()
        return [town.network_id]

    doors = api.Doors(town.keyring, {Channel.SMS: outbox}, BASE)
    with capture_logs() as logs:
        await asyncio.wait_for(api.keep_delivering(town.database, doors, networks, stop), 20)
    assert [one["event"] for one in logs] == ["messages_not_sent"]
    assert len(outbox.messages) == 1


async def test_a_made_up_network_keeps_everything(town: Town) -> None:
    """Whatever is configured, its messages go into the sink: its phones may be somebody's."""
    anna, outbox = await member_of(town), Outbox()
    await send(town, won(anna))
    doors = api.Doors(town.keyring, {Channel.SMS: outbox}, BASE, frozenset({town.network_id}))
    assert await api.deliver_due(town.database, doors, town.network_id, now=NOW + LATER) == 1
    async with town.unit() as uow:
        (kept,) = await api.sink_messages(uow, 10)
    assert (outbox.messages, kept.masked_address) == ([], "+*********8000")


async def test_a_simulated_network_sends_nothing(database_urls: Urls, town: Town) -> None:
    """Neither to its members nor to addresses: a replayed town has real people's places and made-up phones."""
    network_id = uuid.uuid4()
    async with Database(database_urls.application_url) as database:
        async with database.unit(network_id, now=NOW) as uow:
            await open_network(uow, "Replay", "CNY", "UTC", simulated=True)
            item = member.Enrolment(member.identifier(member.IdentifierKind.PHONE, PHONE), verified=True)
            known = (await member.enrol(uow, town.keyring, [item]))[0].known
            (made,) = await api.send(uow, town.keyring, [won(known)])
            code = api.Addressed(Channel.SMS, PHONE, api.Template.ONE_TIME_CODE, {"code": "123456"}, "en", uuid.uuid4())
            await api.send_to_addresses(uow, town.keyring, [code])
        outbox = Outbox()
        doors = api.Doors(town.keyring, {Channel.SMS: outbox}, BASE)
        assert await api.deliver_due(database, doors, network_id, now=NOW + LATER) == 1
    assert made.refusal is Refusal.NETWORK_SIMULATED
    assert outbox.messages == []
