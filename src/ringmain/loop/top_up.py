"""Standing top-ups: what a merchant is owed becomes what it can spend, by its order, announced a day before."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.loop.errors import TopUpInvalid, TopUpNotFound
from ringmain.loop.model.pressure import Estimate
from ringmain.loop.model.top_ups import NOTICE, StandingOrder, TopUp, Why, judge
from ringmain.loop.pressure import pressure
from ringmain.loop.store import top_ups as store
from ringmain.network import api as network

_MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Standing:
    """A merchant's order (None: never set), where it stands, and its newest top-ups."""

    order: StandingOrder | None
    currency: str
    available_minor: int
    owed_minor: int
    month_minor: int
    left: Estimate
    why: Why | None
    top_ups: list[TopUp]


async def standing(uow: UnitOfWork, merchant_id: UUID) -> Standing:
    """Return how a merchant's standing top-up stands. Raises `MerchantNotFound`."""
    has = await pressure(uow, merchant_id)
    balance = await network.merchant_balance(uow, merchant_id)
    order, now = await store.order(uow, merchant_id), await uow.now()
    month = await store.made_since(uow, merchant_id, await _month(uow, now))
    newest = await store.top_ups(uow, merchant_id, _MOST_SHOWN)
    spendable = has.available_minor + has.credit_minor
    why = None
    if order is not None:
        why = judge(order, spendable, has.money, month, newest[0] if newest else None, now)
    return Standing(order, has.currency, has.available_minor, balance.payable_minor, month, has.money, why, newest)


async def set_top_up(
    uow: UnitOfWork,
    merchant_id: UUID,
    *,
    below_minor: int | None,
    below_days: int | None,
    add_minor: int,
    month_minor: int,
) -> Standing:
    """Set a merchant's standing top-up in place of the one before; what is announced stays.

    Raises `MerchantNotFound` or `TopUpInvalid`.
    """
    await network.merchant_of(uow, merchant_id)
    if (below_minor is None and below_days is None) or month_minor < add_minor:
        raise TopUpInvalid
    order = StandingOrder(
        merchant_id=merchant_id,
        below_minor=below_minor,
        below_days=below_days,
        add_minor=add_minor,
        month_minor=month_minor,
        paused=False,
        changed_at=await uow.now(),
    )
    await store.set_order(uow, order)
    uow.record("top_up_set", [merchant_id])
    return await standing(uow, merchant_id)


async def pause_top_up(uow: UnitOfWork, merchant_id: UUID, *, paused: bool) -> Standing:
    """Pause a standing top-up, which stops what is announced, or let it go on. Raises `TopUpNotFound`."""
    order = await store.order(uow, merchant_id, lock=True)
    if order is None:
        raise TopUpNotFound
    now = await uow.now()
    await store.set_order(
        uow,
        StandingOrder(
            merchant_id=merchant_id,
            below_minor=order.below_minor,
            below_days=order.below_days,
            add_minor=order.add_minor,
            month_minor=order.month_minor,
            paused=paused,
            changed_at=now,
        ),
    )
    newest = await store.top_ups(uow, merchant_id, 1)
    if paused and newest and newest[0].state == "announced":
        await store.decide(uow, newest[0].id, "stopped", now)
    uow.record("top_up_set", [merchant_id])
    return await standing(uow, merchant_id)


async def with_order(uow: UnitOfWork) -> list[UUID]:
    """Return the merchants that have a standing top-up."""
    return await store.merchants(uow)


async def keep_topped_up(uow: UnitOfWork, merchant_id: UUID) -> TopUp | None:
    """Make a merchant's announced top-up when its day is over, or announce one that is due; return what changed.

    Its order is locked first, so that two workers cannot both act; a pause that came meanwhile holds.
    """
    order, now = await store.order(uow, merchant_id, lock=True), await uow.now()
    if order is None:
        return None
    found = await standing(uow, merchant_id)
    last = found.top_ups[0] if found.top_ups else None
    if last is not None and last.state == "announced":
        return await _make(uow, last, found.owed_minor, now) if last.due_at <= now else None
    if found.why != "due":
        return None
    one = TopUp(
        id=uuid7(now),
        merchant_id=merchant_id,
        amount_minor=order.add_minor,
        state="announced",
        announced_at=now,
        due_at=now + NOTICE,
        decided_at=None,
    )
    await store.add(uow, one)
    uow.record("top_up_changed", [one.id])
    return one


async def _make(uow: UnitOfWork, one: TopUp, owed_minor: int, now: datetime) -> TopUp:
    """Move the money where the merchant is owed as much, else say that it failed."""
    made = owed_minor >= one.amount_minor
    if made:
        await network.top_up(uow, one.merchant_id, one.id, one.amount_minor)
    await store.decide(uow, one.id, "made" if made else "failed", now)
    uow.record("top_up_changed", [one.id])
    return TopUp(
        id=one.id,
        merchant_id=one.merchant_id,
        amount_minor=one.amount_minor,
        state="made" if made else "failed",
        announced_at=one.announced_at,
        due_at=one.due_at,
        decided_at=now,
    )


async def _month(uow: UnitOfWork, now: datetime) -> datetime:
    zone = ZoneInfo((await network.network_of(uow)).time_zone)
    first = now.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first.astimezone(UTC)
