"""Who may play wins, once; the cost was set aside before, and goes back where nobody wins it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import psycopg
import pytest

from ringmain.campaign import api
from ringmain.campaign.api import Game, NewGame, NewPrize, Played, Plays, Won, packed
from ringmain.entry.verify import verify
from ringmain.kit.migrate import Urls
from ringmain.kit.pure.clock import microseconds
from ringmain.kit.pure.errors import RuleBroken
from ringmain.network import api as network
from ringmain.scene import api as scene
from ringmain.voucher import api as voucher
from tests.match.street import NOW, Street, small_street

TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
async def street(database_urls: Urls) -> AsyncIterator[Street]:
    """Give a street whose pool has money."""
    async with small_street(database_urls.application_url) as street:
        async with street.unit() as uow:
            await network.fund_pool(uow, 100_000, "CNY", "for the games", street.network_id)
        yield street


async def _game(street: Street, stocks: tuple[int, ...] = (50, 50), spare: int = 20, **changes: Any) -> Game:
    """Open a game at the bakery's door with prizes of the shops after it, and one of the network that stands in."""
    door = await street.poster(0)
    offers = [(await street.publish(place, valid_days=7)).id for place in range(1, 1 + len(stocks))]
    offers.append((await street.publish(0, by_network=True)).id)
    odds = [1, 3, 1, 1][: len(stocks)]
    prizes = [NewPrize(*one) for one in zip(offers, [*odds, 0], [*stocks, spare], strict=True)]
    async with street.unit() as uow:
        scene_id = (await scene.find_scene(uow, door)).id
        new = NewGame(
            **{
                "kind": "wheel",
                "name": "Golden Week",
                "starts_at": NOW,
                "ends_at": NOW + timedelta(days=7),
                "scene_ids": (scene_id,),
                "prizes": tuple(prizes),
                **changes,
            }
        )
        return await api.open_game(uow, new)


async def _play(street: Street, game: Game, people: list[UUID], at: Any = NOW) -> Played:
    async with street.unit(at) as uow:
        scenes = (await api.read_game(uow, game.id)).scenes
        where = packed([scenes[0].scene_id] * len(people))
        return await api.play(uow, Plays(where, packed(people), np.full(len(people), microseconds(at))))


def _people(count: int) -> list[UUID]:
    return [uuid4() for _ in range(count)]


async def _clean(street: Street) -> None:
    assert [check for check in await verify(street.database, street.network_id) if not check.ok] == []


async def test_everybody_who_plays_wins_a_voucher_of_another_shop(street: Street) -> None:
    """Sixty people play: sixty vouchers of the game's prizes, won at the bakery, and every check of `verify` holds."""
    game = await _game(street)
    people = _people(60)
    done = await _play(street, game, people)

    assert done.refused == {}
    assert not done.again.any()
    assert set(done.place.tolist()) == {1, 2}
    holders = "SELECT count(DISTINCT subject_id) FROM voucher WHERE origin_kind = 'lot' AND sender_shop_id = %s"
    assert await street.value(holders, street.shops[0]) == 60
    assert await street.value("SELECT sum(issued) FROM lot") == 60
    assert await street.value("SELECT array_agg(plays_before) FROM game_hour") == [0]
    await _clean(street)


async def test_a_game_sets_its_whole_cost_aside_and_gives_back_what_nobody_won(street: Street) -> None:
    """Opening takes stock times cost from each funder; closing gives back all but what was won."""
    before = await _spendable(street)
    game = await _game(street)
    assert await _spendable(street) == [before[0] - 5_000, before[1] - 5_000, before[2] - 2_000]
    done = await _play(street, game, _people(10))
    won = [int((done.place == place).sum()) for place in (1, 2)]

    async with street.unit() as uow:
        await api.close_game(uow, game.id)
        await api.close_game(uow, game.id)

    assert await _spendable(street) == [before[0] - 100 * won[0], before[1] - 100 * won[1], before[2]]
    assert [rule.code for rule in (await _play(street, game, _people(1))).refused.values()] == ["not_playing"]
    await _clean(street)


async def _spendable(street: Street) -> list[int]:
    async with street.unit() as uow:
        merchants = [await network.merchant_balance(uow, street.merchants[place]) for place in (1, 2)]
        return [*(one.available_minor for one in merchants), (await network.pool_balance(uow)).available_minor]


async def test_one_play_per_person_scene_and_day(street: Street) -> None:
    """Whoever plays again, in the same batch or later, gets the first play; on the next day they win anew."""
    game = await _game(street)
    person, other = _people(2)
    first = await _play(street, game, [person, other, person])
    later = await _play(street, game, [other, person], NOW + timedelta(hours=8))
    tomorrow = await _play(street, game, [person], TOMORROW)

    assert first.again.tolist() == [False, False, True]
    assert first.voucher_ids[0] == first.voucher_ids[2]
    assert later.voucher_ids.tolist() == [first.voucher_ids[1].item(), first.voucher_ids[0].item()]
    assert later.place.tolist() == [first.place[1], first.place[0]]
    assert later.again.all()
    assert not tomorrow.again.any()
    assert await street.value("SELECT count(*) FROM voucher") == await street.value("SELECT count(*) FROM play") == 3


