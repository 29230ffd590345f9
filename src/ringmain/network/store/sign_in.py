"""The rows of sign-ins that are under way: tries that are counted, and tickets that wait for the next step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ringmain.kit.db import UnitOfWork
from ringmain.network.model.accounts import Tries


@dataclass(frozen=True, slots=True)
class _TriesRow:
    subject: bytes
    tries: int
    last_at: datetime | None
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket stands for, sealed."""

    sealed: bytes = field(repr=False)


async def locked_tries(uow: UnitOfWork, subjects: Sequence[bytes], now: datetime) -> dict[bytes, Tries]:
    """Return how it stands with each subject; nobody else counts for them until this transaction ends."""
    # Everybody makes and locks rows in one order, so that two never wait for each other in a circle.
    ordered = sorted(subjects)
    await uow.execute(
        "INSERT INTO sign_in_tries (subject, tries, last_at) SELECT s, 0, %s FROM unnest(%s::bytea[]) AS s ORDER BY s"
        " ON CONFLICT DO NOTHING",
        (now, ordered),
    )
    rows = await uow.rows(
        _TriesRow,
        "SELECT subject, tries, last_at, locked_until FROM sign_in_tries WHERE subject = ANY(%s)"
        " ORDER BY subject FOR UPDATE",
        (ordered,),
    )
    return {row.subject: Tries(row.tries, row.last_at, row.locked_until) for row in rows}


async def set_tries(uow: UnitOfWork, tries: Mapping[bytes, Tries]) -> None:
    """Write how it stands with subjects whose rows the caller has locked."""
    ordered = sorted(tries.items())
    await uow.execute(
        """
        UPDATE sign_in_tries AS s SET tries = t.tries, last_at = t.last_at, locked_until = t.locked_until
        FROM unnest(%s::bytea[], %s::int[], %s::timestamptz[], %s::timestamptz[])
            AS t (subject, tries, last_at, locked_until)
        WHERE s.subject = t.subject
        """,
        (
            [subject for subject, _ in ordered],
            [one.tries for _, one in ordered],
            [one.last_at for _, one in ordered],
            [one.locked_until for _, one in ordered],
        ),
    )


async def sweep_tries(uow: UnitOfWork, before: datetime, most: int) -> None:
    """Delete some subjects that nobody tried for long."""
    await uow.execute(
        """
        DELETE FROM sign_in_tries WHERE subject IN (
            SELECT subject FROM sign_in_tries WHERE last_at < %s LIMIT %s FOR UPDATE SKIP LOCKED
        )
        """,
        (before, most),
    )


async def put_ticket(uow: UnitOfWork, ticket_hash: bytes, purpose: str, expires_at: datetime, sealed: bytes) -> None:
    """Keep a ticket, and delete those that have expired."""
    await uow.execute("DELETE FROM sign_in_ticket WHERE expires_at < clock_timestamp() - interval '1 minute'")
    await uow.execute(
        "INSERT INTO sign_in_ticket (ticket_hash, purpose, expires_at, sealed) VALUES (%s, %s, %s, %s)",
        (ticket_hash, purpose, expires_at, sealed),
    )


async def ticket(uow: UnitOfWork, ticket_hash: bytes, purpose: str, now: datetime) -> Ticket | None:
    """Return a ticket and leave it."""
    return await uow.row(
        Ticket,
        "SELECT sealed FROM sign_in_ticket WHERE ticket_hash = %s AND purpose = %s AND expires_at > %s",
        (ticket_hash, purpose, now),
    )


async def take_ticket(uow: UnitOfWork, ticket_hash: bytes, purpose: str, now: datetime) -> Ticket | None:
    """Return a ticket and use it up: of two at once, one gets it."""
    return await uow.row(
        Ticket,
        "DELETE FROM sign_in_ticket WHERE ticket_hash = %s AND purpose = %s AND expires_at > %s RETURNING sealed",
        (ticket_hash, purpose, now),
    )
