"""Lots: the cost of many vouchers is set aside at once, and each is issued when somebody wins it, as columns.

What `grant` does one by one under the funder's purse, a lot has done before: to issue needs no transfer and no purse,
and cannot fail for want of money.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import time_of, uuid7_of
from ringmain.ledger import api as ledger
from ringmain.network.api import MerchantAccount
from ringmain.voucher import store
from ringmain.voucher.errors import LotClosed, LotUnfit
from ringmain.voucher.grant import SECRET_BYTES, lock_funds, open_counter
from ringmain.voucher.model import Grant, Offer
from ringmain.voucher.model.lots import Issue, Lot, period_of, unfit_for_lots
from ringmain.voucher.postings import Posting, account_of, transfer_id
from ringmain.voucher.store import lots as lot_store
from ringmain.voucher.store.lots import IssuedColumns


async def order_lot(uow: UnitOfWork, offer_id: UUID, count: int, id_: UUID) -> Lot | RuleBroken:
    """Set aside stock and the greatest possible cost of `count` vouchers, in one transfer; no voucher exists yet.

    `id_` is a UUIDv7. Returns the lot, or the rule that refuses it; a refusal changes nothing. Ordered once more under
    the same id, the lot is enlarged by `count`. Raises `LotClosed`.
    """
    known = (await lot_store.lock_lots(uow, [id_])).get(id_)
    if known is not None and known.closed_at is not None:
        raise LotClosed(lot_id=id_)
    counter = await open_counter(uow, {offer_id})
    # Whoever wins a voucher of a lot holds it: for the check, that somebody stands for all of them.
    refusal = counter.open_to(Grant(offer_id=offer_id, at=await uow.now(), subject_id=uow.network_id))
    if refusal is not None:
        return refusal
    offer = counter.offers[offer_id]
    if (reason := unfit_for_lots(offer.terms)) is not None:
        return LotUnfit(offer_id=offer_id, reason=reason)
    await lock_funds(uow, counter, {(offer.funder_id, offer.terms.currency)}, set())
    refusal = counter.take(offer, count)
    if refusal is not None:
        return refusal
    if offer_id in counter.stock:
        await store.take_stock(uow, {offer_id: count})
    if known is None:
        await lot_store.insert_lot(uow, Lot(id_, offer_id, count))
        hold = transfer_id(id_, Posting.HOLD, time_of(id_))
    else:
        await lot_store.enlarge_lot(uow, id_, count)
        # How large it was before is part of the id: each enlargement is paid once.
        hold = uuid7_of(await uow.now(), id_, Posting.HOLD.to_bytes(1), known.ordered.to_bytes(8))
    await _move(uow, offer, count, hold, id_, Posting.HOLD)
    return Lot(id_, offer_id, count + (known.ordered if known else 0), known.issued if known else 0)


async def _move(uow: UnitOfWork, offer: Offer, count: int, id_: UUID, lot_id: UUID, posting: Posting) -> None:
    """Post what `count` vouchers of an offer cost: set aside, or given back."""
    currency, amount = offer.terms.currency, offer.terms.cost_minor * count
    available = account_of(uow.network_id, offer.funder_id, MerchantAccount.AVAILABLE, currency)
    held = account_of(uow.network_id, offer.funder_id, MerchantAccount.HELD, currency)
    holding = posting is Posting.HOLD
    debit, credit = (available, held) if holding else (held, available)
    transfer = ledger.Transfer(id_, debit, credit, amount, currency, posting, lot_id, await uow.now())
    await ledger.post(uow, [transfer], {available: -amount if holding else amount})


@dataclass(frozen=True, slots=True)
class OpenLot:
    """A lot with what its offer says; `paused` offers issue nothing for now."""

    lot: Lot
    offer: Offer
    paused: bool


async def lock_lots(uow: UnitOfWork, ids: Sequence[UUID]) -> dict[UUID, OpenLot]:
    """Lock lots, in the order of their ids, and read what issuing from them needs."""
    return await _with_offers(uow, await lot_store.lock_lots(uow, sorted(ids)))


async def look_at_lots(uow: UnitOfWork, ids: Sequence[UUID]) -> dict[UUID, OpenLot]:
    """Read lots with what their offers say, for who publishes what is left: nobody has to wait, nothing is held."""
    return await _with_offers(uow, await lot_store.read_lots(uow, ids))


async def _with_offers(uow: UnitOfWork, lots: Mapping[UUID, Lot]) -> dict[UUID, OpenLot]:
    offer_ids = sorted({lot.offer_id for lot in lots.values()})
    pausing = await store.paused_offers(uow, offer_ids)
    offers = await store.offers(uow, offer_ids)
    paused = {row.id for row in await pausing.all()}
    return {id_: OpenLot(lot, offers[lot.offer_id], lot.offer_id in paused) for id_, lot in lots.items()}


def issuable(open_lot: OpenLot, at_us: int) -> int:
    """Return how many vouchers of a lot can be issued at a time (UTC microseconds)."""
    period = period_of(open_lot.offer.terms)
    if open_lot.paused or max(at_us, period.from_us) >= period.until_us:
        return 0
    return open_lot.lot.left


async def issue(uow: UnitOfWork, lots: Sequence[OpenLot], issued: Issue) -> None:
    """Issue vouchers from lots that `lock_lots` has locked, each within what `issuable` said. Announces `grant`.

    Three statements, however many vouchers; their cost was set aside when the lots were ordered.
    """
    if not len(issued.ids):
        return
    counts = np.bincount(issued.lot, minlength=len(lots))
    await lot_store.count_issued(
        uow, {lots[place].lot.id: int(counts[place]) for place in np.flatnonzero(counts).tolist()}
    )
    secrets = np.frombuffer(os.urandom(SECRET_BYTES * len(issued.ids)), dtype=f"V{SECRET_BYTES}")
    await lot_store.insert_issued(uow, issued, _columns(lots, issued), secrets)
    uow.record_column("grant", issued.ids)


async def keep(uow: UnitOfWork, counts: Mapping[UUID, int]) -> None:
    """Keep so many vouchers of lots that `lock_lots` has locked for winners who still choose; below zero: no longer."""
    wanted = {id_: count for id_, count in counts.items() if count}
    if wanted:
        await lot_store.count_kept(uow, wanted)


def _columns(lots: Sequence[OpenLot], issued: Issue) -> IssuedColumns:
    def taken(values: Sequence[int]) -> npt.NDArray[np.int64]:
        return np.array(values, dtype=np.int64)[issued.lot]

    def taken_ids(ids: Sequence[UUID]) -> npt.NDArray[np.void]:
        return np.frombuffer(b"".join(id_.bytes for id_ in ids), dtype="V16")[issued.lot]

    terms = [one.offer.terms for one in lots]
    periods = [period_of(one) for one in terms]
    begins = np.maximum(issued.at_us, taken([one.from_us for one in periods]))
    ends = np.minimum(begins + taken([one.days_us for one in periods]), taken([one.until_us for one in periods]))
    return IssuedColumns(
        offer_ids=taken_ids([one.offer.id for one in lots]),
        lot_ids=taken_ids([one.lot.id for one in lots]),
        face_minor=taken([one.face_minor for one in terms]),
        held_minor=taken([one.set_aside_minor for one in terms]),
        begins_us=begins,
        ends_us=ends,
    )


async def read_lots(uow: UnitOfWork, ids: Sequence[UUID]) -> Mapping[UUID, Lot]:
    """Return lots as they stand."""
    return await lot_store.read_lots(uow, ids)


async def close_lots(uow: UnitOfWork, ids: Sequence[UUID]) -> None:
    """Close lots: what was not issued goes back to its funders. Closing twice changes nothing."""
    lots = await lot_store.lock_lots(uow, sorted(ids))
    offers = await store.offers(uow, sorted({lot.offer_id for lot in lots.values()}))
    open_ = [lot for lot in lots.values() if lot.closed_at is None]
    currencies = {(offers[lot.offer_id].funder_id, offers[lot.offer_id].terms.currency) for lot in open_}
    accounts = [account_of(uow.network_id, holder, MerchantAccount.AVAILABLE, code) for holder, code in currencies]
    if accounts:
        await ledger.available(uow, accounts)
    now = await uow.now()
    for lot in open_:
        if lot.left:
            back = transfer_id(lot.id, Posting.RELEASE, now)
            await _move(uow, offers[lot.offer_id], lot.left, back, lot.id, Posting.RELEASE)
    await lot_store.close_lots(uow, [lot.id for lot in open_], now)
