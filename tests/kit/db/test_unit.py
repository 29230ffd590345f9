"""Tests of the unit of work: one network, one transaction, one commit, and no error that stays unheard."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from ringmain.kit.db import Database, UnitOfWork, pack_uuids
from ringmain.kit.migrate import Urls
from ringmain.kit.pure.errors import Unavailable

NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
OPEN = "INSERT INTO ledger_account (network_id, id, holder_id, code, currency) VALUES (%s, %s, %s, 1, 'CNY')"


@dataclass(frozen=True, slots=True)
class Row:
    """One account."""

    network_id: UUID
    id: UUID


@dataclass(frozen=True, slots=True)
class Number:
    """One number."""

    number: int


@dataclass(frozen=True, slots=True)
class Mode:
    """How statements are planned."""

    mode: str


@pytest.fixture
async def database(database_urls: Urls) -> AsyncIterator[Database]:
    """The application's side of this worker's database."""
    async with Database(database_urls.application_url, connections=2) as database:
        yield database


@pytest.fixture
def network() -> UUID:
    """A network of its own for each test."""
    return uuid.uuid4()


async def open_account(uow: UnitOfWork, network: UUID, id_: UUID | None = None) -> UUID:
    """Write one row as a use case would."""
    id_ = id_ or uuid.uuid4()
    await uow.execute(OPEN, (network, id_, id_))
    return id_


async def accounts(database: Database, network: UUID | None) -> list[Row]:
    """Read what a network sees, with no condition but row-level security."""
    async with database.unit(network) as uow:
        return await uow.rows(Row, "SELECT network_id, id FROM ledger_account")


def as_superuser(urls: Urls, query: str, *params: Any) -> list[Any]:
    """Return rows as the database holds them, past row-level security."""
    with psycopg.connect(urls.migration_url, autocommit=True) as connection:
        return connection.execute(query, params).fetchall()


# ------------------------------------------------------------------------------------------------ commit and rollback


async def test_what_a_block_wrote_is_there_when_it_ends(database: Database, database_urls: Urls, network: UUID) -> None:
    """When the block has ended, another connection sees its rows."""
    async with database.unit(network) as uow:
        id_ = await open_account(uow, network)
        assert as_superuser(database_urls, "SELECT id FROM ledger_account WHERE id = %s", id_) == []
    assert as_superuser(database_urls, "SELECT id FROM ledger_account WHERE id = %s", id_) == [(id_,)]


async def test_an_error_in_the_block_undoes_everything(database: Database, network: UUID) -> None:
    """Nothing of a block that raises remains, its facts included, and its error reaches the caller as it was."""

    async def attempt() -> None:
        async with database.unit(network) as uow:
            uow.record("thing", [await open_account(uow, network)])
            raise KeyError("trouble")

    with pytest.raises(KeyError, match="trouble"):
        await attempt()
    assert await accounts(database, network) == []
    async with database.unit(network) as uow:
        assert await uow.rows(Row, "SELECT network_id, id[1] AS id FROM outbox AS o (network_id, t, i, k, id)") == []


async def test_a_cancelled_block_undoes_everything_and_gives_its_connection_back(
    database: Database, network: UUID
) -> None:
    """Whoever is cancelled in the middle has done nothing, and the pool is as large as before."""

    async def hang() -> None:
        async with database.unit(network) as uow:
            await open_account(uow, network)
            await uow.rows(Row, "SELECT network_id, id FROM ledger_account, pg_sleep(30)")

    tasks = [asyncio.create_task(hang()) for _ in range(2)]
    await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    started = time.monotonic()
    assert await asyncio.gather(*(accounts(database, network) for _ in range(4))) == [[]] * 4
    assert time.monotonic() - started < 5


# ------------------------------------------------------------------------------------------- errors that come late


async def test_a_statement_nobody_waited_for_fails_at_the_commit(database: Database, network: UUID) -> None:
    """The error of a statement that was only sent surfaces when the block ends, and nothing is kept."""
    id_ = uuid.uuid4()

    async def attempt() -> None:
        async with database.unit(network) as uow:
            await open_account(uow, network, id_)
            await open_account(uow, network, id_)

    with pytest.raises(psycopg.errors.UniqueViolation):
        await attempt()
    assert await accounts(database, network) == []


async def test_a_check_at_the_commit_itself_surfaces(database: Database, database_urls: Urls, network: UUID) -> None:
    """A constraint that is checked only by the commit refuses the block, which nobody takes for a success."""
    table = f"late_{network.hex}"
    with psycopg.connect(database_urls.migration_url, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE {table} (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        connection.execute(f"GRANT ALL ON {table} TO app_network")
    insert = sql.SQL("INSERT INTO {} VALUES (1), (1)").format(sql.Identifier(table))
    with pytest.raises(psycopg.errors.UniqueViolation):
        async with database.unit(network) as uow:
            await uow.connection.execute(insert)


@pytest.mark.parametrize("synchronised", [False, True])
async def test_an_error_that_was_swallowed_is_no_success(database: Database, network: UUID, synchronised: bool) -> None:
    """A block that passes over a database error does not end as a success: the server has undone everything."""

    async def attempt() -> None:
        async with database.unit(network) as uow:
            await open_account(uow, network)
            with contextlib.suppress(psycopg.errors.DivisionByZero):
                await uow.rows(Row, "SELECT 1 / 0 AS id, NULL AS network_id")
            if synchronised:
                # A sync puts the error behind; the server then answers the commit with a rollback, and no error.
                pipeline = uow.connection._pipeline
                assert pipeline is not None
                with contextlib.suppress(psycopg.errors.PipelineAborted):
                    await pipeline.sync()

    with pytest.raises((psycopg.errors.InFailedSqlTransaction, Unavailable)):
        await attempt()
    assert await accounts(database, network) == []


async def test_a_connection_cut_before_the_commit_is_unavailable(
    database: Database, database_urls: Urls, network: UUID
) -> None:
    """Where the server goes away under a block, the caller learns that nothing is known, and the next block works."""

    async def attempt() -> None:
        async with database.unit(network) as uow:
            await open_account(uow, network)
            pid = uow.connection.info.backend_pid
            as_superuser(database_urls, "SELECT pg_terminate_backend(%s)", pid)
            await asyncio.sleep(0.1)

    with pytest.raises(Unavailable):
        await attempt()
    assert await accounts(database, network) == []


async def test_no_free_connection_is_unavailable(
    database_urls: Urls, network: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who finds every connection in use is told so in bounded time."""
    monkeypatch.setattr("ringmain.kit.db.pool._POOL_TIMEOUT_SECONDS", 0.3)
    async with Database(database_urls.application_url, connections=1) as database, database.unit(network):
        with pytest.raises(Unavailable):
            async with database.unit(network):
                pass


