"""Winners choose one of three: shown once, decided once, never lost, and never more than there is."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import numpy as np
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringmain.campaign import api, budgets, store
from ringmain.campaign.api import Choosing, Game, NewGame, NewPrize, Won
from ringmain.campaign.errors import PrizeGone
from ringmain.campaign.games.choices import clashing, further, shown_chances
from ringmain.campaign.games.model import PrizeShops
from ringmain.campaign.store import Cap, CapKind
from ringmain.entry.verify import verify
from ringmain.kit.migrate import Urls
from ringmain.kit.pure.errors import RuleBroken
from ringmain.member.api import Known
from ringmain.network import api as network
from ringmain.scene import api as scene
from tests.match.street import NOW, Street, small_street

LATER = NOW + timedelta(minutes=31)


@pytest.fixture
async def street(database_urls: Urls) -> AsyncIterator[Street]:
    """Give a street whose pool has money."""
    async with small_street(database_urls.application_url) as street:
        async with street.unit() as uow:
            await network.fund_pool(uow, 100_000, "CNY", "for the games", street.network_id)
        yield street


async def _game(street: Street, stocks: tuple[int, ...] = (9, 9, 9, 9), spare: int = 9) -> tuple[Game, str]:
    """Open a game of three to choose from at the bakery's door: prizes of the shops after it, and a stand-in."""
    door = await street.poster(0)
    offers = [(await street.publish(place, valid_days=7)).id for place in range(1, 1 + len(stocks))]
    offers.append((await street.publish(0, by_network=True)).id)
    prizes = zip(offers, [*(1 for _ in stocks), 0], [*stocks, spare], strict=True)
    async with street.unit() as uow:
        scene_id = (await scene.find_scene(uow, door)).id
        new = NewGame(
            kind="wheel",
            name="Golden Week",
            starts_at=NOW,
            ends_at=NOW + timedelta(days=7),
            scene_ids=(scene_id,),
            prizes=tuple(NewPrize(*one) for one in prizes),
            choices=3,
        )
        return await api.open_game(uow, new), door


async def _play(street: Street, door: str, member_id: UUID, at: datetime = NOW) -> Won | Choosing:
    touch = await street.touch(door)
    async with street.unit(at) as uow:
        return await api.play_game(uow, touch, member_id)


async def _choose(street: Street, choice_id: UUID, member_id: UUID, place: int, at: datetime = NOW) -> Won:
    async with street.unit(at) as uow:
        return await api.choose(uow, choice_id, member_id, place)


async def _settle(street: Street, at: datetime) -> int:
    async with street.unit(at) as uow:
        return await api.settle_choices(uow)


async def _person(street: Street) -> Known:
    """Return a new member."""
    return await street.person(f"+8613{uuid4().int % 10**9:09}")


async def _clean(street: Street) -> None:
    assert [check for check in await verify(street.database, street.network_id) if not check.ok] == []


async def test_a_winner_is_shown_three_shops_and_takes_one_of_them_once(street: Street) -> None:
    """Asked again the same three; another prize than the kept one is theirs; a second wish gives the first answer."""
    _, door = await _game(street)
    person = (await _person(street)).member_id
    first, again = await _play(street, door, person), await _play(street, door, person)

    assert isinstance(first, Choosing)
    assert first == again
    assert len({prize.place for prize in first.prizes}) == 3
    assert not any(prize.stand_in for prize in first.prizes)
    assert (first.gone, first.until) == (frozenset(), NOW + timedelta(minutes=30))
    assert await street.value("SELECT count(*) FROM voucher") == await street.value("SELECT count(*) FROM play") == 0
    assert await street.value("SELECT sum(kept) FROM lot") == 1
    await _clean(street)
    won = await _choose(street, first.id, person, first.prizes[2].place)
    other = await _choose(street, first.id, person, first.prizes[0].place)

    assert (won.voucher_id, won.prize, won.again) == (first.id, first.prizes[2], False)
    assert (other.voucher_id, other.prize, other.again) == (won.voucher_id, won.prize, True)
    played = await _play(street, door, person)
    assert isinstance(played, Won)
    assert (played.voucher_id, played.again) == (first.id, True)
    assert await street.value("SELECT offer_id FROM voucher") == won.prize.offer_id
    assert await street.value("SELECT sender_shop_id FROM voucher") == street.shops[0]
    assert await street.value("SELECT sum(issued) - sum(kept) FROM lot") == 1
    assert await _settle(street, LATER) == 0
    await _clean(street)


