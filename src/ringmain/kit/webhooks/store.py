"""The rows of endpoints, events and deliveries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from ringmain.kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who wants to hear of what. `old_*` name the secret before, while receivers may still check with it."""

    id: UUID
    merchant_id: UUID | None
    url: str
    kinds: list[str]
    secret_version: int
    master_version: int
    old_secret_version: int | None
    old_master_version: int | None
    old_valid_until: datetime | None
    made_at: datetime
    disabled_at: datetime | None
    disabled_because: str | None
    failing_since: datetime | None
    failures: int
    quiet_until: datetime | None


@dataclass(frozen=True, slots=True)
class Event:
    """What is told of one fact."""

    id: UUID
    kind: str
    fact_id: UUID
    data: dict[str, Any]
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery to attempt now: the event, and which attempt this is."""

    event_id: UUID
    attempts: int
    give_up_at: datetime
    kind: str
    fact_id: UUID
    data: dict[str, Any]
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far the telling of one event to one endpoint got; `next_at` None: nothing more is tried."""

    endpoint_id: UUID
    event_id: UUID
    kind: str
    fact_id: UUID
    recorded_at: datetime
    attempts: int
    next_at: datetime | None
    tried_at: datetime | None
    delivered_at: datetime | None
    last_status: int | None
    last_error: str | None

    @property
    def state(self) -> str:
        """In a word: delivered, waiting or failed."""
        if self.delivered_at is not None:
            return "delivered"
        return "waiting" if self.next_at is not None else "failed"


@dataclass(frozen=True, slots=True)
class Result:
    """What is to be kept of an attempt."""

    event_id: UUID
    status: int | None
    error: str
    delivered: bool
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Id:
    id: UUID


_ENDPOINT = """
    SELECT id, merchant_id, url, kinds, secret_version, master_version, old_secret_version, old_master_version,
           old_valid_until, made_at, disabled_at, disabled_because, failing_since, failures, quiet_until
    FROM webhook_endpoint WHERE network_id = %(network)s
"""


