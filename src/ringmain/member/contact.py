"""How people can be reached, asked for by the subjects that facts carry."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import DataKey, Keyring
from ringmain.member.identify import Known
from ringmain.member.keys import data_key, open_identifier
from ringmain.member.model import IdentifierKind
from ringmain.member.store import contacts as store
from ringmain.member.store import people


@dataclass(frozen=True, slots=True)
class Contact:
    """A person and their phone: the one they proved last, else the one given last, and since when it is theirs."""

    known: Known
    language: str | None
    phone: str | None = field(repr=False)
    phone_proven: bool
    phone_since: datetime | None = None


async def contacts(uow: UnitOfWork, keyring: Keyring, subject_ids: Iterable[UUID]) -> dict[UUID, Contact]:
    """Return how the people behind subjects can be reached, by the subject asked for; erased ones are absent."""
    found = await store.by_subjects(uow, set(subject_ids))
    group = {row.id: row.canonical_id for row in await people.group(uow, {one.member_id for one in found.values()})}
    keys = await people.keys(uow, group)
    phones = {id_: _Phone() for id_ in group.values()}
    members: dict[UUID, list[UUID]] = {}
    for id_, root in group.items():
        if id_ in keys:
            members.setdefault(root, []).append(id_)
    for row in await people.identifiers(uow, group):
        if row.kind == IdentifierKind.PHONE and row.member_id in keys:
            phones[group[row.member_id]].offer(row)
    reached: dict[UUID, Contact] = {}
    for asked, one in found.items():
        row_ = phones[one.member_id].best
        phone = None
        if row_ is not None:
            phone = open_identifier(data_key(keyring, uow.network_id, keys[row_.member_id]), row_)
        own = members.get(one.member_id, [])
        languages = [keys[id_].language for id_ in sorted(own, key=lambda id_: id_ != one.member_id)]
        reached[asked] = Contact(
            known=Known(one.member_id, one.subject_id, tuple(one.merged_subject_ids)),
            language=next((language for language in languages if language), None),
            phone=phone,
            phone_proven=row_ is not None and row_.verified_at is not None,
            phone_since=None if row_ is None else row_.verified_at or row_.attached_at,
        )
    return reached


async def sealing_keys(
    uow: UnitOfWork, keyring: Keyring, subject_ids: Iterable[UUID], purpose: str
) -> dict[UUID, DataKey]:
    """Return, by subject, a key that dies with the member and opens nothing that was sealed for another purpose."""
    found = await store.by_subjects(uow, set(subject_ids))
    keys = await people.keys(uow, {one.own_member_id for one in found.values()})
    return {
        asked: DataKey(
            data_key(keyring, uow.network_id, keys[one.own_member_id]).derive(purpose), (uow.network_id, asked)
        )
        for asked, one in found.items()
        if one.own_member_id in keys
    }


async def people_of(uow: UnitOfWork, subject_ids: Iterable[UUID]) -> dict[UUID, Known]:
    """Return the people behind subjects, by the subject asked for; erased ones are absent."""
    found = await store.by_subjects(uow, set(subject_ids))
    return {asked: Known(one.member_id, one.subject_id, tuple(one.merged_subject_ids)) for asked, one in found.items()}


class _Phone:
    """The best of a person's phones so far."""

    def __init__(self) -> None:
        self.best: people.IdentifierRow | None = None

    def offer(self, row: people.IdentifierRow) -> None:
        """Take the phone where it is better: proven, then proven or given later."""
        if self.best is None or self._rank(row) > self._rank(self.best):
            self.best = row

    @staticmethod
    def _rank(row: people.IdentifierRow) -> tuple[bool, float, UUID]:
        at = row.verified_at or row.attached_at
        return row.verified_at is not None, at.timestamp(), row.id
