"""Tests of telling people on their browsers: every one of them, until it wants no more."""

from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest

from ringmain.kit.webhooks import Guard
from ringmain.message import api
from ringmain.message.channels.push import WebPush
from ringmain.message.model import Channel
from tests.member.people import NOW, Town
from tests.message.browsers import Browser, PushService, plain
from tests.message.post import BASE, LATER, Outbox, member_of, reminder, send, steps, won


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    """Give a push service on this machine."""
    async with PushService() as one:
        yield one


async def _subscribe(town: Town, known: api.KnownAddress | object, *browsers: Browser) -> None:
    async with town.unit() as uow:
        for one in browsers:
            await api.add_browser(uow, town.keyring, known, one.subscription)  # type: ignore[arg-type]


async def _deliver(town: Town, texts: Outbox, at: timedelta = LATER) -> int:
    channel = WebPush(town.keyring, BASE, Guard(development=True))
    doors = api.Doors(town.keyring, {Channel.PUSH: channel, Channel.SMS: texts}, BASE)
    try:
        return await api.deliver_due(town.database, doors, town.network_id, now=NOW + at)
    finally:
        await channel.close()


async def test_every_browser_of_a_person_is_told_and_no_text_message_is_sent(town: Town, service: PushService) -> None:
    """The same browser again is one browser; of its address nothing is readable in the database."""
    anna, texts, phone, laptop = await member_of(town), Outbox(), service.browser(), service.browser()
    await _subscribe(town, anna, phone, laptop, phone)
    (made,) = await send(town, reminder(anna))
    assert await _deliver(town, texts) == 1
    assert (len(service.requests), texts.messages) == (2, [])
    told = [msgspec.json.decode(plain(phone, one.body)) for one in service.requests if one.path == "/push/1"]
    assert told[0]["stop"].startswith(f"{BASE}/u/")
    assert await steps(town, made.message_id) == [("queued", None), ("sent", None)]
    rows = await town.dump("message_address")
    assert len(rows) == 2
    assert not any("127.0.0.1" in row or b"127.0.0.1".hex() in row for row in rows)


async def test_a_browser_that_is_gone_is_forgotten(town: Town, service: PushService) -> None:
    """Another one still gets the message; where it was the last one, a text message goes out instead."""
    anna, texts, phone, laptop = await member_of(town), Outbox(), service.browser(), service.browser()
    await _subscribe(town, anna, phone, laptop)
    service.answers = [410]
    first, second = await send(town, won(anna), won(anna))
    await _deliver(town, texts)
    assert (await town.count("message_address"), texts.messages) == (1, [])
    service.answers = [404]
    (third,) = await send(town, won(anna), at=NOW + LATER)
    await _deliver(town, texts, 2 * LATER)
    await _deliver(town, texts, 3 * LATER)
    assert (await town.count("message_address"), [one.message_id for one in texts.messages]) == (0, [third.message_id])
    assert await steps(town, third.message_id) == [
        ("queued", None),
        ("failed", "subscription_gone"),
        ("queued", "next_channel"),
        ("sent", None),
    ]
    assert {first.message_id, second.message_id}.isdisjoint({third.message_id})
    # Who asks to be told again is told again.
    await _subscribe(town, anna, service.browser())
    async with town.unit(NOW + 4 * LATER) as uow:
        assert await api.stopped_channels(uow, town.keyring, anna.subject_id) <= {Channel.PUSH}