async def insert_endpoint(uow: UnitOfWork, endpoint: Endpoint) -> None:
    """Add an endpoint."""
    await uow.execute(
        """
        INSERT INTO webhook_endpoint (network_id, id, merchant_id, url, kinds, secret_version, master_version, made_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            uow.network_id,
            endpoint.id,
            endpoint.merchant_id,
            endpoint.url,
            endpoint.kinds,
            endpoint.secret_version,
            endpoint.master_version,
            endpoint.made_at,
        ),
    )


async def endpoints(uow: UnitOfWork, merchant_id: UUID | None = None) -> list[Endpoint]:
    """Return the endpoints of the network, or of one merchant, in the order in which they were made."""
    query = f"{_ENDPOINT} AND (%(merchant)s::uuid IS NULL OR merchant_id = %(merchant)s) ORDER BY id"
    return await uow.rows(Endpoint, query, {"network": uow.network_id, "merchant": merchant_id})


async def endpoint(uow: UnitOfWork, id_: UUID, *, lock: bool = False) -> Endpoint | None:
    """Return one endpoint; `lock` keeps others from changing it."""
    query = f"{_ENDPOINT} AND id = %(id)s"
    params = {"network": uow.network_id, "id": id_}
    return await uow.row(Endpoint, f"{query} FOR UPDATE" if lock else query, params)


async def delete_endpoint(uow: UnitOfWork, id_: UUID) -> None:
    """Remove an endpoint with its deliveries."""
    await uow.execute("DELETE FROM webhook_endpoint WHERE network_id = %s AND id = %s", (uow.network_id, id_))


async def replace_secret(uow: UnitOfWork, id_: UUID, master_version: int, old_valid_until: datetime) -> None:
    """Count the secret up; the one before stays valid until then."""
    await uow.execute(
        """
        UPDATE webhook_endpoint
        SET old_secret_version = secret_version, old_master_version = master_version, old_valid_until = %(until)s,
            secret_version = secret_version + 1, master_version = %(master)s
        WHERE network_id = %(network)s AND id = %(id)s
        """,
        {"network": uow.network_id, "id": id_, "master": master_version, "until": old_valid_until},
    )


async def set_disabled(uow: UnitOfWork, id_: UUID, at: datetime | None, because: str | None) -> None:
    """Switch an endpoint off, giving up what waits for it, or (`at` None) on again."""
    params = {"network": uow.network_id, "id": id_, "at": at, "because": because}
    await uow.execute(
        """
        UPDATE webhook_endpoint
        SET disabled_at = %(at)s, disabled_because = %(because)s, failing_since = NULL, failures = 0, quiet_until = NULL
        WHERE network_id = %(network)s AND id = %(id)s
        """,
        params,
    )
    if at is not None:
        await uow.execute(
            "UPDATE webhook_delivery SET next_at = NULL WHERE network_id = %(network)s AND endpoint_id = %(id)s",
            params,
        )


async def set_failing(
    uow: UnitOfWork, id_: UUID, failures: int, since: datetime | None, quiet_until: datetime | None
) -> None:
    """Note how many rounds in a row brought nothing through, since when, and until when it is left in peace."""
    await uow.execute(
        """
        UPDATE webhook_endpoint SET failures = %s, failing_since = %s, quiet_until = %s
        WHERE network_id = %s AND id = %s
        """,
        (failures, since, quiet_until, uow.network_id, id_),
    )


async def insert_events(
    uow: UnitOfWork,
    events: Sequence[Event],
    told: Sequence[tuple[UUID, UUID, datetime | None]],
    give_up_at: datetime,
) -> None:
    """Add events and their deliveries (endpoint, event, when to try first); those there already stay as they are."""
    await uow.execute(
        """
        INSERT INTO webhook_event (network_id, id, kind, fact_id, data, recorded_at)
        SELECT %(network)s, id, kind, fact_id, data::jsonb, recorded_at
        FROM unnest(%(ids)s::uuid[], %(kinds)s::text[], %(facts)s::uuid[], %(data)s::text[], %(times)s::timestamptz[])
             AS e (id, kind, fact_id, data, recorded_at)
        ON CONFLICT DO NOTHING
        """,
        {
            "network": uow.network_id,
            "ids": [one.id for one in events],
            "kinds": [one.kind for one in events],
            "facts": [one.fact_id for one in events],
            "data": [msgspec.json.encode(one.data).decode() for one in events],
            "times": [one.recorded_at for one in events],
        },
    )
    await uow.execute(
        """
        INSERT INTO webhook_delivery (network_id, endpoint_id, event_id, next_at, give_up_at, last_error)
        SELECT %(network)s, endpoint_id, event_id, next_at, %(give_up)s,
               CASE WHEN next_at IS NULL THEN 'disabled' END
        FROM unnest(%(endpoints)s::uuid[], %(events)s::uuid[], %(times)s::timestamptz[])
             AS d (endpoint_id, event_id, next_at)
        ON CONFLICT DO NOTHING
        """,
        {
            "network": uow.network_id,
            "endpoints": [endpoint_id for endpoint_id, _, _ in told],
            "events": [event_id for _, event_id, _ in told],
            "times": [next_at for _, _, next_at in told],
            "give_up": give_up_at,
        },
    )


async def due(uow: UnitOfWork, now: datetime) -> list[UUID]:
    """Return the endpoints that may be called now and for which something is due."""
    rows = await uow.rows(
        _Id,
        """
        SELECT e.id FROM webhook_endpoint e
        WHERE e.network_id = %(network)s AND e.disabled_at IS NULL
          AND (e.quiet_until IS NULL OR e.quiet_until <= %(now)s)
          AND EXISTS (SELECT FROM webhook_delivery d
                      WHERE d.network_id = %(network)s AND d.endpoint_id = e.id AND d.next_at <= %(now)s)
        """,
        {"network": uow.network_id, "now": now},
    )
    return [row.id for row in rows]


async def claim(uow: UnitOfWork, endpoint_id: UUID, now: datetime, lease: timedelta, limit: int) -> list[Claimed]:
    """Take what is due for an endpoint; nobody else takes it during the lease, and somebody does afterwards."""
    return await uow.rows(
        Claimed,
        """
        WITH taken AS (
            SELECT event_id FROM webhook_delivery
            WHERE network_id = %(network)s AND endpoint_id = %(endpoint)s AND next_at <= %(now)s
            ORDER BY next_at, event_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        ), marked AS (
            UPDATE webhook_delivery d
            SET attempts = attempts + 1, next_at = %(until)s, tried_at = %(now)s
            FROM taken t
            WHERE d.network_id = %(network)s AND d.endpoint_id = %(endpoint)s AND d.event_id = t.event_id
            RETURNING d.event_id, d.attempts, d.give_up_at
        )
        SELECT m.event_id, m.attempts, m.give_up_at, e.kind, e.fact_id, e.data, e.recorded_at
        FROM marked m JOIN webhook_event e ON e.network_id = %(network)s AND e.id = m.event_id
        ORDER BY m.event_id
        """,
        {
            "network": uow.network_id,
            "endpoint": endpoint_id,
            "now": now,
            "until": now + lease,
            "limit": limit,
        },
    )


async def keep_results(uow: UnitOfWork, endpoint_id: UUID, now: datetime, results: Sequence[Result]) -> None:
    """Keep what became of the attempts."""
    await uow.execute(
        """
        UPDATE webhook_delivery d
        SET next_at = r.next_at, last_status = r.status, last_error = nullif(r.error, ''),
            delivered_at = CASE WHEN r.delivered THEN coalesce(d.delivered_at, %(now)s) ELSE d.delivered_at END
        FROM unnest(%(events)s::uuid[], %(statuses)s::integer[], %(errors)s::text[], %(delivered)s::boolean[],
                    %(times)s::timestamptz[]) AS r (event_id, status, error, delivered, next_at)
        WHERE d.network_id = %(network)s AND d.endpoint_id = %(endpoint)s AND d.event_id = r.event_id
        """,
        {
            "network": uow.network_id,
            "endpoint": endpoint_id,
            "now": now,
            "events": [one.event_id for one in results],
            "statuses": [one.status for one in results],
            "errors": [one.error for one in results],
            "delivered": [one.delivered for one in results],
            "times": [one.next_at for one in results],
        },
    )


async def deliveries(
    uow: UnitOfWork, endpoint_id: UUID, before: UUID | None, limit: int, *, state: str | None = None
) -> list[Delivery]:
    """Return deliveries to an endpoint, the newest event first; `state`: only those waiting, delivered or failed."""
    return await uow.rows(
        Delivery,
        """
        SELECT d.endpoint_id, d.event_id, e.kind, e.fact_id, e.recorded_at, d.attempts, d.next_at, d.tried_at,
               d.delivered_at, d.last_status, d.last_error
        FROM webhook_delivery d JOIN webhook_event e ON e.network_id = d.network_id AND e.id = d.event_id
        WHERE d.network_id = %(network)s AND d.endpoint_id = %(endpoint)s
          AND (%(before)s::uuid IS NULL OR d.event_id < %(before)s)
          AND (%(state)s::text IS NULL OR %(state)s =
               CASE WHEN d.delivered_at IS NOT NULL THEN 'delivered' WHEN d.next_at IS NOT NULL THEN 'waiting'
                    ELSE 'failed' END)
        ORDER BY d.event_id DESC LIMIT %(limit)s
        """,
        {"network": uow.network_id, "endpoint": endpoint_id, "before": before, "limit": limit, "state": state},
    )


async def send_again(
    uow: UnitOfWork, endpoint_id: UUID, now: datetime, give_up_at: datetime, event_id: UUID | None, since: datetime
) -> int:
    """Let one event be sent again, or (`event_id` None) all that failed since a time; return how many."""
    rows = await uow.rows(
        _Id,
        """
        UPDATE webhook_delivery d
        SET next_at = %(now)s, attempts = 0, give_up_at = %(give_up)s, delivered_at = NULL, last_error = NULL
        FROM webhook_event e
        WHERE d.network_id = %(network)s AND d.endpoint_id = %(endpoint)s
          AND e.network_id = d.network_id AND e.id = d.event_id
          AND (d.event_id = %(event)s
               OR (%(event)s::uuid IS NULL AND d.delivered_at IS NULL AND d.next_at IS NULL
                   AND e.recorded_at >= %(since)s))
        RETURNING d.event_id AS id
        """,
        {
            "network": uow.network_id,
            "endpoint": endpoint_id,
            "now": now,
            "give_up": give_up_at,
            "event": event_id,
            "since": since,
        },
    )
    return len(rows)


async def forget_before(uow: UnitOfWork, at: datetime) -> None:
    """Forget events, with their deliveries, that are older than a time and have nothing waiting."""
    await uow.execute(
        """
        DELETE FROM webhook_event e WHERE e.network_id = %(network)s AND e.recorded_at < %(at)s
          AND NOT EXISTS (SELECT FROM webhook_delivery d WHERE d.network_id = %(network)s AND d.event_id = e.id
                          AND d.next_at IS NOT NULL)
        """,
        {"network": uow.network_id, "at": at},
    )
