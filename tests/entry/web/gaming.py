"""Games at the doors of a street, for the tests of their pages."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from ringmain.campaign import api as campaign
from ringmain.campaign.api import GameKind, NewGame, NewPrize
from ringmain.network import api as network
from ringmain.scene import api as scene
from tests.match.street import Street

# Faces of the prizes with odds 1 and 3, and of what stands in.
FACES = (1_000, 500, 100)


@dataclass(frozen=True, slots=True)
class Opened:
    """A game at a door."""

    game_id: UUID
    scene_id: UUID
    token: str


async def open_game(street: Street, kind: GameKind, stocks: tuple[int, ...] = (20, 20, 20), **more: Any) -> Opened:
    """Open a game at the bakery's door: prizes of two shops, and one of the network that stands in."""
    now = datetime.now(UTC)
    async with street.unit(now) as uow:
        await network.fund_pool(uow, 100_000, "CNY", f"for the {kind}", street.network_id)
    places = range(1, len(stocks))
    faces = (*FACES[:2], *(300 for _ in stocks[3:]))
    offers = [(await street.publish(place, now, face_minor=faces[place - 1], valid_days=9)).id for place in places]
    offers.append((await street.publish(0, now, by_network=True, face_minor=FACES[2])).id)
    odds = (1, 3, *(1 for _ in stocks[3:]), 0)
    token = await street.poster(0)
    async with street.unit(now) as uow:
        place = await scene.find_scene(uow, token)
        new = NewGame(
            kind=kind,
            name="Golden Week",
            starts_at=now - timedelta(minutes=1),
            ends_at=now + timedelta(days=7),
            scene_ids=(place.id,),
            prizes=tuple(NewPrize(*one) for one in zip(offers, odds, stocks, strict=True)),
            **more,
        )
        game = await campaign.open_game(uow, new)
    return Opened(game.id, place.id, token)
