"""Posting: transfers are appended, and the guarded accounts among them are moved once per batch."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from ringmain.kit.db import Pending, UnitOfWork
from ringmain.ledger import store
from ringmain.ledger.errors import AccountOverdrawn, PendingTransferAlreadyResolved, PendingTransferNotFound
from ringmain.ledger.model import Account, Transfer, TransferState, account_id


async def open_accounts(uow: UnitOfWork, accounts: Sequence[Account]) -> list[UUID]:
    """Open accounts and return their ids in order; opening one twice changes nothing."""
    ids = [account_id(uow.network_id, one.holder_id, one.code, one.currency) for one in accounts]
    if accounts:
        await store.insert_accounts(uow, ids, accounts)
    return ids


async def post(uow: UnitOfWork, transfers: Sequence[Transfer], guarded: Mapping[UUID, int] | None = None) -> None:
    """Append transfers and move the guarded balances by `guarded` (account to change, in minor units).

    The caller has locked the guarded accounts with `available` and decided that they suffice; a CHECK constraint
    repeats that guard and fails the whole transaction.
    """
    if transfers:
        await store.insert_transfers(uow, transfers)
    changes = {id_: change for id_, change in (guarded or {}).items() if change}
    if changes:
        await store.move_guards(uow, changes)


async def available(uow: UnitOfWork, account_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Lock guarded accounts, in the order of their ids, and return what each can spend, credit included."""
    rows = await store.lock_guards(uow, sorted(set(account_ids)))
    return {id_: row.available_minor + row.credit_limit_minor for id_, row in rows.items()}


async def spendable(uow: UnitOfWork, account_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return what guarded accounts can spend, credit included, without locking them: to show, not to decide."""
    rows = await store.read_guards(uow, sorted(set(account_ids)))
    return {id_: row.available_minor + row.credit_limit_minor for id_, row in rows.items()}


async def ask_spendable(uow: UnitOfWork, account_ids: Sequence[UUID]) -> Pending[store.SpendableRow]:
    """Ask what each of many accounts can spend, in their order, 0 where there is none: to show, not to decide.

    The answer can be awaited after other questions were asked.
    """
    return await store.spendable_in_order(uow, account_ids)


async def spend(uow: UnitOfWork, transfer: Transfer) -> None:
    """Post one transfer out of a guarded account; raises `AccountOverdrawn` where it does not cover the amount."""
    left = (await available(uow, [transfer.debit_account_id])).get(transfer.debit_account_id, 0)
    if left < transfer.amount_minor:
        raise AccountOverdrawn(available_minor=left, currency=transfer.currency)
    await post(uow, [transfer], {transfer.debit_account_id: -transfer.amount_minor})


async def resolve(uow: UnitOfWork, pending_id: UUID, id_: UUID, *, post_it: bool) -> None:
    """Post or void a pending transfer, once."""
    row = await store.pending(uow, pending_id)
    if row is None:
        raise PendingTransferNotFound(transfer_id=str(pending_id))
    if row.resolved:
        raise PendingTransferAlreadyResolved(transfer_id=str(pending_id))
    state = TransferState.POSTS_PENDING if post_it else TransferState.VOIDS_PENDING
    transfer = store.resolving(row, id_, state, await uow.now())
    touched = {row.debit_account_id, row.credit_account_id}
    guarded = await store.lock_guards(uow, sorted(touched))
    changes: dict[UUID, int] = {}
    # The debit was taken off when the transfer became pending: voiding gives it back, posting adds the credit.
    if not post_it and row.debit_account_id in guarded:
        changes[row.debit_account_id] = row.amount_minor
    if post_it and row.credit_account_id in guarded:
        changes[row.credit_account_id] = row.amount_minor
    await post(uow, [transfer], changes)
