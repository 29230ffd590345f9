"""What became of the messages of a day, counted in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import first_id


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many messages of a channel and template stand so; `waits`: not due yet, as in quiet hours."""

    channel: str
    template: str
    state: str
    reason: str | None
    waits: bool
    messages: int


_COUNT = """
    SELECT coalesce(last.channel, m.channel) AS channel, m.template, last.state, last.reason,
           coalesce(w.due_at > %(now)s, false) AS waits, count(*) AS messages
    FROM message m
    CROSS JOIN LATERAL (
        SELECT d.state, d.reason, d.channel FROM message_delivery d
        WHERE d.network_id = m.network_id AND d.message_id = m.id AND NOT d.late ORDER BY d.id DESC LIMIT 1
    ) AS last
    LEFT JOIN message_waiting w ON w.network_id = m.network_id AND w.message_id = m.id
    WHERE m.network_id = %(network)s AND m.id >= %(since)s AND m.id < %(until)s
    GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
"""
_STOPS = """
    SELECT m.channel, m.template, 'stopped' AS state, NULL AS reason, false AS waits, count(*) AS messages
    FROM message_stop s JOIN message m ON m.network_id = s.network_id AND m.id = s.message_id
    WHERE s.network_id = %(network)s AND m.id >= %(since)s AND m.id < %(until)s GROUP BY 1, 2 ORDER BY 1, 2
"""


async def count(uow: UnitOfWork, since: datetime, until: datetime, now: datetime) -> list[DayCount]:
    """Count the messages that were made between two moments, by channel, template and how they stand."""
    params = {"network": uow.network_id, "since": first_id(since), "until": first_id(until), "now": now}
    return await uow.rows(DayCount, _COUNT, params)


# What an operator has set up wrong, whichever person a message is for.
_SET_UP_FAULTS = (
    "credentials_refused",
    "our_address_refused",
    "template_unknown",
    "template_mismatch",
    "not_permitted",
    "sender_refused",
)
_FAULTS = """
    SELECT d.channel, d.reason, count(*) AS messages FROM message_delivery d
    WHERE d.network_id = %s AND d.id >= %s AND d.state IN ('failed', 'queued') AND d.channel IS NOT NULL
      AND d.reason = ANY(%s) GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class SetUpFault:
    """What is set up wrong of a channel, and how many tries have failed for it."""

    channel: str
    reason: str
    messages: int


async def set_up_faults(uow: UnitOfWork, since: datetime) -> list[SetUpFault]:
    """Count the tries since a moment that failed because of how a channel is set up here."""
    return await uow.rows(SetUpFault, _FAULTS, (uow.network_id, first_id(since), list(_SET_UP_FAULTS)))


async def count_stops(uow: UnitOfWork, since: datetime, until: datetime) -> list[DayCount]:
    """Count by how many of them somebody stopped all messages like them."""
    params = {"network": uow.network_id, "since": first_id(since), "until": first_id(until)}
    return await uow.rows(DayCount, _STOPS, params)
