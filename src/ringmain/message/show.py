"""Showing messages: to operators what became of them, to a person what they were told and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.member.errors import MemberUnknown
from ringmain.message.errors import MessageUnknown
from ringmain.message.send import SEALED_FOR, open_parameters
from ringmain.message.store import messages as store
from ringmain.message.store import sink
from ringmain.message.texts import Template, Text, render
from ringmain.network import api as network


@dataclass(frozen=True, slots=True)
class Listed:
    """A message with the member it went to, where there is one who was not erased."""

    message: store.Shown
    member_id: UUID | None


@dataclass(frozen=True, slots=True)
class Received:
    """A message as its person reads it: what it said and why, and what became of it."""

    message: store.Shown
    text: Text | None = field(repr=False)
    merchant_name: str | None


async def list_messages(
    uow: UnitOfWork, limit: int, *, before: UUID | None = None, member_id: UUID | None = None
) -> list[Listed]:
    """Return messages, the newest first: of one person where a member id is given. Raises `MemberUnknown`."""
    subject_ids = None if member_id is None else (await _person(uow, member_id)).subject_ids
    rows = await store.page(uow, limit, before=before, subject_ids=subject_ids)
    return _listed(rows, await _people(uow, rows))


async def read_message(uow: UnitOfWork, message_id: UUID) -> tuple[Listed, list[store.Delivery]]:
    """Return a message and all its steps. Raises `MessageUnknown`."""
    row = await store.one(uow, message_id)
    if row is None:
        raise MessageUnknown
    return _listed([row], await _people(uow, [row]))[0], await store.deliveries(uow, message_id)


async def received(uow: UnitOfWork, keyring: Keyring, member_id: UUID, limit: int = 20) -> list[Received]:
    """Return the last messages to a person, in words, refused ones too. Raises `MemberUnknown`.

    A message whose words nobody can read any more has no text.
    """
    known = await _person(uow, member_id)
    rows = await store.page(uow, limit, subject_ids=known.subject_ids)
    keys = await member.sealing_keys(uow, keyring, known.subject_ids, SEALED_FOR)
    merchant_ids = {row.merchant_id for row in rows if row.merchant_id is not None}
    names = {one.id: one.legal_name for one in await network.merchants(uow, sorted(merchant_ids))}
    home = await network.network_of(uow)
    shown = []
    for row in rows:
        text = None
        key = None if row.subject_id is None else keys.get(row.subject_id)
        if key is not None and row.parameters is not None:
            parameters = open_parameters(key, row.id, row.parameters)
            zone = ZoneInfo(home.time_zone)
            text = render(Template(row.template), row.language, home.name, parameters, zone=zone)
        shown.append(Received(row, text, names.get(row.merchant_id) if row.merchant_id else None))
    return shown


async def sink_messages(uow: UnitOfWork, limit: int, before: UUID | None = None) -> list[sink.Kept]:
    """Return what was kept in development instead of sent, the newest first."""
    return await sink.page(uow, limit, before)


async def tidy_sink(uow: UnitOfWork, before: datetime) -> None:
    """Delete from the sink what was kept before a moment."""
    await sink.tidy(uow, before)


async def _people(uow: UnitOfWork, rows: Sequence[store.Shown]) -> dict[UUID, member.Known]:
    return await member.people_of(uow, {row.subject_id for row in rows if row.subject_id is not None})


def _listed(rows: Sequence[store.Shown], people: Mapping[UUID, member.Known]) -> list[Listed]:
    found = [None if row.subject_id is None else people.get(row.subject_id) for row in rows]
    return [Listed(row, None if one is None else one.member_id) for row, one in zip(rows, found, strict=True)]


async def _person(uow: UnitOfWork, member_id: UUID) -> member.Known:
    known = (await member.subjects(uow, [member_id]))[0]
    if known is None:
        raise MemberUnknown
    return known
