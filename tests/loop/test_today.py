"""A merchant's day: exact counts, by the shop's clock, of its own rows only."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, LiteralString

import psycopg
import pytest

from ringmain.kit.migrate import Urls
from ringmain.kit.pure.ids import uuid7
from ringmain.loop.api import Counted, Today, today
from ringmain.loop.model.days import Period
from ringmain.loop.store import today as questions
from ringmain.network.errors import MerchantNotFound
from ringmain.profile import store as profile
from ringmain.sale import change
from tests.loop.street import DAY, NOW, Street, somebody

MIDNIGHT = datetime(2026, 3, 9, 16, 0, tzinfo=UTC)  # Where the 10th begins in Shanghai.
SECOND = timedelta(seconds=1)


async def figures(street: Street, merchant: int = 0) -> dict[Period, Counted]:
    """Return the figures by period, as the merchant's console reads them."""
    async with street.console(street.merchants[merchant]) as uow:
        found: Today = await today(uow, street.merchants[merchant])
    return {one.period: one for one in found.counted}


async def test_a_day_is_counted_to_the_unit(street: Street) -> None:
    """New guests, guests the network sent, guests back at full price, and money, each of one day and of 28."""
    own, of_noodle = await street.publish(), await street.publish(merchant=1)
    ann, bob, cat = somebody(), somebody(), somebody()
    await street.buy(0, NOW - 10 * DAY, bob, 900, await street.win(own, bob, NOW - 11 * DAY, won_at=1))
    await street.buy(0, NOW - 9 * DAY, cat, 800)
    await street.buy(0, NOW, ann, 1_000, await street.win(of_noodle, ann, NOW - DAY, won_at=1))
    await street.buy(0, NOW, bob, 1_200)
    await street.buy(0, NOW, cat, 700)
    await street.buy(0, NOW, None, 300)
    await street.buy(1, NOW, ann, 5_000, await street.win(own, ann, NOW - DAY, won_at=0))
    found = await figures(street)
    assert found["today"] == Counted(
        period="today",
        first_day=date(2026, 3, 10),
        last_day=date(2026, 3, 10),
        sales=4,
        sales_minor=3_200,
        unidentified_sales=1,
        guests=3,
        new_guests=1,
        back_at_full_price=1,
        voucher_sales=1,
        voucher_sales_minor=1_000,
        taken_off_minor=200,
        sent=1,
        sent_minor=1_000,
        paid_minor=200,
    )
    month = found["last_28_days"]
    assert (month.first_day, month.last_day) == (date(2026, 2, 11), date(2026, 3, 10))
    assert (month.sales, month.guests, month.new_guests, month.back_at_full_price) == (6, 3, 3, 1)
    assert (month.voucher_sales, month.sent, month.taken_off_minor, month.paid_minor) == (2, 2, 400, 400)


async def test_a_voucher_won_at_the_own_shop_was_not_sent_by_the_network(street: Street) -> None:
    """Only what was won at another merchant's scene counts as sent; a code won nowhere does not."""
    own, ann = await street.publish(), somebody()
    for won_at in (0, None):
        await street.buy(0, NOW, ann, 1_000, await street.win(own, ann, NOW - DAY, won_at=won_at))
    found = (await figures(street))["today"]
    assert (found.voucher_sales, found.sent, found.sent_minor) == (2, 0, 0)


async def test_what_was_not_them_is_no_guest_and_what_was_undone_no_sale(street: Street) -> None:
    """A disputed sale stays the shop's and is nobody's visit, until that is taken back; an undone one is gone."""
    ann, bob = somebody(), somebody()
    disputed = (await street.buy(0, NOW, ann, 1_000)).sale_id
    undone = (await street.buy(0, NOW, bob, 700)).sale_id

    async def counted() -> tuple[int, int, int, int]:
        found = (await figures(street))["today"]
        return found.sales, found.sales_minor, found.guests, found.new_guests

    async def say(at: datetime, *, not_me: bool) -> None:
        async with street.unit(at) as uow:
            await profile.add_dispute(uow, profile.Dispute(uuid7(at), disputed, street.tea, ann, not_me, at))

    await say(NOW, not_me=True)
    assert await counted() == (2, 1_700, 1, 1)
    async with street.unit() as uow:
        await change.refund(uow, change.Refund(undone, None, 700, "wrong table"))
    assert await counted() == (1, 1_000, 0, 0)
    await say(NOW + SECOND, not_me=False)
    assert await counted() == (1, 1_000, 1, 1)
    # A console sees what was said of its own sales, and not by whom.
    query = "SELECT count(*) FROM sale_dispute"
    assert await _console(street, query) == 2
    async with street.console(street.merchants[1]) as uow:
        assert await (await uow.connection.execute(query)).fetchone() == (0,)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await _console(street, "SELECT subject_id FROM sale_dispute")


async def test_a_day_begins_at_the_shops_midnight(street: Street) -> None:
    """The last second before local midnight belongs to yesterday, midnight to today."""
    for at in (MIDNIGHT - SECOND, MIDNIGHT, MIDNIGHT - DAY, MIDNIGHT - DAY - SECOND):
        await street.buy(0, at, None, 100)
    found = await figures(street)
    assert {period: found[period].sales for period in found} == {
        "today": 1,
        "yesterday": 2,
        "last_7_days": 4,
        "last_28_days": 4,
    }


async def test_what_was_reversed_counts_nowhere(street: Street) -> None:
    """A redemption that was undone is no sale with a voucher, takes nothing off and costs nothing."""
    own, ann = await street.publish(), somebody()
    sold = await street.buy(0, NOW - SECOND, ann, 1_000, await street.win(own, ann, NOW - DAY, won_at=1))
    assert (await figures(street))["today"].paid_minor == 200
    await street.reverse(sold, NOW)
    found = (await figures(street))["today"]
    assert (found.voucher_sales, found.taken_off_minor, found.sent, found.paid_minor) == (0, 0, 0, 0)


