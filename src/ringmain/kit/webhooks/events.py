"""The teller: a follower that turns facts into events, and each event into one delivery per endpoint that wants it."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from ringmain.kit.db import UnitOfWork
from ringmain.kit.follow import Batch, Follower
from ringmain.kit.lake import LakeTable
from ringmain.kit.webhooks import store
from ringmain.kit.webhooks.model import Schedule, event_id

TELLER = "webhooks"
# The kind of the event that somebody sends to try a receiver.
TEST = "test"

Read = Callable[[UnitOfWork, Sequence[UUID]], Awaitable[Mapping[UUID, dict[str, Any]]]]


@dataclass(frozen=True, slots=True)
class Source:
    """What is told of facts of one kind: ids, amounts and times, never personal data.

    `read` returns the data by the fact's id. A merchant's endpoint hears only of facts whose `merchant_field` is that
    merchant, and without the fields `hidden`; where there is no such field, of none.
    """

    kind: str
    read: Read
    merchant_field: str = ""
    hidden: frozenset[str] = frozenset()

    def of_merchant(self, data: Mapping[str, Any]) -> str | None:
        """Return whose fact it is, as text."""
        return data.get(self.merchant_field) if self.merchant_field else None


def of_lake(table: LakeTable, merchant_field: str = "", hidden: Sequence[str] = ()) -> Source:
    """Return a source that tells what the lake keeps of a fact; the lake holds no personal data either."""

    async def read(uow: UnitOfWork, ids: Sequence[UUID]) -> Mapping[UUID, dict[str, Any]]:
        rows = await uow.rows(dict[str, Any], table.query, {"network": uow.network_id, "ids": list(ids)})
        key = next(iter(table.columns))
        return {UUID(row[key]): {name: _plain(row[name]) for name in table.columns} for row in rows}

    return Source(table.kind, read, merchant_field, frozenset(hidden))


def ids_only(kind: str, name: str) -> Source:
    """Return a source that tells nothing but the id: who wants to know more asks the API, with its own rights."""

    async def read(_: UnitOfWork, ids: Sequence[UUID]) -> Mapping[UUID, dict[str, Any]]:
        return {id_: {name: str(id_)} for id_ in ids}

    return Source(kind, read)


def teller(sources: Sequence[Source], schedule: Schedule | None = None) -> Follower:
    """Return the follower to run in the worker."""
    by_kind = {source.kind: source for source in sources}
    chosen = schedule or Schedule()

    async def handle(uow: UnitOfWork, batch: Batch) -> None:
        listening = await store.endpoints(uow)
        wanted = {kind for one in listening for kind in one.kinds} & set(by_kind)
        if not wanted:
            return
        events: dict[UUID, store.Event] = {}
        told: list[tuple[UUID, UUID, datetime | None]] = []
        when: dict[str, dict[UUID, datetime]] = defaultdict(dict)
        for one in batch.announcements:
            if one.kind in wanted:
                when[one.kind].update(dict.fromkeys(one.ids or (), one.recorded_at))
        now = await uow.now()
        for kind, times in when.items():
            source = by_kind[kind]
            for fact_id, data in (await source.read(uow, list(times))).items():
                at = times[fact_id]
                made = store.Event(event_id(uow.network_id, kind, fact_id, at), kind, fact_id, data, at)
                for endpoint in listening:
                    if _is_told(endpoint, source, made):
                        events[made.id] = made
                        told.append((endpoint.id, made.id, None if endpoint.disabled_at else now))
        if told:
            await store.insert_events(uow, list(events.values()), told, now + chosen.give_up)

    return Follower(TELLER, handle, frozenset(by_kind), most_rows=500, most_facts=5_000)


def _is_told(endpoint: store.Endpoint, source: Source, event: store.Event) -> bool:
    """Say whether an endpoint hears of an event: of its kind, later than itself, and its merchant's own."""
    if event.kind not in endpoint.kinds or event.recorded_at < endpoint.made_at:
        return False
    return endpoint.merchant_id is None or source.of_merchant(event.data) == str(endpoint.merchant_id)


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)
