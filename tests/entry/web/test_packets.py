"""Red packets on phones without JavaScript: made, opened by who joins for it, seen by who shares it, taken back."""

import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from ringmain.kit.migrate import Urls
from tests.entry.web.person_site import PersonSite, Phone, person_site

_LINK = re.compile(r'data-copy="([^"]+)"')


@pytest.fixture
async def site(database_urls: Urls) -> AsyncIterator[PersonSite]:
    """Give a street of its own on a server."""
    async with person_site(database_urls.application_url) as site:
        yield site


async def _shared(site: PersonSite, phone: Phone, parts: int = 2) -> tuple[str, str]:
    """Win a voucher and make a red packet of it; returns the voucher and the path of the link."""
    voucher_id = await phone.win(await site.street.poster(0))
    await phone.open(f"/wallet/{voucher_id}/packet")
    await phone.send(f"/wallet/{voucher_id}/packet", parts=str(parts))
    found = _LINK.search(phone.page)
    assert found, phone.page
    return voucher_id, urlsplit(found[1]).path


async def test_a_stranger_opens_a_friends_red_packet_and_has_a_voucher_of_their_own(site: PersonSite) -> None:
    """One press, phone and code: the part is theirs; the maker sees how much, and of the name two digits only."""
    async with site.phone() as maker, site.phone() as friend:
        voucher_id, link = await _shared(site, maker)
        await friend.open(link)
        assert "2 parts are left" in friend.page
        await friend.send(link, packet="open")
        assert (friend.at, "Your red packet is waiting" in friend.page) == ("/join", True)
        assert await site.count("red_packet_opening") == 0
        await friend.join()
        assert friend.at == f"{link}?now=1"
        assert "You have opened" in friend.page
        await friend.send(link, packet="open") if 'name="once"' in friend.page else await friend.open(link)
        part_id = str(await site.street.value("SELECT voucher_id FROM red_packet_opening"))
        await friend.open(f"/wallet/{part_id}")
        assert "Show this code at the till." in friend.page
        assert "Share it as a red packet" not in friend.page
        await maker.open(link)
        assert maker.at == f"/wallet/{voucher_id}/packet"
        assert f"**{friend.number[-2:]}" in maker.page
        assert friend.number[-4:] not in maker.page
        await maker.open(f"/wallet/{voucher_id}")
        assert "It is in a red packet" in maker.page
        assert "Code of the voucher for the till" not in maker.page
    assert await site.count("red_packet_opening") == 1


async def test_who_comes_too_late_is_told_and_plays_instead(site: PersonSite) -> None:
    """Two parts for three friends: the third reads that others were faster, and may draw where the maker has won."""
    async with site.phone() as maker, site.phone() as first, site.phone() as second, site.phone() as third:
        voucher_id, link = await _shared(site, maker)
        for friend in (first, second):
            await friend.open(link)
            await friend.send(link, packet="open")
            await friend.join()
        await third.open(link)
        assert "All of it is opened" in third.page
        await third.open(f"{link}?instead=1")
        assert third.offers
        await maker.open(f"/wallet/{voucher_id}/packet")
        assert "luckiest" in maker.page
        await maker.open("/wallet")
        assert "Shared in a red packet" in maker.page
        await maker.open(f"/wallet/{voucher_id}/why")
        assert "friends have opened all of it" in maker.page


async def test_the_maker_takes_back_the_rest_once(site: PersonSite) -> None:
    """Pressed twice it ends once; the link then leads to a play, and the voucher shows its code again."""
    async with site.phone() as maker, site.phone() as friend:
        voucher_id, link = await _shared(site, maker)
        for _ in range(2):
            await maker.open(f"/wallet/{voucher_id}/packet")
            await maker.send(f"/wallet/{voucher_id}/packet", end="yes")
        assert "What nobody opened is in your voucher again" in maker.page
        await maker.open(f"/wallet/{voucher_id}")
        assert "Show this code at the till." in maker.page
        await friend.open(link)
        assert "This red packet is over" in friend.page
        await friend.open(f"/wallet/{voucher_id}/packet")
        assert 'name="parts"' not in friend.page
    assert await site.count("red_packet") == 1
