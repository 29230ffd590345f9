"""Followers: read the facts of a network in the order of their commits, exactly once, and say so when they cannot."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

import structlog

from ringmain.kit import follow_store as store
from ringmain.kit.db import Database, Role, UnitOfWork
from ringmain.kit.follow_store import START, Announcement, Position, Standing, standings
from ringmain.kit.metrics import FOLLOWER_EPOCH_CHANGED, FOLLOWER_LAG_SECONDS, FOLLOWER_STALLED
from ringmain.kit.pure.errors import RuleBroken, Unavailable

__all__ = [
    "START",
    "Announcement",
    "Batch",
    "EpochChanged",
    "Follower",
    "FollowerHeldBack",
    "Position",
    "Round",
    "Standing",
    "begin_anew",
    "catch_up",
    "follow",
    "follow_once",
    "standings",
]

_log = structlog.get_logger(__name__)
_STALL_LOGGED_EVERY_SECONDS = 60.0


class EpochChanged(RuleBroken):
    """The database is not the one that the follower read before: restored, or another server."""

    code = "follower_epoch_changed"
    status = HTTPStatus.CONFLICT
    next_step = (
        "The database was restored or moved, so the follower no longer knows what it has read. Let it begin anew: it "
        "reads every fact again and replaces what it had made of them."
    )


class FollowerHeldBack(RuleBroken):
    """A transaction that has run for too long keeps followers from reading what was committed after it began."""

    code = "follower_held_back"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    next_step = "Find the transaction by its process id in pg_stat_activity, end it, and try again; nothing is lost."


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive outbox rows of wanted kinds; `after` is where the cursor stands, `until` where it goes."""

    after: Position
    until: Position
    announcements: Sequence[Announcement]

    def ids(self, *kinds: str) -> list[UUID]:
        """Return the ids of the facts of these kinds, in order."""
        return [id_ for one in self.announcements if one.kind in kinds and one.ids for id_ in one.ids]


