"""What other slices may ask of the ledger."""

from ringmain.ledger.model import Account, Balance, CurrencySum, Transfer, TransferState, account_id
from ringmain.ledger.post import ask_spendable, available, open_accounts, post, resolve, spend, spendable
from ringmain.ledger.store import (
    BalanceAtRow,
    MovementRow,
    balances,
    balances_at,
    count_guards,
    guard_differences,
    history,
    movements,
    set_credit_limit,
    sums,
    transfers,
    transfers_between,
)

__all__ = [
    "Account",
    "Balance",
    "BalanceAtRow",
    "CurrencySum",
    "MovementRow",
    "Transfer",
    "TransferState",
    "account_id",
    "ask_spendable",
    "available",
    "balances",
    "balances_at",
    "count_guards",
    "guard_differences",
    "history",
    "movements",
    "open_accounts",
    "post",
    "resolve",
    "set_credit_limit",
    "spend",
    "spendable",
    "sums",
    "transfers",
    "transfers_between",
]