async def test_who_does_not_choose_is_given_what_is_kept(street: Street) -> None:
    """Not a minute before its time; then the first of the three, also where its offer has paused, and once."""
    _, door = await _game(street)
    person = (await _person(street)).member_id
    shown = await _play(street, door, person)
    assert isinstance(shown, Choosing)
    await street.pause(shown.prizes[0].offer_id)

    assert await _settle(street, LATER - timedelta(minutes=2)) == 0
    assert await _settle(street, LATER) == 1
    assert await _settle(street, LATER) == 0
    assert await street.value("SELECT offer_id FROM voucher") == shown.prizes[0].offer_id
    assert (await _choose(street, shown.id, person, shown.prizes[1].place)).prize == shown.prizes[0]
    await _clean(street)


async def test_closing_the_game_loses_nobodys_prize(street: Street) -> None:
    """Who was choosing has what was kept; all else goes back to its funders."""
    game, door = await _game(street)
    people = [(await _person(street)).member_id for _ in range(3)]
    for person in people:
        await _play(street, door, person)
    async with street.unit() as uow:
        await api.close_game(uow, game.id)

    assert await street.value("SELECT count(*) FROM voucher") == await street.value("SELECT sum(ordered) FROM lot") == 3
    await _clean(street)


async def test_what_runs_out_meanwhile_is_said_and_the_kept_prize_stays(street: Street) -> None:
    """Two prizes, one of each: the second winner has nothing to choose, the third what stands in; nobody is refused."""
    _, door = await _game(street, (1, 1))
    known = [await _person(street) for _ in range(3)]
    people = [one.member_id for one in known]
    first = await _play(street, door, people[0])
    second = await _play(street, door, people[1])
    third = await _play(street, door, people[2])

    assert isinstance(first, Choosing)
    assert isinstance(second, Won)
    assert isinstance(third, Won)
    assert third.prize.stand_in
    gone = first.prizes[1].place
    assert second.prize.place == gone
    with pytest.raises(RuleBroken, match="prize_gone"):
        await _choose(street, first.id, people[0], gone)
    async with street.unit() as uow:
        looked = await api.choosing_at(uow, first.scene_id, known[0].subject_ids)
    assert looked is not None
    assert looked.gone == {gone}
    assert (await _choose(street, first.id, people[0], first.prizes[0].place)).prize == first.prizes[0]
    await _clean(street)


async def test_what_waits_for_a_choice_counts_against_caps_from_the_win_on(street: Street) -> None:
    """A person at one a day has no second play while they choose; a merchant's prize counts until another is taken."""
    _, first = await _game(street)
    _, second = await _game(street, (9, 9, 9))
    await _cap(street, "person", 1, street.network_id)
    person = (await _person(street)).member_id
    shown = await _play(street, first, person)
    assert isinstance(shown, Choosing)
    with pytest.raises(RuleBroken, match="cap_reached"):
        await _play(street, second, person)
    assert (await _play(street, first, person)) == shown
    kept, other = (street.merchants[prize.place] for prize in shown.prizes[:2])
    assert (await _counted(street, kept), await _counted(street, other)) == (1, 0)
    await _choose(street, shown.id, person, shown.prizes[1].place)
    assert (await _counted(street, kept), await _counted(street, other)) == (0, 1)


