"""Games obey caps and comparison groups, and whoever may play wins all the same."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest

from ringmain.campaign import api, budgets
from ringmain.campaign.api import Game, NewGame, NewPrize, Plays, Won, packed
from ringmain.campaign.errors import CapReached
from ringmain.campaign.games import limits, play
from ringmain.campaign.store import Cap, CapKind
from ringmain.kit.pure.clock import microseconds
from ringmain.member.api import Known
from ringmain.network import api as network
from ringmain.scene import api as scene
from tests.campaign.test_deal import people, recorded, running
from tests.match.street import NOW, Street


async def open_game(street: Street, offers: list[UUID], odds: list[int]) -> tuple[Game, str]:
    """Open a game at the bakery's door with offers, and one of the network that stands in."""
    door = await street.poster(0)
    async with street.unit() as uow:
        await network.fund_pool(uow, 100_000, "CNY", str(uuid4()), street.network_id)
    spare = (await street.publish(0, by_network=True)).id
    async with street.unit() as uow:
        scene_id = (await scene.find_scene(uow, door)).id
        prizes = [*(NewPrize(id_, one, 50) for id_, one in zip(offers, odds, strict=True)), NewPrize(spare, 0, 50)]
        new = NewGame(
            kind="wheel",
            name="Spin",
            starts_at=NOW,
            ends_at=NOW + timedelta(days=7),
            scene_ids=(scene_id,),
            prizes=tuple(prizes),
        )
        return await api.open_game(uow, new), door


async def play_at(street: Street, door: str, known: Known) -> Won:
    """Let somebody play at a door."""
    touch = await street.touch(door)
    async with street.unit() as uow:
        won = await api.play_game(uow, touch, known.member_id)
    assert isinstance(won, Won)
    return won


async def _person(street: Street) -> Known:
    return await street.person(f"+8613{uuid4().int % 10**9:09}")


async def _cap(street: Street, kind: CapKind, most: int, owner_id: UUID) -> None:
    async with street.unit() as uow:
        await budgets.set_cap(uow, Cap(owner_id, kind, "", most, 1))


async def test_a_person_at_their_cap_may_not_play_and_has_lost_nothing(street: Street) -> None:
    """One a day: the second game is refused before anything is drawn, the first one is shown again."""
    offers = [(await street.publish(place)).id for place in (1, 2)]
    _, first = await open_game(street, offers[:1], [1])
    _, second = await open_game(street, offers[1:], [1])
    await _cap(street, "person", 1, street.network_id)
    known = await _person(street)
    won = await play_at(street, first, known)
    with pytest.raises(CapReached):
        await play_at(street, second, known)

    assert (await play_at(street, first, known)).voucher_id == won.voucher_id
    assert await street.value("SELECT count(*) FROM play") == await street.value("SELECT count(*) FROM voucher") == 1
    assert await street.value("SELECT count(*) FROM given WHERE channel = 'scene'") == 1


async def test_a_merchant_at_its_cap_gives_nothing_more_and_all_win(street: Street) -> None:
    """Two of a merchant a day: five people win, two of them its prize, the others what stands in."""
    offer = (await street.publish(1)).id
    _, door = await open_game(street, [offer], [1])
    await _cap(street, "merchant", 2, street.merchants[1])
    won = [await play_at(street, door, await _person(street)) for _ in range(5)]

    assert [one.prize.place for one in won] == [1, 1, 2, 2, 2]


async def test_a_batch_neither_asks_nor_counts_caps(street: Street) -> None:
    """Replays and made-up people: with a cap of nothing all of three win, and nothing is counted."""
    game, _ = await open_game(street, [(await street.publish(1)).id], [1])
    await _cap(street, "person", 0, street.network_id)
    async with street.unit() as uow:
        where = packed([(await api.read_game(uow, game.id)).scenes[0].scene_id] * 3)
        people_ = packed([uuid4() for _ in range(3)])
        done = await api.play(uow, Plays(where, people_, np.full(3, microseconds(NOW))))
    assert done.refused == {}
    assert await street.value("SELECT count(*) FROM voucher") == 3
    assert await street.value("SELECT count(*) FROM given") == 0


async def _two_groups(street: Street) -> tuple[int, int]:
    """Return the prizes of a person who may get a campaign's offer, nearly all there is, and of one compared with."""
    one = await running(street)
    other = (await street.publish(2)).id
    _, door = await open_game(street, [one.said.offer_id, other], [1_000_000, 1])
    treated, compared = await people(street, one)
    places = (await play_at(street, door, treated)).prize.place, (await play_at(street, door, compared)).prize.place
    assert (await recorded(street, one, treated), await recorded(street, one, compared)) == ([True], [False])
    return places


async def test_who_is_compared_with_wins_something_else_and_both_are_recorded(street: Street) -> None:
    """Of two people who play, only one may win the campaign's offer; that both played is recorded alike."""
    assert await _two_groups(street) == (1, 2)
    assert await street.value("SELECT count(*) FROM voucher") == 2


async def test_without_the_mask_who_is_compared_with_wins_it(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: where what is not for a person is forgotten, both win the campaign's offer."""

    async def forgotten(*args: Any) -> frozenset[UUID]:
        await limits.not_for(*args)
        return frozenset()

    monkeypatch.setattr(play, "not_for", forgotten)
    assert await _two_groups(street) == (1, 1)
