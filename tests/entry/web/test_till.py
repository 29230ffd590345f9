"""The till in a browser: customers by phone, scan and joining; undone, sent twice, lost, refused; read by everybody."""

import pytest
from playwright.async_api import Browser, Page, Route, ViewportSize

from tests.entry.web.journey import DESK, PHONE, Journey, Language, faults
from tests.entry.web.served import Served
from tests.entry.web.tills import NOODLES, Counter, forgive_refusals, new_phone, ready, scan, till

pytestmark = pytest.mark.browser

_SALES = "SELECT count(*) FROM sale WHERE shop_id = %s AND total_minor = %s"
_LEFT = "SELECT remaining_minor FROM voucher WHERE id = %s"
_TENDERS = "SELECT tenders::text FROM sale WHERE shop_id = %s AND total_minor = %s"
_WORDS = {
    "en": {"cash": "Cash", "card": "Card", "join": "Join", "undo": "Undo", "why": "Wrong amount", "undone": "Undone"},
    "zh": {"cash": "现金", "card": "刷卡", "join": "加入", "undo": "撤销", "why": "金额错误", "undone": "已撤销"},
}
_PAYER = "dispatchEvent(new CustomEvent('ringmain:payment', {detail: {kind: 'wechat', token: '%s'}}))"
_TYPE_ALL = """
    async () => {
        const { type, minor, plain } = await import("/static/till/money.js");
        const typed = (keys, precision) => {
            return minor(keys.split(" ").reduce((text, key) => type(text, key, precision), ""), precision);
        };
        return [
            typed("8 6", 2), typed("8 6 . 5", 2), typed(". 0 5 9", 2), typed("8 6 back", 2),
            typed("8 6 00", 0), typed("8 . 6", 0), typed("1 . 2 3 4 5", 3), minor("12,5", 2), minor("1.234", 2),
            plain(5, 2), plain(1234, 3), plain(7, 0),
        ];
    }
"""


