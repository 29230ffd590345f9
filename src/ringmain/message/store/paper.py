"""Who is printed receipts, in PostgreSQL."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids


@dataclass(frozen=True, slots=True)
class _Reader:
    subject_id: UUID


async def note_printed(uow: UnitOfWork, subject_id: UUID, at: datetime) -> None:
    """Note that a till has printed a receipt for somebody; the last time counts."""
    query = """
        INSERT INTO message_paper AS p (network_id, subject_id, printed_at) VALUES (%s, %s, %s)
        ON CONFLICT (network_id, subject_id) DO UPDATE SET printed_at = greatest(p.printed_at, excluded.printed_at)
    """
    await uow.execute(query, (uow.network_id, subject_id, at))


async def readers(uow: UnitOfWork, subject_ids: Collection[UUID], since: datetime) -> set[UUID]:
    """Return who of these was printed a receipt since a moment."""
    query = "SELECT subject_id FROM message_paper WHERE network_id = %s AND subject_id = ANY(%s) AND printed_at >= %s"
    rows = await uow.rows(_Reader, query, (uow.network_id, pack_uuids(list(subject_ids)), since))
    return {row.subject_id for row in rows}
