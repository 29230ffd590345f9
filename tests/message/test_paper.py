"""Tests of words on printed receipts: for who has no other channel, or asked for paper."""

import uuid
from datetime import timedelta

from ringmain.member import api as member
from ringmain.member.api import IdentifierKind
from ringmain.message import api
from ringmain.message.model import Channel, Kind, Preferences
from tests.member.people import NOW, Town
from tests.message.post import BASE, REMINDER, Outbox, answer, deliver, member_of, reminder, send, steps, won

DAY = timedelta(days=1)


async def _card(town: Town) -> member.Known:
    """Make a member who is known by a card only, and agreed to marketing at a till."""
    known = await town.person(IdentifierKind.CARD_TOKEN, f"tok_{uuid.uuid4().hex}")
    await answer(town, known, granted=True)
    return known


async def _print(town: Town, known: member.Known, sale_id: uuid.UUID, at: timedelta = DAY) -> list[str]:
    async with town.unit(NOW + at) as uow:
        return [one.text for one in await api.print_on_receipt(uow, town.keyring, known.subject_id, sale_id)]


async def test_who_has_no_address_is_told_on_the_next_receipt(town: Town) -> None:
    """At whatever hour they come; printed again it says the same, and the receipt after it says nothing more."""
    anna, sale_id = await _card(town), uuid.uuid4()
    (made,) = await send(town, reminder(anna))
    assert (made.refusal, await deliver(town, Outbox(), NOW + 9 * DAY)) == (None, 0)
    words = ["Test street: your 8 off at Bakery ends on Sunday."]
    assert await _print(town, anna, sale_id) == words
    assert await _print(town, anna, sale_id, 2 * DAY) == words
    assert await _print(town, anna, uuid.uuid4(), 2 * DAY) == []
    assert await steps(town, made.message_id) == [("queued", None), ("sent", None)]
    async with town.unit() as uow:
        assert (await api.read_message(uow, made.message_id))[0].message.way == "paper"


async def test_what_has_ended_is_not_printed(town: Town) -> None:
    """Neither after its voucher, nor when nobody has come for a month."""
    anna = await _card(town)
    ends = api.NewMessage(anna.subject_id, api.Template.VOUCHER_WON, REMINDER, uuid.uuid4(), ends_at=NOW + DAY)
    over, long_ago = await send(town, ends, won(anna))
    assert await _print(town, anna, uuid.uuid4(), 31 * DAY) == []
    assert await deliver(town, Outbox(), NOW + 31 * DAY) == 2
    for one in (over, long_ago):
        assert (await steps(town, one.message_id))[-1] == ("failed", "too_late")


async def test_paper_is_for_who_asked_and_obeys_them(town: Town) -> None:
    """Who has a phone and wants paper gets no text message; what they want no more is not printed either."""
    anna = await member_of(town)
    paper = Preferences((Channel.PAPER,))
    async with town.unit() as uow:
        await api.set_preferences(uow, anna.member_id, paper)
    texts = Outbox()
    first, _ = await send(town, won(anna), reminder(anna))
    await deliver(town, texts)
    async with town.unit() as uow:
        await api.set_preferences(
            uow, anna.member_id, Preferences((Channel.PAPER,), stopped=frozenset({Kind.REMINDERS}))
        )
    (only,) = await _print(town, anna, uuid.uuid4())
    assert only == "【Test street】您获得Bakery的券：8，Sunday前有效。"
    assert (texts.messages, (await steps(town, first.message_id))[-1]) == ([], ("sent", None))
    assert BASE not in only
