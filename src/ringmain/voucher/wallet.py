"""The wallet of a member: every voucher they hold or held, with its offer, and when and where it was last used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.voucher import store
from ringmain.voucher.errors import VoucherNotFound
from ringmain.voucher.model import PublishedOffer, Voucher

State = Literal["open", "later", "spent", "expired", "void", "split"]


@dataclass(frozen=True, slots=True)
class Held:
    """One voucher of a member: open, good later, or ended. `used_at` and `used_shop_id` are of its last use.

    `part`: it is a part of another voucher, which somebody has shared.
    """

    voucher: Voucher
    offer: PublishedOffer
    state: State
    sender_shop_id: UUID | None
    granted_at: datetime
    used_at: datetime | None
    used_shop_id: UUID | None
    part: bool = False


async def wallet(uow: UnitOfWork, subject_ids: Sequence[UUID], *, most: int = 200) -> list[Held]:
    """Return the vouchers of a person: open ones by how soon they end, then the others, the newest first.

    `subject_ids` are the person's subject and those merged into it.
    """
    if not subject_ids:
        return []
    now = await uow.now()
    rows = await store.vouchers_of(uow, subject_ids, most)
    held = await _held(uow, rows, now)
    good = [one for one in held if one.state in ("open", "later")]
    ended = [one for one in held if one.state not in ("open", "later")]
    good.sort(key=lambda one: (one.voucher.valid_until, one.voucher.id))
    ended.sort(key=lambda one: one.voucher.id, reverse=True)
    return good + ended


async def held(uow: UnitOfWork, subject_ids: Sequence[UUID], voucher_id: UUID) -> Held:
    """Return one voucher of a person. Raises `VoucherNotFound` where it is not theirs."""
    row = await store.voucher_of(uow, subject_ids, voucher_id)
    if row is None:
        raise VoucherNotFound()
    return (await _held(uow, [row], await uow.now()))[0]


async def _held(uow: UnitOfWork, rows: Sequence[store.WalletRow], now: datetime) -> list[Held]:
    if not rows:
        return []
    vouchers = {one.id: one for one in await store.read_vouchers(uow, [row.id for row in rows])}
    offers = await store.published_offers(uow, sorted({one.offer_id for one in vouchers.values()}))
    uses = await store.last_uses(uow, list(vouchers))
    found = []
    for row in rows:
        voucher, use = vouchers[row.id], uses.get(row.id)
        found.append(
            Held(
                voucher,
                offers[voucher.offer_id],
                _state(voucher, now),
                row.sender_shop_id,
                row.granted_at,
                use.redeemed_at if use else None,
                use.shop_id if use else None,
                row.part,
            )
        )
    return found


def _state(voucher: Voucher, now: datetime) -> State:
    if voucher.closed == "spent":
        return "spent"
    if voucher.closed == "void":
        return "void"
    if voucher.closed == "split":
        return "split"
    if voucher.closed == "expired" or voucher.valid_until <= now:
        return "expired"
    return "later" if voucher.valid_from > now else "open"
