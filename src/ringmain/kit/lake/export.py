"""The follower that copies facts into the lake, each exactly once."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pyarrow as pa
import pyarrow.compute as pc

from ringmain.kit.db import UnitOfWork
from ringmain.kit.follow import Batch, Follower, Position
from ringmain.kit.lake.arrow import by_day, typed
from ringmain.kit.lake.folder import LakeFolder
from ringmain.kit.lake.store import QueryFailed, lake_connection, read_rows
from ringmain.kit.lake.table import LakeTable

__all__ = ["FOLLOWER", "Exporter", "FactsMissing", "QueryFailed"]

FOLLOWER = "lake"
# Large batches make few and large files, which is what readers of the lake want.
_MOST_ROWS = 5_000
_MOST_FACTS = 50_000
_REST_SECONDS = 5.0


class FactsMissing(Exception):
    """Facts were announced whose rows are not there: nothing is exported until somebody has looked."""


class Exporter:
    """Writes the batches of its follower as Parquet files.

    Why exactly once: files are named by the first outbox row of their batch and made durable before the cursor moves.
    After a crash between the two, the cursor stands before the batch; whatever was written beyond the cursor is removed
    before the batch is written again, however large it is then. Files at or before the cursor are never touched. One
    writer per network holds the cursor (in the database) and the folder (on the disk).
    """

    def __init__(self, root: Path, application_url: str, tables: Sequence[LakeTable]) -> None:
        kinds = [table.kind for table in tables]
        if len(set(kinds)) != len(kinds):
            raise ValueError(f"two tables of the lake share a kind: {sorted(kinds)}")
        self._folder = LakeFolder(root)
        self._url = application_url
        self._tables = tuple(tables)
        self._name = uuid4().hex

    def follower(
        self,
        *,
        most_rows: int = _MOST_ROWS,
        most_facts: int = _MOST_FACTS,
        rest_seconds: float = _REST_SECONDS,
    ) -> Follower:
        """Return the follower to run in the worker; `catch_up` with it exports all there is."""
        kinds = frozenset(kind for table in self._tables for kind in table.facts)
        return Follower(
            FOLLOWER, self.handle, kinds, most_rows=most_rows, most_facts=most_facts, rest_seconds=rest_seconds
        )

    async def handle(self, uow: UnitOfWork, batch: Batch) -> None:
        """Write one batch. Raises `FactsMissing`, `QueryFailed`, OSError, `Unavailable` where others write too."""
        await asyncio.to_thread(self._export, uow.network_id, batch)

    def _export(self, network_id: UUID, batch: Batch) -> None:
        with self._folder.alone(network_id) as mark:
            # Only where this very exporter wrote last, and up to the cursor, can nobody have left anything beyond it.
            if mark.read() != self._mark(batch.after):
                self._folder.remove_beyond(network_id, batch.after)
            mark.write("")
            with lake_connection(self._url, network_id) as connection:
                files = self._files(connection, network_id, batch)
            self._folder.publish(files)
            mark.write(self._mark(batch.until))

    def _mark(self, position: Position) -> str:
        return f"{self._name} {position.txid} {position.id}"

    def _files(self, connection: Any, network_id: UUID, batch: Batch) -> dict[Path, pa.Table]:
        files: dict[Path, pa.Table] = {}
        first = batch.announcements[0].position
        for table in self._tables:
            ids = batch.ids(*table.facts)
            if not ids:
                continue
            rows = read_rows(connection, table, network_id, ids)
            if table.whole:
                files[self._folder.whole_file(table.kind, network_id)] = typed(table, rows)
                continue
            if table.per_id:
                _refuse_missing(table, rows, ids)
            for day, part in by_day(table, rows):
                files[self._folder.day_file(table.kind, network_id, day, first)] = part
        return files


def _refuse_missing(table: LakeTable, rows: pa.Table, ids: Sequence[UUID]) -> None:
    """Refuse to lose a fact in silence: its row must be visible, because its transaction has committed."""
    wanted, found = len(set(ids)), pc.count_distinct(rows[next(iter(table.columns))]).as_py()
    if found != wanted:
        raise FactsMissing(f"{wanted} facts were announced for {table.kind}; it has {found} of them")
