"""How many payments shops may expect in the next days: forecast every night from the lake, read by their merchants."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

from ringmain.kit.apart import apart
from ringmain.kit.db import Database, UnitOfWork
from ringmain.need import store
from ringmain.need.analysis import Payments, payments_of
from ringmain.need.traffic.foretell import HORIZON, LEAST_DAYS, Foretold, foretell
from ringmain.need.traffic.history import Floats, History, Int64s
from ringmain.network import api as network

_WEEK = 7
_SEED = 0
# What was foretold longer ago says nothing of the next days.
_OLDEST = timedelta(days=3)

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ExpectedDay:
    """One day of a shop: payments to expect, between which bounds eight days of ten end, and the same day before."""

    day: date
    expected: float
    low: float
    high: float
    last_week: int


@dataclass(frozen=True, slots=True)
class ShopTraffic:
    """What is expected at a shop; no `days` where it is too early, or nothing was forecast of late.

    `made_by`: "model" or the name of the count that did best. `days_known` None: never looked at.
    """

    shop_id: UUID
    days_known: int | None
    made_by: str | None
    made_at: datetime | None
    days: tuple[ExpectedDay, ...]


async def forecast_traffic(database: Database, lake: Path, network_id: UUID, progress: Progress) -> int:
    """Forecast the next two weeks of every shop with eight weeks of payments; return of how many shops that is.

    A replayed network is forecast from the day after its last payment.
    """
    progress("reading the lake")
    async with database.unit(network_id, role="worker") as uow:
        here = await network.network_of(uow)
        shops = await network.all_shops(uow)
        now = await uow.now()
    paid = await asyncio.to_thread(payments_of, lake, network_id, here.time_zone)
    today = now.astimezone(ZoneInfo(here.time_zone)).date()
    if here.simulated and len(paid.day):
        today = date.fromisoformat(str(paid.day.max())) + timedelta(days=1)
    counts, first = _counts(paid, [shop.id for shop in shops], today)
    known = np.where(counts.any(axis=1), counts.shape[1] - np.argmax(counts > 0, axis=1), 0)
    enough = np.flatnonzero(known >= LEAST_DAYS)
    found: Foretold | None = None
    if len(enough):
        codes = {name: code for code, name in enumerate(sorted({shop.category for shop in shops}))}
        groups = np.array([codes[shops[at].category] for at in enough.tolist()], dtype=np.int64)
        found = await apart(foretell, _history(counts[enough], first, groups), _SEED, progress=progress)
    place = {at: row for row, at in enumerate(enough.tolist())}
    rows = [_row(shop, int(known[at]), today, now, counts[at], found, place.get(at)) for at, shop in enumerate(shops)]
    async with database.unit(network_id, role="worker") as uow:
        await store.replace_traffic(uow, rows)
    return len(enough)


async def traffic(uow: UnitOfWork, shop_ids: Sequence[UUID], at: datetime) -> list[ShopTraffic]:
    """Return what is expected at shops, in their order, by the forecast that counts at a moment."""
    rows = {row.shop_id: row for row in await store.traffic(uow, shop_ids)}
    return [_shown(id_, rows.get(id_), at) for id_ in shop_ids]


def _shown(shop_id: UUID, row: store.TrafficRow | None, at: datetime) -> ShopTraffic:
    if row is None:
        return ShopTraffic(shop_id, None, None, None, ())
    figures = zip(row.expected, row.low, row.high, strict=True)
    days = tuple(
        ExpectedDay(row.first_day + timedelta(days=step), *figure, row.last_week[step % _WEEK])
        for step, figure in enumerate(figures)
    )
    return ShopTraffic(shop_id, row.days_known, row.made_by, row.made_at, days if row.made_at > at - _OLDEST else ())


def _counts(paid: Payments, shop_ids: Sequence[UUID], today: date) -> tuple[Floats, np.datetime64]:
    """Return payments (shops, days) up to yesterday, and the first day: a week ago at the latest."""
    end = np.datetime64(today)
    first = min(paid.day.min(), end - _WEEK) if len(paid.day) else end - _WEEK
    number = {str(id_): at for at, id_ in enumerate(shop_ids)}
    row = np.array([number.get(one, -1) for one in paid.shop], dtype=np.int64)
    column = (paid.day - first).astype(np.int64)
    counts = np.zeros((len(shop_ids), int((end - first).astype(np.int64))))
    kept = (row >= 0) & (column < counts.shape[1])
    counts[row[kept], column[kept]] = paid.count[kept]
    return counts, first


def _history(counts: Floats, first: np.datetime64, categories: Int64s) -> History:
    return History(
        pays=counts,
        views=np.full(counts.shape, np.nan),
        first=first,
        kinds=np.zeros(counts.shape[1] + HORIZON, dtype=np.int8),
        groups={"kind": categories},
        facts={},
    )


def _row(
    shop: network.Shop, known: int, today: date, now: datetime, counts: Floats, found: Foretold | None, at: int | None
) -> store.TrafficRow:
    told = None if found is None or at is None else (found.expected[at], found.low[at], found.high[at])
    expected, low, high = ([round(float(one), 2) for one in part] for part in told) if told else ([], [], [])
    made_by = found.made_by if found is not None and told is not None else None
    last_week = [int(one) for one in counts[-_WEEK:]]
    return store.TrafficRow(shop.id, shop.merchant_id, known, made_by, today, expected, low, high, last_week, now)
