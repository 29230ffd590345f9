"""The statement of a merchant so far: what the ledger says of a month, line by line."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import first_id
from ringmain.ledger import api as ledger
from ringmain.network import api as network
from ringmain.network.api import MerchantAccount, NetworkTransfer
from ringmain.settlement.model import (
    ACCOUNTS,
    Account,
    LineKind,
    Month,
    Movement,
    Section,
    kind_of,
    month_of,
    section,
)
from ringmain.voucher.api import Posting

_CODES: dict[Account, MerchantAccount] = {
    "available": MerchantAccount.AVAILABLE,
    "held": MerchantAccount.HELD,
    "owed": MerchantAccount.PAYABLE,
}
# What each reason of the ledger is called on a statement; a redemption's name depends on whose voucher it was.
_KINDS: dict[int, LineKind] = {
    NetworkTransfer.DEPOSIT: "deposit",
    NetworkTransfer.TOP_UP: "top_up",
    Posting.HOLD: "hold",
    Posting.RELEASE: "release",
    Posting.EXPIRE: "expiry",
    Posting.REDEEM: "paid_to_others",
    Posting.FEE: "fee",
    Posting.FEE_REVERSED: "fee_returned",
    Posting.REVERSE: "reversal",
}


LINE_COLUMNS = ("id", "at", "kind", "from_account", "to_account", "amount_minor", "currency", "reference_id")
_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Statement:
    """A merchant's month so far, in minor units of `currency`; days by the network's clock.

    `available` can be spent on vouchers, `held` is set aside for vouchers that are out, `owed` is what the merchant
    gets for vouchers it took. `complete` says whether the month is over.
    """

    merchant_id: UUID
    currency: str
    first_day: date
    last_day: date
    complete: bool
    available: Section
    held: Section
    owed: Section


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One transfer that touched the merchant; an account is None where that end is somebody else's."""

    id: UUID
    at: datetime
    kind: LineKind | None
    from_account: Account | None
    to_account: Account | None
    amount_minor: int
    currency: str
    reference_id: UUID


@dataclass(frozen=True, slots=True)
class _Books:
    currency: str
    month: Month
    accounts: dict[UUID, Account]


async def statement(uow: UnitOfWork, merchant_id: UUID, month: str | None = None) -> Statement:
    """Return a merchant's statement of a month (YYYY-MM), by default so far of the present one.

    Openings and closings are summed from all transfers, lines from those of the month: they agree, or
    `difference_minor` of a section says by how much not. Raises `MerchantNotFound` or `MonthInvalid`.
    """
    books = await _books(uow, merchant_id, month)
    ids, first, last = list(books.accounts), first_id(books.month.begins), first_id(books.month.ends)
    balances = {
        (row.account_id, row.before): row.balance_minor for row in await ledger.balances_at(uow, ids, [first, last])
    }
    moved = [
        Movement(books.accounts[row.account_id], row.code, row.among, row.amount_minor, row.transfers)
        for row in await ledger.movements(uow, ids, first, last)
    ]
    available, held, owed = (
        section(account, balances[id_, first], balances[id_, last], moved, _KINDS)
        for id_, account in books.accounts.items()
    )
    ended = books.month.ends <= await uow.now()
    return Statement(
        merchant_id, books.currency, books.month.first_day, books.month.last_day, ended, available, held, owed
    )


async def statement_lines(
    uow: UnitOfWork, merchant_id: UUID, month: str | None = None, *, after: UUID | None = None, limit: int = 50
) -> list[StatementLine]:
    """Return the transfers of a month in their order. Raises `MerchantNotFound` or `MonthInvalid`."""
    books = await _books(uow, merchant_id, month)
    begin = after or first_id(books.month.begins)
    rows = await ledger.transfers_between(uow, list(books.accounts), begin, first_id(books.month.ends), limit)
    return [_line(row, books.accounts) for row in rows]


async def every_line(
    uow: UnitOfWork, merchant_id: UUID, month: str | None = None, *, piece: int = 1_000
) -> AsyncIterator[StatementLine]:
    """Yield every transfer of a month, fetched by pieces: memory does not grow with their number."""
    after = None
    while rows := await statement_lines(uow, merchant_id, month, after=after, limit=piece):
        for row in rows:
            yield row
        after = rows[-1].id


async def lines_after(uow: UnitOfWork, holder_id: UUID, after: UUID | None, limit: int = 1_000) -> list[StatementLine]:
    """Return the transfers of all time that touched a merchant, or the network itself, after one of them."""
    accounts = _accounts(uow, holder_id, (await network.network_of(uow)).currency)
    rows = await ledger.transfers_between(uow, list(accounts), after or _FIRST, _LAST, limit)
    return [_line(row, accounts) for row in rows]


def line_row(line: StatementLine) -> tuple[object, ...]:
    """Return a line as the row of a table, in the order of `LINE_COLUMNS`."""
    return tuple(getattr(line, name) for name in LINE_COLUMNS)


def _line(row: ledger.Transfer, accounts: dict[UUID, Account]) -> StatementLine:
    source, target = accounts.get(row.debit_account_id), accounts.get(row.credit_account_id)
    own = source is not None and target is not None
    kind = kind_of(Movement(source or target or "available", row.code, own, row.amount_minor, 1), _KINDS)
    return StatementLine(row.id, row.posted_at, kind, source, target, row.amount_minor, row.currency, row.reference_id)


async def _books(uow: UnitOfWork, merchant_id: UUID, month: str | None) -> _Books:
    await network.merchant_of(uow, merchant_id)
    here = await network.network_of(uow)
    chosen = month_of(month, await uow.now(), here.time_zone)
    return _Books(here.currency, chosen, _accounts(uow, merchant_id, here.currency))


def _accounts(uow: UnitOfWork, holder_id: UUID, currency: str) -> dict[UUID, Account]:
    return {ledger.account_id(uow.network_id, holder_id, _CODES[account], currency): account for account in ACCOUNTS}
