"""The unit of work: one network, one transaction, one commit at one edge."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Generic, LiteralString, TypeVar
from uuid import UUID

import numpy as np
import numpy.typing as npt
import psycopg

from ringmain.kit.db.arrays import pack_uuids
from ringmain.kit.db.row import row_of

T = TypeVar("T")
Params = Mapping[str, Any] | Sequence[Any] | None

# Some milliseconds of work: what others wait for whose turn it is between two pieces.
_PIECE = 500
_OUTBOX = "INSERT INTO outbox (network_id, kind, ids) VALUES "
# For statements that find their rows by keys which they bring along. Planned once, while a table is still small, a scan
# or a hash join would stay in use when it is large. Of a network that is new the statistics know nothing, and every
# index that begins with the network seems as good; a statement that asks for rows in the order of the right index, and
# may not sort, leaves only that one.
KEYED: LiteralString = """
           set_config('plan_cache_mode', 'force_generic_plan', true),
           set_config('enable_seqscan', 'off', true),
           set_config('enable_hashjoin', 'off', true),
           set_config('enable_mergejoin', 'off', true),
           set_config('enable_sort', 'off', true)
"""
_KEYED: LiteralString = f"SELECT {KEYED}"
# For full scans. The planner takes network and id of a join for two facts that have nothing to do with each other, and
# expects a tenth of a tenth of the rows where there are ten networks: it would look up row by row what it has to read
# as a whole. Such work is for the night, so that it may use the memory of maintenance.
_WHOLE: LiteralString = """
    SELECT set_config('enable_nestloop', 'off', true),
           set_config('work_mem', current_setting('maintenance_work_mem'), true)
"""
_AS_USUAL: LiteralString = _KEYED.replace("force_generic_plan", "auto").replace("'off'", "'on'")


class Pending(Generic[T]):
    """The rows of a query that is on its way."""

    def __init__(self, cursor: psycopg.AsyncCursor[T]) -> None:
        self._cursor = cursor

    async def all(self) -> list[T]:
        """Wait for the rows and return them all."""
        return await self._cursor.fetchall()

    async def one(self) -> T | None:
        """Wait for the rows and return the first, or None where there is none."""
        return await self._cursor.fetchone()


class UnitOfWork:
    """One open transaction, scoped by row-level security to one network (and, for consoles, to one merchant).

    Use cases take it as their first argument, read and write through `store` modules, and never commit: the door that
    opened it does, once. Statements travel in a pipeline: those whose rows nobody fetches cost no round trip.
    """

    def __init__(
        self,
        connection: psycopg.AsyncConnection[Any],
        network_id: UUID | None,
        started: psycopg.AsyncCursor[Any],
        now: datetime | None,
        kept: dict[str, Any],
        *,
        keyed: bool = False,
    ) -> None:
        self.connection = connection
        # What this process keeps in memory of this database, by the name of who keeps it: for what is dear to make,
        # can be checked against the database at each use, and may be lost at any time.
        self.kept = kept
        self._network_id = network_id
        self._started = started
        self._now = now
        self._keyed = keyed
        self._facts: dict[str, list[UUID]] = {}
        self._columns: dict[str, list[npt.NDArray[np.void]]] = {}

    @property
    def network_id(self) -> UUID:
        """The network whose rows this transaction sees."""
        if self._network_id is None:
            raise RuntimeError("this unit of work was opened without a network")
        return self._network_id

    async def now(self) -> datetime:
        """Return the time of this transaction in UTC: the database's clock at its start, or the injected one."""
        if self._now is None:
            row = await self._started.fetchone()
            assert row is not None
            self._now = row[0].astimezone(UTC)
        return self._now

    def record(self, kind: str, ids: Iterable[UUID]) -> None:
        """Announce facts: at commit, one outbox row per kind carries their ids to the followers."""
        self._facts.setdefault(kind, []).extend(ids)

    def has_recorded(self, kind: str) -> bool:
        """Say whether facts of a kind were announced in this transaction."""
        return bool(self._facts.get(kind))

    def record_column(self, kind: str, ids: npt.NDArray[np.void]) -> None:
        """Announce as many facts as an import writes at once: `ids` holds UUIDs as V16, without an object for each."""
        self._columns.setdefault(kind, []).append(ids)

    @asynccontextmanager
    async def keyed(self) -> AsyncIterator[None]:
        """Plan what is sent in this block once per connection, for nested index look-ups.

        It is for statements that find their rows by keys, of which planning would take longer than the work. Their
        answers may be awaited later. Costs no round trip.
        """
        if self._keyed:
            yield
            return
        self._keyed = True
        await self.connection.execute(_KEYED, prepare=True)
        try:
            yield
        finally:
            self._keyed = False
        # After an error there is nothing to set: the transaction ends.
        await self.connection.execute(_AS_USUAL, prepare=True)

    async def plan_for_whole(self) -> None:
        """Plan what follows for reading all rows of the network: joined by hashes or in order. Costs no round trip."""
        await self.connection.execute(_WHOLE, prepare=True)

    async def execute(self, query: LiteralString, params: Params = None) -> None:
        """Send a statement whose answer nobody needs; its error surfaces at the next fetch or at the commit."""
        await self.connection.execute(query, params)

    async def start(
        self, into: type[T], query: LiteralString, params: Params = None, *, binary: bool = False
    ) -> Pending[T]:
        """Send a query without waiting, so that several travel in one round trip.

        Binary rows take half of Python's time. They are for columns of types that psycopg reads in that form (ids,
        times, numbers, texts and bytes): any other would come as bytes.
        """
        cursor = self.connection.cursor(row_factory=row_of(into), binary=binary)
        await cursor.execute(query, params)
        return Pending(cursor)

    async def rows(
        self, into: type[T], query: LiteralString, params: Params = None, *, binary: bool = False
    ) -> list[T]:
        """Return all rows of a query, each made by calling `into` with the columns as keywords."""
        return await (await self.start(into, query, params, binary=binary)).all()

    async def pieces(
        self, into: type[T], query: LiteralString, params: Params = None, *, size: int = _PIECE
    ) -> AsyncIterator[list[T]]:
        """Return the rows of a query that has very many, piece by piece: between two pieces it is others' turn."""
        cursor = self.connection.cursor(row_factory=row_of(into))
        await cursor.execute(query, params)
        while rows := await cursor.fetchmany(size):
            yield rows
            await asyncio.sleep(0)

    async def row(self, into: type[T], query: LiteralString, params: Params = None) -> T | None:
        """Return the first row of a query, or None."""
        return await (await self.start(into, query, params)).one()

    async def write_outbox(self) -> None:
        """Write the announced facts; `kit.db.pool` calls it just before the commit."""
        facts = [(self.network_id, kind, pack_uuids(ids)) for kind, ids in self._facts.items() if ids]
        columns = {kind: np.concatenate(parts) for kind, parts in self._columns.items()}
        facts += [(self.network_id, kind, pack_uuids(ids)) for kind, ids in columns.items() if len(ids)]
        if facts:
            # One statement with as many rows as there are kinds: two or three at most.
            values = ", ".join(["(%s, %s, %s)"] * len(facts))
            await self.connection.execute(_OUTBOX + values, [value for fact in facts for value in fact])
