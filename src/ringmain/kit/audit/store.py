"""The rows of the audit log and of its chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from ringmain.kit.audit.model import Actor, ActorKind, Content
from ringmain.kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it stands; `sequence` and `hash` are None until it is chained."""

    id: UUID
    at: datetime
    actor_kind: ActorKind
    actor_id: UUID | None
    action: str
    object_kind: str
    object_id: UUID | None
    facts: dict[str, Any]
    request_id: str
    sequence: int | None
    hash: bytes | None

    @property
    def content(self) -> Content:
        """What is hashed."""
        actor = Actor(self.actor_kind, self.actor_id)
        return Content(
            self.id, self.at, actor, self.action, self.object_kind, self.object_id, self.facts, self.request_id
        )


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries to list; None does not narrow."""

    action: str | None = None
    actor_id: UUID | None = None
    object_kind: str | None = None
    object_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link with its hash, and the entry it leads to (all of it None where that is gone)."""

    sequence: int
    entry_id: UUID
    hash: bytes
    at: datetime | None
    actor_kind: ActorKind | None
    actor_id: UUID | None
    action: str | None
    object_kind: str | None
    object_id: UUID | None
    facts: dict[str, Any] | None
    request_id: str | None

    @property
    def content(self) -> Content | None:
        """What is hashed, or None where the entry is gone. Its columns are NOT NULL, so they are all there or none."""
        if self.at is None or self.actor_kind is None or self.action is None or self.object_kind is None:
            return None
        actor = Actor(self.actor_kind, self.actor_id)
        facts, request_id = self.facts or {}, self.request_id or ""
        return Content(self.entry_id, self.at, actor, self.action, self.object_kind, self.object_id, facts, request_id)


@dataclass(frozen=True, slots=True)
class Head:
    """The last link of a chain."""

    sequence: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class _Id:
    id: UUID


@dataclass(frozen=True, slots=True)
class _Count:
    count: int


async def insert_entry(uow: UnitOfWork, entry: Content) -> None:
    """Add an entry."""
    await uow.execute(
        """
        INSERT INTO audit_entry (network_id, id, at, actor_kind, actor_id, action, object_kind, object_id, facts,
                                 request_id)
        VALUES (%(network)s, %(id)s, %(at)s, %(actor_kind)s, %(actor_id)s, %(action)s, %(object_kind)s, %(object_id)s,
                %(facts)s::text::jsonb, %(request)s)
        """,
        {
            "network": uow.network_id,
            "id": entry.id,
            "at": entry.at,
            "actor_kind": entry.actor.kind,
            "actor_id": entry.actor.id,
            "action": entry.action,
            "object_kind": entry.object_kind,
            "object_id": entry.object_id,
            "facts": msgspec.json.encode(entry.facts).decode(),
            "request": entry.request_id,
        },
    )


async def entries(uow: UnitOfWork, which: Filter, before: UUID | None, limit: int) -> list[Entry]:
    """Return entries, the newest first, that are older than the entry `before`."""
    return await uow.rows(
        Entry,
        """
        SELECT e.id, e.at, e.actor_kind, e.actor_id, e.action, e.object_kind, e.object_id, e.facts, e.request_id,
               l.sequence, l.hash
        FROM audit_entry e LEFT JOIN audit_link l ON l.network_id = e.network_id AND l.entry_id = e.id
        WHERE e.network_id = %(network)s
          AND (%(before)s::uuid IS NULL OR e.id < %(before)s)
          AND (%(action)s::text IS NULL OR e.action = %(action)s)
          AND (%(actor)s::uuid IS NULL OR e.actor_id = %(actor)s)
          AND (%(object_kind)s::text IS NULL OR e.object_kind = %(object_kind)s)
          AND (%(object)s::uuid IS NULL OR e.object_id = %(object)s)
        ORDER BY e.id DESC LIMIT %(limit)s
        """,
        {
            "network": uow.network_id,
            "before": before,
            "action": which.action,
            "actor": which.actor_id,
            "object_kind": which.object_kind,
            "object": which.object_id,
            "limit": limit,
        },
    )


