"""At the counter: what is shown of a guest, a gift voucher in parts, and vouchers taken at the shop's own risk."""

from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Browser

from ringmain.kit.pure.ids import uuid7
from ringmain.sale import api as sale
from ringmain.simulate.api import street
from ringmain.voucher import api as voucher
from tests.entry.web.journey import PHONE
from tests.entry.web.served import Served
from tests.entry.web.test_till_offline import away, emptied, until
from tests.entry.web.tills import NOODLES, Counter, Guest, scan, till

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

_LEFT = "SELECT remaining_minor FROM voucher WHERE id = %s"
_ONE = "SELECT count(*) FROM sale WHERE shop_id = %s AND total_minor = %s"


async def test_a_gift_voucher_is_spent_in_parts_beside_what_the_guest_does_here(
    served: Served, browser: Browser
) -> None:
    """Of 50.00 twenty come off, then more than is left is refused; the card says how often the guest was here."""
    async with till(browser, served, "till-parts", size=PHONE) as (walk, counter):
        page = walk.page
        guest = await counter.run(counter.guest())
        gift = await counter.run(_gift(counter, guest))
        await counter.run(_regular(counter, guest))
        await scan(page, await counter.run(counter.member_code(guest)))
        await page.locator("#member-habits", has_text="3 visits, last on").wait_for()
        await page.locator("#member-habits", has_text="Often Beef noodles (2 of 3)").wait_for()
        await page.keyboard.type("60.10", delay=90)
        await page.locator("#collect", has_text="10.10").wait_for()
        assert await page.locator(f"[data-voucher='{gift}']").get_attribute("aria-pressed") == "true"
        await page.locator("[data-part]").click()
        assert await page.locator("#part-amount").input_value() == "50.00"
        await page.locator("#part-amount").fill("50.01")
        await page.locator("#part-go").click()
        await page.locator("#part-said", has_text="At most").wait_for()
        await page.locator("#part-amount").fill("20")
        await page.locator("#part-go").click()
        await page.locator("#collect", has_text="40.10").wait_for()
        await page.locator(f"[data-voucher='{gift}'] small", has_text="30.00 stay on it").wait_for()
        await page.get_by_role("button", name="Cash").first.click()
        await page.locator("#result-worth", has_text="40.10").wait_for()
        await until(counter, 3_000, _LEFT, gift)
        await until(counter, 800, _LEFT, guest.voucher_id)


async def test_vouchers_are_taken_at_the_own_risk_of_who_wants_it(served: Served, browser: Browser) -> None:
    """Off at first; a merchant who opts in lets the till take what it has not leased; the same copy comes once."""
    async with till(browser, served, "till-anyway") as (walk, counter):
        page = walk.page
        code, used = await counter.run(counter.loose_code()), await counter.run(counter.loose_code())
        lend = "import('/static/till/leases.js').then((leases) => leases.lend({prepared: true}))"
        await page.evaluate(lend)
        await away(page, offline=True)
        await page.keyboard.type("61.10", delay=90)
        await scan(page, code)
        await page.locator("#refused-why", has_text="This voucher needs the network").wait_for()
        assert await page.locator("#refused-anyway").is_hidden()
        await page.locator("#refused-back").click()
        await away(page, offline=False)
        await counter.run(_opt_in(counter, anyway=True))
        try:
            await page.evaluate(lend)
            await away(page, offline=True)
            await _take(page, code)
            # A copy of it that another guest shows is known here, though the server has not heard of the first one.
            await page.keyboard.type("61.20", delay=90)
            await scan(page, code)
            await page.locator("#refused-why", has_text="used at this till already").wait_for()
            await page.locator("#refused-back").click()
            await page.keyboard.press("Escape")
            await page.keyboard.type("61.10", delay=90)
            await _take(page, used)
            await counter.run(_use(counter, used))
            await away(page, offline=False)
            await emptied(page)
        finally:
            await counter.run(_opt_in(counter, anyway=False))
        await until(counter, 2, _ONE, NOODLES.shop_id, 6_110)
        await until(counter, 0, _LEFT, voucher.parse_code(code).voucher_id)
        # The one that was used elsewhere meanwhile is the merchant's loss, and the sale is recorded all the same.
        lost = "SELECT loss_minor FROM offline_loss WHERE voucher_id = %s"
        await until(counter, 800, lost, voucher.parse_code(used).voucher_id)
        await until(counter, None, lost, voucher.parse_code(code).voucher_id)
        walk.errors.clear()


async def _take(page: Any, code: str) -> None:
    await scan(page, code)
    await page.locator("#refused-anyway").click()
    await page.locator("#part-amount").fill("8")
    await page.locator("#part-go").click()
    await page.locator("#collect", has_text="53.10").wait_for()
    await page.get_by_role("button", name="Cash").first.click()
    await page.locator("#result-title", has_text="Kept on this till").wait_for()
    await page.locator("#result-next").click()


async def _opt_in(counter: Counter, *, anyway: bool) -> None:
    async with counter.served.database.unit(street.NETWORK_ID) as uow:
        await voucher.change_offline_rule(uow, NOODLES.merchant_id, voucher.OfflineRule(accept_anyway=anyway))


async def _use(counter: Counter, code: str) -> None:
    """Use a voucher at another till of the same shop, with a network."""
    parsed = voucher.parse_code(code)
    await _sell(counter, 4_000, vouchers=(sale.VoucherUse(parsed.voucher_id, parsed.secret),))


async def _sell(counter: Counter, total_minor: int, **more: Any) -> None:
    async with counter.served.database.unit(street.NETWORK_ID) as uow:
        now = await uow.now()
        new = sale.NewSale(
            id=uuid7(now), shop_id=NOODLES.shop_id, total_minor=total_minor, currency="CNY", sold_at=now, **more
        )
        assert isinstance((await sale.record(uow, [new]))[0], sale.Recorded)


async def _regular(counter: Counter, guest: Guest) -> None:
    """Let a guest have been here three times, twice for the same dish."""
    for dish in ("Beef noodles", "Beef noodles", "Dumplings"):
        line = sale.Line(dish, 1_000, 2_800, None)
        await _sell(counter, 2_800, subject_id=guest.known.subject_id, lines=(line,))


async def _gift(counter: Counter, guest: Guest) -> UUID:
    """Give a guest 50.00 to spend at the noodle house."""
    terms = voucher.Terms(kind="gift", currency="CNY", face_minor=5_000, valid_days=30, shop_ids=(NOODLES.shop_id,))
    owner = NOODLES.merchant_id
    async with counter.served.database.unit(street.NETWORK_ID) as uow:
        new = voucher.NewOffer(creator_merchant_id=owner, funder_id=owner, name="Gift card", terms=terms, stock=1)
        offer = (await voucher.publish(uow, [new], by_operator=True))[0]
        assert isinstance(offer, voucher.PublishedOffer), offer
        grant = voucher.Grant(offer_id=offer.id, at=await uow.now(), subject_id=guest.known.subject_id)
        granted = (await voucher.grant(uow, [grant]))[0]
        assert isinstance(granted, voucher.Granted), granted
    return granted.voucher_id
