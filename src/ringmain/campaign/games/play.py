"""Play: thousands at once or one, in a constant number of statements; who may play wins, and wins once."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import numpy as np
import numpy.typing as npt

from ringmain.campaign.errors import GameEmpty, GameUnknown, NotPlaying, TouchUnknown
from ringmain.campaign.games import store
from ringmain.campaign.games.choices import Bools, further
from ringmain.campaign.games.choose import Choosing, Won, choosing_at
from ringmain.campaign.games.limits import Win, count_wins, not_for
from ringmain.campaign.games.model import (
    NO_PRIZE,
    alarms,
    chance_of,
    decide,
    expected_plays,
    packed,
    stand_in,
)
from ringmain.campaign.games.store import Alarm, HourRow, PlayColumns
from ringmain.campaign.games.store import choices as choice_store
from ringmain.campaign.games.store.choices import ChoiceRow
from ringmain.campaign.games.table import EPOCH, HOUR_US, Table, odds_of, periods_of
from ringmain.campaign.model import KEPT_FOR
from ringmain.campaign.service import serve
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.clock import microseconds
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.id_columns import RANDOM_BYTES, uuid7s
from ringmain.member import api as member
from ringmain.member.errors import MemberUnknown
from ringmain.scene import api as scene
from ringmain.voucher import api as voucher

Ids = npt.NDArray[np.void]
Int64s = npt.NDArray[np.int64]

_SHOWN_HOURS = timedelta(hours=26)
_ZEROS = np.zeros(1, dtype="V16")


@dataclass(frozen=True, slots=True)
class Plays:
    """Plays in order of arrival, one element each: ids are UUIDs as V16, times UTC microseconds since 1970.

    Nobody wins one of `without_offers`, unless it stands in. `voucher_ids` are given by replays only; else they are
    made here, and so is the chance that they carry.
    """

    scene_ids: Ids
    subject_ids: Ids
    at_us: Int64s
    touch_ids: Ids | None = None
    voucher_ids: Ids | None = None
    without_offers: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Played:
    """What became of plays, one element each: the voucher that was won, and which prize of its game it is (`place`).

    Where a winner may choose, the prize is what is kept for them meanwhile; the voucher is there once it is settled.

    `again` marks people who had played here in this period: their first play is the answer. `refused` has the rule for
    each play that is not allowed, by its number; its `place` is 0.
    """

    voucher_ids: Ids
    place: Int64s
    again: npt.NDArray[np.bool_]
    refused: dict[int, RuleBroken]


async def play_game(uow: UnitOfWork, touch_id: UUID, member_id: UUID) -> Won | Choosing:
    """Let a member play the game of the scene that a touch has met: a batch of one. Asked again, the first answer.

    `Choosing` where they may choose what they have won: see `choose`.

    Raises `TouchUnknown`, `MemberUnknown`, `GameUnknown`, `NotPlaying`, `GameEmpty`, or `CapReached` where they may be
    given nothing more today; then nothing was won, and they have not played.
    """
    known = (await member.subjects(uow, [member_id]))[0]
    if known is None:
        raise MemberUnknown()
    touches = await scene.touches(uow, [touch_id])
    if not touches:
        raise TouchUnknown()
    scene_id = touches[0].scene_id
    now = await uow.now()
    at_us = np.array([microseconds(now)])
    games = await store.lock_games(uow, packed([scene_id]))
    if not games:
        raise GameUnknown()
    game = games[0]
    if (waiting := await choosing_at(uow, scene_id, known.subject_ids)) is not None:
        return waiting
    prizes = {row.place: row.prize() for row in await (await store.prizes_of(uow, [game.id])).all()}
    # Who was merged with somebody has played where either of them has.
    period, count = await periods_of(uow, game, at_us), len(known.subject_ids)
    rows = await store.played(
        uow, np.repeat(packed([scene_id]), count), np.repeat(period, count), packed(list(known.subject_ids))
    )
    if rows:
        return Won(game, prizes[rows[0].place], rows[0].voucher_id, scene_id, again=True)
    shop_id = touches[0].shop_id
    without = frozenset[UUID]()
    if game.closed_at is None and game.starts_at <= now < game.ends_at:
        without = await not_for(uow, known, list(prizes.values()), shop_id, now)
        # The odds of a game are published, the same for everybody: of a plan only what is no prize is felt here.
        await serve.first_offers(uow, known, touches[0], now)
    own = Plays(packed([scene_id]), packed([known.subject_id]), at_us, packed([touch_id]), without_offers=without)
    done = await play(uow, own)
    if done.refused:
        raise done.refused[0]
    if (waiting := await choosing_at(uow, scene_id, known.subject_ids)) is not None:
        return waiting
    prize, voucher_id = prizes[int(done.place[0])], UUID(bytes=done.voucher_ids[0].tobytes())
    await count_wins(uow, [Win(voucher_id, prize.offer_id, known.subject_id, shop_id, now)])
    return Won(game, prize, voucher_id, scene_id, again=False)


async def play(uow: UnitOfWork, plays: Plays) -> Played:
    """Play in order of arrival; an allowed play always wins, and a person wins once per scene and period.

    Whoever has played there in this period gets that play again. A play is refused where no game is played at the scene
    (`GameUnknown`), at another time than the game's (`NotPlaying`), or where nothing is left at all (`GameEmpty`), of
    which the operator was told while it could still be helped. Locks are taken in one order: games, then lots.
    Announces `grant` and `game_running_low`.

    Caps are neither asked nor counted here: they are one person's, under locks of that person and of merchants, which
    `play_game` takes. A batch is a replay, or made-up people by the million in networks that have no caps; what
    nobody in it wins is named by `without_offers`.
    """
    count = len(plays.scene_ids)
    done = Played(
        # Made here, and by nobody who plays: their random bits are also the chance of a play.
        uuid7s(plays.at_us, os.urandom(RANDOM_BYTES * count))
        if plays.voucher_ids is None
        else plays.voucher_ids.copy(),
        np.zeros(count, dtype=np.int64),
        np.zeros(count, dtype=np.bool_),
        {},
    )
    if not count:
        return done
    games = await store.lock_games(uow, np.array(sorted(set(plays.scene_ids.tolist())), dtype="V16"))
    ids = [game.id for game in games]
    asking = await store.scenes_of(uow, ids)
    prizes = await (await store.prizes_of(uow, ids)).all()
    scenes = await asking.all()
    numbers = {one.scene_id.bytes: number for number, one in enumerate(scenes)}
    number = np.array([numbers.get(one, -1) for one in plays.scene_ids.tolist()], dtype=np.int64)
    for place in np.flatnonzero(number < 0).tolist():
        done.refused[place] = GameUnknown()
    for game in games:
        rows = [row.prize() for row in prizes if row.game_id == game.id]
        here = [place for place, one in enumerate(scenes) if one.game_id == game.id]
        own = np.flatnonzero(np.isin(number, here))
        if len(own):
            table = Table(game, rows, scenes, number)
            await _play_one_game(uow, table, plays, own, done)
    return done


async def _play_one_game(uow: UnitOfWork, table: Table, plays: Plays, own: Int64s, done: Played) -> None:
    """Play what of a batch (the places `own`) belongs to one game, and write it."""
    game = table.game
    closes = game.ends_at if game.closed_at is None else min(game.closed_at, game.ends_at)
    at_us = plays.at_us[own]
    in_time = (at_us >= microseconds(game.starts_at)) & (at_us < microseconds(closes))
    for place in own[~in_time].tolist():
        done.refused[place] = NotPlaying(starts_at=game.starts_at, ends_at=closes)
    own = own[in_time]
    periods = await periods_of(uow, game, plays.at_us[own])
    own, periods, repeats = await _without_repeats(uow, plays, own, periods, done, choices=game.choices > 1)
    if len(own):
        await _decide(uow, table, plays, own, periods, done)
    for place, before in repeats:
        if before in done.refused:
            done.refused[place] = done.refused[before]
        else:
            done.voucher_ids[place], done.place[place] = done.voucher_ids[before], done.place[before]
            done.again[place] = True


async def _decide(uow: UnitOfWork, table: Table, plays: Plays, own: Int64s, periods: Int64s, done: Played) -> None:
    """Decide the plays at the places `own`, each the first of its person, scene and period, and write them."""
    lots = await voucher.lock_lots(uow, [prize.lot_id for prize in table.prizes])
    open_lots = [lots[prize.lot_id] for prize in table.prizes]
    latest = int(plays.at_us[own].max())
    left = np.array([voucher.issuable(one, latest) for one in open_lots], dtype=np.int64)
    odds, stand_ins, clash = await odds_of(uow, table, open_lots)
    if plays.without_offers:
        odds = odds * np.array([prize.offer_id not in plays.without_offers for prize in table.prizes])
    row = table.scene_of_play[own]
    drawn = stand_in(stand_ins, row, decide(odds, row, left, chance_of(done.voucher_ids[own])), left)
    won = drawn != NO_PRIZE
    for place in own[~won].tolist():
        done.refused[place] = GameEmpty()
    own, periods, drawn, row = own[won], periods[won], drawn[won], row[won]
    done.place[own] = drawn + 1
    after = left - np.bincount(drawn, minlength=len(left))
    shown = _to_choose(table, np.where(after > 0, odds, 0.0), clash, done.voucher_ids[own], (row, drawn))
    at_once = np.array([place not in shown for place in range(len(own))], dtype=np.bool_)
    if shown:
        await _keep(uow, table, plays, (own, periods, drawn), done, shown)
    await _write(uow, table, open_lots, plays, (own[at_once], periods[at_once], drawn[at_once]), done)
    played = sum(one.lot.issued + one.lot.kept for one in open_lots)
    await _foresee(uow, table, played, after, plays.at_us[own])


def _to_choose(
    table: Table, odds: npt.NDArray[np.float64], clash: Bools, ids: Ids, decided: tuple[Int64s, Int64s]
) -> dict[int, list[int]]:
    """Return, by the number of each play whose person may choose, the places of the prizes; what was drawn is first.

    What stands in is alone: there is nothing else left.
    """
    if table.game.choices == 1:
        return {}
    shown = {}
    for number, (row, column) in enumerate(zip(*(one.tolist() for one in decided), strict=True)):
        if not table.prizes[column].stand_in:
            columns = further(ids[number].tobytes(), column, odds[row], clash, table.game.choices)
            if len(columns) > 1:
                shown[number] = [table.prizes[one].place for one in columns]
    return shown


async def _keep(
    uow: UnitOfWork,
    table: Table,
    plays: Plays,
    decided: tuple[Int64s, Int64s, Int64s],
    done: Played,
    shown: dict[int, list[int]],
) -> None:
    """Keep what was drawn by those who may choose (the numbers of `shown`), and write what they choose among."""
    own, periods, drawn = decided
    rows, kept = [], {prize.lot_id: 0 for prize in table.prizes}
    for number, places in shown.items():
        place = own[number]
        kept[table.prizes[drawn[number]].lot_id] += 1
        at = EPOCH + timedelta(microseconds=int(plays.at_us[place]))
        touch = _ZEROS[0] if plays.touch_ids is None else plays.touch_ids[place]
        rows.append(
            ChoiceRow(
                id=UUID(bytes=done.voucher_ids[place].tobytes()),
                game_id=table.game.id,
                scene_id=table.scenes[table.scene_of_play[place]].scene_id,
                period=int(periods[number]),
                subject_id=UUID(bytes=plays.subject_ids[place].tobytes()),
                touch_id=UUID(bytes=touch.tobytes()),
                places=places,
                drawn_at=at,
                until=at + KEPT_FOR,
            )
        )
    await voucher.keep(uow, kept)
    await choice_store.add_choices(uow, rows)


async def _without_repeats(
    uow: UnitOfWork, plays: Plays, own: Int64s, periods: Int64s, done: Played, *, choices: bool
) -> tuple[Int64s, Int64s, list[tuple[int, int]]]:
    """Answer those who have played before with that play; return who has not, and repeats as (place, first place)."""
    known = [*await store.played(uow, plays.scene_ids[own], periods, plays.subject_ids[own])]
    if choices:
        known += await choice_store.open_of(uow, plays.scene_ids[own], periods, plays.subject_ids[own])
    for row in known:
        place = own[row.number]
        done.voucher_ids[place] = np.void(row.voucher_id.bytes)
        done.place[place] = row.place
        done.again[place] = True
    fresh = ~done.again[own]
    own, periods = own[fresh], periods[fresh]
    keys = np.empty(len(own), dtype=[("scene", "V16"), ("subject", "V16"), ("period", "<i8")])
    keys["scene"], keys["subject"], keys["period"] = plays.scene_ids[own], plays.subject_ids[own], periods
    rows: list[bytes] = keys.view(f"V{keys.dtype.itemsize}").tolist()
    if len(set(rows)) == len(rows):
        return own, periods, []
    first: dict[bytes, int] = {}
    repeats: list[tuple[int, int]] = []
    kept = np.ones(len(own), dtype=np.bool_)
    for number, key in enumerate(rows):
        before = first.setdefault(key, number)
        if before != number:
            kept[number] = False
            repeats.append((int(own[number]), int(own[before])))
    return own[kept], periods[kept], repeats


async def _write(
    uow: UnitOfWork,
    table: Table,
    lots: Sequence[voucher.OpenLot],
    plays: Plays,
    decided: tuple[Int64s, Int64s, Int64s],
    done: Played,
) -> None:
    """Issue the vouchers of decided plays (their places, periods and prizes), and write the plays."""
    own, periods, drawn = decided
    if not len(own):
        return
    count = len(own)
    shops = np.frombuffer(b"".join((one.shop_id or UUID(int=0)).bytes for one in table.scenes), dtype="V16")
    issued = voucher.Issue(
        ids=done.voucher_ids[own],
        subject_ids=plays.subject_ids[own],
        sender_shop_ids=shops[table.scene_of_play[own]],
        lot=drawn,
        at_us=plays.at_us[own],
    )
    await voucher.issue(uow, lots, issued)
    columns = PlayColumns(
        scene_ids=plays.scene_ids[own],
        periods=periods,
        subject_ids=plays.subject_ids[own],
        game_ids=np.repeat(packed([table.game.id]), count),
        voucher_ids=done.voucher_ids[own],
        touch_ids=np.repeat(_ZEROS, count) if plays.touch_ids is None else plays.touch_ids[own],
        places=drawn + 1,
    )
    await store.add_plays(uow, columns)


async def _foresee(uow: UnitOfWork, table: Table, played: int, left: Int64s, at_us: Int64s) -> None:
    """Tell the operator, once a day, that prizes will not last at the rate of the last day's plays.

    `played` had played before this batch: what the lots count, so that no play has to update a counter of its own. The
    first play of an hour writes how many there were.
    """
    if not len(at_us):
        return
    game = table.game
    now = EPOCH + timedelta(microseconds=int(at_us.max()))
    known = {row.hour: row.plays_before for row in await store.hours_of(uow, game.id, now - _SHOWN_HOURS)}
    fresh = [row for row in _hours(at_us, played) if row.hour not in known]
    if fresh:
        await store.add_hours(uow, game.id, fresh)
    before = known | {row.hour: row.plays_before for row in fresh}
    expected = expected_plays(before, played + len(at_us), now, game.ends_at)
    standing_in = np.array([prize.stand_in for prize in table.prizes])
    prizes_left, stand_ins_left = int(left[~standing_in].sum()), int(left[standing_in].sum())
    for kind in alarms(expected, prizes_left, stand_ins_left):
        left_over = prizes_left if kind == "prizes" else prizes_left + stand_ins_left
        day = int(at_us.max()) // (24 * HOUR_US)
        alarm = Alarm(game_id=game.id, kind=kind, day=day, left_over=left_over, expected=expected, told_at=now)
        if await store.add_alarm(uow, alarm):
            uow.record("game_running_low", [game.id])


def _hours(at_us: Int64s, played: int) -> list[HourRow]:
    """Return how many had played when each hour of a batch began, in which it has plays."""
    hours, counts = np.unique(at_us // HOUR_US, return_counts=True)
    before = played + np.concatenate(([0], np.cumsum(counts)[:-1]))
    return [
        HourRow(EPOCH + timedelta(hours=hour), number)
        for hour, number in zip(hours.tolist(), before.tolist(), strict=True)
    ]