async def test_a_database_that_is_away_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address where nobody answers is said to be away, and says nothing of the password."""
    monkeypatch.setattr("ringmain.kit.db.pool._POOL_TIMEOUT_SECONDS", 0.3)
    with pytest.raises(Unavailable) as refused:
        async with Database("postgresql://ringmain_app:secret@127.0.0.1:9/ringmain"):
            pass
    assert "secret" not in str(refused.value)


async def test_a_deadlock_is_told_as_it_is(database: Database, network: UUID) -> None:
    """The loser of a deadlock gets the error that a coalescer runs again, and the winner commits."""
    first, second = uuid.uuid4(), uuid.uuid4()
    async with database.unit(network) as uow:
        for id_ in (first, second):
            await open_account(uow, network, id_)
            await uow.execute("INSERT INTO ledger_guard (network_id, account_id) VALUES (%s, %s)", (network, id_))

    async def touch(one: UUID, other: UUID) -> None:
        move = "UPDATE ledger_guard SET available_minor = available_minor + 1 WHERE network_id = %s AND account_id = %s"
        async with database.unit(network) as uow:
            await uow.execute(move, (network, one))
            await uow.rows(Row, "SELECT network_id, id FROM ledger_account")
            await asyncio.sleep(0.1)
            await uow.execute(move, (network, other))

    outcomes = await asyncio.gather(touch(first, second), touch(second, first), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["DeadlockDetected", "NoneType"]


# --------------------------------------------------------------------------------------------------------- scoping


async def test_a_network_sees_its_own_rows_only(database: Database, network: UUID) -> None:
    """Without any condition in the query, a unit reads what its network wrote and nothing else."""
    other = uuid.uuid4()
    async with database.unit(network) as uow:
        mine = await open_account(uow, network)
    async with database.unit(other) as uow:
        theirs = await open_account(uow, other)
    assert await accounts(database, network) == [Row(network, mine)]
    assert await accounts(database, other) == [Row(other, theirs)]


async def test_no_network_sees_nothing(database: Database, network: UUID) -> None:
    """A unit without a network reads no rows instead of all, and does not hand out a network."""
    async with database.unit(network) as uow:
        await open_account(uow, network)
    assert await accounts(database, None) == []
    async with database.unit(None) as uow:
        with pytest.raises(RuntimeError):
            _ = uow.network_id


async def test_a_network_cannot_write_for_another(database: Database, database_urls: Urls, network: UUID) -> None:
    """A row under another network's id is refused by the database, whatever the statement says."""
    other = uuid.uuid4()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.unit(network) as uow:
            await open_account(uow, other)
    assert as_superuser(database_urls, "SELECT id FROM ledger_account WHERE network_id = %s", other) == []


