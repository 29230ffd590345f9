"""Lets a town live: visits with their time of day and sale, redemptions, one week after the other."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from ringmain.simulate.journey import Frozen
from ringmain.simulate.world.families.family import Family, Held
from ringmain.simulate.world.parameters import WINDOW_DAYS
from ringmain.simulate.world.shops import CATEGORIES, Bools, Floats, Int32s, Int64s
from ringmain.simulate.world.world import World

_MINUTES = 60
_SPREAD_MINUTES = 115.0
_SALE_SPREAD = 0.45
# In the recorded year households save 14 % of shelf prices (5 % of them save 8 % or less, 5 % 23 % or more), and of
# those that a campaign addresses the thriftier redeem more often: area under the curve .57, here .59.
_REDUCED, _REDUCED_SHAPE, _MOST_REDUCED = 0.14, 0.35, 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Visits(Frozen):
    """Visits by day, then person, one entry each.

    `slot` is the shop's place within the person's reach; `minute` of the day, within the shop's hours; `amount_minor`
    is the sale, of which `off_minor` is paid with the voucher; `reduced_minor` is what reductions of the shop's own,
    which the receipt shows, had taken off before.
    """

    person: Int64s
    slot: Int64s
    shop: Int64s
    day: Int32s
    minute: Int32s
    amount_minor: Int64s
    off_minor: Int64s
    reduced_minor: Int64s

    @property
    def redeemed(self) -> Bools:
        """Return which visits were paid with a voucher."""
        redeemed: Bools = self.off_minor > 0
        return redeemed


def joined(parts: Sequence[Visits]) -> Visits:
    """Return the visits of consecutive weeks as one."""
    return Visits(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Visits)))


def live(family: Family, first_day: int, given: Held, days: int = WINDOW_DAYS) -> Visits:
    """Live the week that begins on `first_day`, with the vouchers `given` on its morning, and settle it.

    The first visit to the shop of a voucher redeems it.
    """
    world = family.world
    held = Held(given.slot.copy(), given.face.copy())
    parts = []
    for day in range(first_day, first_day + days):
        person, slot = family.day(day, held)
        redeems = held.slot[person] == slot
        off = np.where(redeems, held.face[person], 0.0)
        held.slot[person[redeems]] = -1
        parts.append(_sales(world, day, person, slot, off))
    visits = joined(parts)
    family.settle(first_day + days, visits.person, visits.slot, given)
    return visits


def live_all(family: Family) -> Visits:
    """Live all days of a town's parameters without any voucher."""
    days = family.world.parameters.days
    nobody = Held.none(len(family.world.reach))
    return joined(
        [live(family, first, nobody, min(WINDOW_DAYS, days - first)) for first in range(0, days, WINDOW_DAYS)]
    )


def _sales(world: World, day: int, person: Int64s, slot: Int64s, off: Floats) -> Visits:
    """Draw when each visit is made and what is bought; a voucher takes off no more than the sale."""
    random = np.random.default_rng([world.parameters.seed, 31, day])
    shops, people = world.shops, world.people
    shop = world.reach[person, slot].astype(np.int64)
    kind = shops.category[shop]
    hours = np.array([[hour for hour, _ in one.peaks] for one in CATEGORIES])
    first = np.array([one.peaks[0][1] / sum(weight for _, weight in one.peaks) for one in CATEGORIES])
    peak = (random.random(len(shop)) >= first[kind]).astype(np.int64)
    drawn = hours[kind, peak] * _MINUTES + random.normal(0.0, _SPREAD_MINUTES, len(shop))
    opens, closes = shops.opens[shop], shops.closes[shop]
    anywhen = opens + random.random(len(shop)) * (closes - opens)
    minute = np.where((drawn >= opens) & (drawn < closes), drawn, anywhen)
    wealth = (people.budget_minor[person] / people.budget_minor.mean()) ** 0.3
    amount = np.rint(shops.price_minor[shop] * wealth * np.exp(random.normal(0.0, _SALE_SPREAD, len(shop))))
    amount = np.maximum(amount, 100.0)
    # Drawn last, so that nothing that people do depends on it.
    saves = _REDUCED * people.thrift[person] ** world.parameters.thrift_shown
    saved = np.minimum(saves * random.gamma(_REDUCED_SHAPE, 1 / _REDUCED_SHAPE, len(shop)), _MOST_REDUCED)
    return Visits(
        person=person,
        slot=slot,
        shop=shop,
        day=np.full(len(shop), day, dtype=np.int32),
        minute=minute.astype(np.int32),
        amount_minor=amount.astype(np.int64),
        off_minor=np.minimum(off, amount).astype(np.int64),
        reduced_minor=np.rint(amount * saved / (1.0 - saved)).astype(np.int64),
    )
