"""Tests of one-time codes as messages."""

from datetime import timedelta

import pytest
from pydantic import SecretStr

from ringmain.kit.settings import Settings
from ringmain.member import api as member
from ringmain.member.api import IdentifierKind
from ringmain.member.errors import OneTimeCodesNotConfigured
from ringmain.message import api
from ringmain.message.model import Channel
from tests.member.people import NOW, OTHER_PHONE, PHONE, Town
from tests.message.post import LATER, Outbox, deliver

TEXTING = Settings(sms_account="AC1", sms_secret=SecretStr("x"), sms_sender="+15005550006")
DEVELOPMENT = Settings(development=True)


async def _ask(
    town: Town, settings: Settings, phone: str = PHONE, language: str | None = None, *, kept: bool = False
) -> member.Sent:
    identifier = member.identifier(IdentifierKind.PHONE, phone)
    async with town.unit() as uow:
        sender = api.code_sender(settings, town.keyring, language, kept=kept)
        return await member.send_code(uow, town.keyring, sender, identifier)


async def test_a_code_goes_to_its_phone_and_lets_its_owner_join(town: Town) -> None:
    """The digits of the text message are the ones that prove the phone."""
    sent, outbox = await _ask(town, TEXTING), Outbox()
    await deliver(town, outbox)
    (message,) = outbox.messages
    assert message.address == PHONE
    code = message.body[:6]
    assert message.body == f"{code} 是您的Test street验证码，5分钟内有效。请勿告诉任何人。"
    async with town.unit() as uow:
        joined = await member.join(uow, town.keyring, member.Joining(sent.challenge_id, code))
    assert isinstance(joined, member.Enrolled)


async def test_code_and_phone_are_never_stored_in_clear_and_gone_once_sent(town: Town) -> None:
    """Before it is sent the code lies sealed; afterwards only the fact stays that a code was sent."""
    await _ask(town, TEXTING)
    (waiting,) = await town.rows("SELECT sealed FROM message_waiting")
    outbox = Outbox()
    await deliver(town, outbox)
    code = outbox.messages[0].body[:6]
    assert code.encode() not in waiting[0]
    assert PHONE.encode() not in waiting[0]
    assert await town.count("message_waiting") == 0
    for table in ("message", "message_delivery", "message_sink", "one_time_code_development", "outbox"):
        assert not any(code in row or PHONE in row for row in await town.dump(table))
    assert await town.rows("SELECT subject_id, reason, parameters FROM message") == [(None, "one_time_code", None)]


async def test_an_old_code_is_not_sent(town: Town) -> None:
    """After five minutes the code is worth nothing, and nobody is told it."""
    await _ask(town, TEXTING)
    outbox = Outbox()
    assert await deliver(town, outbox, NOW + timedelta(minutes=5)) == 1
    assert outbox.messages == []
    assert await town.count("message_waiting") == 0


@pytest.mark.parametrize(
    ("phone", "language", "expected"), [(OTHER_PHONE, None, "en"), (OTHER_PHONE, "zh", "zh"), (PHONE, None, "zh")]
)
async def test_the_language_is_the_pages_or_the_phones(
    town: Town, phone: str, language: str | None, expected: str
) -> None:
    """A page knows the language; else the country of the phone decides."""
    await _ask(town, TEXTING, phone, language)
    assert await town.rows("SELECT language FROM message") == [(expected,)]


async def test_development_keeps_codes_where_they_can_be_read_at_once(town: Town) -> None:
    """The sink shows the message, the old way shows the digits, and nothing waits to be sent."""
    sent = await _ask(town, DEVELOPMENT)
    async with town.unit() as uow:
        (kept,) = await api.sink_messages(uow, 10)
        code = await member.development_code(uow, sent.challenge_id)
    assert code is not None
    assert kept.body.startswith(code)
    assert (kept.channel, kept.masked_address) == ("sms", "+*********8000")
    assert await town.count("message_waiting") == 0
    assert await town.rows("SELECT state FROM message_delivery") == [("sent",)]
    assert not any(PHONE in row for row in await town.dump("message_sink"))


async def test_a_made_up_network_keeps_codes_whatever_is_configured(town: Town) -> None:
    """No stranger's phone rings because somebody tries out the street."""
    await _ask(town, TEXTING, kept=True)
    assert await town.count("message_waiting") == 0
    assert await town.count("message_sink") == 1


async def test_without_a_provider_a_code_is_refused(town: Town) -> None:
    """An operator who has configured nothing is told so, and no challenge stays."""
    with pytest.raises(OneTimeCodesNotConfigured):
        await _ask(town, Settings())
    assert await town.count("member_challenge") == 0
    assert await town.count("message") == 0


async def test_the_sink_takes_what_would_be_sent(town: Town) -> None:
    """In development both channels lead into the sink; of addresses only as much is kept as their owner needs."""
    items = [
        api.Addressed(Channel.SMS, PHONE, api.Template.TEST, {}, "en", town.shop_id),
        api.Addressed(Channel.EMAIL, "anna@example.org", api.Template.TEST, {}, "zh", town.shop_id),
    ]
    async with town.unit() as uow:
        await api.send_to_addresses(uow, town.keyring, items)
    async with api.open_channels(DEVELOPMENT, town.database, town.keyring) as ports:
        doors = api.Doors(town.keyring, ports, "https://ring.example")
        assert await api.deliver_due(town.database, doors, town.network_id, now=NOW + LATER) == 2
    async with town.unit() as uow:
        kept = {one.channel: one for one in await api.sink_messages(uow, 10)}
        assert kept["email"].masked_address == "a***@example.org"
        assert kept["email"].title == "测试"
        assert kept["sms"].body == "Test street: this is a test. Messages reach you."
        await api.tidy_sink(uow, kept["sms"].kept_at + timedelta(days=1))
        assert await api.sink_messages(uow, 10) == []
