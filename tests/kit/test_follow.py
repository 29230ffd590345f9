"""Followers read facts in commit order: nothing is lost behind a long writer, nothing is read twice."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from structlog.testing import capture_logs

from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.follow import (
    Batch,
    EpochChanged,
    Follower,
    FollowerHeldBack,
    begin_anew,
    catch_up,
    follow,
    follow_once,
)
from ringmain.kit.metrics import FOLLOWER_EPOCH_CHANGED, FOLLOWER_LAG_SECONDS, FOLLOWER_STALLED
from ringmain.kit.migrate import Urls

PATIENCE_SECONDS = 30.0


class Reader:
    """A follower that keeps what it was handed, and leaves a mark in the follower's own transaction."""

    def __init__(self, name: str = "reader", **options: Any) -> None:
        self.batches: list[Batch] = []
        self.fails = False
        # Not its own marks: it would follow itself for ever.
        self.follower = Follower(name, self.handle, frozenset({"thing"}), **options)

    async def handle(self, uow: UnitOfWork, batch: Batch) -> None:
        """Leave the mark, then fail where that is planted."""
        uow.record("seen", [id_ for one in batch.announcements for id_ in one.ids or ()])
        if self.fails:
            raise ValueError("planted")
        self.batches.append(batch)

    @property
    def ids(self) -> list[UUID]:
        """All facts handed over so far."""
        return [id_ for batch in self.batches for one in batch.announcements for id_ in one.ids or ()]


@pytest.fixture
async def database(database_urls: Urls) -> AsyncIterator[Database]:
    """Give the application's door to this worker's database."""
    async with Database(database_urls.application_url, connections=4) as opened:
        yield opened


@pytest.fixture
def network() -> UUID:
    """Give a network that nobody else uses."""
    return uuid4()


async def announce(database: Database, network: UUID, *ids: UUID, kind: str = "thing") -> None:
    """Record facts in a transaction of their own."""
    async with database.unit(network) as uow:
        uow.record(kind, ids)


def rows(urls: Urls, query: str, *params: object) -> list[tuple[Any, ...]]:
    """Return the rows of a query that passes row-level security by."""
    with psycopg.connect(urls.migration_url) as connection:
        return connection.execute(query, params).fetchall()


@contextmanager
def long_writer(urls: Urls, network: UUID) -> Iterator[tuple[psycopg.Connection[Any], UUID]]:
    """Plant a transaction that has announced a fact and does not end."""
    late = uuid4()
    with psycopg.connect(urls.application_url, options="-c role=app_network") as writer:
        writer.execute("SELECT set_config('ringmain.network', %s, true)", [str(network)])
        writer.execute("INSERT INTO outbox (network_id, kind, ids) VALUES (%s, 'thing', %s)", [network, [late]])
        yield writer, late
        writer.rollback()


async def test_facts_come_once_in_the_order_of_their_commits(database: Database, network: UUID) -> None:
    """Every fact is handed over once, in order, with the cursor moving along; a second look brings nothing."""
    reader = Reader()
    ids = [uuid4() for _ in range(5)]
    await announce(database, network, *ids[:2])
    await announce(database, network, uuid4(), kind="other")
    for id_ in ids[2:]:
        await announce(database, network, id_)
    assert await catch_up(database, reader.follower, network) >= 5
    assert reader.ids == ids
    await catch_up(database, reader.follower, network)
    assert reader.ids == ids


async def test_the_work_and_the_cursor_are_kept_together(
    database: Database, database_urls: Urls, network: UUID
) -> None:
    """Work that fails leaves neither a trace of itself nor a moved cursor, and is done once when it is tried again."""
    reader = Reader()
    id_ = uuid4()
    await announce(database, network, id_)
    reader.fails = True
    with pytest.raises(ValueError, match="planted"):
        await catch_up(database, reader.follower, network)
    seen = "SELECT ids FROM outbox WHERE network_id = %s AND kind = 'seen'"
    assert rows(database_urls, seen, network) == []
    assert rows(database_urls, "SELECT 1 FROM follower_cursor WHERE network_id = %s", network) == []
    reader.fails = False
    await catch_up(database, reader.follower, network)
    assert rows(database_urls, seen, network) == [([id_],)]


