"""People who work for a merchant, and the PINs with which they say who stands at the till."""

import asyncio
import hmac
from dataclasses import replace
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring, KeyVersionUnknown
from ringmain.network.errors import PinLocked, PinTooSimple, PinWrong, StaffNotFound
from ringmain.network.model import PIN_LOCK, PIN_TRIES, Staff, StaffRole
from ringmain.network.open import merchant_of, shop_of
from ringmain.network.store import people

# OWASP's second choice for Argon2id: 19 MiB, two passes, one lane; about 30 ms on a small server.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1_024, parallelism=1)
# Nobody's PIN: checked where there is no person, so that the answer takes as long.
_NOBODY = _HASHER.hash("nobody")
_DIGITS = "01234567890 09876543210"


async def add_staff(
    uow: UnitOfWork, keyring: Keyring, merchant_id: UUID, shop_id: UUID | None, name: str, role: StaffRole, pin: str
) -> Staff:
    """Add a person with a PIN. Raises `MerchantNotFound`, `ShopNotFound` or `PinTooSimple`."""
    await merchant_of(uow, merchant_id)
    if shop_id is not None:
        await shop_of(uow, shop_id, merchant_id)
    now = await uow.now()
    staff = Staff(uuid7(now), merchant_id, shop_id, name, role, now, None)
    await people.insert_staff(uow, staff)
    await _set_pin(uow, keyring, staff.id, pin)
    return staff


async def staff_of(uow: UnitOfWork, staff_id: UUID, merchant_id: UUID | None = None) -> Staff:
    """Return a person, of one merchant where that is given. Raises `StaffNotFound`."""
    staff = await people.staff(uow, staff_id)
    if staff is None or merchant_id not in (None, staff.merchant_id):
        raise StaffNotFound(staff_id=staff_id)
    return staff


async def change_staff(
    uow: UnitOfWork,
    keyring: Keyring,
    staff_id: UUID,
    merchant_id: UUID | None,
    changes: dict[str, Any],
    pin: str | None = None,
) -> Staff:
    """Change the named fields of a person, of one merchant where that is given, and set a new PIN if there is one."""
    staff = await people.staff(uow, staff_id, lock=True)
    if staff is None or merchant_id not in (None, staff.merchant_id):
        raise StaffNotFound(staff_id=staff_id)
    staff = replace(staff, **changes)
    if staff.shop_id is not None:
        await shop_of(uow, staff.shop_id, staff.merchant_id)
    await people.update_staff(uow, staff)
    if pin is not None:
        await _set_pin(uow, keyring, staff.id, pin)
    return staff


async def staff_at(uow: UnitOfWork, staff_id: UUID, shop_id: UUID, merchant_id: UUID) -> Staff | None:
    """Return a person if they work in a shop now."""
    staff = await people.staff(uow, staff_id)
    here = staff is not None and staff.merchant_id == merchant_id and staff.shop_id in (None, shop_id)
    return staff if here and staff is not None and staff.left_at is None else None


async def check_pin(uow: UnitOfWork, keyring: Keyring, shop_id: UUID, staff_id: UUID, pin: str) -> Staff | RuleBroken:
    """Return the person whose PIN this is, if they work in this shop; else the refusal, to be raised after the commit.

    A refusal is returned and not raised because the wrong try must be counted: it is written by this transaction. The
    row's lock makes tries that arrive together wait for each other, so that no try goes uncounted.
    """
    shop = await shop_of(uow, shop_id)
    staff = await people.staff(uow, staff_id)
    known = (
        staff is not None
        and staff.left_at is None
        and staff.merchant_id == shop.merchant_id
        and staff.shop_id in (None, shop_id)
    )
    row = await people.locked_pin(uow, staff_id) if known else None
    now = await uow.now()
    if row is not None and row.locked_until is not None and row.locked_until > now:
        return PinLocked(locked_until=row.locked_until)
    right = await _matches(keyring, row, pin)
    if staff is None or row is None:
        return PinWrong()
    if right:
        await people.set_tries(uow, staff_id, 0, None)
        return staff
    tries = row.wrong_tries + 1
    if tries < PIN_TRIES:
        await people.set_tries(uow, staff_id, tries, None)
        return PinWrong(tries_left=PIN_TRIES - tries)
    locked_until = now + PIN_LOCK
    await people.set_tries(uow, staff_id, 0, locked_until)
    return PinLocked(locked_until=locked_until)


async def _set_pin(uow: UnitOfWork, keyring: Keyring, staff_id: UUID, pin: str) -> None:
    if len(set(pin)) == 1 or pin in _DIGITS:
        raise PinTooSimple
    version = keyring.newest
    pin_hash = await asyncio.to_thread(_HASHER.hash, _peppered(keyring, version, pin))
    await people.set_pin(uow, staff_id, pin_hash, version)


async def _matches(keyring: Keyring, row: people.PinRow | None, pin: str) -> bool:
    try:
        secret = _peppered(keyring, keyring.newest if row is None else row.key_version, pin)
    except KeyVersionUnknown:
        # The master key under which this PIN was set is gone: only a new PIN helps.
        return False
    try:
        return await asyncio.to_thread(_HASHER.verify, _NOBODY if row is None else row.pin_hash, secret)
    except VerifyMismatchError:
        return False


def _peppered(keyring: Keyring, version: int, pin: str) -> bytes:
    return hmac.digest(keyring.derived("staff_pin", version=version), pin.encode(), "sha256")
