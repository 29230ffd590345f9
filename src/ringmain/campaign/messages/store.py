"""Rounds of messages, what they chose and what became of it, in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import msgspec

from ringmain.campaign.messages.model import Choice, Outcome, Round, Unheard
from ringmain.kit.db import UnitOfWork, pack_uuids
from ringmain.kit.lake import LakeTable


@dataclass(frozen=True, slots=True)
class _Id:
    id: UUID


@dataclass(frozen=True, slots=True)
class _Day:
    day: date


async def lock_rounds(uow: UnitOfWork) -> None:
    """Let one at a time plan or give the messages of this network."""
    await uow.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s::text, 38))", (str(uow.network_id),))


async def round_of(uow: UnitOfWork, day: date) -> Round | None:
    """Return the round of a day."""
    query = """
        SELECT day, planned_at, people, candidates, gap, kept_back FROM message_round
        WHERE network_id = %s AND day = %s
    """
    return await uow.row(Round, query, (uow.network_id, day))


async def add_round(uow: UnitOfWork, new: Round) -> bool:
    """Write the round of a day; False where there is one."""
    kept_back = msgspec.json.encode(new.kept_back).decode()
    row = await uow.row(
        _Day,
        "INSERT INTO message_round (network_id, day, planned_at, people, candidates, gap, kept_back)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s::text::jsonb) ON CONFLICT DO NOTHING RETURNING day",
        (
            uow.network_id,
            new.day,
            new.planned_at,
            new.people,
            new.candidates,
            new.gap,
            kept_back,
        ),
    )
    return row is not None


_COLUMNS = """
    id, day, subject_id, campaign_id, offer_id, shop_id, from_shop, value, price, candidates, propensity, explored,
    treated, chosen_at
"""
_ADD_CHOICES = f"""
    INSERT INTO message_choice (network_id, {_COLUMNS})
    SELECT %s, t.* FROM unnest(%s, %s::date[], %s, %s, %s, %s, %s::uuid[], %s::float8[], %s::float8[], %s::integer[],
                               %s::float8[], %s::bool[], %s::bool[], %s::timestamptz[]) AS t
"""


async def add_choices(uow: UnitOfWork, rows: Sequence[Choice]) -> None:
    """Write what a round chose."""
    params = (
        uow.network_id,
        pack_uuids([row.id for row in rows]),
        [row.day for row in rows],
        pack_uuids([row.subject_id for row in rows]),
        pack_uuids([row.campaign_id for row in rows]),
        pack_uuids([row.offer_id for row in rows]),
        pack_uuids([row.shop_id for row in rows]),
        [row.from_shop for row in rows],
        [row.value for row in rows],
        [row.price for row in rows],
        [row.candidates for row in rows],
        [row.propensity for row in rows],
        [row.explored for row in rows],
        [row.treated for row in rows],
        [row.chosen_at for row in rows],
    )
    await uow.execute(_ADD_CHOICES, params)


_PENDING = f"""
    SELECT {_COLUMNS} FROM message_choice c
    WHERE c.network_id = %(network)s AND c.day = %(day)s AND c.treated
      AND NOT EXISTS (SELECT FROM message_outcome o WHERE o.network_id = c.network_id AND o.choice_id = c.id)
    ORDER BY c.subject_id LIMIT %(most)s
"""


async def pending(uow: UnitOfWork, day: date, most: int) -> list[Choice]:
    """Return choices of a day of which nothing has become yet."""
    return await uow.rows(Choice, _PENDING, {"network": uow.network_id, "day": day, "most": most})


_WRITE_OFF = """
    INSERT INTO message_outcome (network_id, choice_id, refusal, decided_at)
    SELECT c.network_id, c.id, 'day_over', %(at)s FROM message_choice c
    WHERE c.network_id = %(network)s AND c.day < %(day)s AND c.day >= %(day)s::date - 30 AND c.treated
      AND NOT EXISTS (SELECT FROM message_outcome o WHERE o.network_id = c.network_id AND o.choice_id = c.id)
    RETURNING choice_id AS id
"""


async def write_off(uow: UnitOfWork, day: date, at: datetime) -> list[UUID]:
    """Refuse what earlier days have left, and return it: what was chosen for yesterday says nothing of today."""
    return [row.id for row in await uow.rows(_Id, _WRITE_OFF, {"network": uow.network_id, "day": day, "at": at})]


_STOP_DAY = """
    INSERT INTO message_outcome (network_id, choice_id, refusal, decided_at)
    SELECT c.network_id, c.id, 'stopped_by_operator', %(at)s FROM message_choice c
    WHERE c.network_id = %(network)s AND c.day = %(day)s AND c.treated
      AND NOT EXISTS (SELECT FROM message_outcome o WHERE o.network_id = c.network_id AND o.choice_id = c.id)
    RETURNING choice_id AS id
"""


async def stop_day(uow: UnitOfWork, day: date, at: datetime) -> list[UUID]:
    """Refuse what a day has left, and return it."""
    return [row.id for row in await uow.rows(_Id, _STOP_DAY, {"network": uow.network_id, "day": day, "at": at})]


_OF_DAY = """
    SELECT o.refusal, o.choice_id IS NULL AS waits, c.treated, count(*) AS people
    FROM message_choice c LEFT JOIN message_outcome o ON o.network_id = c.network_id AND o.choice_id = c.id
    WHERE c.network_id = %s AND c.day = %s GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class DayCounted:
    """How many choices of a day stand so; not `treated`: they are compared with, and get nothing."""

    refusal: str | None
    waits: bool
    treated: bool
    people: int