async def test_two_processes_with_one_cursor_hand_nothing_over_twice(database: Database, network: UUID) -> None:
    """While one process works on a batch, another one with the same follower reads nothing."""
    id_ = uuid4()
    await announce(database, network, id_)
    working, go_on = asyncio.Event(), asyncio.Event()
    handed: list[Batch] = []

    async def handle(_: UnitOfWork, batch: Batch) -> None:
        handed.append(batch)
        working.set()
        await go_on.wait()

    follower = Follower("reader", handle)
    first = asyncio.create_task(catch_up(database, follower, network))
    await asyncio.wait_for(working.wait(), PATIENCE_SECONDS)
    assert (await follow_once(database, follower, network)).rows == 0
    go_on.set()
    assert await first == 1
    assert [batch.ids("thing") for batch in handed] == [[id_]]


async def test_a_batch_keeps_to_its_bounds(database: Database, network: UUID) -> None:
    """A batch ends at its greatest number of rows, or with the row that reaches the greatest number of facts."""
    ids = [uuid4() for _ in range(6)]
    for place in range(0, 6, 2):
        await announce(database, network, *ids[place : place + 2])
    by_rows, by_facts = Reader("by_rows", most_rows=2), Reader("by_facts", most_facts=3)
    await catch_up(database, by_rows.follower, network)
    await catch_up(database, by_facts.follower, network)
    assert [len(batch.ids("thing")) for batch in by_rows.batches] == [4, 2]
    assert [len(batch.ids("thing")) for batch in by_facts.batches] == [4, 2]
    assert by_rows.ids == by_facts.ids == ids


async def test_a_long_writer_stalls_followers_with_an_alarm_and_nothing_is_lost(
    database: Database, database_urls: Urls, network: UUID
) -> None:
    """Facts behind an older transaction wait, the alarm names its process and age, and then all come in order."""
    reader = Reader("held", stalled_after_seconds=0.3, longest_pause_seconds=0.1)
    stop = asyncio.Event()

    async def networks() -> list[UUID]:
        return [network]

    with capture_logs() as logs, long_writer(database_urls, network) as (writer, late):
        process_id = writer.info.backend_pid
        (txid,) = writer.execute("SELECT pg_current_xact_id()::text::bigint").fetchone() or (0,)
        early = [uuid4(), uuid4()]
        await announce(database, network, *early)
        following = asyncio.create_task(follow(database, reader.follower, networks, stop))
        await until(lambda: FOLLOWER_STALLED.labels("held")._value.get() == 1)
        assert FOLLOWER_LAG_SECONDS.labels("held")._value.get() > 0.3
        assert reader.ids == []
        writer.commit()
        await until(lambda: len(reader.ids) == 3)
        await until(lambda: FOLLOWER_STALLED.labels("held")._value.get() == 0)
        stop.set()
        await asyncio.wait_for(following, PATIENCE_SECONDS)
    assert reader.ids == [late, *early]
    alarm = next(entry for entry in logs if entry["event"] == "follower stalled")
    assert alarm["oldest_transaction_seconds"] >= 0.3
    # Another test of this server may have held an older transaction at that moment.
    assert alarm["oldest_transaction"] <= txid
    assert (alarm["process_id"] == process_id) == (alarm["oldest_transaction"] == txid)


async def test_catching_up_refuses_to_wait_for_ever(database: Database, database_urls: Urls, network: UUID) -> None:
    """A caller that wants all facts now is told of the long writer instead of hanging, and has read nothing."""
    reader = Reader()
    with long_writer(database_urls, network):
        await announce(database, network, uuid4())
        with pytest.raises(FollowerHeldBack):
            await catch_up(database, reader.follower, network, patience_seconds=0.2)
    assert reader.ids == []


