"""Budgets, caps and bands of fairness, as merchants and operators say them; and what came back of budgets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ringmain.campaign import store
from ringmain.campaign.allocation import Pace
from ringmain.campaign.errors import BudgetInvalid, BudgetSpent, BudgetUnknown, CapInvalid
from ringmain.campaign.model import play_day
from ringmain.campaign.store import Band, Budget, Cap, Power
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.network import api as network
from ringmain.network.errors import MerchantNotFound
from ringmain.voucher import api as voucher

# Power that flows back within so many days is not missing.
BAND_DAYS = 30
_PIECE = 20_000
_OF_MERCHANTS = ("merchant", "person_merchant")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBudget:
    """A budget that shall be: `owner_id` is a merchant, or the network; `offer_ids` draw on it."""

    owner_id: UUID
    name: str
    currency: str
    limit_minor: int
    begins_at: datetime
    ends_at: datetime
    offer_ids: tuple[UUID, ...]


async def open_budget(uow: UnitOfWork, new: NewBudget) -> Budget:
    """Open a budget: from now on, while its period runs, each voucher of its offers that a play gives draws on it.

    Money is set aside at each grant as ever; a budget limits how much of it plays may set aside. Raises
    `BudgetInvalid`.
    """
    now = await uow.now()
    offers = await voucher.read_offers(uow, new.offer_ids)
    reason = _fault(uow.network_id, new, [offers.get(id_) for id_ in new.offer_ids])
    if reason:
        raise BudgetInvalid(reason=reason)
    budget = Budget(
        id=uuid7(now),
        owner_id=new.owner_id,
        name=new.name.strip(),
        currency=new.currency,
        limit_minor=new.limit_minor,
        begins_at=new.begins_at,
        ends_at=new.ends_at,
    )
    ids = sorted(set(new.offer_ids))
    await store.add_budget(uow, budget, [(id_, offers[id_].terms.cost_minor) for id_ in ids], now)
    return budget


def _fault(network_id: UUID, new: NewBudget, offers: Sequence[voucher.PublishedOffer | None]) -> str:
    if not new.name.strip():
        return "A budget has a name."
    if new.ends_at <= new.begins_at:
        return "It ends after it begins."
    if not offers:
        return "At least one offer draws on it."
    for one in offers:
        if one is None or new.owner_id not in (network_id, one.creator_merchant_id):
            return "One of the offers is not its owner's."
        if one.terms.currency != new.currency:
            return "One of the offers is in another currency."
    return ""


async def change_limit(uow: UnitOfWork, budget_id: UUID, limit_minor: int, *, owner_id: UUID | None = None) -> Budget:
    """Change what may be set aside; `owner_id` limits it to that owner's. Raises `BudgetUnknown` or `BudgetSpent`."""
    found = await store.lock_budgets(uow, [budget_id])
    if not found or owner_id not in (None, found[0].owner_id):
        raise BudgetUnknown()
    if limit_minor < found[0].spent_minor:
        raise BudgetSpent(spent_minor=found[0].spent_minor)
    await store.change_limit(uow, budget_id, limit_minor)
    return (await store.lock_budgets(uow, [budget_id]))[0]


def pace_of(budget: Budget) -> Pace:
    """Return the pace of a budget over its period."""
    return Pace(budget.limit_minor, budget.begins_at, budget.ends_at)


async def count_returned(uow: UnitOfWork, budget: Budget) -> None:
    """Count what came back of a budget: of vouchers that ended, or cost less than the most they could.

    Only what is not needed any more comes back, so the count of a moment ago is never too much; no lock is taken.
    """
    ids = [one.voucher_id for one in await store.takes(uow, budget.id)]
    returned = 0
    for begin in range(0, len(ids), _PIECE):
        returned += await voucher.released(uow, ids[begin : begin + _PIECE])
    if returned != budget.returned_minor:
        await store.set_returned(uow, budget.id, min(returned, budget.taken_minor))


async def set_cap(uow: UnitOfWork, cap: Cap) -> None:
    """Say how many vouchers may be given. Raises `CapInvalid` or `MerchantNotFound`."""
    by_network = cap.owner_id == uow.network_id
    if (cap.kind == "person_channel") != bool(cap.channel) or not (by_network or cap.kind in _OF_MERCHANTS):
        raise CapInvalid()
    if not by_network and not await network.merchants(uow, [cap.owner_id]):
        raise MerchantNotFound(merchant_id=cap.owner_id)
    await store.set_cap(uow, cap, await uow.now())


async def set_band(uow: UnitOfWork, band: Band) -> None:
    """Agree with a merchant how far what it gives and receives may differ in 30 days. Raises `MerchantNotFound`."""
    if not await network.merchants(uow, [band.merchant_id]):
        raise MerchantNotFound(merchant_id=band.merchant_id)
    await store.set_band(uow, band, await uow.now())


@dataclass(frozen=True, slots=True)
class Standing:
    """A merchant's band, and the power it has given and received in 30 days."""

    band: Band
    power: Power

    @property
    def net_minor(self) -> int:
        """What it has given more than received."""
        return self.power.given_minor - self.power.received_minor


async def standings(uow: UnitOfWork) -> list[Standing]:
    """Return how merchants stand that have agreed to a band, by merchant."""
    day = play_day(await uow.now(), (await network.network_of(uow)).time_zone)
    power = {one.merchant_id: one for one in await store.power(uow, day - timedelta(days=BAND_DAYS - 1))}
    return [Standing(band, power[band.merchant_id]) for band in await store.bands(uow)]
