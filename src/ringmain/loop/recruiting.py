"""Which categories to recruit so that everybody always finds something wanted: prizes in reach, and who is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from pathlib import Path
from uuid import UUID

import numpy as np

from ringmain.campaign import api as campaign
from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.lake.connect import connect
from ringmain.loop import analysis
from ringmain.loop.analysis import LAKE_TABLES, BoughtRows
from ringmain.loop.guests import LEAST_PEOPLE
from ringmain.loop.model import recruiting as model
from ringmain.loop.model.recruiting import Bools, Int64s, Town, Wanting
from ringmain.loop.turns import in_turn
from ringmain.match import api as match
from ringmain.need import api as need
from ringmain.need.api import WeekChance
from ringmain.network import api as network
from ringmain.network.api import Shop
from ringmain.segment import api as segment

# What was bought twice or more in twelve weeks is wanted, and what is expected within a week.
DAYS, TIMES = 84, 2
MOST = 5
_AT_ONCE = 5_000
_MEMORY, _THREADS = "512MB", 2


@dataclass(frozen=True, slots=True)
class Found:
    """How many people find so many wanted prizes within reach; `area` None: in the whole network."""

    area: str | None
    people: int
    none: int
    one: int
    two: int
    three: int


@dataclass(frozen=True, slots=True)
class Recruit:
    """One shop of a category to bring on, around a place of an area.

    `reach`: people who would then find three wanted prizes, None where they are fewer than ten; `more`: who would find
    one more and have fewer than three. `silent`: shops of the category within reach of it that give nothing now.
    """

    category: str
    area: str
    latitude: float
    longitude: float
    reach: int | None
    more: int
    silent: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Recruiting:
    """Where something wanted is missing. `next`: the shops to bring on, each beside those before it.

    `unknown`: people seen in the days looked at who agree to personal answers, of whom no want is known.
    """

    days: int
    reach_m: int
    unknown: int
    whole: Found
    areas: tuple[Found, ...]
    categories: tuple[Recruit, ...]
    next: tuple[Recruit, ...]


async def recruiting(
    database: Database, lake: Path, network_id: UUID, *, now: datetime | None = None
) -> Recruiting | None:
    """Return where something wanted is missing; None where fewer than ten people can be told of. Takes seconds.

    Looked at is who agrees to personal answers and hides nothing that wants are made of, as they stand at the shop
    where they bought something last. Kinds that are too personal (health, faith and the like) are no wants here.
    """
    async with database.unit(network_id, now=now) as uow:
        at, shops = await uow.now(), await network.all_shops(uow)
    rows = await in_turn(_bought, lake, network_id, shops, at)
    async with database.unit(network_id, now=now) as uow:
        known = await _known(uow, rows, shops, at)
    return await in_turn(_recruiting, known)


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    shops: Sequence[Shop]
    kinds: Sequence[str]
    areas: Sequence[str]
    town: Town
    people: Wanting


def _bought(lake: Path, network_id: UUID, shops: Sequence[Shop], now: datetime) -> BoughtRows:
    kinds = analysis.kinds_of({str(shop.id): shop.category for shop in shops})
    with connect(lake, LAKE_TABLES, network_id=network_id, memory_limit=_MEMORY, threads=_THREADS) as connection:
        facts = analysis.facts_of(connection)
        return analysis.bought_rows(facts, kinds, now - timedelta(days=DAYS))


async def _known(uow: UnitOfWork, rows: BoughtRows, shops: Sequence[Shop], now: datetime) -> _Known:
    kinds = sorted({shop.category for shop in shops if not segment.is_sensitive(shop.category)})
    areas = sorted({_area(shop) for shop in shops})
    place = {shop.id: number for number, shop in enumerate(shops)}
    kind_of = {name: number for number, name in enumerate(kinds)}
    town = await _town(uow, shops, kind_of, {name: number for number, name in enumerate(areas)}, now)
    last = _last_shops(rows, [place[UUID(id_)] for id_ in rows.shops])
    wants = np.zeros((len(rows.people), len(kinds)), dtype=np.bool_)
    kind = np.array([kind_of.get(name, -1) for name in rows.kinds], dtype=np.int64)
    often = (rows.times >= TIMES) & (kind[rows.kind] >= 0)
    wants[rows.person[often], kind[rows.kind[often]]] = True
    number = {UUID(id_): row for row, id_ in enumerate(rows.people)}
    agreed, blocked = np.zeros(len(rows.people), dtype=np.bool_), []
    everybody = list(number)
    for start in range(0, len(everybody), _AT_ONCE):
        page = everybody[start : start + _AT_ONCE]
        mine = sorted(await need.agreeing(uow, page))
        agreed[[number[id_] for id_ in mine]] = True
        _expect(wants, await need.weeks_of(uow, mine, now), number, place, town)
        blocks = await match.blocks_of(uow, {id_: id_ for id_ in mine})
        blocked += [(number[one.subject_id], place[one.shop_id]) for one in blocks if one.shop_id in place]
    kept = np.flatnonzero(agreed)
    row_of = np.full(len(rows.people), -1, dtype=np.int64)
    row_of[kept] = np.arange(len(kept))
    pairs = np.array(blocked, dtype=np.int64).reshape(-1, 2)
    pairs[:, 0] = row_of[pairs[:, 0]]
    return _Known(shops, kinds, areas, town, Wanting(last[kept], wants[kept], pairs))


def _area(shop: Shop) -> str:
    return campaign.area_of(shop.latitude, shop.longitude)


async def _town(
    uow: UnitOfWork, shops: Sequence[Shop], kind_of: dict[str, int], area_of: dict[str, int], now: datetime
) -> Town:
    """Return the shops, with those of which a voucher can be won now: open, in stock, and its money is there."""
    reach = await match.reach(uow, match.Context(at=now, personal=False, with_offers_only=True), fresh=True)
    gives = {reach.catalogue.shops[place].id for place in np.unique(reach.shop).tolist()}
    # An offer that is taken everywhere leads to every shop; of them `reach` lists the nearest.
    everywhere = bool(np.isin(reach.offer, reach.catalogue.everywhere).any())
    rivals = await network.rival_shops(uow)
    place = {shop.id: number for number, shop in enumerate(shops)}
    own: dict[UUID, list[int]] = {}
    for number, shop in enumerate(shops):
        own.setdefault(shop.merchant_id, []).append(number)
    pairs = [
        pair
        for merchant_id, rival in rivals
        if rival in place
        for mine in own.get(merchant_id, ())
        for pair in ((mine, place[rival]), (place[rival], mine))
    ]
    return Town(
        latitude=np.array([shop.latitude for shop in shops], dtype=np.float64),
        longitude=np.array([shop.longitude for shop in shops], dtype=np.float64),
        # The last kind is that of shops whose kind is nobody's want here.
        kind=np.array([kind_of.get(shop.category, len(kind_of)) for shop in shops], dtype=np.int64),
        area=np.array([area_of[_area(shop)] for shop in shops], dtype=np.int64),
        gives=np.array([everywhere or shop.id in gives for shop in shops], dtype=np.bool_),
        kinds=len(kind_of) + 1,
        areas=len(area_of),
        apart=np.array(pairs, dtype=np.int64).reshape(-1, 2),
        reach_m=campaign.PRIZE_REACH_M,
    )


def _last_shops(rows: BoughtRows, place: Sequence[int]) -> Int64s:
    """Return the number of the shop where each person bought something last."""
    last = np.zeros(len(rows.people), dtype=np.int64)
    order = np.argsort(rows.last_at, kind="stable")
    # Of several rows of a person the latest is written last.
    last[rows.person[order]] = np.array(place, dtype=np.int64)[rows.last_shop[order]]
    return last


def _expect(
    wants: Bools,
    weeks: Sequence[WeekChance],
    number: dict[UUID, int],
    place: dict[UUID, int],
    town: Town,
) -> None:
    """Add the categories that people are expected to visit within a week (`need.wanted`)."""
    missed: dict[tuple[int, int], float] = {}
    for one in weeks:
        if one.shop_id in place:
            key = number[one.subject_id], int(town.kind[place[one.shop_id]])
            missed[key] = missed.get(key, 1.0) * (1.0 - one.week_chance)
    for (person, kind), never in missed.items():
        if kind < wants.shape[1] and 1.0 - never >= need.LIKELY:
            wants[person, kind] = True


def _recruiting(known: _Known) -> Recruiting | None:
    town, wanting = known.town, known.people
    if len(known.shops) == 0:
        return None
    some: Bools = np.asarray(wanting.wants.any(axis=1), dtype=np.bool_)
    row_of = np.cumsum(some) - 1
    pairs = wanting.blocked[some[wanting.blocked[:, 0]]]
    pairs = np.column_stack((row_of[pairs[:, 0]], pairs[:, 1]))
    # One column more, for the shops whose kind is nobody's want.
    wants = np.pad(wanting.wants[some], ((0, 0), (0, 1)))
    people = Wanting(wanting.last[some], wants, pairs)
    if len(people.last) < LEAST_PEOPLE:
        return None
    found = model.found_by(town, people)
    area = town.area[people.last]
    areas = [_found(found[area == number], name) for number, name in enumerate(known.areas)]
    said = list(takewhile(lambda one: one.more >= LEAST_PEOPLE, model.openings(town, people, found, MOST)))
    return Recruiting(
        DAYS,
        campaign.PRIZE_REACH_M,
        int((~some).sum()),
        _found(found, None),
        tuple(sorted((one for one in areas if one.people >= LEAST_PEOPLE), key=lambda one: -one.people)),
        tuple(_recruit(known, one) for one in model.best_places(town, people, found) if one.more >= LEAST_PEOPLE),
        tuple(_recruit(known, one) for one in said),
    )


def _found(found: Int64s, area: str | None) -> Found:
    return Found(area, len(found), *model.shares(found))


def _recruit(known: _Known, one: model.Opening) -> Recruit:
    town = known.town
    latitude, longitude = (side[one.area : one.area + 1] for side in model.middles(town))
    silent = model.within(town, latitude, longitude)[0] & (town.kind == one.kind) & ~town.gives
    return Recruit(
        known.kinds[one.kind],
        known.areas[one.area],
        round(float(latitude[0]), 5),
        round(float(longitude[0]), 5),
        one.reach if one.reach >= LEAST_PEOPLE else None,
        one.more,
        tuple(known.shops[number].id for number in np.flatnonzero(silent).tolist()),
    )
