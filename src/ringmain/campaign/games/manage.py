"""Open a game, look at it, add to its prizes, close it: its whole cost is set aside before anybody plays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.campaign.errors import GameInvalid, GameUnknown, SceneTaken
from ringmain.campaign.games import store
from ringmain.campaign.games.choices import MOST_CHOICES
from ringmain.campaign.games.choose import settle_game
from ringmain.campaign.games.model import Game, GameScene, NewGame, Prize
from ringmain.campaign.games.store import Alarm
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7, uuid7_of
from ringmain.scene import api as scene
from ringmain.voucher import api as voucher

_MOST_PRIZES = 1_000
_MOST_GAMES = 200


@dataclass(frozen=True, slots=True)
class Published:
    """A game with all that is published of it: scenes, prizes with their odds, and how many of each place are left."""

    game: Game
    scenes: tuple[GameScene, ...]
    prizes: tuple[Prize, ...]
    left: dict[int, int]
    alarms: tuple[Alarm, ...]


async def open_game(uow: UnitOfWork, new: NewGame) -> Game:
    """Open a game at scenes, with the cost of all of its prizes set aside, in one transfer per prize.

    At least one prize has odds, and at least one stands in: odds 0, paid by the network. Raises `GameInvalid`,
    `SceneTaken`, `SceneUnknown`, or the rule by which a prize is refused (such as `FundsInsufficient`): whoever opened
    the transaction then keeps nothing of it. Announces `game_opened`.
    """
    now = await uow.now()
    _check(new, now)
    shops = {one.id: one.shop_id for one in await scene.scenes(uow, sorted(new.scene_ids))}
    offers = await voucher.read_offers(uow, [prize.offer_id for prize in new.prizes])
    for wanted in new.prizes:
        offer = offers.get(wanted.offer_id)
        if not wanted.odds and offer is not None and offer.funder_id != uow.network_id:
            raise GameInvalid(field="prizes", reason="What stands in is paid by the network itself.")
    game_id = new.id or uuid7(now)
    game = Game(
        id=game_id,
        kind=new.kind,
        name=new.name.strip(),
        period=new.period,
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        opened_at=now,
        choices=new.choices,
    )
    prizes = [
        Prize(place, one.offer_id, uuid7_of(now, game_id, place.to_bytes(2)), one.odds, one.stock)
        for place, one in enumerate(new.prizes, 1)
    ]
    for prize in prizes:
        answer = await voucher.order_lot(uow, prize.offer_id, prize.stock, prize.lot_id)
        if isinstance(answer, RuleBroken):
            raise answer
    await store.add_game(uow, game, prizes)
    taken = shops.keys() - await store.add_scenes(uow, game_id, shops, now)
    if taken:
        raise SceneTaken(scene_ids=sorted(taken))
    uow.record("game_opened", [game_id])
    return game


def _check(new: NewGame, now: datetime) -> None:
    if not new.name.strip():
        raise GameInvalid(field="name", reason="A game has a name.")
    if new.ends_at <= max(new.starts_at, now):
        raise GameInvalid(field="ends_at", reason="A game ends after its beginning, and after now.")
    if not new.scene_ids or len(set(new.scene_ids)) < len(new.scene_ids):
        raise GameInvalid(field="scene_ids", reason="Name each scene once, and at least one.")
    if not 0 < len(new.prizes) <= _MOST_PRIZES or len({one.offer_id for one in new.prizes}) < len(new.prizes):
        raise GameInvalid(field="prizes", reason=f"Name each offer once, and at most {_MOST_PRIZES}.")
    if any(one.odds < 0 or one.stock < 1 for one in new.prizes):
        raise GameInvalid(field="prizes", reason="Odds are zero or more, and of each prize there is at least one.")
    if not 1 <= new.choices <= MOST_CHOICES:
        raise GameInvalid(field="choices", reason=f"Winners choose one of at most {MOST_CHOICES}; 1 is no choice.")
    if {one.odds > 0 for one in new.prizes} != {True, False}:
        raise GameInvalid(field="prizes", reason="A game needs prizes with odds, and one without: it stands in.")


async def read_game(uow: UnitOfWork, game_id: UUID) -> Published:
    """Return a game as it is published. Raises `GameUnknown`."""
    game = await store.read_game(uow, game_id)
    if game is None:
        raise GameUnknown()
    scenes = await store.scenes_of(uow, [game_id])
    prizes = [row.prize() for row in await (await store.prizes_of(uow, [game_id])).all()]
    lots = await voucher.read_lots(uow, [prize.lot_id for prize in prizes])
    left = {prize.place: lots[prize.lot_id].left for prize in prizes}
    return Published(game, tuple(await scenes.all()), tuple(prizes), left, tuple(await store.alarms_of(uow, game_id)))


async def list_games(uow: UnitOfWork) -> Sequence[Game]:
    """Return the games of the network, the newest first."""
    return await store.list_games(uow, _MOST_GAMES)


async def add_stock(uow: UnitOfWork, game_id: UUID, place: int, more: int) -> None:
    """Add vouchers to a prize of a game, their cost set aside: what the operator does when told that it will not last.

    Raises `GameUnknown`, `LotClosed`, or the rule by which they are refused.
    """
    # The game first, as where somebody plays: one order of locks.
    if await store.lock_game(uow, game_id) is None:
        raise GameUnknown()
    prizes = {row.place: row for row in await (await store.prizes_of(uow, [game_id])).all()}
    if place not in prizes or more < 1:
        raise GameInvalid(field="place", reason="Name a prize of the game by its place, and how many more.")
    answer = await voucher.order_lot(uow, prizes[place].offer_id, more, prizes[place].lot_id)
    if isinstance(answer, RuleBroken):
        raise answer


async def close_game(uow: UnitOfWork, game_id: UUID) -> None:
    """Close a game: what nobody has won goes back to its funders. Closing twice changes nothing.

    Who has won and not chosen yet is given what is kept for them.

    Raises `GameUnknown`. Announces `game_closed`.
    """
    game = await store.lock_game(uow, game_id)
    if game is None:
        raise GameUnknown()
    if game.closed_at is not None:
        return
    await settle_game(uow, game_id, None)
    rows = await (await store.prizes_of(uow, [game_id])).all()
    await voucher.close_lots(uow, [row.lot_id for row in rows])
    await store.close_game(uow, game_id, await uow.now())
    uow.record("game_closed", [game_id])
