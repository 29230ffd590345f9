"""What people are expected to want, in PostgreSQL: made anew as a whole, and read by person or by shop."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from ringmain.kit.db import Pending, UnitOfWork, pack_uuids

# A statement takes so many rows at once.
_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is expected of everybody: `subject`, `shop`, `place` (1 to 10), chances and whether they were there before.

    One entry per person and shop in every column.
    """

    subject: Sequence[UUID]
    shop: Sequence[UUID]
    place: NDArray[np.int64]
    next_chance: NDArray[np.float64]
    week_chance: NDArray[np.float64]
    been: NDArray[np.bool_]


async def clear(uow: UnitOfWork) -> None:
    """Forget what is expected in a network."""
    await uow.execute("DELETE FROM need WHERE network_id = %s", (uow.network_id,))


# Who was erased since the forecast began is left out; the lock keeps the others' keys until the rows stand.
_ADD = """
    INSERT INTO need (network_id, subject_id, shop_id, place, next_chance, week_chance, been, model_id, made_at)
    SELECT %(network)s, t.subject_id, t.shop_id, t.place, t.next_chance, t.week_chance, t.been, %(model)s, %(at)s
    FROM unnest(%(subjects)s, %(shops)s, %(places)s::smallint[], %(next)s::real[], %(week)s::real[],
                %(been)s::boolean[]) AS t (subject_id, shop_id, place, next_chance, week_chance, been)
    JOIN (
        SELECT subject_id FROM member_key
        WHERE network_id = %(network)s AND subject_id = ANY(%(subjects)s) FOR KEY SHARE
    ) AS k ON k.subject_id = t.subject_id
"""


async def replace(uow: UnitOfWork, wanted: Wanted, model_id: UUID, made_at: datetime) -> None:
    """Put what is expected now in place of what was expected before, in this transaction."""
    await clear(uow)
    for rows in _parts(len(wanted.subject)):
        await uow.execute(
            _ADD,
            {
                "network": uow.network_id,
                "model": model_id,
                "at": made_at,
                "subjects": pack_uuids(wanted.subject[rows]),
                "shops": pack_uuids(wanted.shop[rows]),
                "places": wanted.place[rows].tolist(),
                "next": wanted.next_chance[rows].tolist(),
                "week": wanted.week_chance[rows].tolist(),
                "been": wanted.been[rows].tolist(),
            },
        )


def _parts(rows: int) -> Iterator[slice]:
    return (slice(begin, begin + _ROWS) for begin in range(0, rows, _ROWS))


@dataclass(frozen=True, slots=True)
class Need:
    """A shop that a person may want next.

    `next_chance`: that their next visit is there, if one comes within a week; `week_chance`: that they come there
    within a week.
    """

    shop_id: UUID
    next_chance: float
    week_chance: float
    been: bool
    made_at: datetime


# Of merged subjects each may have rows, until the next forecast makes one person of them: the greater chance counts.
_OF_PERSON = """
    SELECT DISTINCT ON (shop_id) shop_id, next_chance, week_chance, been, made_at FROM need
    WHERE network_id = %s AND subject_id = ANY(%s) AND made_at > %s
    ORDER BY shop_id, next_chance DESC
"""


async def of_person(uow: UnitOfWork, subject_ids: Sequence[UUID], since: datetime) -> Pending[Need]:
    """Ask what is expected of a person by forecasts made after `since`, by shop."""
    return await uow.start(Need, _OF_PERSON, (uow.network_id, pack_uuids(subject_ids), since))


@dataclass(frozen=True, slots=True)
class WeekChance:
    """That a person comes to a shop within a week."""

    subject_id: UUID
    shop_id: UUID
    week_chance: float


_OF_PEOPLE = """
    SELECT subject_id, shop_id, week_chance FROM need
    WHERE network_id = %s AND subject_id = ANY(%s) AND made_at > %s ORDER BY subject_id, shop_id
"""


async def of_people(uow: UnitOfWork, subject_ids: Sequence[UUID], since: datetime) -> list[WeekChance]:
    """Return what is expected of many people by forecasts made after `since`."""
    return await uow.rows(WeekChance, _OF_PEOPLE, (uow.network_id, pack_uuids(subject_ids), since))


@dataclass(frozen=True, slots=True, eq=False)
class WeekColumns:
    """That people come to shops within a week: `subject` and `shop` (rows,) V16, `week_chance` (rows,) float64."""

    subject: NDArray[np.void]
    shop: NDArray[np.void]
    week_chance: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Packed:
    subject: bytes | None
    shop: bytes | None
    week_chance: bytes | None


_PACKED = """
    SELECT string_agg(uuid_send(subject_id), ''::bytea) AS subject, string_agg(uuid_send(shop_id), ''::bytea) AS shop,
           string_agg(float4send(week_chance), ''::bytea) AS week_chance
    FROM need WHERE network_id = %s AND subject_id = ANY(%s) AND made_at > %s
"""


async def columns_of_people(uow: UnitOfWork, subject_ids: Sequence[UUID], since: datetime) -> WeekColumns:
    """Return what `of_people` does as columns, in no order: without an object for each."""
    row = await uow.row(_Packed, _PACKED, (uow.network_id, pack_uuids(subject_ids), since))
    assert row is not None
    chances = np.frombuffer(row.week_chance or b"", dtype=">f4").astype(np.float64)
    return WeekColumns(np.frombuffer(row.subject or b"", "V16"), np.frombuffer(row.shop or b"", "V16"), chances)


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """A person by subject."""

    subject_id: UUID


