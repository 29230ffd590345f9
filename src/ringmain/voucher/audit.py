"""What must hold between vouchers, their facts and the ledger: each audit returns how much it looked at, and faults."""

from collections.abc import Awaitable, Callable, Sequence

from ringmain.kit.db import UnitOfWork
from ringmain.network.api import MerchantAccount
from ringmain.voucher.postings import Posting
from ringmain.voucher.store import audit as store

Audit = Callable[[UnitOfWork], Awaitable[tuple[int, Sequence[str]]]]


async def _values(uow: UnitOfWork) -> tuple[int, Sequence[str]]:
    return await store.values_that_differ(uow)


async def _held(uow: UnitOfWork) -> tuple[int, Sequence[str]]:
    return await store.held_that_differs(uow, MerchantAccount.HELD)


async def _posted(uow: UnitOfWork) -> tuple[int, Sequence[str]]:
    return await store.redemptions_not_posted(uow, Posting.REDEEM)


async def _leases(uow: UnitOfWork) -> tuple[int, Sequence[str]]:
    return await store.leases_not_respected(uow)


async def _lots(uow: UnitOfWork) -> tuple[int, Sequence[str]]:
    return await store.lots_that_differ(uow)


AUDITS: tuple[tuple[str, Audit], ...] = (
    ("vouchers equal the sum of their redemptions and reversals", _values),
    ("money held in the ledger equals what vouchers hold", _held),
    ("every redemption is posted once, with its amount", _posted),
    ("no voucher is redeemed by another terminal while it is leased", _leases),
    ("lots count the vouchers that were issued from them", _lots),
)
