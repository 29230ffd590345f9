"""Tests of sending to members: decided, recorded, and queued once."""

import asyncio
import uuid
from datetime import timedelta

import pytest

from ringmain.kit.pure.money import Money
from ringmain.member import api as member
from ringmain.member.api import IdentifierKind
from ringmain.message import api
from ringmain.message.errors import MessageParameters
from ringmain.message.model import Kind, Preferences, Quiet, Refusal, Rules
from ringmain.message.model.steps import State
from tests.member.people import NOW, OPERATOR, OTHER_PHONE, PHONE, Town
from tests.message.post import BASE, REMINDER, answer, member_of, reminder, send, set_rules, won


async def test_a_message_is_queued_recorded_and_says_nothing_in_clear(town: Town) -> None:
    """One row each in message, delivery and queue; facts are announced; words and phone are nowhere readable."""
    anna = await member_of(town)
    (made,) = await send(town, won(anna))
    assert (made.state, made.refusal, made.due_at, made.repeated) == (State.QUEUED, None, NOW, False)
    assert await town.facts("message") == [made.message_id]
    assert len(await town.facts("message_delivery")) == 1
    rows = [*await town.dump("message"), *await town.dump("message_delivery"), *await town.dump("message_waiting")]
    assert len(rows) == 3
    for word in (PHONE, "Bakery", "Sunday", REMINDER["link"]):
        assert not any(word in row or word.encode().hex() in row for row in rows)
    assert await town.rows("SELECT language, channel, subject_id FROM message") == [("zh", "sms", anna.subject_id)]


async def test_marketing_needs_consent_and_a_receipt_does_not(town: Town) -> None:
    """A refusal is an answer and a record; nothing waits for it."""
    anna = await member_of(town, agrees=False)
    refused, queued = await send(town, reminder(anna), won(anna))
    assert (refused.state, refused.refusal) == (State.REFUSED, Refusal.NO_CONSENT)
    assert queued.state is State.QUEUED
    assert await town.rows("SELECT message_id FROM message_waiting") == [(queued.message_id,)]
    assert await town.rows("SELECT reason FROM message_delivery WHERE state = 'refused'") == [("no_consent",)]


async def test_amounts_and_days_survive_the_seal(town: Town) -> None:
    """What was sealed as an amount and a time is written as such, in the reader's language."""
    anna = await member_of(town)
    words: dict[str, api.Value] = {"value": Money(850, "CNY"), "shop": "Tea", "ends": NOW, "link": "https://r.e/1"}
    await send(town, api.NewMessage(anna.subject_id, api.Template.VOUCHER_WON, words, uuid.uuid4()))
    async with town.unit() as uow:
        (shown,) = await api.received(uow, town.keyring, anna.member_id)
    assert shown.text is not None
    assert shown.text.body == "【Test street】您获得Tea的券：¥8.50，2026年3月1日前有效。https://r.e/1"


async def test_a_withdrawn_consent_counts_at_once(town: Town) -> None:
    """The last answer is the one that counts."""
    anna = await member_of(town)
    await answer(town, anna, granted=False, at=NOW + timedelta(minutes=1))
    (made,) = await send(town, reminder(anna), at=NOW + timedelta(minutes=2))
    assert made.refusal is Refusal.NO_CONSENT


async def test_an_unproven_phone_gets_no_marketing(town: Town) -> None:
    """The number may have been mistyped at the till: a stranger agreed to nothing."""
    async with town.unit() as uow:
        item = member.Enrolment(member.identifier(IdentifierKind.PHONE, PHONE))
        anna = (await member.enrol(uow, town.keyring, [item]))[0].known
    await answer(town, anna, granted=True)
    assert [made.refusal for made in await send(town, reminder(anna), won(anna))] == [Refusal.ADDRESS_UNPROVEN, None]


async def test_who_has_no_phone_or_is_unknown_is_refused(town: Town) -> None:
    """A receipt for a member of a card only, who holds one already, and a subject that nobody stands for."""
    card = await town.person(IdentifierKind.CARD_TOKEN, "tok_8fG2kLq9")
    nobody = api.NewMessage(uuid.uuid4(), api.Template.VOUCHER_WON, REMINDER, uuid.uuid4())
    link = {"shop": "Bakery", "amount": "8", "link": f"{BASE}/r/1"}
    receipt = api.NewMessage(card.subject_id, api.Template.RECEIPT, link, uuid.uuid4())
    assert [made.refusal for made in await send(town, receipt, nobody)] == [
        Refusal.NO_ADDRESS,
        Refusal.PERSON_UNKNOWN,
    ]


