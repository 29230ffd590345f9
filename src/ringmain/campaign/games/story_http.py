"""The route that tells how a voucher was won in a game."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from ringmain.campaign import errors
from ringmain.campaign.games import story
from ringmain.campaign.games.model import GameKind
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Route
from ringmain.voucher.errors import VoucherNotFound


class PlayTold(Struct, frozen=True, kw_only=True):
    """How a voucher was won: who played where, by which published odds, decided by which chance.

    `chance` (0 to 1) is the last 62 bits of `play_id`, which the server made before anything was decided: with the odds
    and what was left, the prize can be worked out again. `shown`: the places that the winner could choose from.
    `shared`: the voucher asked for is a part of the one that was won, opened in a red packet.
    """

    play_id: UUID
    game_id: UUID
    game_name: str
    kind: GameKind
    scene_id: UUID
    shop_id: UUID | None
    subject_id: UUID
    touch_id: UUID | None
    offer_id: UUID
    place: int
    odds: int
    stock: int
    stands_in: bool
    chance: float
    shown: list[int]
    shared: bool
    played_at: datetime


async def _tell(uow: UnitOfWork, call: Call) -> PlayTold:
    found = await story.play_story(uow, call.id("voucher_id"))
    one = found.play
    return PlayTold(
        play_id=one.voucher_id,
        game_id=one.game_id,
        game_name=one.game_name,
        kind=one.kind,
        scene_id=one.scene_id,
        shop_id=one.shop_id,
        subject_id=one.subject_id,
        touch_id=one.touch_id,
        offer_id=one.offer_id,
        place=one.place,
        odds=one.odds,
        stock=one.stock,
        stands_in=not one.odds,
        chance=found.chance,
        shown=list(found.shown),
        shared=found.shared,
        played_at=one.played_at,
    )


_ID = "018f4e3a-7c00-7a10-8000-000000000031"

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/vouchers/{voucher_id}/play",
        operation="read_play_of_voucher",
        summary="Read how a voucher was won in a game",
        description="Who played where, by which odds, and the chance that decided. Where the voucher came from before, "
        "and what happened to it since: GET /v1/vouchers/{voucher_id}.",
        tag="games",
        roles=frozenset({"operator", "analyst"}),
        reads_as="network",
        handler=_tell,
        response=PlayTold,
        errors=(VoucherNotFound, errors.NotWonInGame),
        example_response={
            "play_id": _ID,
            "game_id": _ID,
            "game_name": "Golden Week",
            "kind": "wheel",
            "scene_id": _ID,
            "shop_id": _ID,
            "subject_id": _ID,
            "touch_id": _ID,
            "offer_id": _ID,
            "place": 1,
            "odds": 1,
            "stock": 100,
            "stands_in": False,
            "chance": 0.4215,
            "shown": [1, 3, 4],
            "shared": False,
            "played_at": "2026-03-01T10:00:00Z",
        },
    ),
)
