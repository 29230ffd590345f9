"""Wins that wait for their person's choice, in PostgreSQL."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
import numpy.typing as npt

from ringmain.campaign.games.store import PlayedRow
from ringmain.kit.db import UnitOfWork, pack_int8, pack_timestamps, pack_uuids
from ringmain.kit.pure.clock import microseconds

_COLUMNS = "id, game_id, scene_id, period, subject_id, touch_id, places, drawn_at, until, settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceRow:
    """A win with the prizes (places of its game) that its person may choose; the first is kept for them."""

    id: UUID
    game_id: UUID
    scene_id: UUID
    period: int
    subject_id: UUID
    touch_id: UUID | None
    places: Sequence[int]
    drawn_at: datetime
    until: datetime
    settled: bool = False


_ADD = """
    INSERT INTO game_choice (network_id, id, game_id, scene_id, period, subject_id, touch_id, places, drawn_at, until)
    SELECT %(network)s, id, game, scene, period, subject, nullif(touch, '00000000-0000-0000-0000-000000000000'),
           array_remove(ARRAY[first, second, third], 0), drawn, until
    FROM unnest(%(ids)s, %(games)s, %(scenes)s, %(periods)s, %(subjects)s, %(touches)s, %(first)s::smallint[],
                %(second)s::smallint[], %(third)s::smallint[], %(drawn)s, %(until)s)
         AS t (id, game, scene, period, subject, touch, first, second, third, drawn, until)
"""


async def add_choices(uow: UnitOfWork, rows: Sequence[ChoiceRow]) -> None:
    """Write wins that wait; a second one of a person, scene and period is refused."""
    shown = [(*row.places, 0, 0)[:3] for row in rows]
    params = {
        "network": uow.network_id,
        "ids": pack_uuids([row.id for row in rows]),
        "games": pack_uuids([row.game_id for row in rows]),
        "scenes": pack_uuids([row.scene_id for row in rows]),
        "periods": pack_int8(row.period for row in rows),
        "subjects": pack_uuids([row.subject_id for row in rows]),
        "touches": pack_uuids([row.touch_id or UUID(int=0) for row in rows]),
        "drawn": pack_timestamps(microseconds(row.drawn_at) for row in rows),
        "until": pack_timestamps(microseconds(row.until) for row in rows),
    }
    places = {name: pack_int8(one[place] for one in shown) for place, name in enumerate(("first", "second", "third"))}
    await uow.execute(_ADD, params | places)


_OPEN = """
    SELECT t.number - 1 AS number, c.id AS voucher_id, c.places[1] AS place
    FROM unnest(%(scenes)s, %(periods)s, %(subjects)s) WITH ORDINALITY AS t (scene, period, subject, number)
    JOIN game_choice c ON c.network_id = %(network)s AND c.scene_id = t.scene AND c.period = t.period
         AND c.subject_id = t.subject AND NOT c.settled
"""


async def open_of(
    uow: UnitOfWork, scenes: npt.NDArray[np.void], periods: npt.NDArray[np.int64], subjects: npt.NDArray[np.void]
) -> list[PlayedRow]:
    """Return which of these people have won at these scenes in these periods and have not chosen yet: what is kept."""
    params = {
        "network": uow.network_id,
        "scenes": pack_uuids(scenes),
        "periods": pack_int8(periods),
        "subjects": pack_uuids(subjects),
    }
    return await uow.rows(PlayedRow, _OPEN, params)


async def read_choice(uow: UnitOfWork, id_: UUID) -> ChoiceRow | None:
    """Return a win with what may be, or could be, chosen."""
    query = f"SELECT {_COLUMNS} FROM game_choice WHERE network_id = %s AND id = %s"
    return await uow.row(ChoiceRow, query, (uow.network_id, id_))


async def waiting_for(uow: UnitOfWork, scene_id: UUID, subject_ids: Collection[UUID]) -> ChoiceRow | None:
    """Return the oldest win of a person (all of their subjects) at a scene that waits for a choice."""
    query = f"""
        SELECT {_COLUMNS} FROM game_choice
        WHERE network_id = %s AND scene_id = %s AND subject_id = ANY(%s) AND NOT settled ORDER BY drawn_at, id LIMIT 1
    """
    return await uow.row(ChoiceRow, query, (uow.network_id, scene_id, pack_uuids(list(subject_ids))))


@dataclass(frozen=True, slots=True)
class _Game:
    game_id: UUID


async def games_due(uow: UnitOfWork, now: datetime) -> list[UUID]:
    """Return the games in which the time of a choice is over."""
    query = """
        SELECT DISTINCT game_id FROM game_choice WHERE network_id = %s AND until <= %s AND NOT settled ORDER BY game_id
    """
    return [row.game_id for row in await uow.rows(_Game, query, (uow.network_id, now))]


async def open_in(uow: UnitOfWork, game_id: UUID, until: datetime | None, limit: int) -> list[ChoiceRow]:
    """Return the wins of a game, which is locked, that wait: those whose time is over at `until`, or (None) all."""
    query = f"""
        SELECT {_COLUMNS} FROM game_choice
        WHERE network_id = %(network)s AND game_id = %(game)s AND NOT settled
          AND (%(until)s::timestamptz IS NULL OR until <= %(until)s) ORDER BY until, id LIMIT %(limit)s
    """
    params = {"network": uow.network_id, "game": game_id, "until": until, "limit": limit}
    return await uow.rows(ChoiceRow, query, params)


async def settle(uow: UnitOfWork, ids: Sequence[UUID]) -> None:
    """Note that wins are settled: their plays and vouchers are written in the same transaction."""
    query = "UPDATE game_choice SET settled = true WHERE network_id = %s AND id = ANY(%s)"
    await uow.execute(query, (uow.network_id, pack_uuids(ids)))


@dataclass(frozen=True, slots=True)
class _Audit:
    looked_at: int
    faults: list[str] | None


_UNLIKE = """
    WITH judged AS (
        SELECT c.id::text AS name,
               CASE WHEN c.settled <> (p.voucher_id IS NOT NULL) THEN 'is settled without a play, or played unsettled'
                    WHEN p.voucher_id <> c.id OR NOT p.place = ANY(c.places) THEN 'became another play than it offered'
               END AS fault
        FROM game_choice c
        LEFT JOIN play p ON p.network_id = c.network_id AND p.scene_id = c.scene_id AND p.period = c.period
             AND p.subject_id = c.subject_id
        WHERE c.network_id = %(network)s
        UNION ALL
        SELECT z.lot_id::text, CASE WHEN l.kept <> count(c.id) THEN 'keeps another number than wait for a choice' END
        FROM game_prize z JOIN lot l ON l.network_id = z.network_id AND l.id = z.lot_id
        LEFT JOIN game_choice c ON c.network_id = z.network_id AND c.game_id = z.game_id AND c.places[1] = z.place
             AND NOT c.settled
        WHERE z.network_id = %(network)s GROUP BY z.lot_id, l.kept
    )
    SELECT count(*) AS looked_at, (array_agg(name || ': ' || fault) FILTER (WHERE fault IS NOT NULL))[1:20] AS faults
    FROM judged
"""


async def choices_unlike_their_plays(uow: UnitOfWork) -> tuple[int, Sequence[str]]:
    """Return how many choices and lots were looked at, and what does not fit together: a full scan, for `verify`."""
    row = await uow.row(_Audit, _UNLIKE, {"network": uow.network_id})
    assert row is not None
    return row.looked_at, row.faults or []
