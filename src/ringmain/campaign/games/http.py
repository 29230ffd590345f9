"""Requests, answers and routes of games: the operator opens, fills up and closes them; everybody may read the odds."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.campaign import errors
from ringmain.campaign.games import manage, play
from ringmain.campaign.games.manage import Published
from ringmain.campaign.games.model import AlarmKind, Game, GameKind, NewGame, NewPrize, Period
from ringmain.campaign.scope import own_touch
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Count, Listed, Name, Request, Role, Route, Time
from ringmain.kit.http.route import EVERYBODY
from ringmain.member.errors import MemberUnknown
from ringmain.scene.errors import SceneUnknown
from ringmain.voucher.errors import FundsInsufficient, LotClosed, LotUnfit, OfferNotFound

_TAG = "games"
_OPERATOR: frozenset[Role] = frozenset({"operator"})
_PLAYERS: frozenset[Role] = frozenset({"operator", "terminal"})


class PrizeAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """A prize: `stock` vouchers of an offer, drawn in proportion to `odds`; 0 stands in when all else is gone."""

    offer_id: UUID
    odds: Annotated[int, Meta(ge=0, le=1_000_000)]
    stock: Count


class OpenGame(Request, frozen=True, kw_only=True):
    """A game to open. Its prizes and odds never change afterwards; more of a prize can be added."""

    kind: GameKind
    name: Name
    starts_at: Time
    ends_at: Time
    scene_ids: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=1_000)]
    prizes: Annotated[tuple[PrizeAsked, ...], Meta(min_length=2, max_length=100)]
    period: Annotated[Period, Meta(description="How often a person may play at a scene.")] = "day"


class AddStock(Request, frozen=True):
    """How many more of a prize, which is named by its place in the list."""

    place: Count
    more: Count


class PlayGame(Request, frozen=True):
    """Who plays, and how they came to the scene."""

    touch_id: UUID
    member_id: UUID


class GameShown(Struct, frozen=True, kw_only=True):
    """A game as it stands."""

    id: UUID
    kind: GameKind
    name: str
    period: Period
    starts_at: datetime
    ends_at: datetime
    closed_at: datetime | None


class PrizeShown(Struct, frozen=True):
    """A prize as it is published; `left` is a number of now."""

    place: int
    offer_id: UUID
    odds: int
    stock: int
    left: int
    stands_in: bool


class AlarmShown(Struct, frozen=True):
    """The operator was told that prizes (or not even what stands in) will not last for the plays to come."""

    kind: AlarmKind
    left_over: int
    expected: int
    told_at: datetime


class GamePublished(Struct, frozen=True):
    """A game with its scenes, its prizes, and what was said of their running out."""

    game: GameShown
    scene_ids: list[UUID]
    prizes: list[PrizeShown]
    alarms: list[AlarmShown]


class PlayShown(Struct, frozen=True):
    """What was won; `again` where it had been won before in this period."""

    game_id: UUID
    voucher_id: UUID
    offer_id: UUID
    place: int
    stands_in: bool
    again: bool


async def _open(uow: UnitOfWork, _: Call, body: OpenGame) -> GamePublished:
    new = NewGame(
        kind=body.kind,
        name=body.name,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        scene_ids=body.scene_ids,
        prizes=tuple(NewPrize(one.offer_id, one.odds, one.stock) for one in body.prizes),
        period=body.period,
    )
    game = await manage.open_game(uow, new)
    return _published(await manage.read_game(uow, game.id))


async def _list(uow: UnitOfWork, _: Call) -> Listed[GameShown]:
    return Listed([_shown(game) for game in await manage.list_games(uow)])


async def _read(uow: UnitOfWork, call: Call) -> GamePublished:
    return _published(await manage.read_game(uow, call.id("game_id")))


async def _add(uow: UnitOfWork, call: Call, body: AddStock) -> GamePublished:
    await manage.add_stock(uow, call.id("game_id"), body.place, body.more)
    return _published(await manage.read_game(uow, call.id("game_id")))


async def _close(uow: UnitOfWork, call: Call, _: None) -> GamePublished:
    await manage.close_game(uow, call.id("game_id"))
    return _published(await manage.read_game(uow, call.id("game_id")))


async def _play(uow: UnitOfWork, call: Call, body: PlayGame) -> PlayShown:
    await own_touch(uow, call, body.touch_id)
    won = await play.play_game(uow, body.touch_id, body.member_id)
    prize = won.prize
    return PlayShown(won.game.id, won.voucher_id, prize.offer_id, prize.place, prize.stand_in, won.again)


def _shown(game: Game) -> GameShown:
    return GameShown(
        id=game.id,
        kind=game.kind,
        name=game.name,
        period=game.period,
        starts_at=game.starts_at,
        ends_at=game.ends_at,
        closed_at=game.closed_at,
    )


def _published(one: Published) -> GamePublished:
    prizes = [
        PrizeShown(prize.place, prize.offer_id, prize.odds, prize.stock, one.left[prize.place], prize.stand_in)
        for prize in one.prizes
    ]
    alarms = [AlarmShown(alarm.kind, alarm.left_over, alarm.expected, alarm.told_at) for alarm in one.alarms]
    return GamePublished(_shown(one.game), [scene.scene_id for scene in one.scenes], prizes, alarms)


_ID = "018f4e3a-7c00-7a10-8000-000000000031"
_STAND_IN = "018f4e3a-7c00-7a10-8000-000000000032"
_AT = "2026-03-01T10:00:00Z"
_UNTIL = "2026-03-08T10:00:00Z"
_ASKED = {
    "kind": "wheel",
    "name": "Golden Week",
    "starts_at": _AT,
    "ends_at": _UNTIL,
    "scene_ids": [_ID],
    "prizes": [
        {"offer_id": _ID, "odds": 1, "stock": 100},
        {"offer_id": _STAND_IN, "odds": 0, "stock": 500},
    ],
    "period": "day",
}
_GAME = {
    "id": _ID,
    "kind": "wheel",
    "name": "Golden Week",
    "period": "day",
    "starts_at": _AT,
    "ends_at": _UNTIL,
    "closed_at": None,
}
_PUBLISHED = {
    "game": _GAME,
    "scene_ids": [_ID],
    "prizes": [
        {"place": 1, "offer_id": _ID, "odds": 1, "stock": 100, "left": 63, "stands_in": False},
        {"place": 2, "offer_id": _STAND_IN, "odds": 0, "stock": 500, "left": 500, "stands_in": True},
    ],
    "alarms": [],
}

ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/games",
        operation="open_game",
        summary="Open a game at scenes",
        description="The cost of all of its prizes is set aside at once, so that everybody who may play wins. At least "
        "one prize stands in (odds 0, paid by the network) for when all others are gone.",
        tag=_TAG,
        roles=_OPERATOR,
        handler=_open,
        request=OpenGame,
        response=GamePublished,
        status=HTTPStatus.CREATED,
        transaction="write",
        errors=(
            errors.GameInvalid,
            errors.SceneTaken,
            SceneUnknown,
            OfferNotFound,
            LotUnfit,
            FundsInsufficient,
        ),
        example=_ASKED,
        example_response=_PUBLISHED,
    ),
    Route(
        method="GET",
        path="/v1/games",
        operation="list_games",
        summary="List the games of the network, the newest first",
        tag=_TAG,
        roles=EVERYBODY,
        reads_as="network",
        handler=_list,
        response=Listed[GameShown],
        example_response={"items": [_GAME], "next": None},
    ),
    Route(
        method="GET",
        path="/v1/games/{game_id}",
        operation="read_game",
        summary="Read a game with its odds and what is left",
        tag=_TAG,
        roles=EVERYBODY,
        reads_as="network",
        handler=_read,
        response=GamePublished,
        errors=(errors.GameUnknown,),
        example_response=_PUBLISHED,
    ),
    Route(
        method="POST",
        path="/v1/games/{game_id}/stock",
        operation="add_game_stock",
        summary="Add vouchers to a prize of a game",
        description="What to do when `alarms` say that prizes will not last. Their cost is set aside at once.",
        tag=_TAG,
        roles=_OPERATOR,
        handler=_add,
        request=AddStock,
        response=GamePublished,
        transaction="write",
        errors=(errors.GameUnknown, errors.GameInvalid, LotClosed, LotUnfit, FundsInsufficient),
        example={"place": 1, "more": 100},
        example_response=_PUBLISHED,
    ),
    Route(
        method="POST",
        path="/v1/games/{game_id}/close",
        operation="close_game",
        summary="Close a game; what nobody has won goes back to who paid for it",
        description="Vouchers that were won stay valid. Closing twice changes nothing.",
        tag=_TAG,
        roles=_OPERATOR,
        handler=_close,
        response=GamePublished,
        transaction="write",
        errors=(errors.GameUnknown,),
        example_response=_PUBLISHED | {"game": _GAME | {"closed_at": _AT}},
    ),
    Route(
        method="POST",
        path="/v1/plays",
        operation="play_game",
        summary="Let a member play the game of the scene that they have met",
        description="Always wins. What, is decided here by the published odds, never by the caller. One play per "
        "person, scene and period: once more gives the first one.",
        tag=_TAG,
        roles=_PLAYERS,
        handler=_play,
        unaudited_because="a play is a grant, which is a fact of its own",
        request=PlayGame,
        response=PlayShown,
        status=HTTPStatus.CREATED,
        transaction="write",
        errors=(errors.TouchUnknown, errors.GameUnknown, errors.NotPlaying, errors.GameEmpty, MemberUnknown),
        example={"touch_id": _ID, "member_id": _ID},
        example_response={
            "game_id": _ID,
            "voucher_id": _ID,
            "offer_id": _ID,
            "place": 1,
            "stands_in": False,
            "again": False,
        },
    ),
)
