"""Ending vouchers: the sweep that expires those whose time is over, and creators who take theirs back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7, uuid7_of
from ringmain.voucher import store
from ringmain.voucher.apply import apply
from ringmain.voucher.errors import VoucherNotFound
from ringmain.voucher.lease import end_leases_over
from ringmain.voucher.model import Close, Ended
from ringmain.voucher.store import Place

# Some hundreds of closings stay well under 250 ms: a redemption that waits for a funder's purse waits no longer.
_CHUNK = 500
# A grant that is still on its way may end before the present: the sweep looks at the last minutes again every time.
_LOOK_BACK = timedelta(minutes=10)
_NO_VOUCHER = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Swept:
    """One chunk of the sweep: how far it came, how many it closed, and whether there is nothing left."""

    place: Place | None
    closed: int
    done: bool


async def sweep(database: Database, network_id: UUID, *, now: datetime | None = None, from_start: bool = False) -> int:
    """Close every voucher of a network whose time is over; returns how many. What was left goes back to its funder.

    It works in short transactions, may be interrupted at any time, and goes on where it stopped. `now` replaces the
    clock (replays). `from_start` looks at all ended vouchers again: after imports of vouchers with ends in the past.
    """
    closed = 0
    async with database.unit(network_id, now=now) as uow:
        place = None if from_start else await store.expiry_place(uow)
        await store.forget_ended_holds(uow, await uow.now())
        await store.forget_prepared(uow, await uow.now())
    done = False
    while not done:
        async with database.unit(network_id, now=now) as uow:
            of_leases, done = await end_leases_over(uow, _CHUNK)
        closed += of_leases
    while True:
        async with database.unit(network_id, now=now) as uow:
            swept = await sweep_chunk(uow, place, _CHUNK)
        closed += swept.closed
        if swept.done:
            return closed
        place = swept.place


async def sweep_chunk(uow: UnitOfWork, after: Place | None, most: int) -> Swept:
    """Close the next vouchers, in the order of their ends, and note how far the sweep has come."""
    now = await uow.now()
    rows = await store.ended_after(uow, after, now, most)
    closes = [Close(uuid7_of(now, row.id, b"expired"), row.id, now) for row in rows if row.open]
    # Somebody may have spent or revived one meanwhile, or it is lent to a till: then the book refuses to close it.
    answers = await apply(uow, closes) if closes else []
    place = Place(rows[-1].valid_until, rows[-1].id) if rows else after
    if place is not None:
        settled = Place(now - _LOOK_BACK, _NO_VOUCHER)
        await store.advance_expiry(uow, place if place.valid_until < settled.valid_until else settled)
    return Swept(place, sum(isinstance(answer, Ended) for answer in answers), len(rows) < most)


async def void(
    uow: UnitOfWork, voucher_ids: Sequence[UUID], *, creator: UUID | None = None
) -> list[Ended | RuleBroken]:
    """Take vouchers back, of `creator` only where one is given; one answer each. Their money goes back to the funder.

    Another creator's voucher and one that never was get the same answer.
    """
    now = await uow.now()
    known = {voucher.id: voucher for voucher in await store.read_vouchers(uow, voucher_ids)}
    offers = await store.published_offers(uow, sorted({voucher.offer_id for voucher in known.values()}))
    own = {id_ for id_, one in known.items() if creator in (None, offers[one.offer_id].creator_merchant_id)}
    wanted = [id_ for id_ in voucher_ids if id_ in own]
    closed = iter(await apply(uow, [Close(uuid7(now), id_, now, how="void") for id_ in wanted]))
    answers: list[Ended | RuleBroken] = []
    for id_ in voucher_ids:
        answer = next(closed) if id_ in own else VoucherNotFound()
        assert isinstance(answer, Ended | RuleBroken)
        answers.append(answer)
    return answers
