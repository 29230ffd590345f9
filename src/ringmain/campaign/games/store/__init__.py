"""Games and plays in PostgreSQL: a constant number of statements per batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
import numpy.typing as npt

from ringmain.campaign.games.model import AlarmKind, Game, GameScene, Prize
from ringmain.kit.db import Pending, UnitOfWork, pack_int8, pack_timestamps, pack_uuids
from ringmain.kit.pure.clock import microseconds
from ringmain.kit.pure.id_columns import order_by

_GAME = "id, kind, name, period, starts_at, ends_at, opened_at, closed_at, choices"
_ADD_GAME = f"INSERT INTO game (network_id, {_GAME}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
_ADD_PRIZES = """
    INSERT INTO game_prize (network_id, game_id, place, offer_id, lot_id, odds, stock)
    SELECT %s, %s, t.* FROM unnest(%s, %s, %s, %s, %s) AS t
"""
# A scene whose game is over may get the next one; whose game is not, keeps it.
_LEAVE_SCENES = """
    UPDATE game_scene AS s SET current = false FROM game g
    WHERE s.network_id = %(network)s AND s.scene_id = ANY(%(scenes)s) AND s.current
      AND g.network_id = s.network_id AND g.id = s.game_id AND (g.closed_at IS NOT NULL OR g.ends_at <= %(now)s)
"""
_ADD_SCENES = """
    INSERT INTO game_scene (network_id, game_id, scene_id, shop_id)
    SELECT %(network)s, %(game)s, t.scene, t.shop FROM unnest(%(scenes)s, %(shops)s::uuid[]) AS t (scene, shop)
    ORDER BY t.scene
    ON CONFLICT (network_id, scene_id) WHERE current DO NOTHING RETURNING scene_id AS id
"""


@dataclass(frozen=True, slots=True)
class _Id:
    id: UUID


async def add_game(uow: UnitOfWork, game: Game, prizes: Sequence[Prize]) -> None:
    """Write a game and its prizes."""
    values = (game.id, game.kind, game.name, game.period, game.starts_at, game.ends_at, game.opened_at, game.closed_at)
    await uow.execute(_ADD_GAME, (uow.network_id, *values, game.choices))
    params = (
        uow.network_id,
        game.id,
        pack_int8(prize.place for prize in prizes),
        pack_uuids([prize.offer_id for prize in prizes]),
        pack_uuids([prize.lot_id for prize in prizes]),
        pack_int8(prize.odds for prize in prizes),
        pack_int8(prize.stock for prize in prizes),
    )
    await uow.execute(_ADD_PRIZES, params)


async def add_scenes(uow: UnitOfWork, game_id: UUID, shops: Mapping[UUID, UUID | None], now: datetime) -> set[UUID]:
    """Play a game at scenes (each with its shop); returns those at which no other game is still played."""
    params = {
        "network": uow.network_id,
        "game": game_id,
        "scenes": pack_uuids(list(shops)),
        "shops": list(shops.values()),
        "now": now,
    }
    await uow.execute(_LEAVE_SCENES, params)
    return {row.id for row in await uow.rows(_Id, _ADD_SCENES, params)}


_LOCK_GAMES = f"""
    SELECT {_GAME} FROM game WHERE network_id = %(network)s AND id IN (
        SELECT game_id FROM game_scene WHERE network_id = %(network)s AND scene_id = ANY(%(scenes)s) AND current)
    ORDER BY id FOR NO KEY UPDATE
