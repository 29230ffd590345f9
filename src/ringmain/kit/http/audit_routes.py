"""The audit log's routes: what was done by whom, and whether the chain still holds."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.audit import Anchor, Entry, Filter, Verification, entries, verify_chain
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http.limits import Limit
from ringmain.kit.http.route import Call, Role, Route
from ringmain.kit.http.types import Count, Listed, Page, Request, keys_of, listed

_OPERATOR: frozenset[Role] = frozenset({"operator"})
_ID = "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"
_AT = "2026-03-01T09:00:00Z"
_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z", description="SHA-256 in hexadecimal.")]
Word = Annotated[str, Meta(min_length=1, max_length=80)]


class AuditQuery(Page, frozen=True):
    """Which entries to list, the newest first."""

    action: Word | None = None
    actor_id: UUID | None = None
    object_kind: Word | None = None
    object_id: UUID | None = None


class AuditEntry(Struct, frozen=True):
    """Who did what to which thing; `sequence` and `hash` are null until the worker has chained the entry."""

    id: UUID
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    action: str
    object_kind: str
    object_id: UUID | None
    facts: dict[str, Any]
    request_id: str
    sequence: int | None
    hash: str | None


class VerificationQuery(Request, frozen=True):
    """The head that was kept outside, if any: without it a chain that was cut off at its end looks whole."""

    head_sequence: Count | None = None
    head_hash: Hash | None = None


class ChainFault(Struct, frozen=True):
    """The first place where the chain does not hold; `sequence` is null for an entry that was never announced."""

    what: str
    sequence: int | None
    entry_id: UUID | None


class ChainHead(Struct, frozen=True):
    """The last link that holds; keep it where nobody who can change the database can change it."""

    sequence: int
    hash: str


class VerificationAnswer(Struct, frozen=True):
    """What a verification found."""

    holds: bool
    links: int
    waiting: int
    heads_compared: int
    head: ChainHead | None
    broken: ChainFault | None


async def _list(uow: UnitOfWork, call: Call) -> Listed[AuditEntry]:
    query: AuditQuery = call.query
    after = keys_of(query.after, tuple[UUID])
    which = Filter(query.action, query.actor_id, query.object_kind, query.object_id)
    rows = await entries(uow, which, after and after[0], query.limit + 1)
    return listed([_shown(row) for row in rows], query.limit, lambda entry: (entry.id,))


async def _verify(uow: UnitOfWork, call: Call) -> VerificationAnswer:
    query: VerificationQuery = call.query
    anchors = []
    if query.head_sequence and query.head_hash:
        anchors = [Anchor(uow.network_id, query.head_sequence, query.head_hash)]
    return _answer(await verify_chain(uow, anchors))


def _answer(found: Verification) -> VerificationAnswer:
    broken, head = found.broken, found.head
    return VerificationAnswer(
        found.ok,
        found.links,
        found.waiting,
        found.anchors,
        ChainHead(head.sequence, head.hash) if head is not None else None,
        ChainFault(broken.what, broken.sequence, broken.entry_id) if broken is not None else None,
    )


def _shown(entry: Entry) -> AuditEntry:
    return AuditEntry(
        entry.id,
        entry.at,
        entry.actor_kind,
        entry.actor_id,
        entry.action,
        entry.object_kind,
        entry.object_id,
        entry.facts,
        entry.request_id,
        entry.sequence,
        entry.hash.hex() if entry.hash is not None else None,
    )


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/audit",
        operation="list_audit_entries",
        summary="List who did what, the newest first",
        description="Entries hold ids, codes and amounts, never personal data. `after` goes back in time.",
        tag="audit",
        roles=_OPERATOR,
        handler=_list,
        query=AuditQuery,
        response=Listed[AuditEntry],
        example_query={"action": "revoke_key"},
        example_response={
            "items": [
                {
                    "id": _ID,
                    "at": _AT,
                    "actor_kind": "operator",
                    "actor_id": _ID,
                    "action": "revoke_key",
                    "object_kind": "key",
                    "object_id": _ID,
                    "facts": {},
                    "request_id": "req_01",
                    "sequence": 42,
                    "hash": _HASH,
                }
            ],
            "next": None,
        },
    ),
    Route(
        method="GET",
        path="/v1/audit/verification",
        operation="verify_audit",
        summary="Compute the chain of the audit log again",
        description="Names the first link that does not hold. Bring a head that you kept outside: a chain that was cut "
        "off at its end is whole in itself.",
        tag="audit",
        roles=_OPERATOR,
        handler=_verify,
        query=VerificationQuery,
        response=VerificationAnswer,
        limit=Limit(10, seconds=60),
        example_query={"head_sequence": "42", "head_hash": _HASH},
        example_response={
            "holds": True,
            "links": 42,
            "waiting": 0,
            "heads_compared": 1,
            "head": {"sequence": 42, "hash": _HASH},
            "broken": None,
        },
    ),
)
