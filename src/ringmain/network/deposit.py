"""Money that a merchant brings in: from the cash outside to what the merchant can spend."""

from dataclasses import dataclass
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.ledger.api import Transfer, account_id, available, balances, post
from ringmain.network.errors import CurrencyNotOfNetwork, DepositAlreadyMade
from ringmain.network.model import MerchantAccount, NetworkTransfer, merchant_accounts
from ringmain.network.open import merchant_of, network_of
from ringmain.network.store import places


@dataclass(frozen=True, slots=True)
class MerchantBalance:
    """What a merchant has, in minor units: to spend, set aside for vouchers that are out, and owed to it."""

    merchant_id: UUID
    currency: str
    available_minor: int
    held_minor: int
    payable_minor: int


async def make_deposit(
    uow: UnitOfWork, merchant_id: UUID, amount_minor: int, currency: str, reference: str
) -> places.Deposit:
    """Credit a payment to a merchant, once per reference.

    Raises `MerchantNotFound`, `CurrencyNotOfNetwork` or `DepositAlreadyMade`.
    """
    network = await network_of(uow)
    await merchant_of(uow, merchant_id)
    if currency != network.currency:
        raise CurrencyNotOfNetwork(currency=network.currency)
    now = await uow.now()
    deposit = places.Deposit(uuid7(now), merchant_id, amount_minor, currency, reference, now)
    if not await places.insert_deposit(uow, deposit):
        raise DepositAlreadyMade(merchant_id=merchant_id)
    cash = account_id(network.id, network.id, MerchantAccount.CASH, currency)
    spendable = account_id(network.id, merchant_id, MerchantAccount.AVAILABLE, currency)
    await available(uow, [spendable])
    transfer = Transfer(
        deposit.id, cash, spendable, amount_minor, currency, NetworkTransfer.DEPOSIT, deposit.id, deposit.made_at
    )
    await post(uow, [transfer], {spendable: amount_minor})
    uow.record("deposit_made", [deposit.id])
    return deposit


async def top_up(uow: UnitOfWork, merchant_id: UUID, top_up_id: UUID, amount_minor: int) -> None:
    """Turn what a merchant is owed into what it can spend; the transfer bears the top-up's id, so it is made once.

    The caller has looked at what is owed, under a lock of its own. Raises `MerchantNotFound`.
    """
    network = await network_of(uow)
    await merchant_of(uow, merchant_id)
    owed, spendable = (
        account_id(network.id, merchant_id, code, network.currency)
        for code in (MerchantAccount.PAYABLE, MerchantAccount.AVAILABLE)
    )
    await available(uow, [spendable])
    reason, now = NetworkTransfer.TOP_UP, await uow.now()
    transfer = Transfer(top_up_id, owed, spendable, amount_minor, network.currency, reason, top_up_id, now)
    await post(uow, [transfer], {spendable: amount_minor})


async def merchant_balance(uow: UnitOfWork, merchant_id: UUID) -> MerchantBalance:
    """Return a merchant's balances, counted from the ledger's transfers. Raises `MerchantNotFound`."""
    network = await network_of(uow)
    await merchant_of(uow, merchant_id)
    ids = {code: account_id(network.id, merchant_id, code, network.currency) for code in merchant_accounts()}
    found = {one.account_id: one.balance_minor for one in await balances(uow, list(ids.values()))}
    return MerchantBalance(
        merchant_id,
        network.currency,
        found.get(ids[MerchantAccount.AVAILABLE], 0),
        found.get(ids[MerchantAccount.HELD], 0),
        found.get(ids[MerchantAccount.PAYABLE], 0),
    )
