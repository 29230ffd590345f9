"""Choose one of the prizes that were drawn; whoever does not is given the first of them, so nothing is ever lost."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np

from ringmain.campaign import caps
from ringmain.campaign import store as campaign_store
from ringmain.campaign.errors import CapReached, GameUnknown, PrizeGone, PrizeNotDrawn
from ringmain.campaign.games import store
from ringmain.campaign.games.limits import Win, count_wins
from ringmain.campaign.games.model import Game, Prize, packed
from ringmain.campaign.games.store import PlayColumns
from ringmain.campaign.games.store import choices as choice_store
from ringmain.campaign.games.store.choices import ChoiceRow
from ringmain.campaign.model import play_day
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.clock import microseconds
from ringmain.member import api as member
from ringmain.member.api import Known
from ringmain.network import api as network
from ringmain.voucher import api as voucher

_BATCH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Choosing:
    """A win that waits for its person, until `until`: then the first of `prizes`, which is kept for them, is theirs.

    The others can be chosen as long as there are any: `gone` has the places of those that there are no more.
    """

    id: UUID
    game: Game
    scene_id: UUID
    touch_id: UUID | None
    prizes: tuple[Prize, ...]
    gone: frozenset[int]
    until: datetime


@dataclass(frozen=True, slots=True)
class Won:
    """One play of a member: its game, the voucher that it won, and whether it had been won before."""

    game: Game
    prize: Prize
    voucher_id: UUID
    scene_id: UUID
    again: bool


async def choosing_at(uow: UnitOfWork, scene_id: UUID, subject_ids: Collection[UUID]) -> Choosing | None:
    """Return what one of these subjects (all of one person) has won at a scene and may choose; None: nothing waits."""
    row = await choice_store.waiting_for(uow, scene_id, subject_ids) if subject_ids else None
    return None if row is None else await read_choosing(uow, row)


async def read_choosing(uow: UnitOfWork, row: ChoiceRow) -> Choosing:
    """Return a win that waits, with which of its prizes are left now."""
    game = await store.read_game(uow, row.game_id)
    assert game is not None  # the choice refers to it
    prizes = {one.place: one.prize() for one in await (await store.prizes_of(uow, [game.id])).all()}
    shown = tuple(prizes[place] for place in row.places)
    lots = await voucher.look_at_lots(uow, [prize.lot_id for prize in shown])
    now_us = microseconds(await uow.now())
    gone = {prize.place for prize in shown[1:] if not voucher.issuable(lots[prize.lot_id], now_us)}
    return Choosing(
        id=row.id,
        game=game,
        scene_id=row.scene_id,
        touch_id=row.touch_id,
        prizes=shown,
        gone=frozenset(gone),
        until=row.until,
    )


async def touch_of_choice(uow: UnitOfWork, choice_id: UUID) -> UUID | None:
    """Return the touch by which somebody came to a win. Raises `GameUnknown` where there is no such win."""
    row = await choice_store.read_choice(uow, choice_id)
    if row is None:
        raise GameUnknown()
    return row.touch_id


async def choose(uow: UnitOfWork, choice_id: UUID, member_id: UUID, place: int) -> Won:
    """Take one of the prizes of a win; it is decided once: asked again, the first answer, whatever is asked for.

    Raises `GameUnknown` where no such win is this member's, `PrizeNotDrawn`, or `PrizeGone` where another one is left
    to be chosen: then nothing has changed, and what is kept is kept. Announces `grant`.
    """
    known = (await member.subjects(uow, [member_id]))[0]
    row = await choice_store.read_choice(uow, choice_id)
    if row is None or known is None or row.subject_id not in known.subject_ids:
        raise GameUnknown()
    game = await store.lock_game(uow, row.game_id)
    assert game is not None  # the choice refers to it
    # Under the lock of its game: who else has settled it since?
    row = await choice_store.read_choice(uow, choice_id)
    assert row is not None  # choices are never deleted
    prizes = {one.place: one.prize() for one in await (await store.prizes_of(uow, [game.id])).all()}
    if row.settled:
        periods = np.array([row.period])
        done = await store.played(uow, packed([row.scene_id]), periods, packed([row.subject_id]))
        return Won(game, prizes[done[0].place], row.id, row.scene_id, again=True)
    if place not in row.places:
        raise PrizeNotDrawn()
    if place != row.places[0]:
        await _check_caps(uow, known, row, prizes, place)
    await _give(uow, [row], [place], prizes)
    return Won(game, prizes[place], row.id, row.scene_id, again=False)


async def _check_caps(uow: UnitOfWork, known: Known, row: ChoiceRow, prizes: dict[int, Prize], place: int) -> None:
    """Raise `PrizeGone` where a prize that is not the kept one is of a merchant whose cap has filled meanwhile.

    What is kept has counted since it was won. Of one merchant's prizes one takes the other's place: nothing is added.
    """
    offers = await voucher.read_offers(uow, [prizes[one].offer_id for one in row.places])
    owner_id = offers[prizes[place].offer_id].creator_merchant_id
    await campaign_store.lock_person(uow, known.subject_id)
    if owner_id == offers[prizes[row.places[0]].offer_id].creator_merchant_id:
        return
    day = play_day(await uow.now(), (await network.network_of(uow)).time_zone)
    try:
        await caps.check_owner(uow, known, owner_id, day)
    except CapReached as full:
        others = [prizes[one].offer_id for one in row.places if one != place]
        raise PrizeGone(offer_ids=others) from full


async def settle_choices(uow: UnitOfWork) -> int:
    """Give everybody whose time to choose is over what was kept for them; returns how many. Announces `grant`."""
    now, given = await uow.now(), 0
    for game_id in await choice_store.games_due(uow, now):
        given += await settle_game(uow, game_id, now)
    return given


async def settle_game(uow: UnitOfWork, game_id: UUID, until: datetime | None) -> int:
    """Give what was kept in a game, for those whose time is over at `until`, or (None) for all; returns how many."""
    await store.lock_game(uow, game_id)
    prizes = {one.place: one.prize() for one in await (await store.prizes_of(uow, [game_id])).all()}
    given = 0
    while rows := await choice_store.open_in(uow, game_id, until, _BATCH):
        await _give(uow, rows, [row.places[0] for row in rows], prizes)
        given += len(rows)
    return given


async def _give(uow: UnitOfWork, rows: Sequence[ChoiceRow], places: Sequence[int], prizes: dict[int, Prize]) -> None:
    """Settle wins of one game, which is locked, with the prizes at `places`; what was kept and is not taken is left."""
    lots = await voucher.lock_lots(uow, sorted({prizes[place].lot_id for row in rows for place in row.places}))
    now_us = microseconds(await uow.now())
    kept: dict[UUID, int] = {}
    for row, place in zip(rows, places, strict=True):
        kept_lot = prizes[row.places[0]].lot_id
        # What is kept was won, even where its offer has paused since; the others have to be there.
        if place != row.places[0] and not voucher.issuable(lots[prizes[place].lot_id], now_us):
            offers = [prizes[one].offer_id for one in row.places if one != place]
            raise PrizeGone(offer_ids=offers)
        kept[kept_lot] = kept.get(kept_lot, 0) - 1
    await voucher.keep(uow, kept)
    ids = list(lots)
    shops = {one.scene_id: one.shop_id for one in await store.scenes_of_any_time(uow, rows[0].game_id)}
    taken = np.array(places, dtype=np.int64)
    subjects = packed([row.subject_id for row in rows])
    vouchers = packed([row.id for row in rows])
    issued = voucher.Issue(
        ids=vouchers,
        subject_ids=subjects,
        sender_shop_ids=packed([shops[row.scene_id] or UUID(int=0) for row in rows]),
        lot=np.array([ids.index(prizes[place].lot_id) for place in places], dtype=np.int64),
        at_us=np.array([microseconds(row.drawn_at) for row in rows], dtype=np.int64),
    )
    await voucher.issue(uow, [lots[id_] for id_ in ids], issued)
    columns = PlayColumns(
        scene_ids=packed([row.scene_id for row in rows]),
        periods=np.array([row.period for row in rows], dtype=np.int64),
        subject_ids=subjects,
        game_ids=packed([row.game_id for row in rows]),
        voucher_ids=vouchers,
        touch_ids=packed([row.touch_id or UUID(int=0) for row in rows]),
        places=taken,
    )
    await store.add_plays(uow, columns)
    await choice_store.settle(uow, [row.id for row in rows])
    wins = [
        Win(row.id, prizes[place].offer_id, row.subject_id, shops[row.scene_id], row.drawn_at)
        for row, place in zip(rows, places, strict=True)
    ]
    await count_wins(uow, wins)
