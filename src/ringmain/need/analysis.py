"""From a network's lake to a journal of visits: who was where and when, as arrays that models learn from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ringmain.kit.lake.connect import connect
from ringmain.kit.lake.read import Facts
from ringmain.need.place.journal import HOURS_A_DAY, Int64s, Journal, plane
from ringmain.profile import api as profile

MEMORY_LIMIT = "512MB"
_MINUTES_AN_HOUR, _SECONDS_AN_HOUR = 60, 3_600
_MICROSECONDS = 1_000_000
# Somebody who pays twice at one shop within the hour was there once.
_ONE_VISIT_S = 3_600
_QUARTER_S = 900


@dataclass(frozen=True, slots=True)
class ShopPlace:
    """A shop as far as learning needs it; degrees."""

    id: UUID
    category: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Walks:
    """The journal of a network, and what its dense ids stand for: subjects, shops and names of categories by number."""

    journal: Journal
    subjects: tuple[UUID, ...]
    shops: tuple[UUID, ...]
    categories: tuple[str, ...]


def visits_of(lake: Path, network_id: UUID, *, threads: int = 1) -> pa.Table:
    """Return subject_id, shop_id, visited_at of every visit that stands, in order of time; blocks for seconds."""
    tables = profile.VISIT_TABLES
    with connect(lake, tables, network_id=network_id, memory_limit=MEMORY_LIMIT, threads=threads) as connection:
        found: pa.Table = Facts(connection, tables).read(_visits_in_order)
    return found


def _visits_in_order(facts: Facts) -> Any:
    rows = profile.lake_visits(facts).order_by("visited_at", "sale_id")
    return rows.select("subject_id", "shop_id", "visited_at")


@dataclass(frozen=True, slots=True, eq=False)
class Payments:
    """How many payments (rows,) were made at which shop on which day."""

    shop: tuple[str, ...]
    day: np.ndarray[tuple[int], np.dtype[np.datetime64]]
    count: Int64s


def _payments(facts: Facts) -> Any:
    paid = facts.sale.filter(facts.sale.total_minor >= 0)
    # By the quarter of an hour, so that midnight of every zone is a border.
    timed = paid.mutate(second=(paid.sold_at.epoch_seconds() // _QUARTER_S) * _QUARTER_S)
    return timed.group_by("shop_id", "second").agg(payments=timed.count())


def payments_of(lake: Path, network_id: UUID, zone: str) -> Payments:
    """Return the payments of each shop and day, by the clock of a zone; goods that came back are none."""
    tables = profile.VISIT_TABLES
    with connect(lake, tables, network_id=network_id, memory_limit=MEMORY_LIMIT, threads=1) as connection:
        rows = Facts(connection, tables).read(_payments)
    at = rows["second"].cast(pa.int64()).cast(pa.timestamp("s", tz="UTC")).cast(pa.timestamp("s", tz=zone))
    day = pc.local_timestamp(at).cast(pa.date32())
    summed = pa.table({"shop": rows["shop_id"], "day": day, "payments": rows["payments"]})
    summed = summed.group_by(["shop", "day"]).aggregate([("payments", "sum")])
    return Payments(
        tuple(map(str, summed["shop"].to_pylist())),
        summed["day"].to_numpy().astype("datetime64[D]"),
        summed["payments_sum"].to_numpy().astype(np.int64),
    )


def subjects_of(visits: pa.Table) -> list[UUID]:
    """Return everybody who has a visit."""
    return [UUID(text) for text in _codes(visits["subject_id"])[0]]


def walks(visits: pa.Table, shops: Sequence[ShopPlace], subjects: Collection[UUID], zone: str) -> Walks:
    """Return the journal of the visits of these subjects to these shops; hours are those of the clock in `zone`.

    `visits` are as `visits_of` gives them. Several at one shop within an hour are one.
    """
    by_id = {str(shop.id): shop for shop in shops}
    kept = pc.and_(
        pc.is_in(visits["subject_id"], pa.array([str(id_) for id_ in subjects], pa.string())),
        pc.is_in(visits["shop_id"], pa.array(list(by_id), pa.string())),
    )
    rows = visits.filter(kept)
    people, person = _codes(rows["subject_id"])
    places, place = _codes(rows["shop_id"])
    at = rows["visited_at"].cast(pa.timestamp("us", tz="UTC"))
    second = at.cast(pa.int64()).to_numpy() // _MICROSECONDS
    known = [by_id[text] for text in places]
    categories = sorted({shop.category for shop in known})
    number: Mapping[str, int] = {name: at for at, name in enumerate(categories)}
    of_place = np.array([number[shop.category] for shop in known], dtype=np.int64)
    x, y = plane(np.array([shop.latitude for shop in known]), np.array([shop.longitude for shop in known]))
    first = _first_of_visit(person, place, second)
    person, place, second = person[first], place[first], second[first]
    journal = Journal(
        person=person,
        place=place,
        category=of_place[place],
        second=second,
        week_hour=_week_hour(at, zone)[first],
        x=x[place],
        y=y[place],
        persons=len(people),
        places=len(places),
        categories=len(categories),
    )
    return Walks(journal, tuple(map(UUID, people)), tuple(map(UUID, places)), tuple(categories))


def _codes(column: Any) -> tuple[list[str], Int64s]:
    """Return the values in order, and the number of each row's value among them."""
    values = sorted(str(value) for value in pc.unique(column).to_pylist())
    codes = pc.index_in(column, pa.array(values, pa.string()))
    return values, codes.cast(pa.int64()).to_numpy()


def _first_of_visit(person: Int64s, place: Int64s, second: Int64s) -> Int64s:
    """Return the rows that begin a visit: the person's row before was elsewhere, or longer ago."""
    order = np.argsort(person, kind="stable")
    same = np.zeros(len(order), dtype=bool)
    same[1:] = (np.diff(person[order]) == 0) & (np.diff(place[order]) == 0)
    same[1:] &= np.diff(second[order]) < _ONE_VISIT_S
    return np.sort(order[~same])


def _week_hour(at: Any, zone: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the hour of the week by the clock of a zone, with its fraction; Monday begins it."""
    local = at.cast(pa.timestamp("us", tz=zone))
    # Monday is 0 unless told otherwise.
    day = pc.day_of_week(local).to_numpy()
    minutes = pc.minute(local).to_numpy() / _MINUTES_AN_HOUR + pc.second(local).to_numpy() / _SECONDS_AN_HOUR
    return np.asarray(day * HOURS_A_DAY + pc.hour(local).to_numpy() + minutes, dtype=np.float64)
