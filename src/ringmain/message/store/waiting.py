"""What still has to be sent, in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message in the queue; `sealed` holds address and parameters where it goes to no member.

    However long it has to wait: from `ends_at` on what it tells of is over.
    """

    message_id: UUID
    due_at: datetime
    useful_until: datetime
    master_version: int | None = None
    sealed: bytes | None = None
    ends_at: datetime | None = None
    tried: Sequence[str] = ()
    on_paper: bool = False


@dataclass(frozen=True, slots=True)
class Later:
    """Until when a message waits again, with the tries that count, and how long somebody will want it."""

    message_id: UUID
    due_at: datetime
    tries: int
    useful_until: datetime
    tried: Sequence[str]
    on_paper: bool = False


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours to send until its lease is over; `tries` counts this one."""

    message_id: UUID
    useful_until: datetime
    ends_at: datetime | None
    tries: int
    master_version: int | None
    sealed: bytes | None
    subject_id: UUID | None
    channel: str
    purpose: str
    template: str
    language: str
    parameters: bytes | None
    tried: Sequence[str] = ()


_ADD = """
    INSERT INTO message_waiting (network_id, message_id, due_at, useful_until, master_version, sealed, ends_at,
                                 on_paper)
    SELECT %s, t.* FROM unnest(%s, %s::timestamptz[], %s::timestamptz[], %s::smallint[], %s::bytea[],
                               %s::timestamptz[], %s::boolean[]) AS t
"""


async def add(uow: UnitOfWork, rows: Sequence[Waiting]) -> None:
    """Put messages into the queue."""
    if not rows:
        return
    params = (
        uow.network_id,
        pack_uuids([row.message_id for row in rows]),
        [row.due_at for row in rows],
        [row.useful_until for row in rows],
        [row.master_version for row in rows],
        [row.sealed for row in rows],
        [row.ends_at for row in rows],
        [row.on_paper for row in rows],
    )
    await uow.execute(_ADD, params)


_CLAIM = """
    WITH mine AS (
        SELECT message_id FROM message_waiting
        WHERE network_id = %(network)s AND due_at <= %(now)s
        ORDER BY due_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
    )
    UPDATE message_waiting w SET due_at = %(until)s, tries = w.tries + 1
    FROM mine, message m
    WHERE w.network_id = %(network)s AND w.message_id = mine.message_id
      AND m.network_id = %(network)s AND m.id = mine.message_id
    RETURNING w.message_id, w.useful_until, w.ends_at, w.tries, w.master_version, w.sealed, m.subject_id, m.channel,
              m.purpose, m.template, m.language, m.parameters, w.tried
"""
_FORGET = "DELETE FROM message_waiting WHERE network_id = %s AND message_id = ANY(%s)"
_DELAY = """
    UPDATE message_waiting w
    SET due_at = t.due_at, tries = t.tries, useful_until = t.useful_until, tried = string_to_array(t.tried, ' '),
        on_paper = t.on_paper
    FROM unnest(%s, %s::timestamptz[], %s::smallint[], %s::timestamptz[], %s::text[], %s::boolean[])
        AS t (message_id, due_at, tries, useful_until, tried, on_paper)
    WHERE w.network_id = %s AND w.message_id = t.message_id
"""


_AGAIN = """
    INSERT INTO message_waiting (network_id, message_id, due_at, useful_until, ends_at, tried)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (network_id, message_id) DO UPDATE SET due_at = excluded.due_at, tries = 0, tried = excluded.tried
"""


async def again(uow: UnitOfWork, row: Waiting) -> None:
    """Put a message into the queue again, which a provider had taken; where it waits already it waits as given here."""
    params = (uow.network_id, row.message_id, row.due_at, row.useful_until, row.ends_at, list(row.tried))
    await uow.execute(_AGAIN, params)


async def claim(uow: UnitOfWork, now: datetime, until: datetime, most: int) -> list[Claimed]:
    """Take what is due, so that nobody else sends it before `until`; what others are taking is passed over."""
    params = {"network": uow.network_id, "now": now, "until": until, "most": most}
    return await uow.rows(Claimed, _CLAIM, params)


async def forget(uow: UnitOfWork, message_ids: Sequence[UUID]) -> None:
    """Take messages out of the queue, and with them what was sealed for sending."""
    if message_ids:
        await uow.execute(_FORGET, (uow.network_id, pack_uuids(message_ids)))


async def delay(uow: UnitOfWork, later: Sequence[Later]) -> None:
    """Let messages wait until another time."""
    if later:
        params = (
            pack_uuids([one.message_id for one in later]),
            [one.due_at for one in later],
            [one.tries for one in later],
            [one.useful_until for one in later],
            # An array of arrays of different lengths cannot be sent; names of channels have no spaces.
            [" ".join(one.tried) for one in later],
            [one.on_paper for one in later],
            uow.network_id,
        )
        await uow.execute(_DELAY, params)


_PAPER = """
    SELECT w.message_id, w.useful_until, w.ends_at, w.tries, w.master_version, w.sealed, m.subject_id, m.channel,
           m.purpose, m.template, m.language, m.parameters, w.tried
    FROM message_waiting w JOIN message m ON m.network_id = w.network_id AND m.id = w.message_id
    WHERE m.network_id = %s AND m.subject_id = ANY(%s) AND w.on_paper AND w.useful_until > %s
    ORDER BY m.id LIMIT %s FOR UPDATE OF w SKIP LOCKED
"""


async def for_paper(uow: UnitOfWork, subject_ids: Sequence[UUID], now: datetime, most: int) -> list[Claimed]:
    """Return what waits for the next receipt of a person, the oldest first, held until our commit."""
    return await uow.rows(Claimed, _PAPER, (uow.network_id, pack_uuids(list(subject_ids)), now, most))
