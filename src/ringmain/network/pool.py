"""The network's own money for vouchers: a mall pays for its tenants, who need no deposit."""

from dataclasses import dataclass
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.ledger.api import Transfer, account_id, available, balances, post
from ringmain.network.errors import CurrencyNotOfNetwork, PoolDepositAlreadyMade
from ringmain.network.model import MerchantAccount, NetworkTransfer
from ringmain.network.open import network_of
from ringmain.network.store import pool as store
from ringmain.network.store.pool import PoolDeposit


@dataclass(frozen=True, slots=True)
class PoolBalance:
    """What the pool has, in minor units: to spend, and set aside for vouchers that are out."""

    currency: str
    available_minor: int
    held_minor: int


async def fund_pool(uow: UnitOfWork, amount_minor: int, currency: str, reference: str, made_by: UUID) -> PoolDeposit:
    """Credit a payment to the network's own account, once per reference; offers funded by the network spend from it.

    Raises `CurrencyNotOfNetwork` or `PoolDepositAlreadyMade`. Announces `pool_funded`.
    """
    network = await network_of(uow)
    if currency != network.currency:
        raise CurrencyNotOfNetwork(currency=network.currency)
    now = await uow.now()
    deposit = PoolDeposit(uuid7(now), amount_minor, currency, reference, now)
    if not await store.insert_deposit(uow, deposit, made_by):
        raise PoolDepositAlreadyMade
    cash = account_id(network.id, network.id, MerchantAccount.CASH, currency)
    spendable = account_id(network.id, network.id, MerchantAccount.AVAILABLE, currency)
    await available(uow, [spendable])
    transfer = Transfer(deposit.id, cash, spendable, amount_minor, currency, NetworkTransfer.DEPOSIT, deposit.id, now)
    await post(uow, [transfer], {spendable: amount_minor})
    uow.record("pool_funded", [deposit.id])
    return deposit


async def pool_balance(uow: UnitOfWork) -> PoolBalance:
    """Return what the pool has, counted from the ledger's transfers."""
    network = await network_of(uow)
    ids = [
        account_id(network.id, network.id, code, network.currency)
        for code in (MerchantAccount.AVAILABLE, MerchantAccount.HELD)
    ]
    found = {one.account_id: one.balance_minor for one in await balances(uow, ids)}
    return PoolBalance(network.currency, found.get(ids[0], 0), found.get(ids[1], 0))


async def pool_deposits(uow: UnitOfWork, before: UUID | None = None, limit: int = 50) -> list[PoolDeposit]:
    """Return the payments into the pool, the newest first."""
    return await store.list_deposits(uow, before, limit)
