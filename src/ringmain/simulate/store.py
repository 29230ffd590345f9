"""How far a replay has come, in PostgreSQL."""

from dataclasses import dataclass

import msgspec

from ringmain.kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class _Row:
    next_row: int
    rows: int
    counts: str
    choice: str


@dataclass(frozen=True, slots=True)
class Progress:
    """The first row that has not been replayed, how many there are, what has been counted, and whose choice it is."""

    next_row: int
    rows: int
    counts: dict[str, int]
    choice: str


_READ = """
    SELECT next_row, rows, counts::text AS counts, choice FROM replay_progress WHERE network_id = %s AND name = %s
"""
_WRITE = """
    INSERT INTO replay_progress (network_id, name, next_row, rows, counts, choice)
    VALUES (%s, %s, %s, %s, %s::jsonb, %s)
    ON CONFLICT (network_id, name) DO UPDATE
    SET next_row = excluded.next_row, rows = excluded.rows, counts = excluded.counts
"""


async def read_progress(uow: UnitOfWork, name: str) -> Progress | None:
    """Return how far a replay has come, or None where it never began."""
    row = await uow.row(_Row, _READ, (uow.network_id, name))
    if row is None:
        return None
    return Progress(row.next_row, row.rows, msgspec.json.decode(row.counts, type=dict[str, int]), row.choice)


async def write_progress(uow: UnitOfWork, name: str, progress: Progress) -> None:
    """Write how far a replay has come, in the transaction of the batch itself."""
    counts = msgspec.json.encode(progress.counts).decode()
    params = (uow.network_id, name, progress.next_row, progress.rows, counts, progress.choice)
    await uow.execute(_WRITE, params)


async def commit_without_waiting(uow: UnitOfWork) -> None:
    """Let the disk have this batch a moment after its commit: a crash takes whole batches, which are then run again.

    Only for a made-up network, whose batches write how far they came, and never for the last of them.
    """
    await uow.execute("SELECT set_config('synchronous_commit', 'off', true)")
