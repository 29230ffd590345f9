"""A merchant's statement: every line to the unit, equal to the ledger's own balances, and faults show."""

from datetime import timedelta
from uuid import uuid4

import pytest

from ringmain.kit.pure.ids import uuid7
from ringmain.ledger import api as ledger
from ringmain.network import api as network
from ringmain.network.api import MerchantAccount
from ringmain.network.errors import MerchantNotFound
from ringmain.settlement.api import Line, Section, Statement, StatementLine, every_line, statement, statement_lines
from ringmain.settlement.errors import MonthInvalid
from tests.loop.street import DAY, NOW, Street, somebody


async def _statement(street: Street, month: str | None = None, merchant: int = 0) -> Statement:
    async with street.console(street.merchants[merchant]) as uow:
        return await statement(uow, street.merchants[merchant], month)


def _lines(section: Section) -> dict[str, int]:
    return {line.kind: line.amount_minor for line in section.lines}


async def _trade(street: Street) -> None:
    """Vouchers of tea with a fee: spent at the own till, at noodle's, reversed there, and one of noodle's at tea."""
    own = await street.publish(fee_minor=10)
    others = await street.publish(merchant=1)
    ann = somebody()
    won = [await street.win(own, ann, NOW - DAY) for _ in range(4)]
    await street.buy(0, NOW, ann, 1_000, won[0])
    await street.buy(1, NOW, ann, 150, won[1])
    undone = await street.buy(1, NOW, ann, 1_000, won[2])
    await street.reverse(undone, NOW)
    await street.buy(0, NOW, ann, 1_000, await street.win(others, ann, NOW))


async def test_every_line_is_exact(street: Street) -> None:
    """Deposits, holds, what was paid at others' and at own tills, fees, reversals, releases; opening to closing."""
    await _trade(street)
    found = await _statement(street)
    assert (str(found.first_day), str(found.last_day), found.complete) == ("2026-03-01", "2026-03-31", False)
    assert (found.available.opening_minor, found.available.closing_minor) == (100_000, 99_210)
    assert _lines(found.available) == {"hold": -840, "release": 50}
    assert (found.held.opening_minor, found.held.closing_minor) == (0, 420)
    assert _lines(found.held) == {
        "hold": 840,
        "paid_at_own_tills": -200,
        "paid_to_others": -350,
        "fee": -30,
        "reversal": 200,
        "fee_returned": 10,
        "release": -50,
    }
    assert (found.owed.opening_minor, found.owed.closing_minor) == (0, 400)
    assert _lines(found.owed) == {"owed_from_own_vouchers": 200, "owed_by_others": 200}
    of_noodle = await _statement(street, merchant=1)
    assert _lines(of_noodle.owed) == {"owed_by_others": 350, "reversal": -200}
    opened = await _statement(street, "2026-01")
    assert _lines(opened.available) == {"deposit": 100_000}
    assert opened.complete


async def test_closings_are_the_ledgers_balances(street: Street) -> None:
    """The three closings equal what the ledger counts, and this month opens where the last one closed."""
    await _trade(street)
    found, before = await _statement(street), await _statement(street, "2026-02")
    for section, last, code in (
        (found.available, before.available, MerchantAccount.AVAILABLE),
        (found.held, before.held, MerchantAccount.HELD),
        (found.owed, before.owed, MerchantAccount.PAYABLE),
    ):
        assert section.closing_minor == await street.balance(0, code)
        assert section.opening_minor == last.closing_minor
        assert section.difference_minor == 0
        assert section.opening_minor + sum(line.amount_minor for line in section.lines) == section.closing_minor


async def test_a_planted_transfer_shows_as_a_difference(street: Street) -> None:
    """Control: a row in the ledger whose reason no line explains is not hidden in one."""
    await _trade(street)
    async with street.unit() as uow:
        ids = [
            ledger.account_id(street.network_id, street.merchants[place], MerchantAccount.PAYABLE, "CNY")
            for place in (0, 1)
        ]
        await ledger.post(uow, [ledger.Transfer(uuid7(NOW), ids[0], ids[1], 77, "CNY", 99, uuid4(), NOW)], {})
    found = await _statement(street)
    assert (found.owed.difference_minor, found.available.difference_minor) == (-77, 0)
    assert (await _statement(street, merchant=1)).owed.difference_minor == 77


async def test_lines_are_each_transfer_once_and_add_up(street: Street) -> None:
    """Each transfer once, in pages, with its two ends; what they move is what the sections say."""
    await _trade(street)
    async with street.console(street.tea) as uow:
        lines = [line async for line in every_line(uow, street.tea, piece=3)]
        first = await statement_lines(uow, street.tea, limit=2)
    assert len({line.id for line in lines}) == len(lines) == 14
    assert lines[:2] == first
    found = await _statement(street)
    for account, section in (("available", found.available), ("held", found.held), ("owed", found.owed)):
        came = sum(line.amount_minor for line in lines if line.to_account == account)
        went = sum(line.amount_minor for line in lines if line.from_account == account)
        assert came - went == section.closing_minor - section.opening_minor
    assert _kinds(lines) == {
        ("hold", "available", "held"),
        ("paid_at_own_tills", "held", "owed"),
        ("paid_to_others", "held", None),
        ("fee", "held", None),
        ("release", "held", "available"),
        ("reversal", None, "held"),
        ("fee_returned", None, "held"),
        ("owed_by_others", None, "owed"),
    }


def _kinds(lines: list[StatementLine]) -> set[tuple[str | None, str | None, str | None]]:
    return {(line.kind, line.from_account, line.to_account) for line in lines}


async def test_months_begin_by_the_networks_clock(street: Street) -> None:
    """A deposit in the last second of a local month is in it, one second later in the next."""
    end = NOW.replace(day=1, hour=0) - timedelta(hours=8)  # Midnight of 1 March in Shanghai.
    for at, reference in ((end - timedelta(seconds=1), "a"), (end, "b")):
        async with street.unit(at) as uow:
            await network.make_deposit(uow, street.tea, 100, "CNY", reference)
    assert (await _statement(street, "2026-02")).available.lines == [Line("deposit", 100, 1)]
    assert (await _statement(street, "2026-03")).available.lines == [Line("deposit", 100, 1)]


async def test_others_and_months_to_come_are_refused(street: Street) -> None:
    """Another merchant does not exist for a console; a month that has not begun has no statement."""
    async with street.console(street.merchants[1]) as uow:
        with pytest.raises(MerchantNotFound):
            await statement(uow, street.tea)
    for month in ("2026-04", "2026-13", "0000-00"):
        with pytest.raises(MonthInvalid):
            await _statement(street, month)
