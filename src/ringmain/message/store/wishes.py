"""What people and networks want of messages, in PostgreSQL: preferences and rules."""

from collections.abc import Iterable
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
