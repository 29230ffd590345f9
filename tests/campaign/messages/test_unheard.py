"""Tests of whom a day's vouchers cannot reach: they are not chosen; what nobody heard of goes to paper, or back."""

import uuid
from datetime import timedelta
from uuid import UUID

import pytest

from ringmain.campaign.api import Campaign
from ringmain.campaign.budgets import count_returned
from ringmain.campaign.messages import run
from ringmain.campaign.plan.assignment import is_compared
from ringmain.campaign.store.budgets import budgets
from ringmain.member import api as member
from ringmain.message import api as message
from ringmain.message.api import Channel, Preferences
from ringmain.message.channels.port import Delivered, NotDelivered, Outgoing
from tests.campaign.messages.morning import BASE, agree, by_message, choices, column, people, send
from tests.match.street import NOW, Street

SOON = NOW + timedelta(minutes=10)
_TOO_LONG = NotDelivered("message_too_long", passing=False)
_NOBODYS = NotDelivered("address_unknown", passing=False)


class _Failing:
    """A provider that takes nothing, for a reason."""

    def __init__(self, error: NotDelivered) -> None:
        self.error = error

    async def deliver(self, message: Outgoing) -> Delivered:
        """Refuse it."""
        raise self.error

    async def close(self) -> None:
        """Nothing is open."""


async def _fail(street: Street, error: NotDelivered) -> None:
    """Let all messages that are due fail by text message."""
    doors = message.Doors(street.keyring, {Channel.SMS: _Failing(error)}, BASE)
    for minute in (1, 2):
        at = NOW + timedelta(minutes=minute)
        await message.deliver_due(street.database, doors, street.network_id, now=at)


async def _treated(street: Street, one: Campaign, count: int) -> list[member.Known]:
    """Make people who are not compared with; who is, agrees to nothing more."""
    found: list[member.Known] = []
    at = 0
    while len(found) < count:
        (known,) = await people(street, 1, at)
        at += 1
        if is_compared(one.salt, known.subject_id, 1_000):
            await agree(street, known, granted=False)
        else:
            found.append(known)
    return found


async def _prefer(street: Street, known: member.Known, *order: Channel) -> None:
    async with street.unit() as uow:
        await message.set_preferences(uow, known.member_id, Preferences(order))


async def _print(street: Street, known: member.Known, at: timedelta) -> list[message.Printed]:
    async with street.unit(NOW + at) as uow:
        return await message.print_on_receipt(uow, street.keyring, known.subject_id, uuid.uuid4())


async def _kept_back(street: Street) -> dict[str, int]:
    (found,) = await column(street, "SELECT kept_back FROM message_round")
    return dict(found)


async def test_nobody_is_chosen_who_would_hear_nothing(street: Street) -> None:
    """By mail alone where there is no mail; a number that failed; each told by its rule. The control is."""
    one = await by_message(street)
    mail, wrong, able, stale, paper = await _treated(street, one, 5)
    async with street.unit() as uow:
        address = await message.add_email(uow, street.keyring, mail, "anna@example.org", "en", BASE)
        await message.confirm_address(uow, address)
        await uow.connection.execute("DELETE FROM message_waiting")
        for known in (wrong, stale, paper):
            await uow.connection.execute(
                "INSERT INTO message_channel_stop VALUES (%s, %s, 'sms', 'address_unknown', %s)",
                (street.network_id, known.subject_id, NOW),
            )
    await _prefer(street, mail, Channel.EMAIL)
    # Of a receipt that was printed long ago, or is stopped as a way, nobody can be told.
    await _print(street, stale, timedelta(days=-91))
    await _print(street, paper, timedelta(days=-89))
    await send(street, SOON)
    assert set(await choices(street)) == {able.subject_id, paper.subject_id}
    kept_back = await _kept_back(street)
    kept_back.pop("no_consent", None)
    assert kept_back == {"channel_not_set_up": 1, "channel_stopped": 2}
    assert await column(street, "SELECT count(*) FROM voucher") == [2]


async def test_what_is_set_up_no_more_at_noon_is_not_given(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chosen for text messages, which the operator has switched off since: nothing is set aside, and it is told why."""
    one = await by_message(street)
    await _treated(street, one, 3)

    async def dies(*_: object) -> int:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(run, "give_some", dies)
        with pytest.raises(ConnectionError):
            await send(street)
    await send(street, SOON, frozenset({Channel.EMAIL}))
    assert set(await column(street, "SELECT refusal FROM message_outcome")) == {"channel_not_set_up"}
    assert await column(street, "SELECT count(*) FROM voucher") == [0]
    assert await street.value("SELECT sum(taken_minor) FROM budget") == 0


async def _states(street: Street, subject_id: UUID) -> list[str]:
    return await column(
        street,
        "SELECT d.state || coalesce(':' || d.reason, '') FROM message m JOIN message_delivery d ON d.message_id = m.id"
        " WHERE m.subject_id = %s ORDER BY d.id",
        subject_id,
    )


@pytest.mark.parametrize("error", [_TOO_LONG, _NOBODYS])
async def test_a_failure_on_the_last_channel_goes_to_paper_or_the_voucher_goes_back(
    street: Street, error: NotDelivered
) -> None:
    """Who is printed receipts reads it there; the voucher of the other ends, its money returns, and that is told."""
    one = await by_message(street)
    reader, other = await _treated(street, one, 2)
    await _print(street, reader, timedelta(days=-5))
    await send(street)
    assert await street.value("SELECT sum(taken_minor) FROM budget") == 600
    await _fail(street, error)
    failed = f"failed:{error.reason}"
    assert await _states(street, other.subject_id) == ["queued", failed]
    assert (await _states(street, reader.subject_id))[:3] == ["queued", failed, "queued:next_channel"]
    for _ in range(2):
        await send(street, SOON)
    assert await column(street, "SELECT subject_id FROM voucher WHERE closed = 'void'") == [other.subject_id]
    (row,) = await column(street, "SELECT reason || ' ' || released_minor FROM message_unheard")
    assert row == f"{error.reason} 300"
    assert await column(street, "SELECT count(*) FROM outbox WHERE kind = 'message_unheard'") == [1]
    async with street.unit() as uow:
        for budget in await budgets(uow):
            await count_returned(uow, budget)
    assert await street.value("SELECT sum(taken_minor - returned_minor) FROM budget") == 300
    (printed,) = await _print(street, reader, timedelta(days=1))
    assert "Flower Corner" in printed.text
    assert (await _states(street, reader.subject_id))[-1] == "sent"


async def test_what_was_spent_meanwhile_is_not_taken_back(street: Street) -> None:
    """They found it in their wallet: it stays spent, though no message told them."""
    one = await by_message(street)
    await _treated(street, one, 2)
    await send(street)
    await _fail(street, _TOO_LONG)
    async with street.unit() as uow:
        first, second = sorted(await column(street, "SELECT id FROM voucher"))
        await uow.connection.execute(
            "UPDATE voucher SET uses = 1, remaining_minor = remaining_minor - 1 WHERE id = %s", (first,)
        )
    await send(street, SOON)
    assert await column(street, "SELECT id FROM voucher WHERE closed IS NOT NULL") == [second]
    assert await column(street, "SELECT choice_id FROM message_unheard") == [second]
