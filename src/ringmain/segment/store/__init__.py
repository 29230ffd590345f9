"""Tribes in PostgreSQL: what was found, who is in them, and what merchants are told of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from ringmain.kit.db import UnitOfWork, pack_optional_uuids, pack_uuids


@dataclass(frozen=True, slots=True)
class TribeRow:
    """A tribe as it stands; `name`, `rule`, `apart` and `centre` are JSON."""

    id: UUID
    name: Any
    rule: Any
    apart: Any
    centre: Any
    size: int
    stability: float
    found_at: datetime
    seen_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class MemberRow:
    """Whose tribe; `probability` None: counted from visits enough."""

    subject_id: UUID
    tribe_id: UUID
    probability: float | None
    shares: list[int]
    since: datetime


@dataclass(frozen=True, slots=True)
class FindingRow:
    """The last finding."""

    found_at: datetime
    people: int
    newcomers: int
    tribes: int


@dataclass(frozen=True, slots=True)
class WeekRow:
    """What was counted for a merchant: up to which Monday, and with what outcome."""

    week: date
    state: str
    counted_at: datetime


@dataclass(frozen=True, slots=True)
class ReachRow:
    """What a merchant is told of one tribe."""

    tribe_id: UUID
    people: int
    per_cent: int
    name: Any
    rule: Any
    apart: Any


async def lock(uow: UnitOfWork) -> None:
    """Let one finding of a network be written at a time."""
    await uow.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s::text, 27))", (uow.network_id,))


_TRIBE = "id, name, rule, apart, centre, size, stability, found_at, seen_at, withdrawn_at"


async def tribes(uow: UnitOfWork) -> list[TribeRow]:
    """Return the tribes of a network that were found last, the largest first."""
    return await uow.rows(
        TribeRow,
        f"SELECT {_TRIBE} FROM tribe WHERE network_id = %s AND withdrawn_at IS NULL ORDER BY size DESC, id",
        (uow.network_id,),
    )


async def last_finding(uow: UnitOfWork) -> FindingRow | None:
    """Return the last finding of a network."""
    return await uow.row(
        FindingRow,
        """
        SELECT found_at, people, newcomers, tribes FROM tribe_finding
        WHERE network_id = %s ORDER BY found_at DESC LIMIT 1
        """,
        (uow.network_id,),
    )


_MEMBER = "SELECT subject_id, tribe_id, probability, shares, since FROM tribe_member"


async def members(uow: UnitOfWork) -> list[MemberRow]:
    """Return everybody whom the last finding placed."""
    return await uow.rows(MemberRow, f"{_MEMBER} WHERE network_id = %s", (uow.network_id,))


@dataclass(frozen=True, slots=True)
class OwnRow(TribeRow):
    """The tribe of a person, and how they were placed."""

    probability: float | None
    shares: list[int]
    since: datetime


async def of_subject(uow: UnitOfWork, subject_id: UUID) -> OwnRow | None:
    """Return the tribe of a person."""
    return await uow.row(
        OwnRow,
        """
        SELECT t.id, t.name, t.rule, t.apart, t.centre, t.size, t.stability, t.found_at, t.seen_at, t.withdrawn_at,
               m.probability, m.shares, m.since
        FROM tribe_member m JOIN tribe t ON t.network_id = m.network_id AND t.id = m.tribe_id
        WHERE m.network_id = %s AND m.subject_id = %s AND t.withdrawn_at IS NULL
        """,
        (uow.network_id, subject_id),
    )


@dataclass(frozen=True, slots=True)
class _Placed:
    subject_id: UUID


async def of_tribe(uow: UnitOfWork, tribe_id: UUID) -> list[UUID]:
    """Return the subjects of a tribe that was not withdrawn."""
    rows = await uow.rows(
        _Placed,
        """
        SELECT m.subject_id
        FROM tribe_member m JOIN tribe t ON t.network_id = m.network_id AND t.id = m.tribe_id
        WHERE m.network_id = %s AND m.tribe_id = %s AND t.withdrawn_at IS NULL
        """,
        (uow.network_id, tribe_id),
    )
    return [row.subject_id for row in rows]


async def save_finding(uow: UnitOfWork, found: FindingRow) -> None:
    """Note that people were looked at."""
    await uow.execute(
        "INSERT INTO tribe_finding (network_id, found_at, people, newcomers, tribes) VALUES (%s, %s, %s, %s, %s)",
        (uow.network_id, found.found_at, found.people, found.newcomers, found.tribes),
    )


async def save_tribes(uow: UnitOfWork, found: Sequence[TribeRow], at: datetime) -> None:
    """Write the tribes of a finding over those they continue, and withdraw those that were not found again."""
    await uow.execute(
        """
        INSERT INTO tribe (network_id, id, name, rule, apart, centre, size, stability, found_at, seen_at)
        SELECT %(network)s, t.* FROM unnest(%(ids)s, %(names)s::jsonb[], %(rules)s::jsonb[], %(aparts)s::jsonb[],
            %(centres)s::jsonb[], %(sizes)s::integer[], %(stabilities)s::real[], %(found)s::timestamptz[],
            %(seen)s::timestamptz[]) AS t
        ON CONFLICT (network_id, id) DO UPDATE
        SET name = excluded.name, rule = excluded.rule, apart = excluded.apart, centre = excluded.centre,
            size = excluded.size, stability = excluded.stability, seen_at = excluded.seen_at, withdrawn_at = NULL
        """,
        {
            "network": uow.network_id,
            "ids": pack_uuids([one.id for one in found]),
            "names": [_json(one.name) for one in found],
            "rules": [_json(one.rule) for one in found],
            "aparts": [_json(one.apart) for one in found],
            "centres": [_json(one.centre) for one in found],
            "sizes": [one.size for one in found],
            "stabilities": [one.stability for one in found],
            "found": [one.found_at for one in found],
            "seen": [one.seen_at for one in found],
        },
    )
    await uow.execute(
        "UPDATE tribe SET withdrawn_at = %s WHERE network_id = %s AND withdrawn_at IS NULL AND NOT id = ANY(%s)",
        (at, uow.network_id, pack_uuids([one.id for one in found])),
    )


async def save_members(uow: UnitOfWork, placed: Sequence[MemberRow], at: datetime) -> None:
    """Put these in place of everybody who was in a tribe; who stays in theirs keeps since when.

    Whoever was erased meanwhile has no key any more, and is left out. `since` of the rows is not looked at. Announces
    `tribe_changed` with the subjects of those who are in another tribe now, or in one or none for the first time.
    """
    before = {row.subject_id: row.tribe_id for row in await members(uow)}
    now = {row.subject_id: row.tribe_id for row in placed}
    uow.record("tribe_changed", [one for one in before.keys() | now.keys() if before.get(one) != now.get(one)])
    await uow.execute(
        """
        INSERT INTO tribe_member AS old (network_id, subject_id, tribe_id, probability, shares, since, placed_at)
        SELECT %(network)s, t.subject_id, t.tribe_id, t.probability, t.shares::smallint[], %(at)s, %(at)s
        FROM unnest(%(subjects)s, %(tribes)s, %(probabilities)s::real[], %(shares)s::text[])
             AS t (subject_id, tribe_id, probability, shares)
        JOIN member_key k ON k.network_id = %(network)s AND k.subject_id = t.subject_id
        ON CONFLICT (network_id, subject_id) DO UPDATE
        SET tribe_id = excluded.tribe_id, probability = excluded.probability, shares = excluded.shares,
            placed_at = excluded.placed_at,
            since = CASE WHEN old.tribe_id = excluded.tribe_id THEN old.since ELSE excluded.since END
        """,
        {
            "network": uow.network_id,
            "at": at,
            "subjects": pack_uuids([one.subject_id for one in placed]),
            "tribes": pack_uuids([one.tribe_id for one in placed]),
            "probabilities": [one.probability for one in placed],
            "shares": ["{" + ",".join(map(str, one.shares)) + "}" for one in placed],
        },
    )
    await uow.execute("DELETE FROM tribe_member WHERE network_id = %s AND placed_at <> %s", (uow.network_id, at))


async def week_counted(uow: UnitOfWork, week: date) -> bool:
    """Say whether a week was counted already."""
    return await week_of_any(uow, week) is not None


async def week_of_any(uow: UnitOfWork, week: date) -> WeekRow | None:
    """Return what was counted of a week for any merchant."""
    return await uow.row(
        WeekRow,
        "SELECT week, state, counted_at FROM tribe_week WHERE network_id = %s AND week = %s LIMIT 1",
        (uow.network_id, week),
    )


async def save_week(uow: UnitOfWork, states: dict[UUID, str], week: WeekRow) -> None:
    """Write that a week was counted for these merchants, each with its outcome; what stands already stays."""
    await uow.execute(
        """
        INSERT INTO tribe_week (network_id, merchant_id, week, state, counted_at)
        SELECT %(network)s, t.merchant_id, %(week)s, t.state, %(at)s
        FROM unnest(%(merchants)s, %(states)s::text[]) AS t (merchant_id, state)
        ON CONFLICT DO NOTHING
        """,
        {
            "network": uow.network_id,
            "week": week.week,
            "at": week.counted_at,
            "merchants": pack_uuids(list(states)),
            "states": list(states.values()),
        },
    )


async def save_reach(uow: UnitOfWork, week: date, rows: Sequence[tuple[UUID, ReachRow]]) -> None:
    """Write what merchants are told of a week, once."""
    await uow.execute(
        """
        INSERT INTO tribe_reach (network_id, merchant_id, week, tribe_id, people, per_cent, name, rule, apart)
        SELECT %(network)s, t.merchant_id, %(week)s, t.tribe_id, t.people, t.per_cent, t.name, t.rule, t.apart
        FROM unnest(%(merchants)s, %(tribes)s, %(people)s::integer[], %(per_cents)s::smallint[], %(names)s::jsonb[],
                    %(rules)s::jsonb[], %(aparts)s::jsonb[])
             AS t (merchant_id, tribe_id, people, per_cent, name, rule, apart)
        """,
        {
            "network": uow.network_id,
            "week": week,
            "merchants": pack_optional_uuids([merchant for merchant, _ in rows]),
            "tribes": pack_uuids([row.tribe_id for _, row in rows]),
            "people": [row.people for _, row in rows],
            "per_cents": [row.per_cent for _, row in rows],
            "names": [_json(row.name) for _, row in rows],
            "rules": [_json(row.rule) for _, row in rows],
            "aparts": [_json(row.apart) for _, row in rows],
        },
    )


async def last_week(uow: UnitOfWork, merchant_id: UUID) -> WeekRow | None:
    """Return what was counted last for a merchant."""
    return await uow.row(
        WeekRow,
        """
        SELECT week, state, counted_at FROM tribe_week
        WHERE network_id = %s AND merchant_id = %s ORDER BY week DESC LIMIT 1
        """,
        (uow.network_id, merchant_id),
    )


async def reach(uow: UnitOfWork, merchant_id: UUID, week: date) -> list[ReachRow]:
    """Return what a merchant is told of a week, the largest tribe first."""
    return await uow.rows(
        ReachRow,
        """
        SELECT tribe_id, people, per_cent, name, rule, apart FROM tribe_reach
        WHERE network_id = %s AND merchant_id = %s AND week = %s ORDER BY people DESC, tribe_id
        """,
        (uow.network_id, merchant_id, week),
    )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