async def head(uow: UnitOfWork) -> Head | None:
    """Return the last link of the network's chain."""
    return await uow.row(
        Head,
        "SELECT sequence, hash FROM audit_link WHERE network_id = %s ORDER BY sequence DESC LIMIT 1",
        (uow.network_id,),
    )


async def unchained(uow: UnitOfWork, ids: Sequence[UUID]) -> dict[UUID, Entry]:
    """Return those of these entries that have no link yet."""
    rows = await uow.rows(
        Entry,
        """
        SELECT e.id, e.at, e.actor_kind, e.actor_id, e.action, e.object_kind, e.object_id, e.facts, e.request_id,
               NULL::bigint AS sequence, NULL::bytea AS hash
        FROM audit_entry e
        WHERE e.network_id = %(network)s AND e.id = ANY(%(ids)s)
          AND NOT EXISTS (SELECT FROM audit_link l WHERE l.network_id = %(network)s AND l.entry_id = e.id)
        """,
        {"network": uow.network_id, "ids": list(ids)},
    )
    return {row.id: row for row in rows}


async def insert_links(uow: UnitOfWork, links: Sequence[tuple[int, UUID, bytes]]) -> None:
    """Add links: sequence number, entry, hash."""
    sequences, ids, hashes = zip(*links, strict=True)
    await uow.execute(
        """
        INSERT INTO audit_link (network_id, sequence, entry_id, hash)
        SELECT %(network)s, * FROM unnest(%(sequences)s::bigint[], %(ids)s::uuid[], %(hashes)s::bytea[])
        """,
        {"network": uow.network_id, "sequences": list(sequences), "ids": list(ids), "hashes": list(hashes)},
    )


async def links_after(uow: UnitOfWork, sequence: int, limit: int) -> list[LinkRow]:
    """Return links with their entries in the order of the chain."""
    return await uow.rows(
        LinkRow,
        """
        SELECT l.sequence, l.entry_id, l.hash, e.at, e.actor_kind, e.actor_id, e.action,
               e.object_kind, e.object_id, e.facts, e.request_id
        FROM audit_link l LEFT JOIN audit_entry e ON e.network_id = l.network_id AND e.id = l.entry_id
        WHERE l.network_id = %(network)s AND l.sequence > %(after)s
        ORDER BY l.sequence LIMIT %(limit)s
        """,
        {"network": uow.network_id, "after": sequence, "limit": limit},
    )


_WAITING = """
    SELECT count(*) AS count FROM audit_entry e
    WHERE e.network_id = %(network)s
      AND NOT EXISTS (SELECT FROM audit_link l WHERE l.network_id = %(network)s AND l.entry_id = e.id)
"""


async def waiting(uow: UnitOfWork) -> int:
    """Count the entries that have no link yet."""
    row = await uow.row(_Count, _WAITING, {"network": uow.network_id})
    return row.count if row is not None else 0


# What the sealer has not read is waiting; what it has passed, or was never told of, should have been chained. The
# outbox row of an entry is written by its own transaction, so both are seen or neither.
_UNANNOUNCED = """
    WITH loose AS (
        SELECT e.id FROM audit_entry e
        WHERE e.network_id = %(network)s
          AND NOT EXISTS (SELECT FROM audit_link l WHERE l.network_id = %(network)s AND l.entry_id = e.id)
    ), announced AS (
        SELECT unnest(o.ids) AS id
        FROM outbox o
        LEFT JOIN follower_cursor c ON c.network_id = %(network)s AND c.follower = %(follower)s
        WHERE o.network_id = %(network)s AND o.kind = %(kind)s AND (c.txid IS NULL OR (o.txid, o.id) > (c.txid, c.id))
    )
    SELECT id FROM loose WHERE id NOT IN (SELECT id FROM announced) ORDER BY id LIMIT 1
"""


async def unannounced(uow: UnitOfWork, follower: str, kind: str) -> UUID | None:
    """Return the first entry that has no link although the sealer has nothing more to read about it."""
    row = await uow.row(_Id, _UNANNOUNCED, {"network": uow.network_id, "follower": follower, "kind": kind})
    return row.id if row is not None else None
