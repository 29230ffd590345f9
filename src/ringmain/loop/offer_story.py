"""What happened to each voucher of an offer, and at a merchant's shops day by day."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import first_id
from ringmain.loop.model.days import midnight
from ringmain.loop.store import offer_story as store
from ringmain.loop.store.offer_story import DayRow, FunnelRow
from ringmain.network import api as network
from ringmain.voucher import api as voucher
from ringmain.voucher.errors import OfferNotFound

MOST_VOUCHERS = 10_000

VoucherState = Literal["open", "partly_spent", "spent", "given_away", "expired", "void"]


@dataclass(frozen=True, slots=True)
class OfferVoucher:
    """One voucher of an offer as its creator may see it: when it was won and how it stands, not who holds it.

    `won_at` is a shop of the creator's own, None for another's. `undone` says that a redemption of it was reversed.
    """

    id: UUID
    granted_at: datetime
    won_at: UUID | None
    won_elsewhere: bool
    state: VoucherState
    undone: bool
    face_minor: int
    remaining_minor: int
    valid_until: datetime


async def offer_funnel(uow: UnitOfWork, offer_id: UUID, merchant_id: UUID) -> FunnelRow:
    """Return what became of the newest 10,000 vouchers of a merchant's offer.

    `came` counts holders who bought at a shop of this merchant that takes the voucher, while it was valid. Needs the
    network's unit of work: holders are no rows of a console. Raises `OfferNotFound`, also for another's offer.
    """
    offer = await own_offer(uow, offer_id, merchant_id)
    taking = set(offer.terms.shop_ids)
    shops = [shop.id for shop in await network.shops_of(uow, merchant_id) if not taking or shop.id in taking]
    return await store.funnel(uow, offer_id, shops, await uow.now(), MOST_VOUCHERS)


async def offer_vouchers(
    uow: UnitOfWork, offer_id: UUID, merchant_id: UUID, *, before: UUID | None = None, limit: int = 50
) -> list[OfferVoucher]:
    """Return the newest vouchers of a merchant's offer, older than `before`. Raises `OfferNotFound`."""
    await own_offer(uow, offer_id, merchant_id)
    own = {shop.id for shop in await network.shops_of(uow, merchant_id)}
    now = await uow.now()
    return [_shown(row, own, now) for row in await store.vouchers(uow, offer_id, before, limit)]


async def own_offer(uow: UnitOfWork, offer_id: UUID, merchant_id: UUID) -> voucher.PublishedOffer:
    """Return an offer of a merchant. Raises `OfferNotFound`, also for another's."""
    offer = await voucher.read_offer(uow, offer_id)
    if offer.creator_merchant_id != merchant_id:
        raise OfferNotFound
    return offer


async def daily(uow: UnitOfWork, merchant_id: UUID, days: int = 28) -> list[DayRow]:
    """Return the sales and vouchers of each of the last local days, today last. No shops give no days."""
    now = await uow.now()
    spans = []
    for shop in await network.shops_of(uow, merchant_id):
        today = now.astimezone(ZoneInfo(shop.time_zone)).date()
        for back in range(days):
            day = today - timedelta(days=back)
            begins, ends = midnight(day, shop.time_zone), midnight(day + timedelta(days=1), shop.time_zone)
            spans.append(store.DaySpan(day, shop.id, first_id(begins), first_id(ends)))
    return await (await store.days(uow, merchant_id, spans)).all() if spans else []


def _shown(row: store.OfferVoucherRow, own: set[UUID], now: datetime) -> OfferVoucher:
    return OfferVoucher(
        row.id,
        row.granted_at,
        row.sender_shop_id if row.sender_shop_id in own else None,
        row.sender_shop_id is not None and row.sender_shop_id not in own,
        _state(row, now),
        row.sequence > row.uses,
        row.face_minor,
        row.remaining_minor,
        row.valid_until,
    )


def _state(row: store.OfferVoucherRow, now: datetime) -> VoucherState:
    if row.closed == "spent":
        return "spent"
    if row.closed == "void":
        return "void"
    if row.closed == "split":
        return "given_away"
    # The sweep only tidies: a voucher whose time is over has expired, whether it came by or not.
    if row.closed == "expired" or row.valid_until <= now:
        return "expired"
    return "partly_spent" if row.uses else "open"