"""


async def lock_games(uow: UnitOfWork, scene_ids: npt.NDArray[np.void]) -> list[Game]:
    """Lock the games of scenes, in the order of their ids: one batch at a time plays a game."""
    return await uow.rows(Game, _LOCK_GAMES, {"network": uow.network_id, "scenes": pack_uuids(scene_ids)})


async def lock_game(uow: UnitOfWork, game_id: UUID) -> Game | None:
    """Lock a game."""
    query = f"SELECT {_GAME} FROM game WHERE network_id = %s AND id = %s FOR NO KEY UPDATE"
    return await uow.row(Game, query, (uow.network_id, game_id))


async def read_game(uow: UnitOfWork, game_id: UUID) -> Game | None:
    """Return a game."""
    return await uow.row(Game, f"SELECT {_GAME} FROM game WHERE network_id = %s AND id = %s", (uow.network_id, game_id))


async def list_games(uow: UnitOfWork, limit: int) -> list[Game]:
    """Return the games that were opened last."""
    query = f"SELECT {_GAME} FROM game WHERE network_id = %s ORDER BY opened_at DESC, id LIMIT %s"
    return await uow.rows(Game, query, (uow.network_id, limit))


async def scenes_of(uow: UnitOfWork, game_ids: Sequence[UUID]) -> Pending[GameScene]:
    """Ask for the scenes of games."""
    query = """
        SELECT scene_id, game_id, shop_id FROM game_scene
        WHERE network_id = %s AND game_id = ANY(%s) AND current ORDER BY scene_id
    """
    return await uow.start(GameScene, query, (uow.network_id, pack_uuids(game_ids)))


async def scenes_of_any_time(uow: UnitOfWork, game_id: UUID) -> list[GameScene]:
    """Return every scene at which a game is or was played."""
    query = "SELECT scene_id, game_id, shop_id FROM game_scene WHERE network_id = %s AND game_id = %s"
    return await uow.rows(GameScene, query, (uow.network_id, game_id))


async def game_of_scene(uow: UnitOfWork, scene_id: UUID) -> GameScene | None:
    """Return which game is played at a scene."""
    query = "SELECT scene_id, game_id, shop_id FROM game_scene WHERE network_id = %s AND scene_id = %s AND current"
    return await uow.row(GameScene, query, (uow.network_id, scene_id))


@dataclass(frozen=True, slots=True)
class PrizeRow:
    """One prize of a game."""

    game_id: UUID
    place: int
    offer_id: UUID
    lot_id: UUID
    odds: int
    stock: int

    def prize(self) -> Prize:
        """Return the prize."""
        return Prize(self.place, self.offer_id, self.lot_id, self.odds, self.stock)


async def prizes_of(uow: UnitOfWork, game_ids: Sequence[UUID]) -> Pending[PrizeRow]:
    """Ask for the prizes of games, game by game, in the order of their places."""
    query = """
        SELECT game_id, place, offer_id, lot_id, odds, stock FROM game_prize
        WHERE network_id = %s AND game_id = ANY(%s) ORDER BY game_id, place
    """
    return await uow.start(PrizeRow, query, (uow.network_id, pack_uuids(game_ids)))


async def close_game(uow: UnitOfWork, game_id: UUID, at: datetime) -> None:
    """Note that a game was closed; the first time stays."""
    query = "UPDATE game SET closed_at = %s WHERE network_id = %s AND id = %s AND closed_at IS NULL"
    await uow.execute(query, (at, uow.network_id, game_id))


@dataclass(frozen=True, slots=True)
class PlayedRow:
    """A play that was made before; `number` is its place in the question."""

    number: int
    voucher_id: UUID
    place: int


# One look at the key per play, whatever is known of the table: planned while it is empty, a plain join would read every
# play of the network for each one that is asked for.
_PLAYED = """
    SELECT t.number, p.voucher_id, p.place
    FROM unnest(%(scenes)s, %(periods)s::integer[], %(subjects)s) WITH ORDINALITY AS t (scene, period, subject, number)
    CROSS JOIN LATERAL (
        SELECT voucher_id, place FROM play
        WHERE network_id = %(network)s AND scene_id = t.scene AND period = t.period AND subject_id = t.subject LIMIT 1
    ) AS p
"""


async def played(
    uow: UnitOfWork, scenes: npt.NDArray[np.void], periods: npt.NDArray[np.int64], subjects: npt.NDArray[np.void]
) -> list[PlayedRow]:
    """Return which of these people have played at these scenes in these periods; `number` counts from 0."""
    order = order_by(scenes, periods, subjects)
    params = {
        "network": uow.network_id,
        "scenes": pack_uuids(scenes[order]),
        "periods": pack_int8(periods[order]),
        "subjects": pack_uuids(subjects[order]),
    }
    rows = await uow.rows(PlayedRow, _PLAYED, params)
    return [PlayedRow(int(order[row.number - 1]), row.voucher_id, row.place) for row in rows]


@dataclass(frozen=True, slots=True)
class PlayColumns:
    """Plays to be written, one element each; ids as V16. `touch_ids` are zeros where no touch was recorded."""

    scene_ids: npt.NDArray[np.void]
    periods: npt.NDArray[np.int64]
    subject_ids: npt.NDArray[np.void]
    game_ids: npt.NDArray[np.void]
    voucher_ids: npt.NDArray[np.void]
    touch_ids: npt.NDArray[np.void]
    places: npt.NDArray[np.int64]


_ADD_PLAYS = """
    INSERT INTO play (network_id, scene_id, period, subject_id, game_id, voucher_id, touch_id, place)
    SELECT %(network)s, scene, period, subject, game, voucher, nullif(touch, '00000000-0000-0000-0000-000000000000'),
           place
    FROM unnest(%(scenes)s, %(periods)s, %(subjects)s, %(games)s, %(vouchers)s, %(touches)s, %(places)s)
         AS t (scene, period, subject, game, voucher, touch, place)
