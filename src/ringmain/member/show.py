"""What is shown of a person, to whom: a till sees the least, the operator the record, the person everything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import Keyring
from ringmain.member.attach import person
from ringmain.member.errors import MemberUnknown
from ringmain.member.identify import Known
from ringmain.member.keys import data_key, open_identifier
from ringmain.member.model import (
    ConsentRecord,
    IdentifierKind,
    Merge,
    Purpose,
    in_force,
    initial,
    mask_phone,
    mask_token,
)
from ringmain.member.store import consents, people


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What a till shows so that cashier and member know they mean the same person."""

    member_id: UUID
    initial: str | None
    masked_phone: str | None


@dataclass(frozen=True, slots=True)
class ShownIdentifier:
    """An identifier; `value` is masked except in a person's own copy."""

    id: UUID
    kind: str
    value: str
    attached_at: datetime
    verified_at: datetime | None


@dataclass(frozen=True, slots=True)
class Shown:
    """The record of one person."""

    member_id: UUID
    merged_member_ids: list[UUID]
    joined_at: datetime
    name: str | None
    language: str | None
    identifiers: list[ShownIdentifier]
    consents: list[ConsentRecord]
    all_consents: list[ConsentRecord]
    merges: list[Merge]


async def glimpses(uow: UnitOfWork, keyring: Keyring, known: Sequence[Known]) -> dict[UUID, Glimpse]:
    """Return what a till shows of each person, by member id."""
    wanted = {one.member_id for one in known}
    groups: dict[UUID, list[UUID]] = {id_: [] for id_ in wanted}
    for row in await people.group(uow, wanted):
        groups[row.canonical_id].append(row.id)
    everybody = [id_ for group in groups.values() for id_ in group]
    keys = await people.keys(uow, everybody)
    phones: dict[UUID, str] = {}
    for row_ in await people.identifiers(uow, everybody):
        if row_.kind == IdentifierKind.PHONE and row_.member_id in keys:
            phone = open_identifier(data_key(keyring, uow.network_id, keys[row_.member_id]), row_)
            phones.setdefault(row_.member_id, mask_phone(phone))
    shown: dict[UUID, Glimpse] = {}
    for id_, group in groups.items():
        # The member that stands for the person speaks first, then those merged into it.
        own = [id_, *(one for one in group if one != id_)]
        names = (_name(keyring, uow.network_id, keys[one]) for one in own if one in keys)
        name = next((one for one in names if one), None)
        phone_ = next((phones[one] for one in own if one in phones), None)
        shown[id_] = Glimpse(id_, initial(name) if name else None, phone_)
    return shown


async def show(uow: UnitOfWork, keyring: Keyring, member_id: UUID, *, masked: bool = True) -> Shown:
    """Return the record of a person. Raises `MemberUnknown`."""
    known = await person(uow, member_id)
    group = await people.group(uow, [known.member_id])
    everybody = [row.id for row in group]
    keys = await people.keys(uow, everybody)
    if known.member_id not in keys:
        raise MemberUnknown
    identifiers = [
        _identifier(row, open_identifier(data_key(keyring, uow.network_id, keys[row.member_id]), row), masked=masked)
        for row in await people.identifiers(uow, everybody)
        if row.member_id in keys
    ]
    own = keys[known.member_id]
    names = [own, *(row for id_, row in keys.items() if id_ != known.member_id)]
    records = await consents.of_members(uow, everybody)
    return Shown(
        member_id=known.member_id,
        merged_member_ids=[id_ for id_ in everybody if id_ != known.member_id],
        joined_at=min(row.joined_at for row in group),
        name=next((name for row in names if (name := _name(keyring, uow.network_id, row))), None),
        language=next((row.language for row in names if row.language), None),
        identifiers=identifiers,
        consents=in_force(records),
        all_consents=records,
        merges=await people.merges_among(uow, everybody),
    )


async def show_to_merchant(uow: UnitOfWork, keyring: Keyring, member_id: UUID, merchant_id: UUID) -> Shown:
    """Return what a merchant may see of a person who agreed to share with it: name, phone, and that consent.

    Raises `MemberUnknown` for everybody else: whether there is such a member is nobody's business.
    """
    shown = await show(uow, keyring, member_id)
    own = [
        record
        for record in shown.consents
        if record.purpose == Purpose.SHARE_WITH_MERCHANT and record.recipient_merchant_id == merchant_id
    ]
    if not any(record.granted for record in own):
        raise MemberUnknown
    phones = [one for one in shown.identifiers if one.kind == IdentifierKind.PHONE.word]
    return Shown(shown.member_id, [], shown.joined_at, shown.name, shown.language, phones, own, [], [])


def _name(keyring: Keyring, network_id: UUID, row: people.KeyRow) -> str | None:
    return None if row.name is None else data_key(keyring, network_id, row).open("name", row.name)


def _identifier(row: people.IdentifierRow, value: str, *, masked: bool) -> ShownIdentifier:
    kind = IdentifierKind(row.kind)
    if masked:
        value = mask_phone(value) if kind is IdentifierKind.PHONE else mask_token(value)
    return ShownIdentifier(row.id, kind.word, value, row.attached_at, row.verified_at)
