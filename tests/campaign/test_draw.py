"""Tests of drawing prizes: what may be drawn, once per player, scene and day, and nothing granted by it."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from ringmain.campaign import api
from ringmain.campaign.api import Draw, Player
from ringmain.campaign.errors import DrawUnknown, PlayerUnnamed, TouchUnknown
from tests.campaign.playing import draw, phone
from tests.match.street import NOW, Street

DAY = timedelta(days=1)


async def test_three_prizes_show_before_anybody_joins(street: Street) -> None:
    """An unknown phone at the bakery sees three offers of three other shops; nothing is granted or set aside."""
    held = await street.value("SELECT count(*) FROM ledger_transfer")
    drawn = await draw(street, await street.poster())
    assert drawn.state == "open"
    assert [prize.place for prize in drawn.prizes] == [1, 2, 3]
    shops, offers = {prize.shop.id for prize in drawn.prizes}, {prize.offer.id for prize in drawn.prizes}
    assert len(shops) == len(offers) == 3
    assert shops <= set(street.shops[1:])
    assert drawn.expires_at == NOW + timedelta(minutes=30)
    assert [reason.code for reason in drawn.prizes[0].reasons] == ["distance", "open_until"]
    assert len(drawn.token) == 43
    assert await street.value("SELECT count(*) FROM voucher") == 0
    assert await street.value("SELECT count(*) FROM ledger_transfer") == held
    assert await street.value("SELECT count(*) FROM outbox WHERE kind = 'draw'") == 1
    # The chances are written down: those of the first place are less than certain, and more than nothing.
    assert await street.value("SELECT count(*) FROM draw_prize WHERE propensity > 0 AND propensity < 1") == 3


async def test_what_may_not_be_drawn_never_is(street: Street) -> None:
    """The own shop, rivals, blocked shops, unfunded, used-up and points offers are not among 20 draws."""
    await street.rival(0, 3)
    points = await street.publish(1, kind="points", price_points=5, face_minor=9_000)
    dear = await street.publish(2, face_minor=100_001)
    token = await street.poster()
    for _ in range(20):
        drawn = await draw(street, token)
        assert not {street.shops[0], street.shops[3]} & {prize.shop.id for prize in drawn.prizes}
        assert not {points.id, dear.id} & {prize.offer.id for prize in drawn.prizes}


async def test_one_play_per_phone_scene_and_day(street: Street) -> None:
    """The same phone gets the same play, another phone, scene or day a new one."""
    token, other, mine = await street.poster(), await street.poster(1), phone()
    first = await draw(street, token, mine)
    assert await draw(street, token, mine, NOW + timedelta(minutes=5)) == first
    assert (await draw(street, token)).id != first.id
    assert (await draw(street, other, mine)).id != first.id
    # 12 hours later it is midnight in Shanghai.
    assert (await draw(street, token, mine, NOW + timedelta(hours=11, minutes=59))).id == first.id
    assert (await draw(street, token, mine, NOW + timedelta(hours=12))).id != first.id


async def test_a_play_that_slept_is_shown_again(street: Street) -> None:
    """After half an hour the same prizes are kept for another one: nobody gains or loses by waiting."""
    token, mine = await street.poster(), phone()
    first = await draw(street, token, mine)
    later = NOW + timedelta(minutes=31)
    again = await draw(street, token, mine, later)
    assert (again.id, again.prizes, again.token) == (first.id, first.prizes, first.token)
    assert again.expires_at == later + timedelta(minutes=30)


async def test_two_requests_at_once_are_one_play(street: Street) -> None:
    """A double tap: 16 draws of one phone at once give one play."""
    token, mine = await street.poster(), phone()
    touch = await street.touch(token)

    async def once() -> Draw:
        async with street.unit() as uow:
            return await api.draw(uow, street.keyring, touch, mine)

    drawn = await asyncio.gather(*(once() for _ in range(16)))
    assert len({one.id for one in drawn}) == 1
    assert await street.value("SELECT count(*) FROM draw") == 1
    assert await street.value("SELECT count(*) FROM draw_prize") == 3


async def test_nothing_to_win_is_said_and_told_to_the_operator(street: Street) -> None:
    """Without an offer the play is empty and counts for nobody; the operator sees where; later offers are drawn."""
    token, mine = await street.poster(), phone()
    await street.pause(*street.offers)
    assert (await draw(street, token, mine)).state == "nothing"
    assert (await draw(street, token, mine)).prizes == ()
    async with street.unit() as uow:
        (missed,) = await api.missed(uow, NOW - DAY)
        assert await api.missed(uow, NOW + DAY) == []
    assert (missed.people, missed.last_at) == (1, NOW)
    assert await street.value("SELECT count(*) FROM outbox WHERE kind = 'draw_missed'") == 1
    await street.publish(1)
    assert (await draw(street, token, mine)).state == "open"


async def test_a_link_of_the_network_stands_at_no_shop(street: Street) -> None:
    """Where no shop is, all shops may be drawn, and none is near."""
    drawn = await draw(street, await street.poster(None))
    assert drawn.shop_id is None
    assert len(drawn.prizes) == 3
    assert "distance" not in {reason.code for prize in drawn.prizes for reason in prize.reasons}


async def test_a_token_holds_its_play_and_no_other(street: Street) -> None:
    """Whoever holds the token sees the play; a changed, foreign or malformed token holds nothing."""
    drawn = await draw(street, await street.poster())
    other = "A" if drawn.token[-2] != "A" else "B"
    for token in ("", "x", "A" * 43, drawn.token[:-2] + other + drawn.token[-1], drawn.token + "A"):
        with pytest.raises(DrawUnknown):
            async with street.unit() as uow:
                await api.read_draw(uow, street.keyring, token)
    async with street.unit() as uow:
        assert await api.read_draw(uow, street.keyring, drawn.token) == drawn
    assert await street.value("SELECT count(*) FROM draw t WHERE t::text LIKE %s", f"%{drawn.token}%") == 0


async def test_a_play_needs_a_touch_and_a_player(street: Street) -> None:
    """An unknown touch and an unnamed player are refused, and nothing is written."""
    touch = await street.touch(await street.poster())
    with pytest.raises(TouchUnknown):
        async with street.unit() as uow:
            await api.draw(uow, street.keyring, UUID(int=4), phone())
    with pytest.raises(PlayerUnnamed):
        async with street.unit() as uow:
            await api.draw(uow, street.keyring, touch, Player())
    assert await street.value("SELECT count(*) FROM draw") == 0
