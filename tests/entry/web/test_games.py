"""Games on phones without JavaScript: who plays wins once, what the server decided, and knows the odds before."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from ringmain.campaign import api as campaign
from ringmain.campaign import budgets
from ringmain.campaign.errors import CapReached
from ringmain.campaign.store import Cap
from ringmain.kit.migrate import Urls
from tests.entry.web.gaming import open_game
from tests.entry.web.person_site import PersonSite, Phone, person_site

_VOUCHER = re.compile(r'href="/wallet/([0-9a-f-]{36})\?won=yes"')


@pytest.fixture
async def site(database_urls: Urls) -> AsyncIterator[PersonSite]:
    """Give a street of its own on a server."""
    async with person_site(database_urls.application_url) as site:
        yield site


def _won(phone: Phone) -> str:
    found = _VOUCHER.search(phone.page)
    assert found, phone.page
    return found[1]


async def _play(phone: Phone, token: str, way: str = "still") -> str:
    """Scan, press "play", join, and return the voucher of the page that follows."""
    await phone.open(f"/s/{token}")
    await phone.send(f"/s/{token}", play=way)
    await phone.join()
    return _won(phone)


async def test_odds_and_what_is_left_stand_there_before_anybody_joins(site: PersonSite) -> None:
    """A stranger reads each prize, its chance and its number; nothing is decided, nobody is asked who they are."""
    game = await open_game(site.street, "wheel", (7, 20, 9))
    async with site.phone() as phone:
        await phone.open(f"/s/{game.token}")
    rows = re.findall(r'<tr>\s*<th scope="row"><b class="money">([^<]+)</b>.*?</th>(.*?)</tr>', phone.page, re.DOTALL)
    table = [(worth, *re.findall(r'<td class="num">([^<]*)</td>', cells)) for worth, cells in rows]
    assert table == [
        ("¥10.00", "25%", "7"),
        ("¥5.00", "75%", "20"),
        ("¥1.00", "if all else is gone", "9"),
    ]
    assert await site.count("play") == await site.count("voucher") == 0


async def test_a_stranger_plays_joins_and_has_the_prize_at_once(site: PersonSite) -> None:
    """One press, phone and code: the play is made when they have joined, and the page shows what was won."""
    game = await open_game(site.street, "scratch")
    async with site.phone() as phone:
        await phone.open(f"/s/{game.token}")
        await phone.send(f"/s/{game.token}", play="moving")
        assert phone.at == "/join"
        assert "Your game is ready" in phone.page
        assert await site.count("play") == 0
        await phone.join()
        assert phone.at == f"/s/{game.token}?now=moving"
        voucher_id = _won(phone)
        place = int(await site.street.value("SELECT place FROM play"))
        assert f'<span class="worth">{("¥10.00", "¥5.00")[place - 1]}</span>' in phone.page
        await phone.open(f"/wallet/{voucher_id}?won=yes")
        assert "It is yours" in phone.page
    assert await site.count("play") == await site.count("voucher") == 1


async def test_the_prize_cannot_be_chosen_and_is_the_same_however_often_it_is_asked_for(site: PersonSite) -> None:
    """Forms with wishes in them, sent again and reloaded, win what the server decided: one play, one voucher."""
    game = await open_game(site.street, "scratch")
    wished = await site.street.value("SELECT offer_id FROM game_prize ORDER BY place LIMIT 1")
    async with site.phone() as phone:
        first = await _play(phone, game.token)
        place = await site.street.value("SELECT place FROM play")
        for more in (
            {"play": "moving"},
            {"play": "still", "place": "1", "offer": str(wished), "voucher_id": str(uuid4())},
            {"play": "1"},
            {"offer": str(wished)},
        ):
            await phone.open("/nearby")
            await phone.send(f"/s/{game.token}", **more)
            assert _won(phone) == first
        for query in ("", "?now=moving", "?now=still&place=1"):
            await phone.open(f"/s/{game.token}{query}")
            assert _won(phone) == first
    assert await site.street.value("SELECT place FROM play") == place
    assert await site.count("play") == await site.count("voucher") == 1


async def test_a_second_device_does_not_play_a_second_time(site: PersonSite) -> None:
    """Another browser with the same phone number shows the first prize, by scanning as well as by playing."""
    game = await open_game(site.street, "catch")
    async with site.phone() as phone, site.phone() as other:
        first = await _play(phone, game.token)
        other.number = phone.number
        assert await _play(other, game.token, "moving") == first
        assert other.at == f"/s/{game.token}"
        assert "You have played here" in other.page
    assert await site.count("play") == await site.count("voucher") == 1


async def test_nobody_plays_for_a_scene_that_they_have_not_met(site: PersonSite) -> None:
    """Control: the form without a scan, or with a word that no page sends, plays nothing."""
    game, other = await open_game(site.street, "scratch"), await site.street.poster(None)
    async with site.phone() as phone:
        await phone.win(other)
        vouchers = await site.count("voucher")
        await phone.open("/nearby")
        await phone.send(f"/s/{game.token}", play="moving")
        assert phone.at == f"/s/{game.token}"
        await phone.send(f"/s/{game.token}", play="1000")
    assert (await site.count("play"), await site.count("voucher")) == (0, vouchers)


async def test_what_stands_in_is_said_plainly_and_when_all_is_gone_the_scene_draws(site: PersonSite) -> None:
    """Two prizes, then what the network pays for, then no game any more: the scene shows three prizes as others do."""
    game = await open_game(site.street, "scratch", (1, 1, 1))
    for number in range(3):
        async with site.phone() as phone:
            await _play(phone, game.token)
            assert ("prizes of this game are all gone" in phone.page) is (number == 2)
    async with site.phone() as phone:
        await phone.open(f"/s/{game.token}")
        assert len(phone.offers) == 3
    assert await site.count("play") == 3


async def test_what_ended_while_somebody_looked_is_no_error(site: PersonSite) -> None:
    """The game is closed between scan and press: the page shows the prizes of the scene; who has won keeps theirs."""
    game = await open_game(site.street, "wheel")
    async with site.phone() as winner, site.phone() as late:
        first = await _play(winner, game.token)
        await late.open(f"/s/{game.token}")
        async with site.street.unit(datetime.now(UTC)) as uow:
            await campaign.close_game(uow, game.game_id)
        await late.send(f"/s/{game.token}", play="still")
        await late.join()
        assert len(late.offers) == 3
        await winner.open(f"/s/{game.token}")
        assert _won(winner) == first
    assert await site.count("play") == 1


async def test_a_winner_chooses_one_of_three_and_keeps_it(site: PersonSite) -> None:
    """Three tickets of three shops; a wish for a fourth changes nothing; the one that is tapped is in the wallet."""
    game = await open_game(site.street, "wheel", (20, 20, 20, 20, 20), choices=3)
    async with site.phone() as phone:
        await phone.open(f"/s/{game.token}")
        assert "you choose one of 3" in phone.page
        await phone.send(f"/s/{game.token}", play="still")
        await phone.join()
        shown = re.findall(r'name="prize" value="(\d)"', phone.page)
        win = re.search(r'name="win" value="([0-9a-f-]{36})"', phone.page)
        assert win
        assert len(set(shown)) == 3
        assert await site.count("voucher") == 0
        missing = ({"1", "2", "3", "4"} - set(shown)).pop()
        for wrong in ({"win": win[1], "prize": missing}, {"win": str(uuid4()), "prize": shown[0]}, {"win": win[1]}):
            await phone.send(f"/s/{game.token}", **wrong)
            assert re.findall(r'name="prize" value="(\d)"', phone.page) == shown
        await phone.send(f"/s/{game.token}", win=win[1], prize=shown[2])
        assert phone.at == f"/wallet/{win[1]}?won=yes"
        await phone.open("/nearby")
        await phone.send(f"/s/{game.token}", win=win[1], prize=shown[0])
        assert phone.at == f"/wallet/{win[1]}?won=yes"
    assert await site.street.value("SELECT place FROM play") == int(shown[2])
    assert await site.count("play") == await site.count("voucher") == 1


async def test_who_may_win_nothing_more_today_is_told_so(site: PersonSite) -> None:
    """A cap of none: no play, a page that says when to come back, and the scene as it was."""
    game = await open_game(site.street, "wheel")
    async with site.street.unit() as uow:
        await budgets.set_cap(uow, Cap(site.street.network_id, "person", "", 0, 1))
    async with site.phone() as phone:
        await phone.open(f"/s/{game.token}")
        await phone.send(f"/s/{game.token}", play="still")
        await phone.join()
        assert CapReached.next_step.split(";")[0].split(".")[0][:20] in phone.page
        await phone.open(f"/s/{game.token}")
        assert "What can I win?" in phone.page
    assert await site.count("play") == await site.count("voucher") == 0