async def test_the_scope_ends_with_the_transaction(database_urls: Urls, network: UUID) -> None:
    """On one and the same connection, the next unit starts without the network of the one before."""
    async with Database(database_urls.application_url, connections=1) as database:
        async with database.unit(network) as uow:
            await open_account(uow, network)
        assert await accounts(database, None) == []
        async with database.unit(uuid.uuid4()) as uow:
            assert await uow.rows(Row, "SELECT network_id, id FROM ledger_account") == []
        async with (await database._pool("app_network")).connection() as bare:
            left = await (await bare.execute("SELECT current_setting('ringmain.network', true)")).fetchone()
        assert left in (("",), (None,))


async def test_a_merchant_sees_its_own_rows_only(database: Database, database_urls: Urls, network: UUID) -> None:
    """The role of consoles reads one merchant's rows, none without a merchant, and writes nothing."""
    mine, theirs = uuid.uuid4(), uuid.uuid4()
    insert = (
        "INSERT INTO network (network_id, name, currency, time_zone, opened_at) VALUES (%s, 'n', 'CNY', 'UTC', now())"
    )
    async with database.unit(network) as uow:
        await uow.execute(insert, (network,))
        for id_ in (mine, theirs):
            await uow.execute(
                "INSERT INTO merchant (network_id, id, legal_name, opened_at) VALUES (%s, %s, 'm', now())",
                (network, id_),
            )
    read = "SELECT network_id, id FROM merchant"
    async with database.unit(network, role="app_merchant", merchant_id=mine) as uow:
        assert await uow.rows(Row, read) == [Row(network, mine)]
    async with database.unit(network, role="app_merchant") as uow:
        assert await uow.rows(Row, read) == []
    async with database.unit(None, role="app_merchant", merchant_id=mine) as uow:
        assert await uow.rows(Row, read) == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.unit(network, role="app_merchant", merchant_id=mine) as uow:
            await uow.execute("UPDATE merchant SET legal_name = 'mine now'")
    names = as_superuser(database_urls, "SELECT DISTINCT legal_name FROM merchant WHERE network_id = %s", network)
    assert names == [("m",)]


async def test_control_the_owner_without_force_sees_all(database_urls: Urls, database: Database, network: UUID) -> None:
    """The rows that a unit must not see are really there: without row-level security they are read."""
    async with database.unit(network) as uow:
        id_ = await open_account(uow, network)
    seen = {row[0] for row in as_superuser(database_urls, "SELECT id FROM ledger_account")}
    assert id_ in seen
    assert await accounts(database, uuid.uuid4()) == []


# ---------------------------------------------------------------------------------------------------------- outbox


async def outbox(urls: Urls, network: UUID) -> list[tuple[str, list[UUID]]]:
    """Return what a network announced, in commit order."""
    return as_superuser(urls, "SELECT kind, ids FROM outbox WHERE network_id = %s ORDER BY txid, id", network)


async def test_facts_are_one_row_per_kind_and_transaction(
    database: Database, database_urls: Urls, network: UUID
) -> None:
    """However often facts are announced, a transaction writes one row per kind, with the ids in their order."""
    ids = [uuid.uuid4() for _ in range(5)]
    async with database.unit(network) as uow:
        uow.record("sale", ids[:2])
        uow.record("redemption", [ids[4]])
        uow.record("sale", ids[2:4])
        uow.record("reversal", [])
    assert await outbox(database_urls, network) == [("sale", ids[:4]), ("redemption", [ids[4]])]
    async with database.unit(network) as uow:
        uow.record("sale", [ids[0]])
    assert len(await outbox(database_urls, network)) == 3


async def test_a_transaction_without_facts_writes_none(database: Database, database_urls: Urls, network: UUID) -> None:
    """Reading, and writing without an announcement, leave the outbox alone."""
    async with database.unit(network) as uow:
        await open_account(uow, network)
        uow.record("sale", [])
    assert await outbox(database_urls, network) == []


async def test_facts_of_a_transaction_that_failed_late_are_not_announced(
    database: Database, database_urls: Urls, network: UUID
) -> None:
    """Where the commit is refused, its facts were never told."""
    id_ = uuid.uuid4()

    async def attempt() -> None:
        async with database.unit(network) as uow:
            await open_account(uow, network, id_)
            await open_account(uow, network, id_)
            uow.record("thing", [id_])

    with pytest.raises(psycopg.errors.UniqueViolation):
        await attempt()
    assert await outbox(database_urls, network) == []


# ----------------------------------------------------------------------------------------------------------- clock


