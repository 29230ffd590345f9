"""What is published at a scene is what plays there are decided by."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
import pytest

from ringmain.campaign import api
from ringmain.campaign.api import AtScene, Game, NewGame, NewPrize, Plays, Won, packed
from ringmain.kit.migrate import Urls
from ringmain.kit.pure.clock import microseconds
from ringmain.network import api as network
from ringmain.scene import api as scene
from tests.match.street import NOW, Street, small_street

ENDS = NOW + timedelta(days=7)


@pytest.fixture
async def street(database_urls: Urls) -> AsyncIterator[Street]:
    """Give a street whose pool has money."""
    async with small_street(database_urls.application_url) as street:
        async with street.unit() as uow:
            await network.fund_pool(uow, 100_000, "CNY", "for the games", street.network_id)
        yield street


async def _open(street: Street, offers: list[tuple[UUID, int, int]]) -> tuple[Game, UUID]:
    """Open a game at the bakery's door with (offer, odds, stock), and return it with its scene."""
    token = await street.poster(0)
    async with street.unit() as uow:
        scene_id = (await scene.find_scene(uow, token)).id
        prizes = tuple(NewPrize(*one) for one in offers)
        new = NewGame(
            kind="wheel", name="Spin", starts_at=NOW, ends_at=ENDS, scene_ids=(scene_id,), prizes=prizes, period="day"
        )
        return await api.open_game(uow, new), scene_id


async def _look(street: Street, scene_id: UUID, at: datetime = NOW) -> AtScene | None:
    async with street.unit(at) as uow:
        return await api.game_at(uow, scene_id)


async def _play(street: Street, scene_id: UUID, person: UUID) -> None:
    async with street.unit() as uow:
        plays = Plays(packed([scene_id]), packed([person]), np.array([microseconds(NOW)]))
        assert (await api.play(uow, plays)).refused == {}


def _table(found: AtScene | None) -> list[tuple[int, float, int]]:
    assert found is not None
    return [(one.prize.place, round(one.share, 3), one.left) for one in found.chances]


async def test_chances_are_those_of_the_next_play_at_the_scene(street: Street) -> None:
    """The shop's own prize is left out; what runs out or pauses gives its chance to the rest, and then stands in."""
    own, first, second = [(await street.publish(place)).id for place in (0, 1, 2)]
    spare = (await street.publish(0, by_network=True)).id
    _, scene_id = await _open(street, [(own, 5, 9), (first, 1, 9), (second, 3, 1), (spare, 0, 9)])
    assert _table(await _look(street, scene_id)) == [(2, 0.25, 9), (3, 0.75, 1), (4, 0.0, 9)]
    await street.pause(second)
    assert _table(await _look(street, scene_id)) == [(2, 1.0, 9), (3, 0.0, 0), (4, 0.0, 9)]
    await street.pause(first)
    assert _table(await _look(street, scene_id)) == [(2, 0.0, 0), (3, 0.0, 0), (4, 1.0, 9)]
    await street.pause(spare)
    nothing = await _look(street, scene_id)
    assert nothing is not None
    assert not nothing.playing


async def test_a_game_is_played_from_its_beginning_to_its_end(street: Street) -> None:
    """Before and after, and once it is closed, nothing is to be played; a scene without a game has none."""
    offers = [((await street.publish(1)).id, 1, 5), ((await street.publish(0, by_network=True)).id, 0, 5)]
    game, scene_id = await _open(street, offers)
    seen = [await _look(street, scene_id, at) for at in (NOW - timedelta(seconds=1), NOW, ENDS)]
    assert [one is not None and one.playing for one in seen] == [False, True, False]
    async with street.unit() as uow:
        await api.close_game(uow, game.id)
    closed = await _look(street, scene_id)
    assert closed is not None
    assert not closed.playing
    assert await _look(street, UUID(int=1)) is None


async def test_what_somebody_has_won_is_found_for_the_period(street: Street) -> None:
    """By any of their subjects, on the same day of the network only; for somebody else, nothing."""
    offers = [((await street.publish(1)).id, 1, 5), ((await street.publish(0, by_network=True)).id, 0, 5)]
    game, scene_id = await _open(street, offers)
    person, other = UUID(int=7), UUID(int=8)
    await _play(street, scene_id, person)

    async def won(*subjects: UUID, at: datetime = NOW) -> Won | None:
        async with street.unit(at) as uow:
            return await api.played_at(uow, game, scene_id, subjects)

    found = await won(other, person)
    assert found is not None
    assert (found.prize.place, found.again) == (1, True)
    assert found.voucher_id == await street.value("SELECT voucher_id FROM play")
    assert await won(other) is None
    assert await won() is None
    assert await won(person, at=NOW + timedelta(days=1)) is None