async def test_control_reading_by_id_alone_loses_the_late_committer(
    database: Database, database_urls: Urls, network: UUID
) -> None:
    """The naive follower, which remembers the greatest id, never sees the fact that committed late; ours does."""
    naive: list[UUID] = []
    greatest = 0

    def look() -> None:
        nonlocal greatest
        query = "SELECT id, ids FROM outbox WHERE network_id = %s AND id > %s AND kind = 'thing' ORDER BY id"
        for id_, ids in rows(database_urls, query, network, greatest):
            greatest = id_
            naive.extend(ids)

    reader = Reader()
    with long_writer(database_urls, network) as (writer, late):
        early = uuid4()
        await announce(database, network, early)
        look()
        await follow_once(database, reader.follower, network)
        writer.commit()
    look()
    await catch_up(database, reader.follower, network)
    assert naive == [early]
    assert reader.ids == [late, early]


async def test_another_epoch_is_refused_with_an_alarm(database: Database, database_urls: Urls, network: UUID) -> None:
    """A cursor of another epoch is not moved, its follower is handed nothing, and the metric says so."""
    reader = Reader("refused")
    await announce(database, network, uuid4())
    await catch_up(database, reader.follower, network)
    change = "UPDATE follower_cursor SET epoch = 'other' WHERE network_id = %s RETURNING txid::text, id"
    before = rows(database_urls, change, network)
    await announce(database, network, uuid4())
    with pytest.raises(EpochChanged) as refused:
        await follow_once(database, reader.follower, network)
    assert refused.value.facts == {"follower": "refused", "network_id": network}
    assert len(reader.ids) == 1
    cursor = "SELECT txid::text, id FROM follower_cursor WHERE network_id = %s"
    assert rows(database_urls, cursor, network) == before
    stop = asyncio.Event()

    async def networks() -> list[UUID]:
        return [network]

    with capture_logs() as logs:
        following = asyncio.create_task(follow(database, reader.follower, networks, stop))
        await until(lambda: FOLLOWER_EPOCH_CHANGED.labels("refused")._value.get() == 1)
        stop.set()
        await asyncio.wait_for(following, PATIENCE_SECONDS)
    assert [entry["reason"] for entry in logs if entry["event"] == "follower refuses to read"] == [EpochChanged.code]


async def test_beginning_anew_reads_every_fact_again(database: Database, database_urls: Urls, network: UUID) -> None:
    """After a restore the follower reads all facts, those too whose transaction ids this server has yet to reach."""
    reader = Reader()
    ids = [uuid4() for _ in range(3)]
    for id_ in ids:
        await announce(database, network, id_)
    await catch_up(database, reader.follower, network)
    far = "UPDATE outbox SET txid = (txid::text::bigint + 4000000000)::text::xid8 WHERE network_id = %s AND ids = %s"
    with psycopg.connect(database_urls.migration_url) as connection:
        connection.execute(far, [network, [ids[1]]])
        connection.execute("UPDATE follower_cursor SET epoch = 'other' WHERE network_id = %s", [network])
    assert await begin_anew(database, reader.follower.name, network) == 1
    reader.batches.clear()
    await catch_up(database, reader.follower, network)
    assert [id_ for id_ in reader.ids if id_ in ids] == [ids[0], ids[2], ids[1]]


async def test_a_failing_follower_tries_again_and_hinders_no_other_network(database: Database, network: UUID) -> None:
    """The loop lives through what `handle` raises: other networks are served, and the fact comes when it can."""
    good, bad = network, uuid4()
    reader = Reader("sometimes", longest_pause_seconds=0.1)
    failures = 0

    async def handle(uow: UnitOfWork, batch: Batch) -> None:
        nonlocal failures
        if uow.network_id == bad and failures < 2:
            failures += 1
            raise ValueError("planted")
        reader.batches.append(batch)

    async def networks() -> list[UUID]:
        return [bad, good]

    first, second = uuid4(), uuid4()
    await announce(database, bad, first)
    await announce(database, good, second)
    stop = asyncio.Event()
    follower = Follower("sometimes", handle, longest_pause_seconds=0.1)
    with capture_logs() as logs:
        following = asyncio.create_task(follow(database, follower, networks, stop))
        await until(lambda: len(reader.ids) == 2)
        stop.set()
        await asyncio.wait_for(following, PATIENCE_SECONDS)
    assert reader.ids == [second, first]
    assert [entry["event"] for entry in logs] == ["follower failed"]


async def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds; other tests of the same server may hold followers back for a while."""
    for _ in range(int(PATIENCE_SECONDS / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    pytest.fail("the condition did not come true")
