"""A small ledger for tests: a guarded purse, an unguarded till, and the money outside."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.ledger import api as ledger

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
PURSE, TILL, OUTSIDE, FOREIGN = 1, 2, 3, 4
REASON = 7


@dataclass(slots=True)
class Books:
    """One network's ledger; `ids` are the accounts by code."""

    database: Database
    network_id: UUID
    ids: dict[int, UUID] = field(default_factory=dict)

    def unit(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a unit of work of this network."""
        return self.database.unit(self.network_id, now=NOW)

    async def open(self) -> None:
        """Open the accounts; the purse may go 50 below zero."""
        accounts = [
            ledger.Account(self.network_id, PURSE, "EUR", guarded=True, credit_limit_minor=50),
            ledger.Account(self.network_id, TILL, "EUR"),
            ledger.Account(self.network_id, OUTSIDE, "EUR"),
            ledger.Account(self.network_id, FOREIGN, "USD"),
        ]
        async with self.unit() as uow:
            self.ids = dict(
                zip((PURSE, TILL, OUTSIDE, FOREIGN), await ledger.open_accounts(uow, accounts), strict=True)
            )

    def transfer(self, debit: int, credit: int, amount: int, **changes: object) -> ledger.Transfer:
        """Return a transfer between two of the accounts."""
        fields = {"currency": "EUR", "code": REASON, "reference_id": self.network_id, "posted_at": NOW, **changes}
        return ledger.Transfer(uuid7(NOW), self.ids[debit], self.ids[credit], amount, **fields)  # type: ignore[arg-type]

    async def fill(self, amount: int) -> None:
        """Put money from outside into the purse."""
        async with self.unit() as uow:
            await ledger.available(uow, [self.ids[PURSE]])
            await ledger.post(uow, [self.transfer(OUTSIDE, PURSE, amount)], {self.ids[PURSE]: amount})

    async def balance(self, code: int) -> int:
        """Return the balance of an account, counted from its transfers."""
        async with self.unit() as uow:
            return (await ledger.balances(uow, [self.ids[code]]))[0].balance_minor

    async def can_spend(self) -> int:
        """Return what the purse can spend, credit included."""
        async with self.unit() as uow:
            return (await ledger.available(uow, [self.ids[PURSE]]))[self.ids[PURSE]]

    async def check(self) -> None:
        """Assert that every currency sums to zero and that the guard agrees with its transfers."""
        async with self.unit() as uow:
            assert [one.sum_minor for one in await ledger.sums(uow)] == [0, 0]
            assert await ledger.guard_differences(uow) == []