async def test_an_injected_time_is_the_time(database: Database, network: UUID) -> None:
    """Replays and tests say what time it is."""
    async with database.unit(network, now=NOW) as uow:
        assert await uow.now() == NOW


async def test_without_injection_the_database_says_the_time(database: Database, network: UUID) -> None:
    """The time is the server's, in UTC, and stands still during a transaction."""
    async with database.unit(network) as uow:
        first = await uow.now()
        await asyncio.sleep(0.02)
        assert await uow.now() == first
    assert first.tzinfo is UTC
    assert abs(datetime.now(tz=UTC) - first) < timedelta(seconds=60)


async def test_pipelined_queries_keep_their_order(database: Database, network: UUID) -> None:
    """Queries that were started together return their own rows, in whatever order they are fetched."""
    ids = sorted(uuid.uuid4() for _ in range(3))
    async with database.unit(network) as uow:
        query = "SELECT %(n)s::uuid AS network_id, e AS id FROM unnest(%(ids)s) AS t (e)"
        pending = [await uow.start(Row, query, {"n": network, "ids": pack_uuids([id_])}) for id_ in ids]
        assert [await one.one() for one in reversed(pending)] == [Row(network, id_) for id_ in reversed(ids)]
        assert await uow.row(Row, query, {"n": network, "ids": pack_uuids([])}) is None


@pytest.mark.parametrize("query", ["SELECT 1 / 0 AS network_id, NULL::uuid AS id", "SELECT * FROM nothing_like_it"])
async def test_an_error_of_the_only_statement_surfaces_at_once(database: Database, network: UUID, query: Any) -> None:
    """A statement that fails before anything else was sent hangs nobody, and its connection is good for the next."""
    for _ in range(3):
        with pytest.raises((psycopg.errors.DivisionByZero, psycopg.errors.UndefinedTable)):
            async with asyncio.timeout(5), database.unit(network) as uow:
                await uow.rows(Row, query)
    async with asyncio.timeout(5), database.unit(network) as uow:
        assert await uow.rows(Row, "SELECT NULL::uuid AS network_id, NULL::uuid AS id WHERE false") == []


async def test_between_pieces_it_is_the_turn_of_others(database: Database, network: UUID) -> None:
    """All rows come, in order and in pieces of the size."""
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    seen: list[tuple[int, int]] = []
    numbers: list[int] = []
    async with database.unit(network) as uow:
        waiting = asyncio.create_task(other())
        async for rows in uow.pieces(Number, "SELECT generate_series(1, 10) AS number", size=4):
            seen.append((len(rows), turns))
            numbers += [row.number for row in rows]
        waiting.cancel()
    assert numbers == list(range(1, 11))
    assert [count for count, _ in seen] == [4, 4, 2]
    assert seen[0][1] < seen[1][1] < seen[2][1]


async def test_a_query_without_rows_has_no_pieces(database: Database, network: UUID) -> None:
    """Not even an empty one."""
    async with database.unit(network) as uow:
        assert [rows async for rows in uow.pieces(Number, "SELECT 1 AS number WHERE false")] == []


async def test_statements_of_a_keyed_block_are_planned_once(database: Database, network: UUID) -> None:
    """Within the block plans do not depend on what is asked for, before and after they may; a keyed unit stays so."""
    query = "SELECT current_setting('plan_cache_mode') || ' ' || current_setting('enable_seqscan') AS mode"
    async with database.unit(network) as uow:
        first = await uow.start(Mode, query)
        async with uow.keyed():
            inside = await uow.start(Mode, query)
            async with uow.keyed():
                pass
            still = await uow.start(Mode, query)
        after = await uow.start(Mode, query)
        found = [await one.one() for one in (first, inside, still, after)]
    assert [one.mode for one in found if one] == ["auto on", *["force_generic_plan off"] * 2, "auto on"]
    async with database.unit(network, keyed=True) as uow:
        async with uow.keyed():
            pass
        assert await uow.row(Mode, query) == Mode("force_generic_plan off")


async def test_an_error_in_a_keyed_block_is_the_one_that_is_heard(database: Database, network: UUID) -> None:
    """What fails in the block is raised as it is, and the connection is as before for whoever has it next."""
    with pytest.raises(ZeroDivisionError):
        async with database.unit(network) as uow, uow.keyed():
            raise ZeroDivisionError
    with pytest.raises(psycopg.errors.DivisionByZero):
        async with database.unit(network) as uow, uow.keyed():
            await uow.rows(Number, "SELECT 1 / 0 AS number")
    async with database.unit(network) as uow:
        assert await uow.row(Mode, "SELECT current_setting('plan_cache_mode') AS mode") == Mode("auto")