async def test_the_same_is_told_once(town: Town) -> None:
    """The same person, reason and reference get the first answer again, in one batch and later; others are told."""
    anna, reference = await member_of(town), uuid.uuid4()
    first, double = await send(town, won(anna, reference), won(anna, reference))
    (later,) = await send(town, won(anna, reference), at=NOW + timedelta(days=9))
    assert (double.repeated, later.repeated) == (True, True)
    assert {first.message_id, double.message_id, later.message_id} == {first.message_id}
    (other_reason,) = await send(town, reminder(anna, reference))
    assert other_reason.message_id != first.message_id
    assert await town.count("message") == 2


async def test_a_refusal_is_not_reconsidered(town: Town) -> None:
    """Who agreed afterwards is asked about the next thing, not about the old one."""
    anna, reference = await member_of(town, agrees=False), uuid.uuid4()
    (refused,) = await send(town, reminder(anna, reference))
    await answer(town, anna, granted=True)
    (again,) = await send(town, reminder(anna, reference))
    assert (again.message_id, again.state, again.refusal) == (refused.message_id, State.REFUSED, Refusal.NO_CONSENT)


async def test_caps_count_all_merchants_together(town: Town) -> None:
    """One a day and three a week by default, whoever asks; refused ones do not count, and a network may allow more."""
    anna = await member_of(town)

    async def next_(day: int, merchant_id: uuid.UUID) -> Refusal | None:
        item = api.NewMessage(
            anna.subject_id, api.Template.VOUCHER_ENDS, REMINDER, uuid.uuid4(), merchant_id=merchant_id
        )
        return (await send(town, item, at=NOW + timedelta(days=day)))[0].refusal

    first, second = town.merchant_id, town.other_merchant_id
    today = [await next_(0, first), await next_(0, second), await next_(0, second)]
    assert today == [None, Refusal.CAP_DAY, Refusal.CAP_DAY]
    later = [await next_(day, first) for day in (1, 2, 3, 6, 7)]
    assert later == [None, None, Refusal.CAP_WEEK, Refusal.CAP_WEEK, None]
    await set_rules(town, Rules(marketing_per_day=2, marketing_per_week=9))
    assert await next_(7, second) is None


async def test_caps_count_within_a_batch(town: Town) -> None:
    """Of three reminders to one person in one call one goes out, of another's the first does."""
    anna, bert = await member_of(town), await member_of(town, OTHER_PHONE)
    made = await send(town, reminder(anna), reminder(anna), reminder(bert), reminder(anna))
    assert [one.refusal for one in made] == [None, Refusal.CAP_DAY, None, Refusal.CAP_DAY]


async def test_twenty_senders_at_once_keep_the_cap(town: Town) -> None:
    """Of twenty transactions at the same moment exactly one is allowed; the others count it."""
    anna = await member_of(town)
    await town.warm()
    made = await asyncio.gather(*(send(town, reminder(anna)) for _ in range(20)))
    assert sorted(str(one.refusal) for (one,) in made) == ["None", *["cap_day"] * 19]


async def test_merged_members_are_one_person(town: Town) -> None:
    """Caps, doubles, phone and preferences hold for the person, under whichever subject a fact names them."""
    anna, other = await member_of(town), await town.person(IdentifierKind.CARD_TOKEN, "tok_8fG2kLq9")
    reference = uuid.uuid4()
    await send(town, reminder(anna, reference))
    async with town.unit() as uow:
        await member.merge(uow, anna.member_id, other.member_id, OPERATOR)
    again, another, receipt = await send(town, reminder(other, reference), reminder(other), won(other))
    assert (again.repeated, another.refusal, receipt.refusal) == (True, Refusal.CAP_DAY, None)
    async with town.unit() as uow:
        await api.set_preferences(uow, anna.member_id, Preferences(()))
    assert [one.refusal for one in await send(town, won(other), won(anna))] == [Refusal.CHANNEL_NONE] * 2


async def test_a_pause_stops_marketing_until_it_ends(town: Town) -> None:
    """A month without marketing; receipts go on."""
    anna = await member_of(town)
    async with town.unit() as uow:
        await api.set_preferences(uow, anna.member_id, Preferences(paused_until=NOW + timedelta(days=30)))
    assert [one.refusal for one in await send(town, reminder(anna), won(anna))] == [Refusal.PAUSED, None]
    (made,) = await send(town, reminder(anna), at=NOW + timedelta(days=30))
    assert made.refusal is None


