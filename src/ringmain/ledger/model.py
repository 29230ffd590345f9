"""Accounts and transfers as plain data."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from msgspec import Struct

from ringmain.kit.pure.ids import derived_id


class TransferState(IntEnum):
    """What a transfer does to the balances."""

    POSTED = 0
    PENDING = 1
    POSTS_PENDING = 2
    VOIDS_PENDING = 3


@dataclass(frozen=True, slots=True)
class Account:
    """An account to open; a guarded one is never overdrawn beyond its credit limit."""

    holder_id: UUID
    code: int
    currency: str
    guarded: bool = False
    credit_limit_minor: int = 0


class Transfer(Struct, frozen=True):
    """One amount from one account to another; `reference_id` names the thing that caused it."""

    id: UUID
    debit_account_id: UUID
    credit_account_id: UUID
    amount_minor: int
    currency: str
    code: int
    reference_id: UUID
    posted_at: datetime
    state: TransferState = TransferState.POSTED
    pending_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """The sums of one account in minor units; the balance of a credit account is credits less debits."""

    account_id: UUID
    debits_minor: int
    credits_minor: int
    pending_debits_minor: int
    pending_credits_minor: int

    @property
    def balance_minor(self) -> int:
        """Posted credits less posted debits."""
        return self.credits_minor - self.debits_minor


@dataclass(frozen=True, slots=True)
class CurrencySum:
    """What all balances of one currency add up to: zero, or the ledger is broken."""

    currency: str
    accounts: int
    transfers: int
    sum_minor: int


def account_id(network_id: UUID, holder_id: UUID, code: int, currency: str) -> UUID:
    """Return the id of an account: derived, so that posting looks nothing up; the tables refuse an unknown one."""
    return derived_id(network_id, holder_id, code.to_bytes(2), currency)