async def test_once_per_game_is_once(street: Street) -> None:
    """Where the period is the whole game, the next day brings no further play."""
    game = await _game(street, period="game")
    person = _people(1)

    assert not (await _play(street, game, person)).again.any()
    assert (await _play(street, game, person, TOMORROW)).again.all()


async def test_what_runs_out_is_replaced_and_the_operator_knows_before(street: Street) -> None:
    """Eight prizes and four stand-ins: the ninth to twelfth win what the network pays for, the thirteenth may not play.

    The operator was told that prizes would not last while there were prizes, and of the stand-ins while those lasted.
    """
    game = await _game(street, (4, 4), spare=4)
    early = await _play(street, game, _people(6))
    async with street.unit() as uow:
        told = (await api.read_game(uow, game.id)).alarms
    late = await _play(street, game, _people(7), NOW + timedelta(minutes=5))

    assert [(alarm.kind, alarm.left_over) for alarm in told] == [("prizes", 2), ("stand_ins", 6)]
    assert early.refused == {}
    assert sorted(early.place.tolist() + late.place.tolist()) == [0, *[1] * 4, *[2] * 4, *[3] * 4]
    assert {place: rule.code for place, rule in late.refused.items()} == {6: "game_empty"}
    assert await street.value("SELECT count(*) FROM play") == await street.value("SELECT count(*) FROM voucher") == 12
    async with street.unit() as uow:
        await api.add_stock(uow, game.id, 3, 5)
    assert (await _play(street, game, _people(5), NOW + timedelta(minutes=6))).refused == {}
    await _clean(street)


async def test_neither_the_shop_itself_nor_a_rival_nor_a_paused_offer_is_won(street: Street) -> None:
    """One prize is the bakery's own, one a rival's: all win the third, and after its pause what stands in."""
    offers = [(await street.publish(place)).id for place in (0, 1, 2)] + [(await street.publish(0, by_network=True)).id]
    prizes = tuple(NewPrize(id_, odds, 50) for id_, odds in zip(offers, (5, 5, 1, 0), strict=True))
    await street.rival(1, 0)
    game = await _game(street, prizes=prizes)

    assert set((await _play(street, game, _people(20))).place.tolist()) == {3}
    await street.pause(offers[2])
    assert set((await _play(street, game, _people(20))).place.tolist()) == {4}


async def test_a_member_plays_through_a_touch_and_the_play_is_found_from_the_voucher(street: Street) -> None:
    """The same touch asked again is the same play; the voucher's story shows the money, and its play the scene."""
    game = await _game(street)
    known = await street.person()
    async with street.unit() as uow:
        place = (await api.read_game(uow, game.id)).scenes[0].scene_id
        token = (await scene.scene(uow, place)).token
    touch = await street.touch(token)
    async with street.unit() as uow:
        won = await api.play_game(uow, touch, known.member_id)
    async with street.unit() as uow:
        again = await api.play_game(uow, touch, known.member_id)
        assert isinstance(won, Won)
        assert isinstance(again, Won)
        story = await voucher.show(uow, won.voucher_id)
        found = await api.play_story(uow, won.voucher_id)

    assert (again.voucher_id, again.prize, won.again, again.again) == (won.voucher_id, won.prize, False, True)
    assert [one.amount_minor for one in story.issue_transfers] == [50 * 100]
    told = found.play
    assert (told.scene_id, told.touch_id, told.voucher_id) == (place, touch, won.voucher_id)
    assert (told.game_id, told.offer_id, told.odds, found.shared) == (
        game.id,
        won.prize.offer_id,
        won.prize.odds,
        False,
    )
    assert found.chance == (won.voucher_id.int % 2**62 >> 9) / 2**53


async def test_sixty_four_at_once_win_no_more_than_there_is(street: Street) -> None:
    """64 transactions of three people each, who all come twice: 96 wins for 96 people, and the ledger agrees."""
    game = await _game(street, (30, 40), spare=100)
    people = _people(96)
    groups = [people[start : start + 3] for start in range(0, 96, 3)] * 2

    answers = await asyncio.gather(*(_play(street, game, group) for group in groups))

    assert [answer.refused for answer in answers] == [{}] * 64
    assert await street.value("SELECT count(*) FROM play") == 96
    assert await street.value("SELECT sum(issued) FROM lot") == 96
    await _clean(street)