async def test_a_prize_of_a_merchant_whose_cap_is_full_cannot_be_chosen_instead(street: Street) -> None:
    """What is kept stays theirs; the other merchant's is gone for now."""
    _, door = await _game(street)
    person = (await _person(street)).member_id
    shown = await _play(street, door, person)
    assert isinstance(shown, Choosing)
    wanted = shown.prizes[1].place
    await _cap(street, "merchant", 0, street.merchants[wanted])
    with pytest.raises(PrizeGone):
        await _choose(street, shown.id, person, wanted)
    await _cap(street, "merchant", 0, street.merchants[shown.prizes[0].place])
    won = await _choose(street, shown.id, person, shown.prizes[0].place)
    assert won.prize == shown.prizes[0]


async def _cap(street: Street, kind: CapKind, most: int, owner_id: UUID) -> None:
    async with street.unit() as uow:
        await budgets.set_cap(uow, Cap(owner_id, kind, "", most, 1))


async def _counted(street: Street, owner_id: UUID) -> int:
    async with street.unit() as uow:
        return sum(one.vouchers for one in await store.given_of(uow, [owner_id], NOW.date()))


async def test_nobody_chooses_what_was_not_shown_or_for_somebody_else(street: Street) -> None:
    """Control: another place, another person and another id choose nothing; the win still waits."""
    _, door = await _game(street)
    person, other = [(await _person(street)).member_id for _ in range(2)]
    shown = await _play(street, door, person)
    assert isinstance(shown, Choosing)
    absent = ({1, 2, 3, 4} - {prize.place for prize in shown.prizes}).pop()
    for choice, member, place, code in (
        (shown.id, person, absent, "prize_not_drawn"),
        (shown.id, person, 5, "prize_not_drawn"),
        (shown.id, other, shown.prizes[0].place, "game_unknown"),
        (uuid4(), person, shown.prizes[0].place, "game_unknown"),
    ):
        with pytest.raises(RuleBroken, match=code):
            await _choose(street, choice, member, place)
    assert await street.value("SELECT count(*) FROM voucher") == await street.value("SELECT count(*) FROM play") == 0
    assert await street.value("SELECT count(*) FROM game_choice WHERE NOT settled") == 1


async def test_many_who_choose_the_same_at_once_win_no_more_than_there_is(street: Street) -> None:
    """Twelve people want the one prize that there are two of, each twice, while time runs out: twelve vouchers."""
    _, door = await _game(street, (20, 20, 2), spare=5)
    people = [(await _person(street)).member_id for _ in range(12)]
    plays = await asyncio.gather(*(_play(street, door, person) for person in people))

    gone: list[UUID] = []

    async def wish(person: UUID, shown: Won | Choosing) -> None:
        if isinstance(shown, Choosing):
            wanted = [one.place for one in shown.prizes if one.place == 3] or [shown.prizes[0].place]
            try:
                await _choose(street, shown.id, person, wanted[0])
            except PrizeGone:
                gone.append(person)

    async def settle() -> None:
        await _settle(street, LATER)

    wishes = [wish(person, shown) for _ in range(2) for person, shown in zip(people, plays, strict=True)]
    await asyncio.gather(*wishes[:12], settle(), *wishes[12:])
    await _settle(street, LATER)

    assert await street.value("SELECT count(*) FROM play") == await street.value("SELECT count(*) FROM voucher") == 12
    assert await street.value("SELECT count(*) FROM play WHERE place = 3") <= 2
    assert await street.value("SELECT sum(kept) FROM lot") == 0
    await _clean(street)


