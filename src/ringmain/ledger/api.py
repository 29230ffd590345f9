"""What other slices may ask of the ledger."""

from ringmain.ledger.model import Account, Balance, CurrencySum, Transfer, TransferState, account_id
from ringmain.ledger.post import available, open_accounts, post, resolve, spend
from ringmain.ledger.store import balances, count_guards, guard_differences, history, set_credit_limit, sums, transfers

__all__ = [
    "Account",
    "Balance",
    "CurrencySum",
    "Transfer",
    "TransferState",
    "account_id",
    "available",
    "balances",
    "count_guards",
    "guard_differences",
    "history",
    "open_accounts",
    "post",
    "resolve",
    "set_credit_limit",
    "spend",
    "sums",
    "transfers",
]
