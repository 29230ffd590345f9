"""What visits remain when the money stops: of merchants whose campaigns are over, and in planned switch-offs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np

from ringmain.campaign import api as campaign
from ringmain.campaign.api import Campaign, SwitchOff
from ringmain.kit.db import UnitOfWork
from ringmain.kit.lake.connect import connect
from ringmain.kit.pure.clock import microseconds
from ringmain.loop import analysis
from ringmain.loop.analysis import LAKE_TABLES, Facts, Stop
from ringmain.loop.guests import LEAST_PEOPLE
from ringmain.loop.model import switch_off as model
from ringmain.loop.model.lift import Floats
from ringmain.loop.model.switch_off import AFTER, AFTER_DAYS, Period, Remaining, Stopped
from ringmain.loop.store import top_ups
from ringmain.network import api as network
from ringmain.network.api import Shop

_PAGE, _MOST_CAMPAIGNS = 200, 2_000
# Before a planned switch-off its areas are looked at for so many days.
_BEFORE_DAYS = 56
_MEMORY, _THREADS = "512MB", 2
_WEEK = 7


@dataclass(frozen=True, slots=True)
class MerchantStop:
    """A merchant (the network's id for its own campaigns) whose campaigns are all over, the last one at a moment.

    `topping_up`: its standing top-up is still on, so that its money has not stopped in full.
    """

    merchant_id: UUID
    stopped_at: datetime
    campaign_ids: tuple[UUID, ...]
    topping_up: bool


@dataclass(frozen=True, slots=True)
class StopAsked:
    """What there is to read beside the lake; `running`: merchants with campaigns that are not over."""

    stops: tuple[MerchantStop, ...]
    running: frozenset[UUID]
    planned: tuple[SwitchOff, ...]
    shops: Sequence[Shop]
    network_id: UUID


@dataclass(frozen=True, slots=True)
class StopRead:
    """What remained after one stop; `area` and `merchant_id` None: of the whole ring, whose campaigns are all over."""

    merchant_id: UUID | None
    area: str | None
    stopped_at: datetime
    topping_up: bool
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class PlannedRead:
    """A planned switch-off, its areas, and what remained by period of thirty days; None where it is too early."""

    planned: SwitchOff
    off: tuple[str, ...]
    on: tuple[str, ...]
    remaining: tuple[Remaining | None, ...]


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """All that is known of visits without money."""

    stops: tuple[StopRead, ...]
    planned: tuple[PlannedRead, ...]


async def stops(uow: UnitOfWork) -> StopAsked:
    """Return whose money has stopped, and which switch-offs were planned."""
    found: dict[UUID, list[Campaign]] = {}
    before: UUID | None = None
    for _ in range(_MOST_CAMPAIGNS // _PAGE):
        page = await campaign.campaigns_of(uow, None, before=before, limit=_PAGE)
        for one in page:
            found.setdefault(one.said.merchant_id, []).append(one)
        if len(page) < _PAGE:
            break
        before = page[-1].id
    live = (campaign.State.RUNNING, campaign.State.PAUSED)
    running = frozenset(id_ for id_, mine in found.items() if any(one.state in live for one in mine))
    topping = set(await top_ups.active(uow))
    over = []
    for id_, mine in found.items():
        # Where areas had it by turns nobody was kept apart for good: there is nobody to compare with.
        ended = [one for one in mine if one.state is campaign.State.ENDED and one.said.turn_hours is None]
        if id_ not in running and ended:
            at = max(one.changed_at for one in ended)
            over.append(MerchantStop(id_, at, tuple(one.id for one in ended), id_ in topping))
    over.sort(key=lambda one: (one.stopped_at, one.merchant_id), reverse=True)
    return StopAsked(
        tuple(over),
        running,
        tuple(await campaign.switch_offs(uow)),
        await network.all_shops(uow),
        uow.network_id,
    )


def switched_off(lake: Path, network_id: UUID, asked: StopAsked, now: datetime) -> SwitchedOff:
    """Read what remained; blocks for seconds."""
    with connect(lake, LAKE_TABLES, network_id=network_id, memory_limit=_MEMORY, threads=_THREADS) as connection:
        facts = analysis.facts_of(connection)
        rows, names = _rows(facts, asked)
        planned = tuple(_planned(facts, asked.shops, one, now) for one in asked.planned)
    of_merchant = {str(id_): one for one in asked.stops for id_ in one.campaign_ids}
    owners = np.array([asked.stops.index(of_merchant[name]) for name in names], dtype=np.int64)
    whose = owners[rows.campaign] if len(names) else np.zeros(0, dtype=np.int64)

    def read(chosen: Sequence[int]) -> tuple[Period, ...]:
        return _told(model.read(rows.of(np.flatnonzero(np.isin(whose, chosen))), microseconds(now)))

    found = [
        StopRead(one.merchant_id, None, one.stopped_at, one.topping_up, read([number]))
        for number, one in enumerate(asked.stops)
    ]
    found += [StopRead(None, area, at, topping, read(chosen)) for area, chosen, at, topping in _areas(asked)]
    if asked.stops and not asked.running:
        at, topping = asked.stops[0].stopped_at, any(one.topping_up for one in asked.stops)
        found.insert(0, StopRead(None, None, at, topping, read(range(len(asked.stops)))))
    return SwitchedOff(tuple(found), planned)


def _rows(facts: Facts, asked: StopAsked) -> tuple[Stopped, list[str]]:
    """Return the people of stopped campaigns. Each is followed from the stop of its merchant's last campaign on."""
    given = [
        Stop(str(id_), None if one.merchant_id == asked.network_id else str(one.merchant_id), one.stopped_at)
        for one in asked.stops
        for id_ in one.campaign_ids
    ]
    return analysis.stopped_rows(facts, analysis.stops_of(given))


def _areas(asked: StopAsked) -> list[tuple[str, list[int], datetime, bool]]:
    """Return the areas in which two merchants or more had campaigns and none has any more.

    A merchant with shops in several areas is part of each.
    """
    area_of: dict[str, set[UUID]] = {}
    for shop in asked.shops:
        area_of.setdefault(campaign.area_of(shop.latitude, shop.longitude), set()).add(shop.merchant_id)
    number = {one.merchant_id: place for place, one in enumerate(asked.stops)}
    found = []
    for area, merchants in sorted(area_of.items()):
        chosen = sorted(number[id_] for id_ in merchants if id_ in number)
        if len(chosen) > 1 and merchants.isdisjoint(asked.running):
            mine = [asked.stops[place] for place in chosen]
            found.append((area, chosen, max(one.stopped_at for one in mine), any(one.topping_up for one in mine)))
    return found


def _told(periods: Sequence[Period]) -> tuple[Period, ...]:
    """Leave out the figures of periods of which too few people can be told."""
    return tuple(
        one
        if min(one.treated, one.compared_with) >= LEAST_PEOPLE
        else Period(one.name, one.treated, one.compared_with, None, None, None, None, None)
        for one in periods
    )


def _planned(facts: Facts, shops: Sequence[Shop], one: SwitchOff, now: datetime) -> PlannedRead:
    named = {str(shop.id): campaign.area_of(shop.latitude, shop.longitude) for shop in shops}
    areas = sorted(set(named.values()))
    off = np.array([campaign.is_off(one, area) for area in areas], dtype=np.bool_)
    spans = {"before": (one.starts_at - timedelta(days=_BEFORE_DAYS), one.starts_at)}
    for number, name in enumerate(AFTER):
        first, last = (one.starts_at + timedelta(days=AFTER_DAYS * (number + more)) for more in (0, 1))
        # What an early end cut off is no period without money.
        if last <= min(now, one.over_at):
            spans[name] = first, last
    counts: dict[tuple[str, str], int] = {}
    if len(spans) > 1:
        rows = facts.read(analysis.visits_in, analysis.groups_of(named), analysis.spans_of(spans)).to_pylist()
        counts = {(row["span"], row["name"]): row["visits"] for row in rows}

    def weekly(span: str, days: int) -> Floats:
        return np.array([counts.get((span, area), 0) * _WEEK / days for area in areas], dtype=np.float64)

    before = weekly("before", _BEFORE_DAYS)
    remaining = tuple(
        model.read_areas(before, weekly(name, AFTER_DAYS), off, one.id.int % 2**32) if name in spans else None
        for name in AFTER
    )
    named_areas = np.array(areas, dtype=object)
    return PlannedRead(one, tuple(named_areas[off]), tuple(named_areas[~off]), remaining)
