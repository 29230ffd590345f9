"""Tests of a day of messages as operators count it."""

from datetime import date, timedelta

from ringmain.message import api
from ringmain.message.model import Channel, Kind
from ringmain.message.model.steps import State
from tests.member.people import NOW, OTHER_PHONE, PHONE, Town
from tests.message.post import Outbox, deliver, member_of, reminder, send, won

TODAY = date(2026, 3, 1)


async def test_a_day_is_counted_by_channel_and_kind(town: Town) -> None:
    """Sent, arrived, waiting for the morning, not sent and stopped; other days are other days."""
    anna, bert = await member_of(town, PHONE), await member_of(town, OTHER_PHONE)
    sent, _, refused = await send(town, won(anna), reminder(anna), reminder(anna))
    await deliver(town, Outbox())
    async with town.unit(NOW + timedelta(minutes=1)) as uow:
        await api.take_reports(uow, town.keyring, [api.Report(sent.message_id, State.DELIVERED, NOW)])
        who = api.Unsubscriber(town.network_id, anna.subject_id, sent.message_id)
        await api.unsubscribe(uow, who, "en")
    await send(town, reminder(bert), won(bert), at=NOW + timedelta(hours=4))
    async with town.unit(NOW + timedelta(hours=4, minutes=1)) as uow:
        counted = await api.day_of_messages(uow, TODAY)
        assert (await api.day_of_messages(uow, TODAY - timedelta(days=1))).lines == []
    assert counted.lines == [
        api.DayLine(Channel.SMS, Kind.REMINDERS, 0, 1, 1, 0, 0, 0, 1, 0),
        api.DayLine(Channel.SMS, Kind.WINNINGS, 1, 0, 1, 1, 0, 0, 0, 1),
    ]
    assert (refused.refusal, counted.refused, counted.failed) == ("cap_day", {"cap_day": 1}, {})
