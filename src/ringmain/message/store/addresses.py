"""Where people can be reached besides their phone number, in PostgreSQL."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids


@dataclass(frozen=True, slots=True)
class AddressRow:
    """One address, sealed with the key of the member whose subject it is."""

    id: UUID
    subject_id: UUID
    channel: str
    sealed: bytes = field(repr=False)
    added_at: datetime
    proven_at: datetime | None


_COLUMNS = "id, subject_id, channel, sealed, added_at, proven_at"


async def of_subjects(uow: UnitOfWork, subject_ids: Iterable[UUID]) -> list[AddressRow]:
    """Return the addresses of subjects, the one confirmed last at the end."""
    query = f"""
        SELECT {_COLUMNS} FROM message_address WHERE network_id = %s AND subject_id = ANY(%s)
        ORDER BY proven_at NULLS FIRST, id
    """
    return await uow.rows(AddressRow, query, (uow.network_id, pack_uuids(list(subject_ids))))


async def one(uow: UnitOfWork, address_id: UUID) -> AddressRow | None:
    """Return an address, held until our commit."""
    query = f"SELECT {_COLUMNS} FROM message_address WHERE network_id = %s AND id = %s FOR UPDATE"
    return await uow.row(AddressRow, query, (uow.network_id, address_id))


async def add(uow: UnitOfWork, row: AddressRow, agreed_text: str | None = None) -> None:
    """Keep an address, with the words that its person agreed to where they are known."""
    query = f"INSERT INTO message_address (network_id, {_COLUMNS}, agreed_text) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
    params = (uow.network_id, row.id, row.subject_id, row.channel, row.sealed, row.added_at, row.proven_at, agreed_text)
    await uow.execute(query, params)


async def prove(uow: UnitOfWork, address_id: UUID, at: datetime) -> None:
    """Note that its owner has confirmed an address; once more makes it the newest."""
    query = "UPDATE message_address SET proven_at = %s WHERE network_id = %s AND id = %s"
    await uow.execute(query, (at, uow.network_id, address_id))


async def forget(uow: UnitOfWork, address_ids: Iterable[UUID]) -> None:
    """Delete addresses."""
    query = "DELETE FROM message_address WHERE network_id = %s AND id = ANY(%s)"
    await uow.execute(query, (uow.network_id, pack_uuids(list(address_ids))))
