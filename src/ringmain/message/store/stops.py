"""Which channels of people are stopped because messages cannot arrive there, in PostgreSQL."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids


@dataclass(frozen=True, slots=True)
class Stop:
    """Since when, and why, nothing more is sent to a person by a channel."""

    subject_id: UUID
    channel: str
    reason: str
    stopped_at: datetime


async def add(uow: UnitOfWork, subject_id: UUID, channel: str, reason: str, at: datetime) -> None:
    """Stop a channel of a person; the last reason counts."""
    query = """
        INSERT INTO message_channel_stop (network_id, subject_id, channel, reason, stopped_at)
        VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (network_id, subject_id, channel) DO UPDATE SET
            reason = excluded.reason, stopped_at = excluded.stopped_at
    """
    await uow.execute(query, (uow.network_id, subject_id, channel, reason, at))


async def of_subjects(uow: UnitOfWork, subject_ids: Iterable[UUID]) -> list[Stop]:
    """Return the channels of subjects that were stopped; one that was confirmed after that is in use again."""
    query = """
        SELECT subject_id, channel, reason, stopped_at FROM message_channel_stop
        WHERE network_id = %s AND subject_id = ANY(%s)
    """
    return await uow.rows(Stop, query, (uow.network_id, pack_uuids(list(subject_ids))))