async def test_people_who_were_merged_are_one_guest(street: Street) -> None:
    """Who came before under another subject is not new; both subjects are one guest."""
    ann, again = somebody(), somebody()
    await street.buy(0, NOW - 40 * DAY, ann, 500)
    await street.buy(0, NOW, again, 500)
    assert (await figures(street))["today"].new_guests == 1
    async with street.unit() as uow:
        await uow.execute("INSERT INTO subject_alias VALUES (%s, %s, %s)", (street.network_id, again, ann))
    await street.buy(0, NOW, ann, 500)
    found = (await figures(street))["today"]
    assert (found.sales, found.guests, found.new_guests) == (2, 1, 0)


async def test_nothing_sold_is_zeros_and_says_what_is_missing(street: Street) -> None:
    """An empty merchant gets zeros, and no effect is claimed without a comparison group."""
    async with street.console(street.tea) as uow:
        found = await today(uow, street.tea)
    assert {(one.sales, one.guests, one.paid_minor) for one in found.counted} == {(0, 0, 0)}
    assert (found.currency, found.time_zone, found.caused.state) == ("CNY", "Asia/Shanghai", "no_comparison_group")
    assert "holds some people back" in found.caused.missing


async def test_a_console_reads_no_other_merchant(street: Street) -> None:
    """Another merchant does not exist for a console, and an operator gets the same figures as the merchant."""
    await street.buy(0, NOW, somebody(), 1_000)
    async with street.console(street.merchants[1]) as uow:
        with pytest.raises(MerchantNotFound):
            await today(uow, street.tea)
    async with street.unit() as uow:
        assert {one.period: one for one in (await today(uow, street.tea)).counted} == await figures(street)


async def test_the_database_itself_hides_holders_secrets_and_others(street: Street) -> None:
    """Control: a statement that forgets whose rows it wants gets the merchant's own, without secrets and holders."""
    own, others = await street.publish(), await street.publish(merchant=1)
    ann = somebody()
    await street.win(own, ann, NOW)
    taken, _ = await street.win(others, ann, NOW), await street.win(others, ann, NOW)
    assert await _console(street, "SELECT count(*) FROM voucher") == 1
    await street.buy(0, NOW, ann, 1_000, taken)
    assert await _console(street, "SELECT count(*) FROM voucher") == 2
    assert await _console(street, "SELECT count(*) FROM offer") == 1
    assert await _console(street, "SELECT count(*) FROM ledger_account") == 3
    # Its deposit, its hold, and what it is owed for the other's voucher.
    assert await _console(street, "SELECT count(*) FROM ledger_transfer") == 3
    hidden: tuple[LiteralString, ...] = (
        "SELECT secret FROM voucher",
        "SELECT subject_id FROM voucher",
        "SELECT * FROM member_key",
    )
    for query in hidden:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await _console(street, query)


async def test_guests_are_found_in_indexes(street: Street, new_database: Callable[[], Urls]) -> None:
    """Of many sales, those of a span are found by shop and range of ids, a guest's first one by subject.

    What was said of sales is found by its merchant, and does not lead back to all of the merchant's sales.
    """
    plan = await _plan(street, new_database(), questions._GUESTS)
    assert "Seq Scan on sale" not in plan
    assert re.search(r"Index Cond: .*shop_id = p_1.shop_id\) AND \(id >= p_1.from_id\)", plan)
    assert re.search(r"Index Cond: .*subject_id = ANY", plan)
    assert re.search(r"sale_dispute.*\n +Index Cond: .*merchant_id = ", plan)


async def _plan(street: Street, urls: Urls, query: LiteralString) -> str:
    """Return the plan that a merchant's console gets with 20,000 sales, a tenth of which somebody has disputed.

    In a database of its own: what others left in the tables, and when it was counted, would change the plan.
    """
    async with street.console(street.tea) as uow:
        params = questions._params(uow, street.tea, [])
    known = {"network": params["network"], "merchant": street.tea, "shop": street.shops[0]}
    with psycopg.connect(urls.migration_url) as connection:
        # Rows of these two tables alone: what they refer to is not looked at here.
        connection.execute("SET session_replication_role = replica")
        for statement in (_SALES, _DISPUTES, "ANALYZE sale, sale_dispute", "SET LOCAL ROLE app_merchant"):
            connection.execute(statement, known)
        for name in ("network", "merchant"):
            connection.execute("SELECT set_config(%s, %s, true)", [f"ringmain.{name}", str(known[name])])
        plan = connection.execute(f"EXPLAIN {query}", params).fetchall()
    return "\n".join(str(row[0]) for row in plan)


_SALES = """
    INSERT INTO sale (network_id, id, merchant_id, shop_id, subject_id, minimal, total_minor, currency, sold_at)
    SELECT %(network)s, gen_random_uuid(), CASE WHEN n %% 50 = 0 THEN %(merchant)s ELSE gen_random_uuid() END,
           CASE WHEN n %% 50 = 0 THEN %(shop)s ELSE gen_random_uuid() END, gen_random_uuid(), false, 900, 'EUR', now()
    FROM generate_series(1, 20000) AS n
"""
_DISPUTES = """
    INSERT INTO sale_dispute (network_id, id, sale_id, merchant_id, subject_id, not_me, said_at)
    SELECT network_id, gen_random_uuid(), id, gen_random_uuid(), subject_id, true, now() FROM sale WHERE random() < .1
"""


async def _console(street: Street, query: LiteralString) -> Any:
    async with street.console(street.tea) as uow:
        row = await (await uow.connection.execute(query)).fetchone()
    return row[0] if row else None
