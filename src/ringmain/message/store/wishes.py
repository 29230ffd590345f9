"""What people and networks want of messages, in PostgreSQL: preferences and rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids
from ringmain.message.model import DEFAULT_ORDER, Channel, Kind, Preferences, Quiet, Rules


@dataclass(frozen=True, slots=True)
class PreferenceRow:
    """What was chosen for a subject; `channels` None: the order of who never chose one."""

    subject_id: UUID
    channels: list[str] | None
    paused_until: datetime | None
    quiet_from: int | None
    quiet_until: int | None
    time_zone: str | None
    per_week: int | None
    stopped: list[str]

    @property
    def preferences(self) -> Preferences:
        """The same as the rules know it."""
        quiet = None
        if self.quiet_from is not None and self.quiet_until is not None:
            quiet = Quiet(self.quiet_from, self.quiet_until)
        return Preferences(
            order=DEFAULT_ORDER if self.channels is None else tuple(Channel(one) for one in self.channels),
            paused_until=self.paused_until,
            quiet=quiet,
            time_zone=self.time_zone,
            per_week=self.per_week,
            stopped=frozenset(Kind(one) for one in self.stopped),
        )


_OF_SUBJECTS = """
    SELECT subject_id, channels, paused_until, quiet_from, quiet_until, time_zone, per_week, stopped
    FROM message_preference WHERE network_id = %s AND subject_id = ANY(%s) ORDER BY changed_at, subject_id
"""
_SET = """
    INSERT INTO message_preference (network_id, subject_id, channels, paused_until, quiet_from, quiet_until, time_zone,
                                    per_week, stopped, changed_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (network_id, subject_id) DO UPDATE SET
        channels = excluded.channels, paused_until = excluded.paused_until, quiet_from = excluded.quiet_from,
        quiet_until = excluded.quiet_until, time_zone = excluded.time_zone, per_week = excluded.per_week,
        stopped = excluded.stopped, changed_at = excluded.changed_at
"""


async def preferences(uow: UnitOfWork, subject_ids: Iterable[UUID]) -> list[PreferenceRow]:
    """Return what was chosen for subjects, the last change last."""
    return await uow.rows(PreferenceRow, _OF_SUBJECTS, (uow.network_id, pack_uuids(list(subject_ids))))


async def set_preferences(uow: UnitOfWork, subject_id: UUID, chosen: Preferences, now: datetime) -> None:
    """Keep what a person chose."""
    quiet = chosen.quiet
    params = (
        uow.network_id,
        subject_id,
        None if chosen.order == DEFAULT_ORDER else [one.value for one in chosen.order],
        chosen.paused_until,
        None if quiet is None else quiet.begins,
        None if quiet is None else quiet.ends,
        chosen.time_zone,
        chosen.per_week,
        sorted(chosen.stopped),
        now,
    )
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
