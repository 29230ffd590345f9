"""How the tests of campaigns by message make people, and send."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ringmain.campaign import api
from ringmain.campaign.api import Campaign
from ringmain.campaign.messages.run import Sent
from ringmain.member import api as member
from ringmain.member.api import Known, Purpose
from ringmain.message.api import Channel
from tests.campaign.test_deal import running
from tests.match.street import NOW, Street

SMS = frozenset({Channel.SMS})
BASE = "https://ring.example"


async def agree(street: Street, known: Known, *, granted: bool = True, purpose: Purpose = Purpose.MARKETING) -> None:
    """Let somebody agree to messages, or no longer."""
    async with street.unit() as uow:
        answer = member.Answer(purpose, granted, "2026-01", "en")
        await member.record_consents(uow, known.member_id, [answer], member.Place("page", known.member_id))


async def people(street: Street, count: int, at: int = 0) -> list[Known]:
    """Make members who want messages and personal answers."""
    found = []
    for number in range(at, at + count):
        known = await street.person(f"+86138002{number:05}")
        await agree(street, known)
        found.append(known)
    return found


async def by_message(street: Street, place: int = 1, **changes: Any) -> Campaign:
    """Let a campaign run that is given by message, with money for more than a hundred people a day."""
    return await running(street, place, **{"channels": ("message",), "budget_minor": 1_000_000, **changes})


async def send(street: Street, at: datetime = NOW, channels: frozenset[Channel] = SMS) -> Sent:
    """Run the messages of a day."""
    return await api.send_today(street.database, street.keyring, BASE, street.network_id, channels, now=at)


async def column(street: Street, query: str, *params: Any) -> list[Any]:
    """Return the first column of all rows."""
    text: Any = query
    async with street.unit() as uow:
        rows = await (await uow.connection.execute(text, params or None)).fetchall()
    return [row[0] for row in rows]


async def choices(street: Street) -> dict[UUID, tuple[UUID, bool]]:
    """Return what was chosen, by subject: offer and group."""
    ids = await column(street, "SELECT subject_id FROM message_choice ORDER BY subject_id")
    offers = await column(street, "SELECT offer_id FROM message_choice ORDER BY subject_id")
    groups = await column(street, "SELECT treated FROM message_choice ORDER BY subject_id")
    return {id_: (offer, group) for id_, offer, group in zip(ids, offers, groups, strict=True)}
