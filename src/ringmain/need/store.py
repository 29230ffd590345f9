"""What people are expected to want, in PostgreSQL: made anew as a whole, and read by person or by shop."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
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
