"""Blocks in PostgreSQL, appended and never changed; and what has changed in the catalogue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import Pending, UnitOfWork, pack_uuids
from ringmain.match.model import Block

_ADD = """
    INSERT INTO match_block (network_id, id, subject_id, shop_id, offer_id, withdrawn, recorded_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
"""


async def add(uow: UnitOfWork, block: Block, subject_id: UUID, *, withdrawn: bool, at: datetime) -> None:
    """Append that something is not wanted, or is again."""
    params = (uow.network_id, block.id, subject_id, block.shop_id, block.offer_id, withdrawn, at)
    await uow.execute(_ADD, params)


# A person may have several subjects, merged into one: the last word of any of them counts.
_IN_FORCE = """
    SELECT id, shop_id, offer_id, recorded_at
    FROM (
        SELECT DISTINCT ON (shop_id, offer_id) id, shop_id, offer_id, recorded_at, withdrawn
        FROM match_block WHERE network_id = %(network)s AND subject_id = ANY(%(subjects)s)
        ORDER BY shop_id, offer_id, sequence DESC
    ) AS last
    WHERE NOT withdrawn ORDER BY recorded_at, id LIMIT 5000
"""


async def in_force(uow: UnitOfWork, subject_ids: Sequence[UUID]) -> list[Block]:
    """Return what a person does not want now, the oldest first."""
    return await (await ask_in_force(uow, subject_ids)).all()


async def ask_in_force(uow: UnitOfWork, subject_ids: Sequence[UUID]) -> Pending[Block]:
    """Ask for the same; the answer can be awaited after other questions were asked."""
    params = {"network": uow.network_id, "subjects": pack_uuids(subject_ids)}
    return await uow.start(Block, _IN_FORCE, params)


@dataclass(frozen=True, slots=True)
class Seen:
    """Up to where a transaction sees what others have committed, on which run of which database.

    `writer` is its own id, where it has one; `own` says whether it has changed the catalogue itself. Ids of another run
    of the database, after a restore perhaps, mean other transactions.
    """

    snapshot: str
    server: str
    writer: str | None
    own: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A shop or an offer that is not as it was."""

    kind: str
    id: UUID


_SEEN = """
    SELECT pg_current_snapshot()::text AS snapshot,
           pg_postmaster_start_time()::text || '/'
               || (SELECT oid FROM pg_database WHERE datname = current_database())::text AS server,
           pg_current_xact_id_if_assigned()::text AS writer,
           EXISTS (
               SELECT FROM catalogue_change
               WHERE network_id = %(network)s AND txid = pg_current_xact_id_if_assigned()
           ) AS own
"""
# What has been committed since, and what this transaction has written itself. A snapshot counts the transaction that
# took it among those whose work is seen: what that one has written later is asked for by its id.
_CHANGES = """
    SELECT DISTINCT kind, id FROM catalogue_change
    WHERE network_id = %(network)s AND txid >= pg_snapshot_xmin(%(since)s::pg_snapshot)
      AND (NOT pg_visible_in_snapshot(txid, %(since)s::pg_snapshot) OR txid = pg_current_xact_id_if_assigned()
           OR txid = %(writer)s::xid8)
"""


async def look(uow: UnitOfWork, since: Seen | None) -> tuple[Seen, list[Change]]:
    """Return up to where this transaction sees, and what has changed since an earlier look, in one round trip."""
    params: dict[str, object] = {"network": uow.network_id}
    if since is not None:
        params |= {"since": since.snapshot, "writer": since.writer}
    # In this order: what is committed between the two is found by this look or by the next one, or by both.
    pending = await uow.start(Seen, _SEEN, params)
    changes = await uow.rows(Change, _CHANGES, params) if since is not None else []
    seen = await pending.one()
    assert seen is not None
    return seen, changes