"""


async def add_plays(uow: UnitOfWork, plays: PlayColumns) -> None:
    """Write plays; the key refuses a second one of a person, scene and period."""
    order = order_by(plays.scene_ids, plays.periods, plays.subject_ids)
    await uow.execute(
        _ADD_PLAYS,
        {
            "network": uow.network_id,
            "scenes": pack_uuids(plays.scene_ids[order]),
            "periods": pack_int8(plays.periods[order]),
            "subjects": pack_uuids(plays.subject_ids[order]),
            "games": pack_uuids(plays.game_ids[order]),
            "vouchers": pack_uuids(plays.voucher_ids[order]),
            "touches": pack_uuids(plays.touch_ids[order]),
            "places": pack_int8(plays.places[order]),
        },
    )


@dataclass(frozen=True, slots=True)
class HourRow:
    """How many had played a game when an hour began in which it was played."""

    hour: datetime
    plays_before: int


_ADD_HOURS = """
    INSERT INTO game_hour (network_id, game_id, hour, plays_before)
    SELECT %s, %s, t.* FROM unnest(%s, %s) AS t ON CONFLICT DO NOTHING
"""


async def add_hours(uow: UnitOfWork, game_id: UUID, rows: Sequence[HourRow]) -> None:
    """Write how many had played a game, which is locked, when hours began; the first of an hour stays."""
    params = (
        uow.network_id,
        game_id,
        pack_timestamps(microseconds(one.hour) for one in rows),
        pack_int8(one.plays_before for one in rows),
    )
    await uow.execute(_ADD_HOURS, params)


async def hours_of(uow: UnitOfWork, game_id: UUID, since: datetime) -> list[HourRow]:
    """Return the hours since a time in which a game was played, the oldest first."""
    query = """
        SELECT hour, plays_before FROM game_hour WHERE network_id = %s AND game_id = %s AND hour >= %s ORDER BY hour
    """
    return await uow.rows(HourRow, query, (uow.network_id, game_id, since))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """The operator was told that prizes will not last; `left_over` were left for `expected` plays."""

    game_id: UUID
    kind: AlarmKind
    day: int
    left_over: int
    expected: int
    told_at: datetime


_ADD_ALARM = """
    INSERT INTO game_alarm (network_id, game_id, kind, day, left_over, expected, told_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING game_id AS id
"""


async def add_alarm(uow: UnitOfWork, alarm: Alarm) -> bool:
    """Write an alarm; False where the operator was told so today."""
    values = (alarm.game_id, alarm.kind, alarm.day, alarm.left_over, alarm.expected, alarm.told_at)
    return await uow.row(_Id, _ADD_ALARM, (uow.network_id, *values)) is not None


async def alarms_of(uow: UnitOfWork, game_id: UUID) -> list[Alarm]:
    """Return what the operator was told of a game, the oldest first."""
    query = """
        SELECT game_id, kind, day, left_over, expected, told_at FROM game_alarm
        WHERE network_id = %s AND game_id = %s ORDER BY told_at, kind
    """
    return await uow.rows(Alarm, query, (uow.network_id, game_id))


@dataclass(frozen=True, slots=True)
class _Audit:
    looked_at: int
    faults: list[str] | None


# What a play names and is not there is a fault too. An outer join is also read in order, and not play by play.
_UNLIKE = """
    WITH judged AS (
        SELECT p.voucher_id, v.subject_id = p.subject_id AND v.origin_kind = 'lot' AND v.origin_id = z.lot_id
               AND v.offer_id = z.offer_id AS alike
        FROM play p
        LEFT JOIN voucher v ON v.network_id = p.network_id AND v.id = p.voucher_id
        LEFT JOIN game_prize z ON z.network_id = p.network_id AND z.game_id = p.game_id AND z.place = p.place
        WHERE p.network_id = %(network)s
    )
    SELECT count(*) AS looked_at,
           (array_agg(voucher_id::text || ': is not what the play won') FILTER (WHERE alike IS NOT TRUE))[1:20]
           || CASE WHEN count(*) <> count(DISTINCT voucher_id) THEN ARRAY['two plays name one voucher'] END AS faults
    FROM judged
"""


async def plays_unlike_their_vouchers(uow: UnitOfWork) -> tuple[int, Sequence[str]]:
    """Return how many plays there are, and those whose voucher is not theirs: a full scan, for `verify`."""
    row = await uow.row(_Audit, _UNLIKE, {"network": uow.network_id})
    assert row is not None
    return row.looked_at, row.faults or []
