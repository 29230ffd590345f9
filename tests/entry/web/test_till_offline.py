"""The till without a network, in a browser: sales are kept and recorded once, and only leased vouchers are redeemed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, Page, Route

from ringmain.kit.pure.ids import uuid7
from ringmain.sale import api as sale
from ringmain.simulate.api import street
from ringmain.voucher import api as voucher
from ringmain.voucher.http.leases import shown
from ringmain.voucher.model import Book, Lease, Offer, Redeem, Redeemer, Voucher
from tests.entry.web.served import Served
from tests.entry.web.tills import NOODLES, Counter, ready, scan, till

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

DAY = timedelta(days=1)
_WORKER = "navigator.serviceWorker.ready.then(() => true)"
_RECORDED = "SELECT count(*) FROM sale WHERE shop_id = %s AND total_minor = %s"
_COUNT = "(await import('/static/till/queue.js')).waiting()"


async def away(page: Page, *, offline: bool) -> None:
    """Cut the window off, or bring it back."""
    await page.context.set_offline(offline)


async def sell(page: Page, amount: str, tender: str = "Cash") -> None:
    """Type an amount and take money; the guest goes."""
    await page.keyboard.type(amount, delay=90)
    await page.get_by_role("button", name=tender).first.click()
    await page.locator("#result-title", has_text="Kept on this till").wait_for()
    await page.locator("#result-next").click()


async def reopened(page: Page) -> Page:
    """Kill the page and open the till again in the same browser."""
    context = page.context
    await page.close()
    fresh = await context.new_page()
    await fresh.goto("/till")
    await ready(fresh)
    return fresh


async def emptied(page: Page) -> None:
    """Wait until nothing waits on the device."""
    for _ in range(300):
        if await page.evaluate(f"async () => {_COUNT}") == 0:
            return
        await page.wait_for_timeout(100)
    raise AssertionError("the queue does not empty")


async def until(counter: Counter, wanted: Any, query: str, *params: Any) -> None:
    """Assert what the database says."""
    assert await counter.run(counter.value(query, *params)) == wanted


async def test_sales_without_a_network_survive_a_lost_page_and_are_recorded_once(
    served: Served, browser: Browser
) -> None:
    """Three sales offline; the page is killed and opened again without a network; back online each is there once."""
    async with till(browser, served, "till-offline") as (walk, counter):
        page = walk.page
        await page.evaluate(_WORKER)
        # The worker keeps the page when it is asked for the next time.
        await page.reload()
        await ready(page)
        await away(page, offline=True)
        for amount in ("11.11", "22.22", "33.33"):
            await sell(page, amount)
        page = await reopened(page)
        await page.locator("#state", has_text="3 sales waiting").wait_for()
        await until(counter, 0, _RECORDED, NOODLES.shop_id, 1_111)

        await away(page, offline=False)
        await emptied(page)

        for total in (1_111, 2_222, 3_333):
            await until(counter, 1, _RECORDED, NOODLES.shop_id, total)
        kept = "SELECT count(*) FROM queued_sale q JOIN sale s ON s.id = q.sale_id WHERE s.total_minor = ANY(%s)"
        await until(counter, 3, kept, [1_111, 2_222, 3_333])
        walk.errors.clear()


async def test_only_a_leased_voucher_is_redeemed_without_a_network(served: Served, browser: Browser) -> None:
    """The prepared one comes off and is paid once its sale arrives; the other one needs the network and stays valid."""
    async with till(browser, served, "till-leases") as (walk, counter):
        page = walk.page
        leased, other = await counter.run(counter.loose_code()), await counter.run(counter.loose_code())
        await counter.run(_prepare(counter, leased))
        await page.evaluate("import('/static/till/leases.js').then((leases) => leases.lend({prepared: true}))")
        await away(page, offline=True)

        await page.keyboard.type("44.44", delay=90)
        await scan(page, other)
        await page.locator("#refused-why", has_text="This voucher needs the network").wait_for()
        await page.locator("#refused-back").click()
        await scan(page, leased)
        await page.locator("#collect", has_text="36.44").wait_for()
        await page.get_by_role("button", name="Cash").first.click()
        await page.locator("#result-worth", has_text="36.44").wait_for()
        await page.locator("#result-next").click()
        # The same code again: it is used up here, though the server has not heard of it.
        await page.keyboard.type("50", delay=90)
        await scan(page, leased)
        await page.locator("#refused-why", has_text="used at this till already").wait_for()
        await page.locator("#refused-back").click()
        await away(page, offline=False)
        await emptied(page)

        left = "SELECT remaining_minor FROM voucher WHERE id = %s"
        await until(counter, 0, left, voucher.parse_code(leased).voucher_id)
        await until(counter, 800, left, voucher.parse_code(other).voucher_id)
        await until(counter, 1, _RECORDED, NOODLES.shop_id, 4_444)
        walk.errors.clear()


async def test_a_refused_voucher_of_the_queue_says_when_and_where(served: Served, browser: Browser) -> None:
    """What was used elsewhere while the till was away is shown on the page of the queue, with the loss."""
    async with till(browser, served, "till-queue") as (walk, counter):
        page = walk.page
        code = await counter.run(counter.loose_code())
        await counter.run(_prepare(counter, code))
        await page.evaluate("import('/static/till/leases.js').then((leases) => leases.lend({prepared: true}))")
        await away(page, offline=True)
        await page.keyboard.type("55.55", delay=90)
        await scan(page, code)
        await page.locator("#collect", has_text="47.55").wait_for()
        await page.get_by_role("button", name="Cash").first.click()
        await page.locator("#result-worth", has_text="47.55").wait_for()
        await counter.run(_taken_back_and_used(counter, code))
        await away(page, offline=False)
        await emptied(page)

        await page.goto("/till/queue")
        await ready(page)
        line = page.locator("#sales li", has_text="55.55")
        await line.get_by_text("voucher not paid").wait_for()
        about = await line.locator(".about").inner_text()
        assert "Used" in about
        assert NOODLES.name in about
        await until(counter, 800, "SELECT loss_minor FROM offline_loss WHERE voucher_id = %s", _id(code))
        await until(counter, 1, _RECORDED, NOODLES.shop_id, 5_555)
        walk.errors.clear()


def _id(code: str) -> Any:
    return voucher.parse_code(code).voucher_id


async def _prepare(counter: Counter, code: str) -> None:
    """Say that whoever holds a voucher means to use it at the noodle house."""
    async with counter.served.database.unit(street.NETWORK_ID) as uow:
        await voucher.prepare(uow, [_id(code)], NOODLES.shop_id)


async def _taken_back_and_used(counter: Counter, code: str) -> None:
    """Take the lease back, as an operator may, and use the voucher at the same shop's other till."""
    parsed = voucher.parse_code(code)
    async with counter.served.database.unit(street.NETWORK_ID) as uow:
        lease = next(one for one in await voucher.open_leases(uow) if one.voucher_id == parsed.voucher_id)
        await voucher.release_lease(uow, lease.id)
    async with counter.served.database.unit(street.NETWORK_ID) as uow:
        use = sale.VoucherUse(parsed.voucher_id, parsed.secret)
        new = sale.NewSale(
            id=uuid7(await uow.now()), shop_id=NOODLES.shop_id, total_minor=4_000, currency="CNY", vouchers=(use,)
        )
        assert isinstance((await sale.record(uow, [new]))[0], sale.Recorded)


