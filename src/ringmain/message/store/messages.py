"""Messages and what became of them, in PostgreSQL: appended, never changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_texts, pack_uuids
from ringmain.kit.pure.ids import first_id


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `parameters` are sealed with its member's key, and missing where there is no member."""

    id: UUID
    subject_id: UUID | None
    channel: str
    purpose: str
    template: str
    language: str
    reason: str
    reference_id: UUID
    merchant_id: UUID | None
    parameters: bytes | None
    made_at: datetime
    due_at: datetime
    # How long somebody wants it; None: it is not sent another way when a provider has taken it.
    useful_until: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One step of a message. `hard`: another try by this way would fail, too; `late`: something later was known."""

    id: UUID
    message_id: UUID
    state: str
    reason: str | None
    happened_at: datetime
    provider_reference: str | None = None
    provider_code: int | None = None
    channel: str | None = None
    hard: bool | None = None
    late: bool = False


_COLUMNS = (
    "id, subject_id, channel, purpose, template, language, reason, reference_id, merchant_id, parameters, made_at,"
    " due_at, useful_until, ends_at"
)
_ADD = f"""
    INSERT INTO message (network_id, {_COLUMNS})
    SELECT %s, t.*
    FROM unnest(%s, %s::uuid[], %s, %s, %s, %s, %s, %s, %s::uuid[], %s::bytea[], %s::timestamptz[],
                %s::timestamptz[], %s::timestamptz[], %s::timestamptz[]) AS t
"""
_ADD_DELIVERIES = """
    INSERT INTO message_delivery
        (network_id, id, message_id, state, reason, happened_at, provider_reference, provider_code, channel, hard,
         late)
    SELECT %s, t.*
    FROM unnest(%s, %s, %s, %s, %s::timestamptz[], %s, %s::integer[], %s, %s::boolean[], %s::boolean[]) AS t
"""


async def add(uow: UnitOfWork, rows: Sequence[Message]) -> None:
    """Insert messages and announce them."""
    params = (
        uow.network_id,
        pack_uuids([row.id for row in rows]),
        [row.subject_id for row in rows],
        pack_texts([row.channel for row in rows]),
        pack_texts([row.purpose for row in rows]),
        pack_texts([row.template for row in rows]),
        pack_texts([row.language for row in rows]),
        pack_texts([row.reason for row in rows]),
        pack_uuids([row.reference_id for row in rows]),
        [row.merchant_id for row in rows],
        [row.parameters for row in rows],
        [row.made_at for row in rows],
        [row.due_at for row in rows],
        [row.useful_until for row in rows],
        [row.ends_at for row in rows],
    )
    await uow.execute(_ADD, params)
    uow.record("message", [row.id for row in rows])


async def add_deliveries(uow: UnitOfWork, rows: Sequence[Delivery]) -> None:
    """Insert what became of messages, and announce it."""
    if not rows:
        return
    params = (
        uow.network_id,
        pack_uuids([row.id for row in rows]),
        pack_uuids([row.message_id for row in rows]),
        pack_texts([row.state for row in rows]),
        pack_texts([row.reason for row in rows]),
        [row.happened_at for row in rows],
        pack_texts([row.provider_reference for row in rows]),
        [row.provider_code for row in rows],
        pack_texts([row.channel for row in rows]),
        [row.hard for row in rows],
        [row.late for row in rows],
    )
    await uow.execute(_ADD_DELIVERIES, params)
    uow.record("message_delivery", [row.id for row in rows])


# ------------------------------------------------------------------------------------------- what was decided before

# One sender at a time counts what a person was sent; whoever waits reads, in its next statement, what the first wrote.
_LOCK = """
    SELECT pg_advisory_xact_lock(hashtextextended(k, 1))
    FROM (SELECT k FROM unnest(%s::text[]) AS t (k) ORDER BY k) AS sorted
"""
_DECIDED = f"""
    SELECT {_COLUMNS}, last.state, last.reason AS why, m.channel AS way
    FROM message m
    CROSS JOIN LATERAL (
        SELECT d.state, d.reason FROM message_delivery d
        WHERE d.network_id = m.network_id AND d.message_id = m.id AND NOT d.late ORDER BY d.id DESC LIMIT 1
    ) AS last
    WHERE m.network_id = %s AND m.subject_id = ANY(%s) AND m.reference_id = ANY(%s)