async def test_marketing_at_night_waits_for_the_morning(town: Town) -> None:
    """22:00 in Shanghai: due at nine."""
    anna = await member_of(town)
    (made,) = await send(town, reminder(anna), at=NOW + timedelta(hours=4))
    assert made.due_at == NOW + timedelta(hours=15)


async def test_wrong_parameters_leave_nothing(town: Town) -> None:
    """One item that cannot be written refuses the call."""
    anna = await member_of(town)
    wrong = api.NewMessage(anna.subject_id, api.Template.VOUCHER_WON, {"value": "8"}, uuid.uuid4())
    with pytest.raises(MessageParameters):
        await send(town, won(anna), wrong)
    assert await town.count("message") == 0


async def test_words_die_with_the_member(town: Town) -> None:
    """After an erasure the facts stay, and nobody can read what was said any more."""
    anna = await member_of(town)
    await send(town, won(anna))
    async with town.unit() as uow:
        assert (await api.received(uow, town.keyring, anna.member_id))[0].text is not None
        await member.erase(uow, anna.member_id, OPERATOR)
    async with town.unit() as uow:
        assert await member.sealing_keys(uow, town.keyring, [anna.subject_id], "messages") == {}
        (listed,) = await api.list_messages(uow, 10)
    assert listed.member_id is None
    assert await town.count("message") == 1


async def test_a_person_reads_what_they_were_told_and_why(town: Town) -> None:
    """Words, reason and the merchant's name, the newest first; refused ones are shown too."""
    anna = await member_of(town)
    item = api.NewMessage(
        anna.subject_id, api.Template.VOUCHER_WON, REMINDER, uuid.uuid4(), merchant_id=town.merchant_id
    )
    await send(town, item)
    await send(town, reminder(anna), at=NOW + timedelta(minutes=1))
    await send(town, reminder(anna), at=NOW + timedelta(minutes=2))
    async with town.unit() as uow:
        shown = await api.received(uow, town.keyring, anna.member_id)
    assert [(one.message.reason, one.message.state, one.message.why) for one in shown] == [
        ("voucher_ends", "refused", "cap_day"),
        ("voucher_ends", "queued", None),
        ("voucher_won", "queued", None),
    ]
    assert shown[2].text is not None
    assert shown[2].text.body == "【Test street】您获得Bakery的券：8，Sunday前有效。https://ring.example/v/1"
    assert [one.merchant_name for one in shown] == [None, None, "Bakery Ltd"]


async def test_the_members_caps_win_over_the_networks(town: Town) -> None:
    """One in seven days where the network allows three; a kind that was stopped; own hours for receipts, too."""
    anna = await member_of(town)
    mine = Preferences(quiet=Quiet(17 * 60, 19 * 60), per_week=1, stopped=frozenset({Kind.OFFERS}))
    async with town.unit() as uow:
        await api.set_preferences(uow, anna.member_id, mine)
        assert await api.preferences(uow, anna.member_id) == mine
        offered = await api.refusals(uow, town.keyring, [anna.subject_id], {api.Channel.SMS})
    assert offered == {anna.subject_id: Refusal.KIND_STOPPED}
    offer = api.NewMessage(anna.subject_id, api.Template.VOUCHER_GIVEN, REMINDER, uuid.uuid4())
    given, receipt, first, second = await send(town, offer, won(anna), reminder(anna), reminder(anna))
    assert [one.refusal for one in (given, receipt, first, second)] == [
        Refusal.KIND_STOPPED,
        None,
        None,
        Refusal.CAP_DAY,
    ]
    # 18:00 in Shanghai is within their hours.
    assert receipt.due_at == first.due_at == NOW + timedelta(hours=1)
    days = [(await send(town, reminder(anna), at=NOW + timedelta(days=day)))[0].refusal for day in (1, 6, 7)]
    assert days == [Refusal.OWN_CAP_WEEK, Refusal.OWN_CAP_WEEK, None]


@pytest.mark.parametrize("template", api.Template)
async def test_every_message_to_a_member_obeys_them(town: Town, template: api.Template) -> None:
    """Whoever wants nothing is sent nothing, whichever sender asks with whichever template."""
    anna = await member_of(town)
    async with town.unit() as uow:
        await api.set_preferences(uow, anna.member_id, Preferences(()))
    parameters = dict.fromkeys(template.parameters, "word")
    (made,) = await send(town, api.NewMessage(anna.subject_id, template, parameters, uuid.uuid4()))
    assert made.refusal is Refusal.CHANNEL_NONE