async def test_two_tabs_that_send_at_once_and_a_lost_answer_record_a_sale_once(
    served: Served, browser: Browser
) -> None:
    """The key was made before the first attempt: whoever sends, and however often, the sale is there once."""
    async with till(browser, served, "till-tabs") as (walk, counter):
        page = walk.page
        heard: list[str] = []

        async def lose(route: Route) -> None:
            # It arrives and is recorded, and its answer is never heard.
            await route.fetch()
            sent: Any = route.request.post_data_json
            heard.append(sent["items"][0]["key"])
            await route.abort()

        await page.context.route("**/till/queue/sales", lose)
        await page.keyboard.type("66.66", delay=90)
        await page.get_by_role("button", name="Cash").first.click()
        await page.locator("#result-title", has_text="Kept on this till").wait_for()
        await until(counter, 1, _RECORDED, NOODLES.shop_id, 6_666)
        await page.context.unroute_all(behavior="wait")
        second = await page.context.new_page()
        await second.goto("/till")
        await ready(second)
        send = "Promise.all([1, 2, 3].map(async () => (await import('/static/till/queue.js')).flush()))"
        await page.evaluate(send)
        await second.evaluate(send)
        await emptied(page)

        assert len(set(heard)) == 1
        await until(counter, 1, _RECORDED, NOODLES.shop_id, 6_666)
        walk.errors.clear()


_AMOUNTS = """
    async (cases) => {
        const {amountOf} = await import("/static/till/leases.js");
        return cases.map(([lease, basket]) => amountOf(lease, basket).amount ?? "refused");
    }
"""
_TERMS: tuple[dict[str, Any], ...] = (
    {"kind": "cash"},
    {"kind": "cash", "minimum_minor": 900},
    {"kind": "discount", "percent_bp": 1_505},
    {"kind": "discount", "percent_bp": 3_333, "minimum_minor": 500},
    {"kind": "gift"},
    {"kind": "bundle", "parts": 3},
    {"kind": "exchange", "goods": "Tea"},
)


async def test_the_page_takes_off_what_the_engine_will_pay(served: Served, browser: Browser) -> None:
    """For all kinds of vouchers and many purchases, the till's arithmetic without a network is the engine's."""
    now = datetime.now(tz=UTC)
    by = Redeemer(NOODLES.merchant_id, NOODLES.shop_id, None, "Asia/Shanghai")
    cases, wanted = [], []
    for fields in _TERMS:
        terms = voucher.Terms(**{"currency": "CNY", "face_minor": 701, "valid_days": 9, **fields})
        offer = Offer(uuid7(now), NOODLES.merchant_id, terms)
        for basket in (1, 499, 500, 899, 900, 1_333, 5_000, 99_999):
            one = Voucher(
                uuid7(now), offer.id, b"s" * 16, None, 701, 701, 701, 0, 0, None, None, None, now - DAY, now + DAY
            )
            book = Book({one.id: one}, {offer.id: offer})
            redeem = Redeem(one.id, one.id, one.id, by, now, secret=b"s" * 16, basket_minor=basket, currency="CNY")
            quoted = book.quote(redeem)
            wanted.append(quoted if isinstance(quoted, int) else "refused")
            lease = Lease(one.id, one.id, 1, one.id, one.id, one.id, 701, "CNY", now - DAY, now + DAY, now + DAY)
            cases.append([msgspec.to_builtins(shown(lease, one, offer)), basket])
    async with till(browser, served, "till-amounts") as (walk, _):
        assert await walk.page.evaluate(_AMOUNTS, cases) == wanted
    assert wanted.count("refused") == 7