""".replace(_COLUMNS, ", ".join(f"m.{name}" for name in _COLUMNS.split(", ")))
_MARKETING = """
    SELECT m.subject_id, m.due_at FROM message m
    WHERE m.network_id = %s AND m.subject_id = ANY(%s) AND m.due_at > %s AND m.purpose = 'marketing'
      AND (
          SELECT d.state FROM message_delivery d
          WHERE d.network_id = m.network_id AND d.message_id = m.id AND NOT d.late ORDER BY d.id DESC LIMIT 1
      ) NOT IN ('failed', 'refused')
"""


@dataclass(frozen=True, slots=True)
class Shown(Message):
    """A message with its last step: `why` it failed, was refused, or waits again, and the `way` it went."""

    state: str
    why: str | None
    way: str


@dataclass(frozen=True, slots=True)
class Sent:
    """When a subject was, or will be, sent marketing."""

    subject_id: UUID
    due_at: datetime


async def lock_messages(uow: UnitOfWork, message_ids: Iterable[UUID]) -> None:
    """Let others who want to note what became of these messages wait until our transaction is over."""
    await uow.execute(_LOCK, ([f"message/{uow.network_id}/step/{id_}" for id_ in message_ids],))


async def lock_people(uow: UnitOfWork, subject_ids: Iterable[UUID]) -> None:
    """Let others who want to send to these people wait until our transaction is over."""
    await uow.execute(_LOCK, ([f"message/{uow.network_id}/{id_}" for id_ in subject_ids],))


async def decided(uow: UnitOfWork, subject_ids: Iterable[UUID], references: Iterable[UUID]) -> list[Shown]:
    """Return the messages that were made before for these people about these things."""
    return await uow.rows(
        Shown, _DECIDED, (uow.network_id, pack_uuids(list(subject_ids)), pack_uuids(list(references)))
    )


async def marketing_since(uow: UnitOfWork, subject_ids: Iterable[UUID], since: datetime) -> list[Sent]:
    """Return the marketing that these people got, or will get, after a moment."""
    return await uow.rows(Sent, _MARKETING, (uow.network_id, pack_uuids(list(subject_ids)), since))


# --------------------------------------------------------------------------------------------------------- reading

_PAGE = f"""
    SELECT {_COLUMNS}, last.state, last.reason AS why, coalesce(last.channel, m.channel) AS way
    FROM message m
    CROSS JOIN LATERAL (
        SELECT d.state, d.reason, d.channel FROM message_delivery d
        WHERE d.network_id = m.network_id AND d.message_id = m.id AND NOT d.late ORDER BY d.id DESC LIMIT 1
    ) AS last
    WHERE m.network_id = %(network)s
      AND (%(subjects)s::uuid[] IS NULL OR m.subject_id = ANY(%(subjects)s))
      AND (%(id)s::uuid IS NULL OR m.id = %(id)s)
      AND (%(before)s::uuid IS NULL OR m.id < %(before)s)
    ORDER BY m.id DESC LIMIT %(limit)s
""".replace(_COLUMNS, ", ".join(f"m.{name}" for name in _COLUMNS.split(", ")))
_DELIVERIES = """
    SELECT id, message_id, state, reason, happened_at, provider_reference, provider_code, channel, hard, late
    FROM message_delivery WHERE network_id = %s AND message_id = ANY(%s) ORDER BY id
"""
_HEADS = f"SELECT {_COLUMNS} FROM message WHERE network_id = %s AND id = ANY(%s)"


async def page(
    uow: UnitOfWork, limit: int, *, before: UUID | None = None, subject_ids: Sequence[UUID] | None = None
) -> list[Shown]:
    """Return messages, the newest first: of some subjects where they are given."""
    subjects = None if subject_ids is None else list(subject_ids)
    params = {"network": uow.network_id, "subjects": subjects, "id": None, "before": before, "limit": limit}
    return await uow.rows(Shown, _PAGE, params)


async def one(uow: UnitOfWork, message_id: UUID) -> Shown | None:
    """Return a message."""
    params = {"network": uow.network_id, "subjects": None, "id": message_id, "before": None, "limit": 1}
    return await uow.row(Shown, _PAGE, params)


async def deliveries(uow: UnitOfWork, message_id: UUID) -> list[Delivery]:
    """Return the steps of a message, the oldest first."""
    return await steps_of(uow, [message_id])


async def steps_of(uow: UnitOfWork, message_ids: Iterable[UUID]) -> list[Delivery]:
    """Return the steps of messages, in their order."""
    return await uow.rows(Delivery, _DELIVERIES, (uow.network_id, pack_uuids(list(message_ids))))


_TOLD_BY = """
    SELECT DISTINCT d.message_id AS id FROM message_delivery d
    JOIN message m ON m.network_id = d.network_id AND m.id = d.message_id
    WHERE m.network_id = %s AND m.subject_id = ANY(%s) AND d.provider_reference = %s
