"""The sealer: a follower that chains entries in the order of their commits, in batches."""

from uuid import UUID

from ringmain.kit.audit import store
from ringmain.kit.audit.model import GENESIS, canonical, linked
from ringmain.kit.audit.note import ANNOUNCED
from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.follow import Batch, Follower, catch_up

SEALER = "audit"


def sealer() -> Follower:
    """Return the follower to run in the worker."""
    return Follower(SEALER, _seal, frozenset({ANNOUNCED}), most_rows=1_000, most_facts=5_000)


async def seal_now(database: Database, network_id: UUID) -> None:
    """Chain everything that is committed, at once. Raises as `kit.follow.catch_up` does."""
    await catch_up(database, sealer(), network_id)


async def _seal(uow: UnitOfWork, batch: Batch) -> None:
    """Chain the announced entries that have no link; the follower's lock makes this the only writer of the chain."""
    wanted = batch.ids(ANNOUNCED)
    found = await store.unchained(uow, wanted)
    last = await store.head(uow)
    sequence, hash_ = (last.sequence, last.hash) if last is not None else (0, GENESIS)
    links: list[tuple[int, UUID, bytes]] = []
    for entry_id in dict.fromkeys(wanted):
        entry = found.get(entry_id)
        if entry is None:
            continue
        sequence += 1
        hash_ = linked(hash_, canonical(uow.network_id, sequence, entry.content))
        links.append((sequence, entry_id, hash_))
    if links:
        await store.insert_links(uow, links)
