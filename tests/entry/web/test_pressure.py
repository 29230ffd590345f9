"""Pages of pressure: how the ring turns for a merchant, told in both languages, and never of too few people."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ringmain.kit.migrate import Urls
from ringmain.loop import api as loop
from tests.entry.web.merchant_site import MerchantSite, merchant_site


@pytest.fixture
async def site(database_urls: Urls, tmp_path: Path) -> AsyncIterator[MerchantSite]:
    """Give a merchant's console."""
    async with merchant_site(database_urls.application_url, tmp_path) as site:
        yield site


async def test_the_ring_of_a_new_merchant_says_that_nothing_can_be_said(site: MerchantSite) -> None:
    """Too early, or too few: never a number that rests on nobody."""
    english = (await site.get("/merchant/ring")).text
    assert english.count("too early to say") == 2
    assert english.count("fewer than 10 people at 3 other merchants") == 3
    assert "No voucher has gone between you and another merchant yet." in english
    assert "还不能判断" in (await site.get("/merchant/ring?lang=zh")).text


async def test_a_note_is_read_by_its_merchant_when_it_was_sent(site: MerchantSite) -> None:
    """A draft is nobody's to read; sent, it stands on the first page in the reader's language, with one action."""
    async with site.street.database.unit(site.street.network_id) as uow:
        await loop.draft_notes(uow, [loop.Balance(site.street.shops[0], 0, 40)])
        (note,) = await loop.notes_to(uow, None)
    assert "A note from your network" not in (await site.get("/merchant")).text
    async with site.street.database.unit(site.street.network_id) as uow:
        await loop.decide_note(uow, note.id, "send")
    english = (await site.get("/merchant")).text
    assert "In 28 days guests spent 40 vouchers of other shops at Tea, and won 0 there." in english
    assert 'href="/merchant/print"' in english
    assert "28 天内，顾客在“Tea”用了 40 张别家的券" in (await site.get("/merchant?lang=zh")).text


async def test_a_standing_top_up_is_set_and_paused_on_its_page(site: MerchantSite) -> None:
    """Faults stand at their fields and nothing is kept; then it is set, paused, and goes on."""
    here = "/merchant/top-ups"
    wrong = await site.send(here, here, add="", month="1", days="", below="")
    assert (wrong.status_code, await site.count("top_up_order")) == (422, 0)
    assert "Say one of the two limits." in wrong.text
    assert "Say how much to add, such as 100." in wrong.text
    kept = await site.send(here, here, add="30", month="60", days="7", below="2000")
    assert "Your money is low" in kept.text
    assert await site.count("top_up_order", "below_minor = 200000 AND add_minor = 3000 AND month_minor = 6000") == 1
    assert "Paused: nothing is added." in (await site.send(here, here, step="pause")).text
    assert "Your money is low" in (await site.send(here, here, step="resume")).text
