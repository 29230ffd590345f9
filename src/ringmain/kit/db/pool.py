"""Pools of connections, one per database role, and the transactions made on them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ringmain.kit.db.gathering import GatheringConnection
from ringmain.kit.db.unit import KEYED, UnitOfWork
from ringmain.kit.pure.errors import Unavailable

Role = Literal["app_network", "app_merchant", "worker"]

_POOL_TIMEOUT_SECONDS = 10.0
_START = """
    SELECT clock_timestamp(),
           set_config('ringmain.network', %s, true),
           set_config('ringmain.merchant', %s, true)
"""
_START_KEYED = f"{_START.rstrip()},{KEYED}"


class Database:
    """The application's side of one PostgreSQL database; open it once per process with `async with`."""

    def __init__(self, application_url: str, *, connections: int = 8) -> None:
        self._url = application_url
        self._connections = connections
        self._pools: dict[Role, AsyncConnectionPool[psycopg.AsyncConnection[Any]]] = {}
        self._opening = asyncio.Lock()
        self._kept: dict[str, Any] = {}

    async def __aenter__(self) -> Self:
        """Check that the database answers."""
        await self._pool("app_network")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            await pool.close()

    @asynccontextmanager
    async def unit(
        self,
        network_id: UUID | None,
        *,
        role: Role = "app_network",
        merchant_id: UUID | None = None,
        now: datetime | None = None,
        keyed: bool = False,
    ) -> AsyncIterator[UnitOfWork]:
        """Open a unit of work; it commits when the block ends and rolls back when the block raises.

        `now` replaces the database's clock (replays and tests). `keyed` is for work whose statements all find their
        rows by keys: they are planned once per connection, and for nested index look-ups. Raises `Unavailable` where no
        connection is free within ten seconds or the database is away.
        """
        pool = await self._pool(role)
        start = _START_KEYED if keyed else _START
        try:
            async with pool.connection() as connection, connection.pipeline() as pipeline:
                started = connection.cursor()
                await started.execute(start, (_text(network_id), _text(merchant_id)), prepare=True)
                unit = UnitOfWork(connection, network_id, started, now, self._kept, keyed=keyed)
                yield unit
                await unit.write_outbox()
                # The commit travels with the last writes, and its answer is awaited here: what follows is durable.
                await _commit(connection, pipeline)
        except (PoolTimeout, psycopg.OperationalError) as error:
            # Class 40 (deadlock, serialisation) is lost to another transaction: whoever runs it again may win.
            if (getattr(error, "sqlstate", None) or "").startswith("40"):
                raise
            raise Unavailable("the database does not answer") from error

    async def _pool(self, role: Role) -> AsyncConnectionPool[psycopg.AsyncConnection[Any]]:
        if role not in self._pools:
            async with self._opening:
                if role not in self._pools:
                    self._pools[role] = await self._open(role)
        return self._pools[role]

    async def _open(self, role: Role) -> AsyncConnectionPool[psycopg.AsyncConnection[Any]]:
        pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]] = AsyncConnectionPool(
            self._url,
            connection_class=GatheringConnection,
            # The role is set when the connection starts: no statement of a request has to do it.
            kwargs={"options": f"-c role={role} -c statement_timeout=60s -c timezone=UTC", "prepare_threshold": 1},
            min_size=1,
            max_size=self._connections,
            timeout=_POOL_TIMEOUT_SECONDS,
            open=False,
        )
        try:
            await pool.open(wait=True, timeout=_POOL_TIMEOUT_SECONDS)
        except PoolTimeout as error:
            await pool.close()
            raise Unavailable("the database does not answer") from error
        return pool


async def _commit(connection: psycopg.AsyncConnection[Any], pipeline: psycopg.AsyncPipeline) -> None:
    """Commit; raise where the server rolled back instead, which it does without an error after a failed statement."""
    committed = connection.cursor()
    await committed.execute("COMMIT", prepare=False)
    await pipeline.sync()
    if committed.statusmessage != "COMMIT":
        raise psycopg.errors.InFailedSqlTransaction("a failed statement was passed over, so nothing of this was kept")


def _text(id_: UUID | None) -> str:
    return "" if id_ is None else str(id_)