async def test_the_database_and_verify_guard_choices_by_themselves(street: Street, database_urls: Urls) -> None:
    """Control: what was shown cannot be changed nor opened again, no more is kept than there is, and faults show."""
    _, door = await _game(street)
    person = (await _person(street)).member_id
    shown = await _play(street, door, person)
    assert isinstance(shown, Choosing)
    with psycopg.connect(database_urls.migration_url, autocommit=True) as owner:
        network_id = (street.network_id,)
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="drawn once"):
            owner.execute("UPDATE game_choice SET places = '{1,4}' WHERE network_id = %s", network_id)
        with pytest.raises(psycopg.errors.CheckViolation, match="lot_never_more_than_held"):
            owner.execute("UPDATE lot SET kept = ordered + 1 WHERE network_id = %s", network_id)
        with pytest.raises(psycopg.errors.UniqueViolation, match="choice_once_a_period"):
            owner.execute(
                "INSERT INTO game_choice SELECT network_id, gen_random_uuid(), game_id, scene_id, period, subject_id,"
                " touch_id, places, drawn_at, until, settled FROM game_choice WHERE network_id = %s",
                network_id,
            )
        owner.execute("UPDATE game_choice SET settled = true WHERE network_id = %s", network_id)
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="settled once"):
            owner.execute("UPDATE game_choice SET settled = false WHERE network_id = %s", network_id)
    faulty = [check for check in await verify(street.database, street.network_id) if not check.ok]
    assert [check.name for check in faulty] == ["a choice is one play of what was shown, or kept in its lot"]
    assert len(faulty[0].faults) == 2


@given(
    shops=st.lists(st.frozensets(st.integers(0, 5), max_size=2), min_size=1, max_size=6),
    weights=st.lists(st.integers(0, 4), min_size=6, max_size=6),
    id_=st.uuids(version=4),
    count=st.integers(1, 3),
)
@settings(max_examples=150, deadline=None)
def test_what_is_shown_together_never_leads_to_one_shop(
    shops: list[frozenset[int]], weights: list[int], id_: UUID, count: int
) -> None:
    """However shops overlap: the drawn prize first, each shop once, nothing without odds, the same for the same id."""
    prizes = [PrizeShops(tuple((UUID(int=9), UUID(int=one)) for one in sorted(few))) for few in shops]
    odds, clash = np.array(weights[: len(shops)], dtype=float), clashing(prizes)
    drawn = further(id_.bytes, 0, odds, clash, count)

    assert drawn == further(id_.bytes, 0, odds, clash, count)
    assert drawn[0] == 0
    assert len(drawn) <= count
    assert all(odds[one] > 0 for one in drawn[1:])
    together = [one for place in drawn for one in shops[place]]
    assert len(together) == len(set(together))
    assert sum(not shops[place] for place in drawn) <= 1
    left = [place for place in range(len(shops)) if odds[place] and not any(clash[one, place] for one in drawn)]
    assert len(drawn) == count or not left
    chances = shown_chances(odds, clash, count)
    assert np.all((chances >= 0) & (chances <= 1 + 1e-9))
    assert np.all((chances > 0) == (odds > 0)) or not odds.any()


def test_published_chances_are_those_of_what_is_shown() -> None:
    """Over 4,000 ids each prize is shown as often as `shown_chances` says, within four standard errors."""
    odds = np.array([5.0, 3.0, 1.0, 1.0])
    clash = clashing([PrizeShops(((UUID(int=9), UUID(int=one)),)) for one in (0, 1, 2, 2)])
    says, seen, chance = shown_chances(odds, clash, 3), np.zeros(4), np.random.default_rng(7)
    for first in chance.choice(4, size=4_000, p=odds / odds.sum()).tolist():
        seen[further(chance.bytes(16), first, odds, clash, 3)] += 1
    assert np.all(np.abs(seen / 4_000 - says) <= 4 * np.sqrt(says * (1 - says) / 4_000) + 1e-9)
    assert says.sum() == pytest.approx(3.0)


async def test_how_many_may_be_chosen_from_is_one_to_three(street: Street) -> None:
    """Control: four is no game; nothing is kept of it."""
    async with street.unit() as uow:
        new = NewGame(
            kind="wheel",
            name="Four",
            starts_at=NOW,
            ends_at=LATER,
            scene_ids=(uuid4(),),
            prizes=(NewPrize(uuid4(), 1, 1), NewPrize(uuid4(), 0, 1)),
            choices=4,
        )
        with pytest.raises(RuleBroken, match="game_invalid"):
            await api.open_game(uow, new)
    assert await street.value("SELECT count(*) FROM game") == 0