Handle = Callable[[UnitOfWork, Batch], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Follower:
    """What follows: a stable `name` (its cursor's), the `kinds` it wants (None: all), and what it does with them.

    `handle(unit of work, batch)` works in the transaction that moves the cursor: both are kept or neither. What it does
    outside that transaction it must be able to do again. A batch ends at `most_rows` rows, or at the row that reaches
    `most_facts` facts. After a batch that was not full it rests `rest_seconds`; while there is nothing to read it asks
    again after pauses that grow from `shortest_pause_seconds` to `longest_pause_seconds`.
    """

    name: str
    handle: Handle
    kinds: frozenset[str] | None = None
    role: Role = "worker"
    most_rows: int = 200
    most_facts: int = 10_000
    rest_seconds: float = 0.0
    shortest_pause_seconds: float = 0.05
    longest_pause_seconds: float = 1.0
    stalled_after_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Round:
    """What one look at the outbox brought. `lag_seconds` is the age of the oldest fact unread when it began.

    `held_back` tells that facts wait behind an older transaction; `stalled`, that they have waited beyond the limit.
    """

    rows: int = 0
    full: bool = False
    lag_seconds: float = 0.0
    held_back: bool = False
    stalled: bool = False
    holder: store.Holder | None = None


async def follow_once(database: Database, follower: Follower, network_id: UUID) -> Round:
    """Read one batch, let the follower work, and move its cursor, all in one transaction.

    Reads nothing where another process has this follower's cursor. Raises `EpochChanged` where the cursor was made in
    another epoch of the database, `Unavailable`, and what `handle` raises; the cursor then stands where it stood.
    """
    async with database.unit(network_id, role=follower.role) as uow:
        cursor = await store.lock_cursor(uow, follower.name)
        if cursor is None:
            return Round()
        if cursor.epoch is not None and cursor.epoch != cursor.current_epoch:
            raise EpochChanged(follower=follower.name, network_id=network_id)
        after = cursor.position
        kinds = None if follower.kinds is None else sorted(follower.kinds)
        pending = await store.unread(uow, after, kinds, most_rows=follower.most_rows, most_facts=follower.most_facts)
        waiting = await store.oldest_after(uow, after)
        rows, oldest = await pending.all(), await waiting.one()
        lag_seconds = oldest.age_seconds if oldest is not None else 0.0
        if not rows:
            return await _look_why(uow, follower, oldest, lag_seconds)
        wanted = [row for row in rows if row.ids is not None]
        until = rows[-1].position
        if wanted:
            await follower.handle(uow, Batch(after, until, wanted))
        if not await store.move_cursor(uow, follower.name, cursor.current_epoch, after, until):
            raise Unavailable(f"the cursor of {follower.name} was moved by somebody else")
    facts = sum(len(row.ids or ()) for row in wanted)
    full = len(rows) >= follower.most_rows or facts >= follower.most_facts
    return Round(rows=len(rows), full=full, lag_seconds=lag_seconds)


async def _look_why(uow: UnitOfWork, follower: Follower, oldest: store.Oldest | None, lag_seconds: float) -> Round:
    """Tell an empty outbox from one whose next row still waits for an older transaction."""
    if oldest is None:
        return Round()
    if lag_seconds <= follower.stalled_after_seconds:
        return Round(lag_seconds=lag_seconds, held_back=True)
    return Round(lag_seconds=lag_seconds, held_back=True, stalled=True, holder=await store.holder(uow))


async def catch_up(database: Database, follower: Follower, network_id: UUID, *, patience_seconds: float = 60.0) -> int:
    """Read until nothing is unread, and return the number of outbox rows: for replays, which want all of it now.

    Raises `FollowerHeldBack` where nothing could be read for `patience_seconds`; else as `follow_once` does.
    """
    total = 0
    since = time.monotonic()
    while True:
        done = await follow_once(database, follower, network_id)
        total += done.rows
        if done.rows:
            since = time.monotonic()
        elif not done.held_back:
            return total
        elif time.monotonic() - since > patience_seconds:
            raise FollowerHeldBack(follower=follower.name, waited_seconds=round(done.lag_seconds))
        else:
            await asyncio.sleep(follower.shortest_pause_seconds)


async def begin_anew(database: Database, follower: str, network_id: UUID) -> int:
    """Let a follower read every fact of a network again, after a restore or to rebuild what it makes of them.

    Outbox rows that came with a dump of another server get transaction ids of this one, behind what is there already;
    returns how many. It waits for a batch that is being read.
    """
    async with database.unit(network_id, role="worker") as uow:
        numbered = await store.forget_cursor(uow, follower)
    _log.warning("follower begins anew", follower=follower, network_id=str(network_id), rows_numbered_anew=numbered)
    return numbered


async def follow(
    database: Database,
    follower: Follower,
    networks: Callable[[], Awaitable[Sequence[UUID]]],
    stop: asyncio.Event,
) -> None:
    """Follow the facts of every network until `stop` is set, through errors and restarts of the database.

    `networks` is asked again in every round. The metrics show the worst of the networks; while a follower is stalled or
    refuses to read, the log says why once a minute.
    """
    watch = _Watch(follower)
    pause = follower.shortest_pause_seconds
    while not stop.is_set():
        rounds = await _rounds(database, follower, networks, watch)
        if any(one.full for one in rounds):
            pause = 0.0
        elif any(one.rows for one in rounds):
            pause = max(follower.rest_seconds, follower.shortest_pause_seconds)
        else:
            pause = min(max(pause, follower.shortest_pause_seconds) * 2, follower.longest_pause_seconds)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


async def _rounds(
    database: Database, follower: Follower, networks: Callable[[], Awaitable[Sequence[UUID]]], watch: "_Watch"
) -> list[Round]:
    rounds: list[Round] = []
    changed = False
    try:
        for network_id in await networks():
            try:
                done = await follow_once(database, follower, network_id)
            except EpochChanged as error:
                changed = True
                watch.say("follower refuses to read", network_id, reason=error.code, next_step=error.next_step)
            except Exception as error:  # noqa: BLE001 (one network's trouble is not the others'; it is tried again)
                watch.say("follower failed", network_id, exc_info=error)
            else:
                rounds.append(done)
                if done.stalled:
                    watch.say_stalled(network_id, done)
    except Exception as error:  # noqa: BLE001 (the list of networks is asked for again)
        watch.say("follower cannot list the networks", None, exc_info=error)
    FOLLOWER_EPOCH_CHANGED.labels(follower.name).set(changed)
    FOLLOWER_LAG_SECONDS.labels(follower.name).set(max((one.lag_seconds for one in rounds), default=0.0))
    FOLLOWER_STALLED.labels(follower.name).set(any(one.stalled for one in rounds))
    return rounds


class _Watch:
    """Says a trouble when it begins and then once a minute, not in every round."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._said: dict[tuple[str, UUID | None], float] = {}

    def say(self, event: str, network_id: UUID | None, **facts: object) -> None:
        now = time.monotonic()
        if now - self._said.get((event, network_id), -_STALL_LOGGED_EVERY_SECONDS) >= _STALL_LOGGED_EVERY_SECONDS:
            self._said[event, network_id] = now
            _log.error(event, follower=self._follower.name, network_id=str(network_id), **facts)

    def say_stalled(self, network_id: UUID, done: Round) -> None:
        holder = done.holder
        seen = holder.age_seconds if holder is not None else None
        self.say(
            "follower stalled",
            network_id,
            # The waiting fact was recorded after the transaction began: its age is what the transaction's is at least.
            oldest_transaction_seconds=round(done.lag_seconds if seen is None else seen, 1),
            at_least=seen is None,
            oldest_transaction=holder.xmin if holder is not None else None,
            process_id=holder.pid if holder is not None else None,
            next_step=FollowerHeldBack.next_step,
        )