async def of_day(uow: UnitOfWork, day: date) -> list[DayCounted]:
    """Return how the choices of a day stand."""
    return await uow.rows(DayCounted, _OF_DAY, (uow.network_id, day))


_ADD_OUTCOMES = """
    INSERT INTO message_outcome (network_id, choice_id, message_id, refusal, decided_at)
    SELECT %s, t.* FROM unnest(%s, %s::uuid[], %s::text[], %s::timestamptz[]) AS t
"""


async def add_outcomes(uow: UnitOfWork, rows: Sequence[Outcome]) -> None:
    """Write what became of choices; once, the key sees to that."""
    params = (
        uow.network_id,
        pack_uuids([row.choice_id for row in rows]),
        [row.message_id for row in rows],
        [row.refusal for row in rows],
        [row.decided_at for row in rows],
    )
    await uow.execute(_ADD_OUTCOMES, params)


_GIVEN = """
    SELECT o.choice_id AS id FROM message_outcome o JOIN voucher v ON v.network_id = o.network_id AND v.id = o.choice_id
    WHERE o.network_id = %s AND o.choice_id = ANY(%s) AND o.message_id IS NOT NULL AND v.closed IS NULL AND v.uses = 0
"""
_ADD_UNHEARD = """
    INSERT INTO message_unheard (network_id, choice_id, message_id, reason, released_minor, taken_back_at)
    SELECT %s, t.* FROM unnest(%s, %s, %s::text[], %s::bigint[], %s::timestamptz[]) AS t
"""


async def given_by_message(uow: UnitOfWork, ids: Sequence[UUID]) -> set[UUID]:
    """Return which of these vouchers a round has given, and nobody has used."""
    return {row.id for row in await uow.rows(_Id, _GIVEN, (uow.network_id, pack_uuids(ids)))}


async def add_unheard(uow: UnitOfWork, rows: Sequence[Unheard]) -> None:
    """Write which vouchers were taken back; once, the key sees to that."""
    params = (
        uow.network_id,
        pack_uuids([row.choice_id for row in rows]),
        pack_uuids([row.message_id for row in rows]),
        [row.reason for row in rows],
        [row.released_minor for row in rows],
        [row.taken_back_at for row in rows],
    )
    await uow.execute(_ADD_UNHEARD, params)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many choices of a campaign stand so; `refusal` None: their voucher was given, or waits where `waits`."""

    refusal: str | None
    waits: bool
    people: int


_COUNTS = """
    SELECT o.refusal, o.choice_id IS NULL AS waits, count(*) AS people
    FROM message_choice c LEFT JOIN message_outcome o ON o.network_id = c.network_id AND o.choice_id = c.id
    WHERE c.network_id = %s AND c.campaign_id = %s AND c.treated GROUP BY 1, 2 ORDER BY 1, 2
"""
_MESSAGES = """
    SELECT o.message_id AS id
    FROM message_choice c JOIN message_outcome o ON o.network_id = c.network_id AND o.choice_id = c.id
    WHERE c.network_id = %s AND c.campaign_id = %s AND o.message_id IS NOT NULL
"""


async def counts(uow: UnitOfWork, campaign_id: UUID) -> list[Counted]:
    """Return how the choices of a campaign stand; those who are compared with are not among them."""
    return await uow.rows(Counted, _COUNTS, (uow.network_id, campaign_id))


async def messages_of(uow: UnitOfWork, campaign_id: UUID) -> list[UUID]:
    """Return the messages that a campaign has led to."""
    return [row.id for row in await uow.rows(_Id, _MESSAGES, (uow.network_id, campaign_id))]


_CHOICE_FACTS = """
    SELECT id::text AS choice_id, subject_id::text, campaign_id::text, offer_id::text, shop_id::text,
           from_shop::text, value, price, candidates::bigint AS candidates, propensity, explored, treated, chosen_at
    FROM message_choice WHERE network_id = %(network)s AND id = ANY(%(ids)s)
"""
_OUTCOME_FACTS = """
    SELECT choice_id::text, message_id::text, refusal, decided_at
    FROM message_outcome WHERE network_id = %(network)s AND choice_id = ANY(%(ids)s)
"""
_UNHEARD_FACTS = """
    SELECT choice_id::text, message_id::text, reason, released_minor, taken_back_at
    FROM message_unheard WHERE network_id = %(network)s AND choice_id = ANY(%(ids)s)
"""

LAKE_TABLES = (
    LakeTable(
        kind="message_unheard",
        columns={
            "choice_id": "string",
            "message_id": "string",
            "reason": "string",
            "released_minor": "int64",
            "taken_back_at": "timestamp",
        },
        query=_UNHEARD_FACTS,
        day_column="taken_back_at",
    ),
    LakeTable(
        kind="message_choice",
        columns={
            "choice_id": "string",
            "subject_id": "string",
            "campaign_id": "string",
            "offer_id": "string",
            "shop_id": "string",
            "from_shop": "string",
            "value": "float64",
            "price": "float64",
            "candidates": "int64",
            "propensity": "float64",
            "explored": "bool",
            "treated": "bool",
            "chosen_at": "timestamp",
        },
        query=_CHOICE_FACTS,
        day_column="chosen_at",
    ),
    LakeTable(
        kind="message_outcome",
        columns={
            "choice_id": "string",
            "message_id": "string",
            "refusal": "string",
            "decided_at": "timestamp",
        },
        query=_OUTCOME_FACTS,
        day_column="decided_at",
    ),
)
