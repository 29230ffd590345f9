"""Tests of what WeChat tells: signed, of now, with the same content, and read without anything being expanded."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from ringmain.message import api
from ringmain.message.channels.port import NotDelivered
from ringmain.message.channels.wechat_calls import Call, check_call, read_finished, take_call
from ringmain.message.errors import CallbackNotSigned
from ringmain.message.model import Channel, Preferences
from ringmain.message.model.finished import Finished
from ringmain.message.model.steps import State
from tests.member.people import NOW, Town
from tests.message.post import BASE, LATER, Outbox, confirmed_email, member_of, send, steps, won
from tests.message.wechat import CALLS, OPENID, finished, signed

AT = int(NOW.timestamp())


def _call(timestamp: int = AT, nonce: str = "n1", token: str = CALLS) -> Call:
    given = dict(one.split("=") for one in signed(timestamp, nonce, token).split("&"))
    return Call(given["timestamp"], given["nonce"], given["signature"])


def test_calls_are_signed_as_wechat_documents_it() -> None:
    """SHA-1 of token, time and number, sorted; five minutes to either side, and no further."""
    check_call(CALLS, _call(), NOW)
    for skew in (-300, 300):
        check_call(CALLS, _call(AT + skew), NOW)
    signature = "d5e8f3e1a2c2b3f1d2a1e1c0b0a09080706050403"
    wrong = (
        _call(token="another"),
        _call(AT + 301),
        _call(AT - 301),
        Call(str(AT), "n2", _call().signature),
        Call(str(AT), "n1", signature),
        Call(str(AT), "n1", ""),
        Call("", "", ""),
        Call("soon", "n1", "ä"),
    )
    for call in wrong:
        with pytest.raises(CallbackNotSigned):
            check_call(CALLS, call, NOW)


async def test_a_signature_is_good_for_one_content(town: Town) -> None:
    """WeChat may repeat itself; who has seen its address may not tell something else by it, also not at once."""
    nonce = uuid.uuid4().hex
    await town.warm()

    async def take(content: bytes, nonce: str = nonce) -> bool:
        try:
            async with town.database.unit(None) as uow:
                await take_call(uow, _call(nonce=nonce), content, NOW)
        except CallbackNotSigned:
            return False
        return True

    assert [await take(b"one"), await take(b"one"), await take(b"two"), await take(b"two", nonce + "x")] == [
        True,
        True,
        False,
        True,
    ]
    another = uuid.uuid4().hex
    assert sum(await asyncio.gather(*(take(bytes([number]), another) for number in range(10)))) == 1


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        ("success", State.DELIVERED, None),
        ("failed:user block", State.FAILED, "stopped_at_provider"),
        ("failed: system failed", State.FAILED, "provider_failed"),
        ("failed:system failed", State.FAILED, "provider_failed"),
        ("failed:something new", State.FAILED, "provider_refused"),
    ],
)
def test_what_a_call_tells(status: str, state: State, reason: str | None) -> None:
    """The number of the message, what became of it, and when."""
    assert read_finished(finished("4611686018427387905", status, AT)) == Finished(
        "4611686018427387905", state, reason, datetime.fromtimestamp(AT, tz=UTC)
    )


_BOMB = b"""<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY a "1"><!ENTITY b "&a;&a;">]>"""
_FILE = b"""<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY f SYSTEM "file:///etc/hostname">]>"""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<xml>",
        b"\xff\xfe",
        b"{}",
        finished("one"),
        finished("1" * 20),
        finished("1").replace(b"TEMPLATESENDJOBFINISH", b"subscribe"),
        finished("1").replace(b"<CreateTime>", b"<CreateTime>-"),
        _BOMB + finished("1").replace(b"<MsgID>1", b"<MsgID>&b;"),
        _FILE + finished("1").replace(b"success", b"success&f;"),
        finished("1") + b" " * 8_192,
        b"<xml><a>" + finished("1") + b"</a></xml>",
    ],
)
def test_what_is_no_report_is_passed_over(content: bytes) -> None:
    """Other events, broken documents, and those that define entities: nothing is expanded, fetched or told."""
    assert read_finished(content) is None


async def _sent(town: Town, wechat: Outbox, mails: Outbox, at: datetime = NOW) -> tuple[uuid.UUID, str]:
    anna = await member_of(town)
    await confirmed_email(town, anna)
    async with town.unit() as uow:
        await api.add_follower(uow, town.keyring, anna, OPENID, "wechat-1")
        await api.set_preferences(uow, anna.member_id, Preferences((Channel.WECHAT, Channel.EMAIL)))
    (made,) = await send(town, won(anna))
    await _deliver(town, wechat, mails, at + LATER)
    return made.message_id, "kept-1"


async def _deliver(town: Town, wechat: Outbox, mails: Outbox, at: datetime) -> None:
    doors = api.Doors(town.keyring, {Channel.WECHAT: wechat, Channel.EMAIL: mails}, BASE)
    await api.deliver_due(town.database, doors, town.network_id, now=at)


@pytest.mark.parametrize(("reason", "stopped"), [("stopped_at_provider", {Channel.WECHAT}), ("provider_failed", set())])
async def test_what_wechat_could_not_deliver_goes_by_mail(town: Town, reason: str, stopped: set[Channel]) -> None:
    """Told twice it goes once; who blocks the account is not written to there again, until they are told of anew."""
    wechat, mails = Outbox(), Outbox()
    id_, reference = await _sent(town, wechat, mails)
    assert [one.address for one in wechat.messages] == [OPENID]
    told = Finished(reference, State.FAILED, reason, NOW)
    soon = NOW + timedelta(minutes=1)
    for _ in range(2):
        async with town.unit(soon) as uow:
            assert await api.take_finished(uow, town.keyring, told)
            assert not await api.take_finished(uow, town.keyring, Finished("2", State.DELIVERED, None, NOW))
    await _deliver(town, wechat, mails, soon + LATER)
    assert (len(wechat.messages), len(mails.messages)) == (1, 1)
    assert await steps(town, id_) == [
        ("queued", None),
        ("sent", None),
        ("failed", reason),
        ("queued", "next_channel"),
        ("sent", None),
    ]
    async with town.unit(soon) as uow:
        (subject,) = [row[0] for row in await town.rows("SELECT DISTINCT subject_id FROM message WHERE id = %s", id_)]
        assert await api.stopped_channels(uow, town.keyring, subject) == stopped


async def test_who_has_left_the_account_is_told_another_way_at_once(town: Town) -> None:
    """WeChat says so when it is asked: the message goes by mail, and the next one does not try WeChat."""
    wechat, mails = Outbox(NotDelivered("not_following", passing=False, provider_code=43004)), Outbox()
    await _sent(town, wechat, mails)
    await _deliver(town, wechat, mails, NOW + 2 * LATER)
    assert (wechat.messages, len(mails.messages)) == ([], 1)
    assert await town.rows("SELECT channel, reason FROM message_channel_stop") == [("wechat", "not_following")]


async def test_what_the_operator_set_up_wrong_is_told_by_channel_and_reason(town: Town) -> None:
    """It goes by mail instead, nobody's channel is stopped, and the operator's page counts it for a day."""
    wechat, mails = Outbox(NotDelivered("credentials_refused", passing=False, provider_code=40013)), Outbox()
    await _sent(town, wechat, mails)
    await _deliver(town, wechat, mails, NOW + 2 * LATER)
    assert (wechat.messages, len(mails.messages), await town.count("message_channel_stop")) == ([], 1, 0)
    async with town.unit() as uow:
        told = await api.set_up_faults(uow, NOW - timedelta(days=1))
        assert [(one.channel, one.reason, one.messages) for one in told] == [("wechat", "credentials_refused", 1)]
        assert await api.set_up_faults(uow, NOW + timedelta(hours=1)) == []


async def test_the_sink_of_development_shows_template_messages(town: Town) -> None:
    """With the words that other channels would carry, and no more of the openid than tells one from another."""
    anna = await member_of(town)
    async with town.unit() as uow:
        await api.add_follower(uow, town.keyring, anna, OPENID, "wechat-1")
    await send(town, won(anna))
    doors = api.Doors(town.keyring, {}, BASE, frozenset({town.network_id}))
    await api.deliver_due(town.database, doors, town.network_id, now=NOW + LATER)
    async with town.unit() as uow:
        (kept,) = await api.sink_messages(uow, 5)
    assert (kept.channel, kept.masked_address, "Bakery" in kept.body) == ("wechat", "***nOpQ", True)