"""


@dataclass(frozen=True, slots=True)
class _Id:
    id: UUID


async def told_by(uow: UnitOfWork, subject_ids: Iterable[UUID], reference: str) -> list[Message]:
    """Return the messages to people that went out under a reference, the oldest first."""
    rows = await uow.rows(_Id, _TOLD_BY, (uow.network_id, pack_uuids(list(subject_ids)), reference))
    return sorted(await heads(uow, [row.id for row in rows]), key=lambda one: one.id)


_BY_REFERENCE = """
    SELECT message_id AS id FROM message_delivery
    WHERE network_id = %s AND channel = 'wechat' AND provider_reference = %s ORDER BY id LIMIT 1
"""


async def by_reference(uow: UnitOfWork, reference: str) -> UUID | None:
    """Return the message that WeChat calls so."""
    row = await uow.row(_Id, _BY_REFERENCE, (uow.network_id, reference))
    return None if row is None else row.id


@dataclass(frozen=True, slots=True)
class Failed:
    """A message about something that nobody has heard of, and the reason of its last failure."""

    message_id: UUID
    reference_id: UUID
    reason: str


_FAILED = """
    WITH failed AS (
        SELECT DISTINCT message_id FROM message_delivery
        WHERE network_id = %(network)s AND id >= %(since)s AND state IN ('failed', 'bounced', 'refused') AND NOT late
    )
    SELECT m.id AS message_id, m.reference_id, last.reason
    FROM failed JOIN message m ON m.network_id = %(network)s AND m.id = failed.message_id
    CROSS JOIN LATERAL (
        SELECT d.state, d.reason FROM message_delivery d
        WHERE d.network_id = m.network_id AND d.message_id = m.id AND NOT d.late ORDER BY d.id DESC LIMIT 1
    ) AS last
    WHERE m.template = %(template)s AND last.state IN ('failed', 'bounced', 'refused')
      AND NOT EXISTS (SELECT FROM message_waiting w WHERE w.network_id = m.network_id AND w.message_id = m.id)
    ORDER BY m.id
"""


async def failed_since(uow: UnitOfWork, template: str, since: datetime) -> list[Failed]:
    """Return the messages of a template that failed since a moment, and are tried no other way."""
    params = {"network": uow.network_id, "template": template, "since": first_id(since)}
    return await uow.rows(Failed, _FAILED, params)


async def heads(uow: UnitOfWork, message_ids: Iterable[UUID]) -> list[Message]:
    """Return messages without their steps; those of other networks are absent."""
    return await uow.rows(Message, _HEADS, (uow.network_id, pack_uuids(list(message_ids))))


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of some messages stand so: by which channel, their last state, and its reason."""

    channel: str
    state: str
    reason: str | None
    messages: int


_TALLY = """
    SELECT coalesce(last.channel, m.channel) AS channel, last.state, last.reason, count(*) AS messages
    FROM message m CROSS JOIN LATERAL (
        SELECT d.state, d.reason, d.channel FROM message_delivery d
        WHERE d.network_id = m.network_id AND d.message_id = m.id AND NOT d.late ORDER BY d.id DESC LIMIT 1
    ) AS last
    WHERE m.network_id = %s AND m.id = ANY(%s) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


async def tally(uow: UnitOfWork, message_ids: Sequence[UUID]) -> list[Tally]:
    """Count messages by channel, last state and its reason."""
    return await uow.rows(Tally, _TALLY, (uow.network_id, pack_uuids(message_ids)))
