"""How far a replay has come, in PostgreSQL."""

from dataclasses import dataclass

import msgspec

from ringmain.kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class _Row:
    next_row: int
    rows: int
    counts: str


@dataclass(frozen=True, slots=True)
class Progress:
    """The first row that has not been replayed, how many there are, and what has been counted so far."""

    next_row: int
    rows: int
    counts: dict[str, int]


_READ = "SELECT next_row, rows, counts::text AS counts FROM replay_progress WHERE network_id = %s AND name = %s"
_WRITE = """
    INSERT INTO replay_progress (network_id, name, next_row, rows, counts) VALUES (%s, %s, %s, %s, %s::jsonb)
    ON CONFLICT (network_id, name) DO UPDATE
    SET next_row = excluded.next_row, rows = excluded.rows, counts = excluded.counts
"""


async def read_progress(uow: UnitOfWork, name: str) -> Progress | None:
    """Return how far a replay has come, or None where it never began."""
    row = await uow.row(_Row, _READ, (uow.network_id, name))
    return Progress(row.next_row, row.rows, msgspec.json.decode(row.counts, type=dict[str, int])) if row else None


async def write_progress(uow: UnitOfWork, name: str, progress: Progress) -> None:
    """Write how far a replay has come, in the transaction of the batch itself."""
    counts = msgspec.json.encode(progress.counts).decode()
    await uow.execute(_WRITE, (uow.network_id, name, progress.next_row, progress.rows, counts))
