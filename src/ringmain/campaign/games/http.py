"""Requests, answers and routes of games: the operator opens, fills up and closes them; everybody may read the odds."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.campaign import errors
from ringmain.campaign.games import choose, manage, play
from ringmain.campaign.games.choices import MOST_CHOICES
from ringmain.campaign.games.choose import Choosing, Won
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
_AT_SCENE = (errors.TouchUnknown, errors.GameUnknown)


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
    choices: Annotated[
        int, Meta(ge=1, le=MOST_CHOICES, description="How many prizes a winner may choose among; 1 is no choice.")
    ] = 1


class AddStock(Request, frozen=True):
    """How many more of a prize, which is named by its place in the list."""

    place: Count
    more: Count


class PlayGame(Request, frozen=True):
    """Who plays, and how they came to the scene."""

    touch_id: UUID
    member_id: UUID


class ChoosePrize(Request, frozen=True):
    """Who has won, and which of the prizes that they were shown they take, by its place."""

    member_id: UUID
    place: Count


class GameShown(Struct, frozen=True, kw_only=True):
    """A game as it stands."""

    id: UUID
    kind: GameKind
    name: str
    period: Period
    starts_at: datetime
    ends_at: datetime
    closed_at: datetime | None
    choices: int


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


class ToChoose(Struct, frozen=True):
    """A prize that a winner may choose; `gone` where there are no more of it, but others may come back."""

    place: int
    offer_id: UUID
    gone: bool


class PlayShown(Struct, frozen=True, kw_only=True):
    """What was won; `again` where it had been won before in this period.

    Where the winner may choose, `choose_from` has the prizes until `choose_until`. The prize of `place` is kept for
    them and theirs when the time is over; there is a voucher, with the id of the play, once that is settled.
    """

    id: UUID
    game_id: UUID
    voucher_id: UUID | None
    offer_id: UUID
    place: int
    stands_in: bool
    again: bool
    choose_from: list[ToChoose]
    choose_until: datetime | None


async def _open(uow: UnitOfWork, _: Call, body: OpenGame) -> GamePublished:
    new = NewGame(
        kind=body.kind,
        name=body.name,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        scene_ids=body.scene_ids,
        prizes=tuple(NewPrize(one.offer_id, one.odds, one.stock) for one in body.prizes),
        period=body.period,
        choices=body.choices,
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
    return _play_shown(await play.play_game(uow, body.touch_id, body.member_id))


async def _choose(uow: UnitOfWork, call: Call, body: ChoosePrize) -> PlayShown:
    play_id = call.id("play_id")
    touch_id = await choose.touch_of_choice(uow, play_id)
    if touch_id is not None:
        await own_touch(uow, call, touch_id)
    return _play_shown(await choose.choose(uow, play_id, body.member_id, body.place))


def _play_shown(won: Won | Choosing) -> PlayShown:
    choosing = won if isinstance(won, Choosing) else None
    prize = won.prizes[0] if isinstance(won, Choosing) else won.prize
    play_id = won.id if isinstance(won, Choosing) else won.voucher_id
    return PlayShown(
        id=play_id,
        game_id=won.game.id,
        voucher_id=None if choosing else play_id,
        offer_id=prize.offer_id,
        place=prize.place,
        stands_in=prize.stand_in,
        again=isinstance(won, Won) and won.again,
        choose_from=[ToChoose(one.place, one.offer_id, one.place in choosing.gone) for one in choosing.prizes]
        if choosing
        else [],
        choose_until=choosing.until if choosing else None,
    )


def _shown(game: Game) -> GameShown:
    return GameShown(
        id=game.id,
        kind=game.kind,
        name=game.name,
        period=game.period,
        starts_at=game.starts_at,
        ends_at=game.ends_at,
        closed_at=game.closed_at,
        choices=game.choices,
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
    "choices": 1,
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
_PLAY = {
    "id": _ID,
    "game_id": _ID,
    "voucher_id": _ID,
    "offer_id": _ID,
    "place": 1,
    "stands_in": False,
    "again": False,
    "choose_from": [],
    "choose_until": None,
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
        "person, scene and period: once more gives the first one. Where the game lets winners choose, the answer has "
        "the prizes to choose from.",
        tag=_TAG,
        roles=_PLAYERS,
        handler=_play,
        unaudited_because="a play is a grant, which is a fact of its own",
        request=PlayGame,
        response=PlayShown,
        status=HTTPStatus.CREATED,
        transaction="write",
        errors=(*_AT_SCENE, errors.NotPlaying, errors.GameEmpty, errors.CapReached, MemberUnknown),
        example={"touch_id": _ID, "member_id": _ID},
        example_response=_PLAY,
    ),
    Route(
        method="POST",
        path="/v1/plays/{play_id}/choice",
        operation="choose_prize",
        summary="Take one of the prizes that a winner may choose among",
        description="Once: asked again, the first answer. Where that prize has run out meanwhile, another one can be "
        "taken. Who does not choose is given what is kept for them.",
        tag=_TAG,
        roles=_PLAYERS,
        handler=_choose,
        unaudited_because="a choice is a grant, which is a fact of its own",
        request=ChoosePrize,
        response=PlayShown,
        transaction="write",
        errors=(*_AT_SCENE, errors.PrizeNotDrawn, errors.PrizeGone),
        example={"member_id": _ID, "place": 1},
        example_response=_PLAY,
    ),
)
