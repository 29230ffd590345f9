"""A pipeline that gathers statements and sends them together, when an answer is needed.

psycopg's own pipeline waits for the socket once per statement, which costs more than many of our statements do.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg.abc import PQGen
from psycopg.generators import send


class _GatheringPipeline(psycopg.AsyncPipeline):
    """Hands statements to libpq at once, without waiting; they leave with the next fetch, flush or sync."""

    # Whether the last thing that was sent is a Sync: only then may the pipeline be left without another one.
    _in_sync = True

    def _communicate_gen(self) -> PQGen[None]:
        synced = False
        while self.command_queue:
            command = self.command_queue.popleft()
            self._in_sync = command == self.pgconn.pipeline_sync
            synced = synced or self._in_sync
            command()
        if synced:
            # What libpq could not write yet must go before anybody waits for the answer.
            yield from send(self.pgconn)

    def _exit_gen(self) -> PQGen[None]:
        # After a commit nothing is on its way: another round trip would only cost time. After an error the server
        # waits for a Sync, and would answer nothing before it.
        if not self._in_sync or self.command_queue or self.result_queue:
            yield from super()._exit_gen()


class GatheringConnection(psycopg.AsyncConnection[Any]):
    """A connection whose pipelines gather statements."""

    @asynccontextmanager
    async def pipeline(self) -> AsyncIterator[psycopg.AsyncPipeline]:
        """Switch into pipeline mode until the block ends; it may not be nested."""
        async with self.lock:
            self._check_connection_ok()
            pipeline = self._pipeline = _GatheringPipeline(self)
        try:
            async with pipeline:
                yield pipeline
        finally:
            self._pipeline = None
