"""What people and networks want of messages, in PostgreSQL: preferences and rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids
from ringmain.message.model import Preferences, Rules


@dataclass(frozen=True, slots=True)
class PreferenceRow:
    """What was chosen for a subject."""

    subject_id: UUID
    channel: str
    paused_until: datetime | None
    changed_at: datetime


_OF_SUBJECTS = """
    SELECT subject_id, channel, paused_until, changed_at FROM message_preference
    WHERE network_id = %s AND subject_id = ANY(%s) ORDER BY changed_at, subject_id
"""
_SET = """
    INSERT INTO message_preference (network_id, subject_id, channel, paused_until, changed_at)
    VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (network_id, subject_id) DO UPDATE SET
        channel = excluded.channel, paused_until = excluded.paused_until, changed_at = excluded.changed_at
"""


async def preferences(uow: UnitOfWork, subject_ids: Iterable[UUID]) -> list[PreferenceRow]:
    """Return what was chosen for subjects, the last change last."""
    return await uow.rows(PreferenceRow, _OF_SUBJECTS, (uow.network_id, pack_uuids(list(subject_ids))))


async def set_preferences(uow: UnitOfWork, subject_id: UUID, chosen: Preferences, now: datetime) -> None:
    """Keep what a person chose."""
    params = (uow.network_id, subject_id, chosen.channel.value, chosen.paused_until, now)
    await uow.execute(_SET, params)


_RULES = """
    SELECT marketing_per_day, marketing_per_week, quiet_from, quiet_until FROM message_rules WHERE network_id = %s
"""
_SET_RULES = """
    INSERT INTO message_rules (network_id, marketing_per_day, marketing_per_week, quiet_from, quiet_until)
    VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (network_id) DO UPDATE SET
        marketing_per_day = excluded.marketing_per_day, marketing_per_week = excluded.marketing_per_week,
        quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until
"""


async def rules(uow: UnitOfWork) -> Rules:
    """Return the rules of a network: its own, or the defaults."""
    return await uow.row(Rules, _RULES, (uow.network_id,)) or Rules()


async def set_rules(uow: UnitOfWork, new: Rules) -> None:
    """Keep the rules of a network."""
    params = (uow.network_id, new.marketing_per_day, new.marketing_per_week, new.quiet_from, new.quiet_until)
    await uow.execute(_SET_RULES, params)


_STOP = """
    INSERT INTO message_stop (network_id, message_id, subject_id, everything, stopped_at)
    SELECT network_id, id, %(subject)s, %(everything)s, %(at)s FROM message
    WHERE network_id = %(network)s AND id = %(message)s ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class _Count:
    count: int


async def note_stop(uow: UnitOfWork, message_id: UUID, subject_id: UUID, at: datetime, *, everything: bool) -> None:
    """Write of which message somebody used the link; the first time counts."""
    params = {
        "network": uow.network_id,
        "message": message_id,
        "subject": subject_id,
        "everything": everything,
        "at": at,
    }
    await uow.execute(_STOP, params)


async def stopped(uow: UnitOfWork, message_ids: Sequence[UUID]) -> int:
    """Return by how many of these messages somebody stopped all messages like them."""
    query = "SELECT count(*) AS count FROM message_stop WHERE network_id = %s AND message_id = ANY(%s)"
    row = await uow.row(_Count, query, (uow.network_id, pack_uuids(message_ids)))
    return 0 if row is None else row.count
