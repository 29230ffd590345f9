"""The prices that serve now: kept by each process, looked at again at every use, dearer ahead of the plan."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from ringmain.campaign import store
from ringmain.campaign.allocation import multiplier
from ringmain.campaign.allocation.problem import Floats
from ringmain.campaign.store import Pricing
from ringmain.kit.db import UnitOfWork
from ringmain.match.api import Reach

# What was solved longer ago says nothing of now: plays are drawn by their match until it is solved again.
OLDEST = timedelta(hours=6)
_PACE_SECONDS = 10.0
_KEY = "campaign.prices"


@dataclass(frozen=True, slots=True, eq=False)
class Serving:
    """The prices of one solution, by offer and by merchant, and what pace makes of each offer's."""

    pricing: Pricing
    offers: dict[UUID, float]
    senders: dict[UUID, float]
    ahead: dict[UUID, float]
    read_at: float

    def of(self, reach: Reach, sender_id: UUID | None) -> Floats:
        """Return the price of a coin of each row of a reach, where a person is met at a merchant's shop."""
        by_place = [self.offers.get(id_, 0.0) * self.ahead.get(id_, 1.0) for id_ in reach.catalogue.offer_place]
        where = 0.0 if sender_id is None else self.senders.get(sender_id, 0.0)
        return np.asarray(np.array(by_place, dtype=np.float64)[reach.offer] + where, dtype=np.float64)


async def serving(uow: UnitOfWork, at: datetime) -> Serving | None:
    """Return the prices that serve, or None where none were solved in the last hours.

    Those of the newest solution, at every use; how far budgets are ahead of their plan is read every ten seconds.
    """
    pricing = await store.newest_pricing(uow)
    if pricing is None or not timedelta() <= at - pricing.solved_at < OLDEST:
        return None
    kept: dict[UUID, Serving] = uow.kept.setdefault(_KEY, {})
    found = kept.get(uow.network_id)
    if found is None or found.pricing.id != pricing.id or time.monotonic() - found.read_at > _PACE_SECONDS:
        prices = await store.coin_prices(uow)
        found = kept[uow.network_id] = Serving(
            pricing,
            {one.object_id: one.price for one in prices if one.kind == "offer"},
            {one.object_id: one.price for one in prices if one.kind == "sender"},
            await _ahead(uow, at),
            time.monotonic(),
        )
    return found


async def _ahead(uow: UnitOfWork, at: datetime) -> dict[UUID, float]:
    """Return by what the price of each offer is multiplied: as its budget says that is furthest ahead of its plan."""
    running = [one for one in await store.budgets(uow, ends_after=at) if one.begins_at <= at]
    paces = {
        one.id: multiplier(one.spent_minor, one.limit_minor, (at - one.begins_at) / (one.ends_at - one.begins_at))
        for one in running
    }
    ahead: dict[UUID, float] = {}
    for draws in await store.draws(uow, at) if paces else []:
        if draws.budget_id in paces:
            pace = paces[draws.budget_id]
            ahead[draws.offer_id] = max(ahead.get(draws.offer_id, pace), pace)
    return ahead
