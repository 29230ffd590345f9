"""What tests about messages share: members who agreed, messages to them, and a channel that keeps what it is handed."""

import uuid
from datetime import datetime, timedelta
from uuid import UUID

from ringmain.member import api as member
from ringmain.member.api import IdentifierKind
from ringmain.message import api
from ringmain.message.channels.port import Delivered, NotDelivered, Outgoing
from ringmain.message.model import Channel, Rules
from tests.member.people import NOW, OPERATOR, PHONE, Town

BASE = "https://ring.example"
REMINDER = {"value": "8", "shop": "Bakery", "ends": "Sunday", "link": f"{BASE}/v/1"}
WON = REMINDER
LATER = timedelta(seconds=1)


class Outbox:
    """A channel that keeps what it is handed, and fails as a test wants: `fails` are raised first, once each."""

    def __init__(self, *fails: NotDelivered) -> None:
        self.messages: list[Outgoing] = []
        self.fails = list(fails)

    async def deliver(self, message: Outgoing) -> Delivered:
        """Keep a message."""
        if self.fails:
            raise self.fails.pop(0)
        self.messages.append(message)
        return Delivered(f"kept-{len(self.messages)}")

    async def close(self) -> None:
        """Nothing is open."""


async def member_of(town: Town, phone: str = PHONE, *, agrees: bool = True) -> member.Known:
    """Make a member with a proven phone who agrees to marketing."""
    known = await town.person(IdentifierKind.PHONE, phone)
    if agrees:
        await answer(town, known, granted=True)
    return known


async def answer(town: Town, known: member.Known, *, granted: bool, at: datetime = NOW) -> None:
    """Record what a member says to marketing."""
    said = member.Answer(member.Purpose.MARKETING, granted, "2026-01", "en")
    async with town.unit(at) as uow:
        await member.record_consents(uow, known.member_id, [said], member.Place("till", OPERATOR))


async def confirmed_email(town: Town, known: member.Known, address: str = "anna@example.org") -> UUID:
    """Give a member an e-mail address that they have confirmed; the question for it is not sent."""
    async with town.unit() as uow:
        id_ = await api.add_email(uow, town.keyring, known, address, "en", BASE)
        await api.confirm_address(uow, id_)
        await uow.connection.execute("DELETE FROM message_waiting WHERE sealed IS NOT NULL")
    return id_


def reminder(known: member.Known, reference_id: UUID | None = None) -> api.NewMessage:
    """Return a message of marketing."""
    return api.NewMessage(known.subject_id, api.Template.VOUCHER_ENDS, REMINDER, reference_id or uuid.uuid4())


def won(known: member.Known, reference_id: UUID | None = None) -> api.NewMessage:
    """Return a message that belongs to something the member did."""
    return api.NewMessage(known.subject_id, api.Template.VOUCHER_WON, WON, reference_id or uuid.uuid4())


async def send(town: Town, *items: api.NewMessage, at: datetime = NOW) -> list[api.Made]:
    """Send at a moment."""
    async with town.unit(at) as uow:
        return await api.send(uow, town.keyring, items)


async def deliver(
    town: Town, outbox: Outbox, at: datetime = NOW + LATER, *, email: bool = False, mails: Outbox | None = None
) -> int:
    """Send out what is due: by text message, or by `email` only; with `mails` by both."""
    ports = {Channel.EMAIL if email else Channel.SMS: outbox} | ({} if mails is None else {Channel.EMAIL: mails})
    doors = api.Doors(town.keyring, ports, BASE)
    return await api.deliver_due(town.database, doors, town.network_id, now=at)


async def set_rules(town: Town, rules: Rules) -> None:
    """Give the network rules of its own."""
    async with town.unit() as uow:
        await api.set_rules(uow, rules)


async def steps(town: Town, message_id: UUID) -> list[tuple[str, str | None]]:
    """Return what became of a message: state and reason of each step."""
    async with town.unit() as uow:
        return [(one.state, one.reason) for one in (await api.read_message(uow, message_id))[1]]
