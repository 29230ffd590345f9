"""What may be won at a scene now, as it is published there; and what somebody has won there in this period."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from ringmain.campaign.games import store
from ringmain.campaign.games.choices import shown_chances
from ringmain.campaign.games.choose import Won
from ringmain.campaign.games.manage import Published, list_games, read_game
from ringmain.campaign.games.model import Game, Prize, expected_plays, packed
from ringmain.campaign.games.table import Table, odds_of, periods_of
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.clock import microseconds
from ringmain.voucher import api as voucher
from ringmain.voucher.api import PublishedOffer

_SHOWN_HOURS = timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class Chance:
    """A prize of a game at one scene: its share of the next plays there (0 to 1), and how many are left.

    The shares of all prizes sum to 1 where anything can be won; where winners choose, a share is the probability that
    the prize is among those that they choose from. What stands in has a share once the rest is gone.
    """

    prize: Prize
    offer: PublishedOffer
    left: int
    share: float


@dataclass(frozen=True, slots=True)
class AtScene:
    """A game at one scene of it; `playing` between its beginning and its end, while anything is left for the scene."""

    game: Game
    scene_id: UUID
    chances: tuple[Chance, ...]
    playing: bool


async def game_at(uow: UnitOfWork, scene_id: UUID) -> AtScene | None:
    """Return what may be won now in the game of a scene, by the table that plays are decided on; None without a game.

    Prizes that lead to the scene's own shop or to a rival are not won there, and are left out.
    """
    where = await store.game_of_scene(uow, scene_id)
    if where is None:
        return None
    game = await store.read_game(uow, where.game_id)
    assert game is not None  # its scene refers to it
    asking = await store.prizes_of(uow, [game.id])
    scenes = await (await store.scenes_of(uow, [game.id])).all()
    prizes = [row.prize() for row in await asking.all()]
    lots = await voucher.look_at_lots(uow, [prize.lot_id for prize in prizes])
    open_lots = [lots[prize.lot_id] for prize in prizes]
    offers = await voucher.read_offers(uow, [prize.offer_id for prize in prizes])
    now = await uow.now()
    row = [one.scene_id for one in scenes].index(scene_id)
    odds, stand_ins, clash = await odds_of(uow, Table(game, prizes, scenes, np.array([row])), open_lots)
    left = np.array([voucher.issuable(one, microseconds(now)) for one in open_lots], dtype=np.int64)
    weights = np.where(left > 0, odds[row], 0.0)
    if not weights.any():
        weights[np.flatnonzero(stand_ins[row] & (left > 0))[:1]] = 1.0
    total = float(weights.sum())
    shares = shown_chances(weights, clash, game.choices)
    chances = tuple(
        Chance(prize, offers[prize.offer_id], int(left[place]), float(shares[place]))
        for place, prize in enumerate(prizes)
        if odds[row, place] > 0 or stand_ins[row, place]
    )
    in_time = game.closed_at is None and game.starts_at <= now < game.ends_at
    return AtScene(game, scene_id, chances, playing=in_time and total > 0)


async def played_at(uow: UnitOfWork, game: Game, scene_id: UUID, subject_ids: Collection[UUID]) -> Won | None:
    """Return what one of these subjects (all of one person) has won in a game's scene in this period; None: nothing."""
    if not subject_ids:
        return None
    count = len(subject_ids)
    period = await periods_of(uow, game, np.array([microseconds(await uow.now())]))
    rows: Sequence[store.PlayedRow] = await store.played(
        uow, np.repeat(packed([scene_id]), count), np.repeat(period, count), packed(list(subject_ids))
    )
    if not rows:
        return None
    prizes = {row.place: row.prize() for row in await (await store.prizes_of(uow, [game.id])).all()}
    return Won(game, prizes[rows[0].place], rows[0].voucher_id, scene_id, again=True)


@dataclass(frozen=True, slots=True)
class Outlook:
    """How a game goes on at the rate of its last day: plays so far, plays expected until its end, and when it runs out.

    `prizes_until` and `all_until` (with what stands in) are None where it lasts to the end.
    """

    plays: int
    expected: int
    prizes_until: datetime | None
    all_until: datetime | None


async def outlook(uow: UnitOfWork, published: Published) -> Outlook:
    """Return how a game goes on, as its alarms foresee it."""
    game, now = published.game, await uow.now()
    lots = await voucher.read_lots(uow, [one.lot_id for one in published.prizes])
    total = sum(lot.issued + lot.kept for lot in lots.values())
    before = {row.hour: row.plays_before for row in await store.hours_of(uow, game.id, now - _SHOWN_HOURS)}
    ends_at = now if game.closed_at is not None else game.ends_at
    expected = expected_plays(before, total, now, ends_at)
    prizes = sum(published.left[one.place] for one in published.prizes if not one.stand_in)
    spare = sum(published.left[one.place] for one in published.prizes if one.stand_in)

    def until(left: int) -> datetime | None:
        return None if left >= expected else now + (ends_at - now) * (left / expected)

    return Outlook(total, expected, until(prizes), until(prizes + spare))


@dataclass(frozen=True, slots=True)
class RunningLow:
    """A game whose prizes, or (`nothing_left`) not even what stands in, last until before its end."""

    game: Game
    until: datetime
    nothing_left: bool


async def running_low(uow: UnitOfWork) -> list[RunningLow]:
    """Return the games that are played now and will run out at the rate of their last day, the soonest first."""
    now, found = await uow.now(), []
    for game in await list_games(uow):
        if game.closed_at is None and game.starts_at <= now < game.ends_at:
            ahead = await outlook(uow, await read_game(uow, game.id))
            until = ahead.all_until or ahead.prizes_until
            if until is not None:
                found.append(RunningLow(game, until, ahead.all_until is not None))
    return sorted(found, key=lambda one: (not one.nothing_left, one.until))
