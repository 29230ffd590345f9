"""What service plans brought, from the lake: people of a tribe as they were dealt, each followed for as long."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

from ringmain.campaign import api as campaign
from ringmain.kit.db import UnitOfWork
from ringmain.kit.lake.connect import connect
from ringmain.kit.pure.clock import microseconds
from ringmain.kit.secrets import Keyring
from ringmain.loop import analysis
from ringmain.loop.analysis import LAKE_TABLES, Facts, ServedRows
from ringmain.loop.lift import BEFORE_DAYS, WINDOW_DAYS, microseconds_of
from ringmain.loop.model import lift as model
from ringmain.loop.model.lift import Dealt, Interval, Reading, State
from ringmain.network import api as network
from ringmain.segment import api as segment

_MEMORY, _THREADS = "512MB", 2
_FULL_BP = 10_000
KEY = "service plans told to merchants"


@dataclass(frozen=True, slots=True)
class PlanOf:
    """The plan to read: whose visits count (`shop_ids`; None: everywhere), the share held out, its end, and up to when.

    `rounded`: it is read by a merchant, as it stood on the last Monday, people and visits in fives.
    """

    plan_id: UUID
    shop_ids: tuple[UUID, ...] | None
    share: float
    ended_at: datetime | None
    until: datetime
    rounded: bool


@dataclass(frozen=True, slots=True)
class Group:
    """What people of one group did in their days: counted, not compared; None where too few may be told of."""

    people: int | None
    visits: int | None
    full_price: int | None
    paid_minor: int | None


@dataclass(frozen=True, slots=True)
class More:
    """What one person served did more than one held out, with its 95 % interval; None where nothing may be said.

    `people_needed`: about how many people more the answer needs, None where more people are not known to help.
    """

    state: State
    more: float | None
    interval: Interval | None
    people_needed: int | None = None


@dataclass(frozen=True, slots=True)
class PlanEffect:
    """What a plan brought in the `window_days` after each first meeting: counted for both groups, and caused.

    `visits`, `full_price` (visits without a voucher) and `paid` (minor units, vouchers and refunds left out) are
    readings in which the people served stand beside those held out; while it is not `final` they hold at any look.
    `waiting`: people whose days are not over. `given`: benefits that tills gave under it, each once a day at a shop;
    None where too few people may be told of.
    """

    window_days: int
    waiting: int | None
    until: datetime
    final: bool
    served: Group
    held_out: Group
    visits: More
    full_price: More
    paid: More
    given: int | None


async def effect_of(uow: UnitOfWork, plan_id: UUID, *, by: UUID | None) -> PlanOf:
    """Return what there is to read of a plan, for its merchant or the operator. Raises `ServicePlanNotFound`.

    Visits at the shops of its owner count; of the network's plans those at all shops.
    """
    one = await campaign.read_plan(uow, plan_id, by=by)
    shops = None
    if one.owner_id != uow.network_id:
        shops = tuple(shop.id for shop in await network.shops_of(uow, one.owner_id))
    until = await read_until(uow, by)
    return PlanOf(one.id, shops, one.held_out_bp / _FULL_BP, one.ended_at, until, by is not None)


async def read_until(uow: UnitOfWork, merchant_id: UUID | None) -> datetime:
    """Return up to when facts of tribes are read: now, and for merchants up to the last Monday, once a week."""
    now = await uow.now()
    if merchant_id is None:
        return now
    return segment.week_of(now, ZoneInfo((await network.network_of(uow)).time_zone)).until


def plan_effect(lake: Path, keyring: Keyring, network_id: UUID, asked: PlanOf) -> PlanEffect:
    """Read one plan; blocks for a second or more. Where nobody was met yet it is too early to say."""
    return plan_effects(lake, keyring, network_id, [asked])[asked.plan_id]


def plan_effects(lake: Path, keyring: Keyring, network_id: UUID, asked: Sequence[PlanOf]) -> dict[UUID, PlanEffect]:
    """Read plans that are all of one owner; blocks."""
    if not asked:
        return {}
    shops = asked[0].shop_ids
    with facts_of(lake, network_id) as facts:
        own = None if shops is None else [str(id_) for id_ in shops]
        ids = [str(one.plan_id) for one in asked]
        rows = analysis.served_rows(facts, WINDOW_DAYS, BEFORE_DAYS, own, ids)
        given = analysis.benefits_given(facts, ids)
    key = keyring.derived(KEY)
    return {one.plan_id: _read(rows, given, one, key) for one in asked}


def _read(rows: ServedRows, given: Sequence[tuple[str, int]], asked: PlanOf, key: bytes) -> PlanEffect:
    """Read the people of a plan that were met before the moment up to which it is read."""
    days = microseconds_of(timedelta(days=WINDOW_DAYS))
    mine = np.asarray(rows.plan, dtype=object) == str(asked.plan_id)
    met = mine & (rows.entered_at < microseconds(asked.until))
    ripe = met & (rows.entered_at + days <= microseconds(asked.until))
    final = asked.ended_at is not None and asked.until >= asked.ended_at + timedelta(days=WINDOW_DAYS)

    def reading(outcome: analysis.Int64s, before: analysis.Int64s) -> More:
        dealt = Dealt(rows.treated[ripe], outcome[ripe].astype(np.float64), before[ripe].astype(np.float64))
        return _more(model.read(dealt, asked.share, final=final))

    def people(chosen: model.Bools) -> int | None:
        if not asked.rounded:
            return int(chosen.sum())
        return segment.rounded([rows.person[place] for place in np.flatnonzero(chosen)], key)

    def group(*, treated: bool) -> Group:
        chosen = ripe & (rows.treated if treated else ~rows.treated)
        count = people(chosen)
        if count is None or not count:
            return Group(count, None, None, None)
        visits, full, paid = (int(each[chosen].sum()) for each in (rows.visits, rows.full_price, rows.paid_minor))
        if asked.rounded:
            return Group(count, in_fives(visits), in_fives(full), in_two_digits(paid))
        return Group(count, visits, full, paid)

    told = people(met & rows.treated)
    count = sum(plan == str(asked.plan_id) and at < microseconds(asked.until) for plan, at in given)
    return PlanEffect(
        window_days=WINDOW_DAYS,
        waiting=people(met & ~ripe),
        until=asked.until,
        final=final,
        served=group(treated=True),
        held_out=group(treated=False),
        visits=reading(rows.visits, rows.visits_before),
        full_price=reading(rows.full_price, rows.full_price_before),
        paid=reading(rows.paid_minor, rows.paid_before),
        given=None if told is None else in_fives(count) if asked.rounded else count,
    )


def in_fives(count: int) -> int:
    """Return a count of visits as merchants read it of a tribe: an exact one would tell how many people they are."""
    return 5 * round(count / 5)


def in_two_digits(amount_minor: int) -> int:
    """Return an amount with two digits that count, for the same reason."""
    step = int(10 ** max(0, len(str(abs(amount_minor))) - 2))
    return round(amount_minor / step) * step


def _more(one: Reading) -> More:
    if one.per_person is None or one.interval is None or not one.treated:
        return More(one.state, None, None, one.people_needed)
    interval = Interval(one.interval.low / one.treated, one.interval.high / one.treated)
    return More(one.state, one.per_person, interval, one.people_needed)


@contextmanager
def facts_of(lake: Path, network_id: UUID) -> Iterator[Facts]:
    """Open the facts of a network."""
    with connect(lake, LAKE_TABLES, network_id=network_id, memory_limit=_MEMORY, threads=_THREADS) as connection:
        yield analysis.facts_of(connection)
