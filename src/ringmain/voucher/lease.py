"""Leases: vouchers are lent to one terminal, for longer, and taken back; who has one may redeem without a network."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7_of
from ringmain.voucher import store
from ringmain.voucher.apply import apply
from ringmain.voucher.errors import LeaseNotFound, TerminalRequired
from ringmain.voucher.model import AskLease, Close, Ended, Lease, LeaseDesk, Offer, OfflineRule, Redeemer, Voucher

MOST_PREPARED = 50
PREPARED_FOR = timedelta(hours=12)


async def lease(
    uow: UnitOfWork,
    by: Redeemer,
    asks: Sequence[AskLease],
    *,
    lasting: timedelta | None = None,
    prepared: bool = False,
) -> list[Lease | RuleBroken]:
    """Lend vouchers to the terminal `by`, in order; one answer each. One that it has already is lent for longer.

    `lasting` shortens the time that the merchant's rule gives. With `prepared`, the vouchers that their holders mean to
    use at this shop are lent too, as far as the caps allow; their answers come last, without the refused ones.
    Raises `TerminalRequired`. A refused one changes nothing.
    """
    if by.terminal_id is None:
        raise TerminalRequired()
    await store.lock_terminal(uow, by.terminal_id)
    now = await uow.now()
    also: list[AskLease] = []
    if prepared:
        asked = {ask.voucher_id for ask in asks}
        found = await store.prepared_vouchers(uow, by.shop_id, now, MOST_PREPARED)
        also = [AskLease(id_, by, prepared=True) for id_ in found if id_ not in asked]
    desk = await _desk(uow, by, [*asks, *also], now)
    answers = [desk.lease(ask, lasting) for ask in asks]
    answers += [one for ask in also if isinstance(one := desk.lease(ask, lasting), Lease)]
    # Asked for twice in one request, a voucher is lent once.
    lent = {one.voucher_id: one for one in answers if isinstance(one, Lease)}
    if lent:
        await store.write_leases(uow, list(lent.values()))
    return answers


async def _desk(uow: UnitOfWork, by: Redeemer, asks: Sequence[AskLease], now: datetime) -> LeaseDesk:
    assert by.terminal_id is not None
    ids = sorted({ask.voucher_id for ask in asks})
    vouchers = {one.id: one for one in await (await store.lock_vouchers(uow, ids, ())).all()}
    known = await store.read_leases(uow, {one.lease_id for one in vouchers.values() if one.lease_id is not None})
    over = {one.id: one.voucher_id for one in known.values() if one.free_at <= now}
    if over:
        await store.end_leases(uow, over, now, "over")
    own = await store.open_leases(uow, terminal_id=by.terminal_id)
    return LeaseDesk(
        vouchers=vouchers,
        offers=await store.offers(uow, {one.offer_id for one in vouchers.values()}),
        rule=await offline_rule(uow, by.merchant_id),
        now=now,
        open={one.voucher_id: one for one in own if one.free_at > now},
        others={one.voucher_id: one for one in known.values() if one.id not in over},
        numbers=await store.lease_numbers(uow, ids),
    )


async def release_lease(
    uow: UnitOfWork, lease_id: UUID, *, terminal_id: UUID | None = None, merchant_id: UUID | None = None
) -> Lease:
    """Take a lease back, of one terminal or merchant only where that is given: the voucher is free at once.

    A terminal first sends what it redeemed; what arrives later is decided as if the voucher had not been lent any more.
    Raises `LeaseNotFound`, also for another terminal's and for one that has ended.
    """
    found = (await store.read_leases(uow, [lease_id])).get(lease_id)
    if found is None or terminal_id not in (None, found.terminal_id) or merchant_id not in (None, found.merchant_id):
        raise LeaseNotFound()
    await (await store.lock_vouchers(uow, [found.voucher_id], ())).all()
    under_lock = (await store.read_leases(uow, [lease_id]))[lease_id]
    if under_lock.ended_at is not None:
        raise LeaseNotFound()
    await store.end_leases(uow, {lease_id: found.voucher_id}, await uow.now(), "released")
    return under_lock


async def end_leases_over(uow: UnitOfWork, most: int) -> tuple[int, bool]:
    """End leases that keep nobody off any more, and close vouchers whose own time ended meanwhile.

    Returns how many vouchers were closed, and whether there is nothing left.
    """
    now = await uow.now()
    rows = await store.leases_over(uow, now, most)
    if not rows:
        return 0, True
    vouchers = await (await store.lock_vouchers(uow, sorted({row.voucher_id for row in rows}), ())).all()
    # A terminal may have got more time while this waited for the locks.
    leases = await store.read_leases(uow, [row.id for row in rows])
    over = {one.id: one.voucher_id for one in leases.values() if one.ended_at is None and one.free_at <= now}
    if over:
        await store.end_leases(uow, over, now, "over")
    ended = set(over.values())
    closes = [
        Close(uuid7_of(now, one.id, b"expired"), one.id, now)
        for one in vouchers
        if one.id in ended and one.closed is None and one.valid_until <= now
    ]
    answers = await apply(uow, closes) if closes else []
    return sum(isinstance(answer, Ended) for answer in answers), len(rows) < most


async def open_leases(
    uow: UnitOfWork,
    *,
    terminal_id: UUID | None = None,
    merchant_id: UUID | None = None,
    after: UUID | None = None,
    limit: int | None = None,
) -> list[Lease]:
    """Return the leases that have not ended, in the order of their ids: of a terminal, of a merchant, or all."""
    return await store.open_leases(uow, terminal_id=terminal_id, merchant_id=merchant_id, after=after, limit=limit)


async def leased_vouchers(uow: UnitOfWork, leases: Iterable[Lease]) -> dict[UUID, tuple[Voucher, Offer]]:
    """Return the vouchers of leases as they stand, each with its offer."""
    vouchers = await store.read_vouchers(uow, {one.voucher_id for one in leases})
    offers = await store.offers(uow, {one.offer_id for one in vouchers})
    return {one.id: (one, offers[one.offer_id]) for one in vouchers}


async def offline_rule(uow: UnitOfWork, merchant_id: UUID) -> OfflineRule:
    """Return what a merchant's tills may do without a network."""
    return (await store.offline_rules(uow, [merchant_id])).get(merchant_id, OfflineRule())


async def change_offline_rule(uow: UnitOfWork, merchant_id: UUID, rule: OfflineRule) -> None:
    """Say what a merchant's tills may do without a network; leases that are out keep their times."""
    await store.write_offline_rule(uow, merchant_id, rule, await uow.now())


async def prepare(uow: UnitOfWork, voucher_ids: Sequence[UUID], shop_id: UUID) -> datetime:
    """Note that their holder means to use vouchers at a shop within twelve hours; returns until when that is kept.

    The caller has seen that the vouchers are the holder's own. The shop's tills may then lease them ahead.
    """
    until = await uow.now() + PREPARED_FOR
    await store.prepare_vouchers(uow, shop_id, voucher_ids, until)
    return until