# That somebody comes to one of the shops at least, where visits to each are taken to be independent.
_LIKELY = """
    SELECT subject_id FROM need
    WHERE network_id = %s AND shop_id = ANY(%s) AND made_at > %s
    GROUP BY subject_id HAVING 1 - exp(sum(ln(1 - least(week_chance, 0.999)::float8))) >= %s
    ORDER BY subject_id
"""


async def likely(uow: UnitOfWork, shop_ids: Sequence[UUID], since: datetime, chance: float) -> list[UUID]:
    """Return who comes to one of these shops within a week with such a chance at least."""
    rows = await uow.rows(SubjectRow, _LIKELY, (uow.network_id, pack_uuids(shop_ids), since, chance))
    return [row.subject_id for row in rows]


@dataclass(frozen=True, slots=True)
class ChanceRow:
    """That somebody comes within a week."""

    week_chance: float


async def chances_at(
    uow: UnitOfWork, shop_ids: Sequence[UUID], since: datetime, limit: int, *, been: bool | None
) -> list[float]:
    """Return with what chances people come to shops within a week, of so many of them at most.

    `been`: only of those who were there before, or never; None: of both.
    """
    query = """
        SELECT week_chance FROM need
        WHERE network_id = %s AND shop_id = ANY(%s) AND made_at > %s AND been = coalesce(%s, been)
        ORDER BY shop_id, subject_id LIMIT %s
    """
    rows = await uow.rows(ChanceRow, query, (uow.network_id, pack_uuids(shop_ids), since, been, limit))
    return [row.week_chance for row in rows]


@dataclass(frozen=True, slots=True)
class AheadRow:
    """How many visits are expected of the people who know a shop."""

    shop_id: UUID
    expected: float
    made_at: datetime


_AHEAD = """
    SELECT shop_id, sum(week_chance::float8) AS expected, max(made_at) AS made_at FROM need
    WHERE network_id = %s AND shop_id = ANY(%s) AND been AND made_at > %s
    GROUP BY shop_id HAVING count(*) >= %s
"""


async def ahead(uow: UnitOfWork, shop_ids: Sequence[UUID], since: datetime, least_people: int) -> list[AheadRow]:
    """Return what is expected at shops within a week, where it rests on so many people."""
    return await uow.rows(AheadRow, _AHEAD, (uow.network_id, pack_uuids(shop_ids), since, least_people))


@dataclass(frozen=True, slots=True)
class TrafficRow:
    """What is expected at a shop from `first_day` on; the lists are empty where it is too early to say."""

    shop_id: UUID
    merchant_id: UUID
    days_known: int
    made_by: str | None
    first_day: date
    expected: list[float]
    low: list[float]
    high: list[float]
    last_week: list[int]
    made_at: datetime


async def replace_traffic(uow: UnitOfWork, rows: Sequence[TrafficRow]) -> None:
    """Put what is expected at shops in place of what was expected before."""
    await uow.execute(
        """
        INSERT INTO traffic_forecast (network_id, shop_id, merchant_id, days_known, made_by, first_day, expected, low,
                                      high, last_week, made_at)
        SELECT %(network)s, t.shop_id, t.merchant_id, t.days_known, t.made_by, t.first_day, t.expected::real[],
               t.low::real[], t.high::real[], t.last_week::integer[], t.made_at
        FROM unnest(%(shops)s, %(merchants)s, %(known)s::integer[], %(makers)s::text[], %(firsts)s::date[],
                    %(expected)s::text[], %(lows)s::text[], %(highs)s::text[], %(weeks)s::text[], %(at)s::timestamptz[])
             AS t (shop_id, merchant_id, days_known, made_by, first_day, expected, low, high, last_week, made_at)
        ON CONFLICT (network_id, shop_id) DO UPDATE
        SET days_known = excluded.days_known, made_by = excluded.made_by, first_day = excluded.first_day,
            expected = excluded.expected, low = excluded.low, high = excluded.high, last_week = excluded.last_week,
            made_at = excluded.made_at
        """,
        {
            "network": uow.network_id,
            "shops": pack_uuids([row.shop_id for row in rows]),
            "merchants": pack_uuids([row.merchant_id for row in rows]),
            "known": [row.days_known for row in rows],
            "makers": [row.made_by for row in rows],
            "firsts": [row.first_day for row in rows],
            "expected": [_array(row.expected) for row in rows],
            "lows": [_array(row.low) for row in rows],
            "highs": [_array(row.high) for row in rows],
            "weeks": [_array(row.last_week) for row in rows],
            "at": [row.made_at for row in rows],
        },
    )


def _array(numbers: Sequence[float]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"


async def traffic(uow: UnitOfWork, shop_ids: Sequence[UUID]) -> list[TrafficRow]:
    """Return what is expected at shops, in no order."""
    return await uow.rows(
        TrafficRow,
        """
        SELECT shop_id, merchant_id, days_known, made_by, first_day, expected, low, high, last_week, made_at
        FROM traffic_forecast WHERE network_id = %s AND shop_id = ANY(%s)
        """,
        (uow.network_id, pack_uuids(shop_ids)),
    )