@pytest.mark.parametrize(
    ("size", "language", "base"), [(PHONE, "en", 3_600), (DESK, "zh", 3_700)], ids=["phone", "desk"]
)
async def test_customers_by_phone_scan_and_joining_and_an_undo(
    served: Served, browser: Browser, size: ViewportSize, language: Language, base: int
) -> None:
    """Pair, unlock, redeem by phone, redeem by scan, join at the payment, undo: each with what the database says."""
    words = _WORDS[language]
    async with till(browser, served, "till", by_hand=True, size=size, language=language) as (walk, counter):
        page = walk.page
        guest = await counter.run(counter.guest())
        await page.keyboard.type(guest.phone, delay=110)
        await page.locator("#member-name", has_text="T").wait_for()
        await page.keyboard.type(str(base // 100), delay=110)
        await page.locator("#collect", has_text=f"{base // 100 - 8}.00").wait_for()
        await walk.tap(words["cash"])
        await page.locator("#result-worth", has_text=f"{base // 100 - 8}.00").wait_for()
        assert await counter.run(counter.value(_LEFT, guest.voucher_id)) == 0

        other = await counter.run(counter.guest())
        await scan(page, await counter.run(counter.member_code(other)))
        await page.locator("#member").wait_for()
        await page.keyboard.type("40.50", delay=110)
        await page.locator("#collect", has_text="32.50").wait_for()
        await walk.tap(words["card"])
        await page.locator("#result-worth", has_text="32.50").wait_for()
        assert await counter.run(counter.value(_LEFT, other.voucher_id)) == 0

        token = f"oU8-payer-{new_phone()}"
        total = base // 3
        await page.keyboard.type(f"{total / 100:.2f}", delay=110)
        await page.evaluate(_PAYER % token)
        await page.locator("#join").wait_for()
        await page.keyboard.type(new_phone(), delay=110)
        await walk.tap(words["join"], exact=True)
        await page.locator("#member").wait_for()
        await walk.tap(words["cash"])
        await page.locator("#result-worth", has_text=f"{total / 100:.2f}").wait_for()
        joined = _SALES + " AND subject_id IS NOT NULL AND staff_id IS NOT NULL"
        assert await counter.run(counter.value(joined, NOODLES.shop_id, total)) == 1

        await walk.tap(words["undo"])
        await walk.tap(words["why"])
        await page.locator("#result-title", has_text=words["undone"]).wait_for()
        undone = "SELECT count(*) FROM sale_change WHERE kind = 'refund' AND amount_minor = %s"
        assert await counter.run(counter.value(undone, total)) == 1
        # The next guest who pays like this is known at once.
        await page.keyboard.press("Escape")
        await page.evaluate(_PAYER % token)
        await page.locator("#member").wait_for()


async def test_a_sale_counts_once_and_a_refusal_says_where(served: Served, browser: Browser) -> None:
    """A double tap and a lost answer are one sale; several tenders add up; a used voucher says when and where."""
    async with till(browser, served, "once", size=DESK, service_workers="block") as (walk, counter):
        page = walk.page
        assert await page.evaluate(_TYPE_ALL) == [
            8600, 8650, 5, 800, 8600, 86, 1234, 1250, None, "0.05", "1.234", "7",
        ]  # fmt: skip
        await page.keyboard.type("77.01", delay=110)
        await page.locator("[data-tender=cash]").dblclick()
        await page.locator("#result").wait_for()
        assert await counter.run(counter.value(_SALES, NOODLES.shop_id, 7_701)) == 1

        await _lost_answer(walk, counter)
        await _several_tenders(walk, counter)

        code = await counter.run(counter.loose_code())
        await page.keyboard.type(await counter.run(counter.typed_code(code)), delay=110)
        await page.locator(".voucher").wait_for()
        await page.keyboard.type("77.05", delay=110)
        await page.locator("#collect", has_text="69.05").wait_for()
        await page.keyboard.press("Enter")
        await page.locator("#result-worth", has_text="69.05").wait_for()

        await scan(page, code)
        await page.locator("#refused-where", has_text=NOODLES.name).wait_for()
        forgive_refusals(walk)


async def _lost_answer(walk: Journey, counter: Counter) -> None:
    """Let the server get a sale and the page never hear of it: asked again, it is the same sale."""
    lost: list[str] = []

    async def lose(route: Route) -> None:
        if lost:
            await route.continue_()
            return
        await route.fetch()
        lost.append(route.request.post_data or "")
        await route.abort()

    await walk.page.route("**/till/queue/sales", lose)
    await walk.page.keyboard.type("77.02", delay=110)
    await walk.page.locator("[data-tender=card]").click()
    await walk.page.locator("#result-worth", has_text="77.02").wait_for()
    await walk.page.unroute("**/till/queue/sales")
    walk.errors[:] = [one for one in walk.errors if "ERR_FAILED" not in one]
    assert len(lost) == 1
    assert await counter.run(counter.value(_SALES, NOODLES.shop_id, 7_702)) == 1


async def _several_tenders(walk: Journey, counter: Counter) -> None:
    """Pay a part in cash and the rest by card."""
    await walk.page.keyboard.type("77.04", delay=110)
    await walk.page.locator("#split-open").click()
    await walk.page.locator("#split-cash").fill("20")
    await walk.page.locator("[data-rest=card]").click()
    await walk.tap("Record")
    await walk.page.locator("#result-worth", has_text="77.04").wait_for()
    tenders = await counter.run(counter.value(_TENDERS, NOODLES.shop_id, 7_704))
    assert tenders == '[{"kind": "cash", "amount_minor": 2000}, {"kind": "card", "amount_minor": 5704}]'


@pytest.mark.parametrize(
    ("size", "scheme"),
    [pytest.param(PHONE, "light", id="phone"), pytest.param(DESK, "dark", id="desk", marks=pytest.mark.long)],
)
async def test_every_state_can_be_read_and_pressed(
    served: Served, browser: Browser, size: ViewportSize, scheme: str
) -> None:
    """Each state and page: axe finds nothing, nothing is smaller than 56 px, overlapping, or too wide at 320 px."""
    async with till(browser, served, "states", size=size, scheme=scheme) as (walk, counter):
        page = walk.page
        found = await faults(page, least_target=56)
        guest = await counter.run(counter.guest())
        await scan(page, await counter.run(counter.member_code(guest)))
        await page.locator("#member").wait_for()
        await page.keyboard.type("36", delay=110)
        await page.locator("#collect", has_text="28.00").wait_for()
        found += await faults(page, least_target=56)
        await walk.tap("Cash")
        await page.locator("#result").wait_for()
        found += await _dialog_faults(page)
        await page.keyboard.press("Escape")
        await scan(page, guest.code)
        await page.locator("#refused").wait_for()
        found += await _dialog_faults(page)
        await walk.tap("Back", exact=True)
        await page.keyboard.type(new_phone(), delay=110)
        await page.locator("#join").wait_for()
        found += await faults(page, least_target=56)
        for path in ("recent", "recent?q=nothing", "shift", "settings", "receipt/test", "unlock"):
            await page.goto(f"/till/{path}")
            found += await faults(page, least_target=56)
        forgive_refusals(walk)
        assert found == []


async def _dialog_faults(page: Page) -> list[str]:
    """Return what is wrong with an open dialog; what lies below it is inert, and may be covered."""
    return [one for one in await faults(page, least_target=56) if ": overlapping: " not in one]


async def test_a_till_is_served_by_the_keyboard_alone(served: Served, browser: Browser) -> None:
    """Digits and Enter record a sale, Tab reaches every control, and the focus shows."""
    async with till(browser, served, "keyboard", size=DESK) as (walk, counter):
        page = walk.page
        await page.keyboard.type("77.06", delay=110)
        await page.keyboard.press("Enter")
        await page.locator("#result").wait_for()
        assert await counter.run(counter.value(_SALES, NOODLES.shop_id, 7_706)) == 1
        await page.keyboard.press("Tab")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.id") == "result-undo"
        assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        await page.keyboard.press("Enter")
        await page.locator("#undo").wait_for()
        await page.keyboard.press("Enter")
        await page.locator("#result-title", has_text="Undone").wait_for()
        await page.goto("/till/recent")
        await scan(page, (await counter.run(counter.guest())).code)
        await ready(page)
        await page.locator(".voucher").wait_for()
