"""Typed codes: 12 digits for a person to type, at one shop, for five minutes, where a code cannot be scanned."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken, Unavailable
from ringmain.kit.secrets import Keyring
from ringmain.voucher import store
from ringmain.voucher.codes import Code
from ringmain.voucher.errors import TooManyWrongCodes, TypedCodeUnknown, VoucherNotFound

DIGITS = 12
LIFETIME = timedelta(minutes=5)
MOST_FAILURES_PER_HOUR = 20
_HOUR = timedelta(hours=1)
_ATTEMPTS = 5
_KIND = "typed_code"


@dataclass(frozen=True, slots=True)
class TypedCode:
    """The digits, and when they stop to work."""

    digits: str
    expires_at: datetime


async def make(uow: UnitOfWork, keyring: Keyring, code: Code, shop_id: UUID) -> TypedCode:
    """Return fresh digits that stand for a voucher at one shop for five minutes; only their keyed hash is kept.

    Whoever shows the voucher's code may have them. Raises `VoucherNotFound` for a wrong code.
    """
    known = await store.secret_of(uow, code.voucher_id)
    if known is None or not compare_digest(known.secret, code.secret):
        raise VoucherNotFound()
    now = await uow.now()
    for _ in range(_ATTEMPTS):
        digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
        hash_ = keyring.lookup_hash(_KIND, uow.network_id, shop_id, digits)
        if await store.insert_typed_code(uow, shop_id, hash_, known.id, expires_at=now + LIFETIME, now=now):
            return TypedCode(digits, now + LIFETIME)
    raise Unavailable("no free digits were found")


async def resolve(
    uow: UnitOfWork, keyring: Keyring, principal_id: UUID, shop_id: UUID, digits: str
) -> Code | RuleBroken:
    """Return the voucher that digits stand for at a shop, or the rule that says no; the caller commits both.

    Wrong digits are counted per principal and clock hour; whoever typed too many is refused, right digits or not.
    """
    now = await uow.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    if await store.lock_failures(uow, principal_id, hour) >= MOST_FAILURES_PER_HOUR:
        return TooManyWrongCodes(until=hour + _HOUR)
    hashes = keyring.lookup_hashes(_KIND, uow.network_id, shop_id, digits)
    found = await store.resolve_typed_code(uow, shop_id, hashes, now)
    if found is None:
        await store.count_failure(uow, principal_id, hour)
        return TypedCodeUnknown()
    return Code(found.id, found.secret)
