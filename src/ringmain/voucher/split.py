"""Splitting: what is left of a voucher is put aside for others, and handed out in parts, each a voucher of its own.

No money moves. What was set aside in the ledger for the voucher is set aside for its parts, so that the value and the
fee of the parts and of what is left always add up to what they were.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.voucher import store
from ringmain.voucher.errors import (
    VoucherExpired,
    VoucherLeased,
    VoucherLocked,
    VoucherNotFound,
    VoucherNotSplittable,
)
from ringmain.voucher.grant import SECRET_BYTES
from ringmain.voucher.model import Grant, Granted, Offer, Voucher, closed_error, unsplittable
from ringmain.voucher.store import NewVoucher


@dataclass(frozen=True, slots=True)
class PutAside:
    """What is put aside of a voucher: its value and the fee that is still due, in minor units, until its own end."""

    offer: Offer
    amount_minor: int
    fee_minor: int
    sender_shop_id: UUID | None
    valid_until: datetime


async def put_aside(
    uow: UnitOfWork, subject_ids: Sequence[UUID], voucher_id: UUID, key: UUID, until: datetime
) -> PutAside:
    """Keep a voucher of a person from being spent until a time (or its own end), so that parts can be split off it.

    Raises `VoucherNotFound` where it is not theirs, `VoucherNotSplittable`, or the rule by which it could not be spent
    either: then nothing has changed.
    """
    held = await store.voucher_of(uow, subject_ids, voucher_id)
    if held is None:
        raise VoucherNotFound()
    found, offer = await _locked(uow, voucher_id)
    now = await uow.now()
    _check_free(found, now)
    reason = unsplittable(offer.terms, is_part=held.part)
    if reason is not None:
        raise VoucherNotSplittable(reason=reason)
    found.lock_key, found.lock_until = key, min(until, found.valid_until)
    await store.update_vouchers(uow, [found], [])
    fee = found.held_minor - found.remaining_minor
    return PutAside(offer, found.remaining_minor, fee, held.sender_shop_id, found.valid_until)


def _check_free(found: Voucher, now: datetime) -> None:
    if found.closed is not None:
        raise closed_error(found)
    if now >= found.valid_until:
        raise VoucherExpired(valid_until=found.valid_until)
    if found.lease_free_at is not None and now < found.lease_free_at:
        raise VoucherLeased(free_at=found.lease_free_at)
    if found.lock_until is not None and now < found.lock_until:
        raise VoucherLocked(until=found.lock_until)


async def split_off(
    uow: UnitOfWork, voucher_id: UUID, key: UUID, amount_minor: int, fee_minor: int, subject_id: UUID
) -> Granted:
    """Make a part of a voucher that is put aside under `key` a voucher of somebody: the same terms, ends and sender.

    Raises `VoucherNotFound` where it is not put aside any more: taken back by its shop, or over. Announces `grant`.
    """
    found, offer = await _locked(uow, voucher_id)
    now = await uow.now()
    if found.closed is not None or now >= found.valid_until or not _is_aside(found, key, now):
        raise VoucherNotFound()
    sender = (await store.lineage(uow, voucher_id, 0))[0].sender_shop_id
    granted = Granted(
        uuid7(now), offer.id, subject_id, amount_minor, offer.terms.currency, found.valid_from, found.valid_until
    )
    grant = Grant(
        offer_id=offer.id,
        at=now,
        subject_id=subject_id,
        sender_shop_id=sender,
        origin_kind="split",
        origin_id=voucher_id,
        id=granted.voucher_id,
    )
    found.remaining_minor -= amount_minor
    found.held_minor -= amount_minor + fee_minor
    if not found.remaining_minor:
        found.closed, found.lock_key, found.lock_until = "split", None, None
    await store.update_vouchers(uow, [found], [])
    part = NewVoucher(grant, granted, os.urandom(SECRET_BYTES), amount_minor + fee_minor)
    await store.insert_vouchers(uow, [part])
    uow.record("grant", [granted.voucher_id])
    return granted


async def take_back(uow: UnitOfWork, voucher_id: UUID, key: UUID) -> int:
    """Let the holder spend what is left of a voucher that was put aside; returns that in minor units."""
    found, _ = await _locked(uow, voucher_id)
    if found.lock_key == key:
        found.lock_key = found.lock_until = None
        await store.update_vouchers(uow, [found], [])
    return found.remaining_minor


def _is_aside(found: Voucher, key: UUID, now: datetime) -> bool:
    return found.lock_key == key and found.lock_until is not None and now < found.lock_until


async def _locked(uow: UnitOfWork, voucher_id: UUID) -> tuple[Voucher, Offer]:
    rows = await (await store.lock_vouchers(uow, [voucher_id], ())).all()
    offers = await store.offers(uow, [rows[0].offer_id])
    return rows[0], offers[rows[0].offer_id]
