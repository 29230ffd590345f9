"""The outbox and the cursors of its followers, as SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from ringmain.kit.db import Pending, UnitOfWork


class Position(NamedTuple):
    """A place in the order of commits: the facts of an outbox row lie at its transaction id and its own id."""

    txid: int
    id: int


# No outbox row lies here: transaction ids begin at 3, identities at 1.
START = Position(0, 0)


@dataclass(frozen=True, slots=True)
class Announcement:
    """One row of the outbox: the facts of one kind that one transaction recorded. `ids` is None for unwanted kinds."""

    txid: int
    id: int
    kind: str
    ids: list[UUID] | None
    recorded_at: datetime

    @property
    def position(self) -> Position:
        """Where it lies in the order of commits."""
        return Position(self.txid, self.id)


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a follower has read, with the epoch then (all None: it never read) and the epoch of the server now."""

    current_epoch: str
    epoch: str | None
    txid: int | None
    id: int | None

    @property
    def position(self) -> Position:
        """The last row that was read."""
        return START if self.txid is None or self.id is None else Position(self.txid, self.id)


@dataclass(frozen=True, slots=True)
class Oldest:
    """The oldest row that a follower has not read, visible to followers or not yet, and its age."""

    txid: int
    age_seconds: float


@dataclass(frozen=True, slots=True)
class Holder:
    """The oldest transaction that still runs anywhere on the server; `age_seconds` is None where we may not see it."""

    xmin: int
    pid: int | None
    age_seconds: float | None


@dataclass(frozen=True, slots=True)
class _Alone:
    alone: bool


@dataclass(frozen=True, slots=True)
class _Count:
    count: int


# An advisory lock, and no row lock: a row lock would give the follower's transaction an id of its own, and hold every
# other follower back for as long as its work takes.
_TRY_ALONE = """
    SELECT pg_try_advisory_xact_lock(hashtextextended('follower/' || %(network)s || '/' || %(follower)s, 0)) AS alone
"""
_WAIT_ALONE = """
    SELECT pg_advisory_xact_lock(hashtextextended('follower/' || %(network)s || '/' || %(follower)s, 0))
"""
_CURSOR = """
    SELECT current_epoch() AS current_epoch, c.epoch, c.txid::text::bigint AS txid, c.id
    FROM (SELECT 1) AS one
    LEFT JOIN follower_cursor c ON c.network_id = %(network)s::uuid AND c.follower = %(follower)s
"""


async def lock_cursor(uow: UnitOfWork, follower: str) -> Cursor | None:
    """Take a follower's cursor for this transaction and read it; None where another process has it."""
    params = {"network": str(uow.network_id), "follower": follower}
    alone = await uow.start(_Alone, _TRY_ALONE, params)
    # A statement of its own, so that its snapshot is younger than the lock: nobody moves the cursor after it.
    cursor = await uow.start(Cursor, _CURSOR, params)
    row = await alone.one()
    return await cursor.one() if row is not None and row.alone else None


# Below the snapshot's xmin every transaction has ended, and what it wrote is visible in this same snapshot: nothing can
# still appear there, whatever order the transactions ended in.
_UNREAD = """
    WITH unread AS (
        SELECT txid, id, kind, recorded_at,
               CASE WHEN %(kinds)s::text[] IS NULL OR kind = ANY(%(kinds)s::text[]) THEN ids END AS ids
        FROM outbox
        WHERE network_id = %(network)s
          AND (txid, id) > (%(txid)s::text::xid8, %(id)s)
          AND txid < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY txid, id LIMIT %(rows)s
    ), counted AS (
        SELECT *, sum(coalesce(cardinality(ids), 0)) OVER (
            ORDER BY txid, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS facts_before
        FROM unread
    )
    SELECT txid::text::bigint AS txid, id, kind, ids, recorded_at
    FROM counted WHERE facts_before IS NULL OR facts_before < %(facts)s ORDER BY txid, id
"""


async def unread(
    uow: UnitOfWork, after: Position, kinds: Sequence[str] | None, *, most_rows: int, most_facts: int
) -> Pending[Announcement]:
    """Read what was committed after a position, in order; at least one row where there is one, within the bounds."""
    params = {
        "network": uow.network_id,
        "kinds": None if kinds is None else list(kinds),
        "txid": str(after.txid),
        "id": after.id,
        "rows": most_rows,
        "facts": most_facts,
    }
    return await uow.start(Announcement, _UNREAD, params)


