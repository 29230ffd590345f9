"""The till in a browser: paired, unlocked; customers served by phone, scan and joining; undone, lost, sent twice."""

import pytest
from playwright.async_api import Browser

from tests.entry.web.journey import PHONE
from tests.entry.web.served import Served
from tests.entry.web.tills import NOODLES, new_phone, scan, till

pytestmark = pytest.mark.browser


async def test_customers_by_phone_scan_and_joining_and_an_undo(served: Served, browser: Browser) -> None:
    """Pair, unlock, redeem by phone, redeem by scan, join at the payment, undo: each with what the database says."""
    async with till(browser, served, "till", size=PHONE) as (walk, counter):
        page = walk.page
        guest = await counter.run(counter.guest())
        await page.keyboard.type(guest.phone, delay=70)
        await page.locator("#member-name", has_text="T").wait_for()
        await page.keyboard.type("36", delay=70)
        await page.locator("#collect", has_text="28.00").wait_for()
        await walk.tap("Cash")
        await page.locator("#result-worth", has_text="28.00").wait_for()
        row = "SELECT remaining_minor FROM voucher WHERE id = %s"
        assert await counter.run(counter.value(row, guest.voucher_id)) == 0

        other = await counter.run(counter.guest())
        await scan(page, await counter.run(counter.member_code(other)))
        await page.locator("#member").wait_for()
        await page.keyboard.type("40.50", delay=70)
        await page.locator("#collect", has_text="32.50").wait_for()
        await walk.tap("Card")
        await page.locator("#result-worth", has_text="32.50").wait_for()

        await page.keyboard.type("12", delay=70)
        await page.evaluate(
            "dispatchEvent(new CustomEvent('ringmain:payment', {detail: {kind: 'wechat', token: 'oU8-payer-77'}}))"
        )
        await page.locator("#join").wait_for()
        await page.keyboard.type(new_phone(), delay=70)
        await walk.tap("Join")
        await page.locator("#member").wait_for()
        await walk.tap("Wallet")
        await page.locator("#result-worth", has_text="12.00").wait_for()
        joined = "SELECT count(*) FROM sale WHERE shop_id = %s AND subject_id IS NOT NULL AND total_minor = 1200"
        assert await counter.run(counter.value(joined, NOODLES.shop_id)) == 1

        await walk.tap("Undo")
        await walk.tap("Wrong amount")
        await page.locator("#result-title", has_text="Undone").wait_for()
        undone = "SELECT count(*) FROM sale_change WHERE kind = 'refund' AND amount_minor = 1200"
        assert await counter.run(counter.value(undone)) == 1