async def test_the_guards_of_the_database_hold_by_themselves(street: Street, database_urls: Urls) -> None:
    """Control: more than a lot holds, a second play, and a play without a voucher are refused without our code."""
    game = await _game(street, (4, 4))
    person = _people(1)
    await _play(street, game, person)
    with psycopg.connect(database_urls.migration_url, autocommit=True) as owner:
        with pytest.raises(psycopg.errors.CheckViolation, match="lot_never_more_than_held"):
            owner.execute("UPDATE lot SET issued = ordered + 1 WHERE network_id = %s", (street.network_id,))
        copy = "INSERT INTO play SELECT * FROM play WHERE network_id = %s"
        with pytest.raises(psycopg.errors.UniqueViolation, match="play_once_a_period"):
            owner.execute(copy, (street.network_id,))
        without = """
            INSERT INTO play (network_id, scene_id, period, subject_id, game_id, voucher_id, place)
            SELECT network_id, scene_id, period + 1, subject_id, game_id, gen_random_uuid(), place FROM play
            WHERE network_id = %s
        """
        with pytest.raises(psycopg.errors.ForeignKeyViolation, match="a play has no voucher of its person"):
            owner.execute(without, (street.network_id,))
        other_prize = without.replace("gen_random_uuid(), place", "voucher_id, 9")
        with pytest.raises(psycopg.errors.ForeignKeyViolation, match="a play names no prize of a game"):
            owner.execute(other_prize, (street.network_id,))


async def test_what_plays_and_vouchers_refer_to_stays(street: Street, database_urls: Urls) -> None:
    """Control: a voucher of no offer is refused, and offers, vouchers, prizes and plays cannot be lost or moved."""
    game = await _game(street, (4, 4))
    await _play(street, game, _people(1))
    unknown = """
        INSERT INTO voucher (network_id, id, offer_id, secret, face_minor, remaining_minor, held_minor, granted_at,
                             valid_from, valid_until)
        SELECT network_id, gen_random_uuid(), gen_random_uuid(), secret, 1, 1, 1, now(), now(), now() FROM voucher
        WHERE network_id = %s
    """
    with psycopg.connect(database_urls.migration_url, autocommit=True) as owner:
        with pytest.raises(psycopg.errors.ForeignKeyViolation, match="a voucher names no offer"):
            owner.execute(unknown, (street.network_id,))
        for statement in (
            "DELETE FROM offer WHERE network_id = %s",
            "UPDATE offer SET id = gen_random_uuid() WHERE network_id = %s",
            "DELETE FROM voucher WHERE network_id = %s",
            "UPDATE voucher SET offer_id = gen_random_uuid() WHERE network_id = %s",
            "DELETE FROM game_prize WHERE network_id = %s",
            "UPDATE play SET voucher_id = gen_random_uuid() WHERE network_id = %s",
        ):
            with pytest.raises(psycopg.errors.ForeignKeyViolation, match="neither deleted nor given another key"):
                owner.execute(statement.encode(), (street.network_id,))


async def test_verify_sees_a_play_that_names_another_voucher(street: Street, database_urls: Urls) -> None:
    """Control: a voucher that changes hands behind our back, and a lot that counts one too many, are faults."""
    game = await _game(street)
    await _play(street, game, _people(2))
    with psycopg.connect(database_urls.migration_url, autocommit=True) as owner:
        owner.execute("UPDATE voucher SET subject_id = gen_random_uuid() WHERE network_id = %s", (street.network_id,))
        owner.execute("UPDATE lot SET issued = issued + 1 WHERE network_id = %s", (street.network_id,))

    faulty = {check.name for check in await verify(street.database, street.network_id) if not check.ok}
    assert "every play won one voucher, of the prize that it drew" in faulty
    assert "lots count the vouchers that were issued from them" in faulty


@pytest.mark.parametrize("lost", ["voucher", "game_prize"])
async def test_verify_sees_a_play_that_lost_what_it_won(street: Street, database_urls: Urls, lost: str) -> None:
    """Control: a play whose voucher, or whose prize, is no longer there is a fault, and not passed over."""
    game = await _game(street)
    await _play(street, game, _people(2))
    with psycopg.connect(database_urls.migration_url, autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute(f"DELETE FROM {lost} WHERE network_id = %s".encode(), (street.network_id,))  # noqa: S608

    faulty = {check.name for check in await verify(street.database, street.network_id) if not check.ok}
    assert "every play won one voucher, of the prize that it drew" in faulty


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ends_at": NOW}, "game_invalid"),
        ({"name": " "}, "game_invalid"),
        ({"scene_ids": ()}, "game_invalid"),
        ({"prizes": ()}, "game_invalid"),
        ({"scene_ids": (UUID(int=1),)}, "scene_unknown"),
    ],
)
async def test_a_game_that_makes_no_sense_is_refused(street: Street, changes: dict[str, Any], code: str) -> None:
    """Nothing of it is kept, and nobody's money is touched."""
    before = await _spendable(street)
    with pytest.raises(RuleBroken) as refused:
        await _game(street, **changes)

    assert refused.value.code == code
    assert await street.value("SELECT count(*) FROM game") == await street.value("SELECT count(*) FROM lot") == 0
    assert await _spendable(street) == before


async def test_a_scene_has_one_game_at_a_time(street: Street) -> None:
    """A second game at the door is refused until the first is closed."""
    first = await _game(street)
    async with street.unit() as uow:
        door = (await api.read_game(uow, first.id)).scenes[0].scene_id
    with pytest.raises(RuleBroken, match="scene_taken"):
        await _game(street, scene_ids=(door,))
    async with street.unit() as uow:
        await api.close_game(uow, first.id)
    second = await _game(street, scene_ids=(door,))

    assert (await _play(street, second, _people(1))).refused == {}