_OLDEST = """
    SELECT txid::text::bigint AS txid,
           greatest(0, extract(epoch FROM clock_timestamp() - recorded_at))::float8 AS age_seconds
    FROM outbox WHERE network_id = %(network)s AND (txid, id) > (%(txid)s::text::xid8, %(id)s)
    ORDER BY txid, id LIMIT 1
"""


async def oldest_after(uow: UnitOfWork, after: Position) -> Pending[Oldest]:
    """Read the first row after a position, whether followers may read it already or not."""
    return await uow.start(Oldest, _OLDEST, {"network": uow.network_id, "txid": str(after.txid), "id": after.id})


# Of other logins PostgreSQL shows the transaction id and the process, but not since when.
_HOLDER = """
    SELECT xmin::text::bigint AS xmin, a.pid,
           extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS age_seconds
    FROM pg_snapshot_xmin(pg_current_snapshot()) AS xmin
    LEFT JOIN pg_stat_activity a ON a.backend_xid = xmin::xid
    LIMIT 1
"""


async def holder(uow: UnitOfWork) -> Holder | None:
    """Read which transaction is the oldest."""
    return await uow.row(Holder, _HOLDER)


# What a follower has not read: the first row behind its cursor, found by the primary key.
_STANDING = """
    SELECT c.follower, coalesce(greatest(0, extract(epoch FROM clock_timestamp() - o.recorded_at)), 0)::float8
           AS lag_seconds, c.epoch <> current_epoch() AS stopped
    FROM follower_cursor c
    LEFT JOIN LATERAL (
        SELECT recorded_at FROM outbox
        WHERE network_id = c.network_id AND (txid, id) > (c.txid, c.id) ORDER BY txid, id LIMIT 1
    ) AS o ON true
    WHERE c.network_id = %s ORDER BY c.follower
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a follower stands: the age of the oldest fact it has not read, and whether it refuses to read on."""

    follower: str
    lag_seconds: float
    stopped: bool


async def standings(uow: UnitOfWork) -> list[Standing]:
    """Return how each follower of the network stands that has ever read."""
    return await uow.rows(Standing, _STANDING, (uow.network_id,))


_MOVE = """
    INSERT INTO follower_cursor AS c (network_id, follower, epoch, txid, id)
    VALUES (%(network)s, %(follower)s, %(epoch)s, %(txid)s::text::xid8, %(id)s)
    ON CONFLICT (network_id, follower) DO UPDATE SET txid = excluded.txid, id = excluded.id
    WHERE (c.epoch, c.txid, c.id) = (excluded.epoch, %(after_txid)s::text::xid8, %(after_id)s)
    RETURNING 1 AS count
"""


async def move_cursor(uow: UnitOfWork, follower: str, epoch: str, after: Position, to: Position) -> bool:
    """Move a cursor from one position to another; False where it no longer stands there."""
    params = {
        "network": uow.network_id,
        "follower": follower,
        "epoch": epoch,
        "txid": str(to.txid),
        "id": to.id,
        "after_txid": str(after.txid),
        "after_id": after.id,
    }
    return await uow.row(_Count, _MOVE, params) is not None


# A visible row at or beyond the snapshot's xmax was written by no transaction of this server: it came with a dump of
# another one. Followers would wait for them until this server has counted as far, so they are written again.
_RENUMBER = """
    WITH foreign_rows AS (
        DELETE FROM outbox
        WHERE network_id = %(network)s AND txid >= pg_snapshot_xmax(pg_current_snapshot())
        RETURNING txid, id, kind, ids, recorded_at
    ), written AS (
        INSERT INTO outbox (network_id, kind, ids, recorded_at)
        SELECT %(network)s, kind, ids, recorded_at FROM foreign_rows ORDER BY txid, id
        RETURNING 1
    )
    SELECT count(*) AS count FROM written
"""
_FORGET_CURSOR = """
    DELETE FROM follower_cursor WHERE network_id = %(network)s::uuid AND follower = %(follower)s
"""


async def forget_cursor(uow: UnitOfWork, follower: str) -> int:
    """Let a follower begin at the first fact again; return how many rows of another server were numbered anew."""
    params = {"network": str(uow.network_id), "follower": follower}
    await uow.execute(_WAIT_ALONE, params)
    await uow.execute(_FORGET_CURSOR, params)
    numbered = await uow.row(_Count, _RENUMBER, {"network": uow.network_id})
    return 0 if numbered is None else numbered.count
