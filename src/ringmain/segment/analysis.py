"""From the lake to what people do, as Ibis expressions that DuckDB and Spark both run.

What a *visit* is, `profile.analysis` says. Parts of the day and of the week are by the clock of the shop. A purchase is
dear or cheap beside others of the same category.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ringmain.kit.lake.read import Facts, moment
from ringmain.network.api import Shop
from ringmain.profile import api as profile
from ringmain.segment.behaviour import Behaviour, Side, behaviour

LAKE_TABLES = profile.VISIT_TABLES

Int64s = NDArray[np.int64]
Table = Any

_HOUR = timedelta(hours=1)
_SECONDS_PER_DAY = 86_400
# 1 January 1970 was a Thursday: three days after a Monday.
_THURSDAY = 3
_SATURDAY = 5
_THIRDS = ("low", "middle", "high")


@dataclass(frozen=True, slots=True)
class Span:
    """From a moment (included) to another (not included)."""

    since: datetime
    until: datetime


def facts_of(lake: Any) -> Facts:
    """Return the facts of one network, of an Ibis connection whose views are called like the lake's kinds."""
    return Facts(lake, LAKE_TABLES)


def visits(facts: Facts) -> Table:
    """Return subject_id, merchant_id, shop_id, sale_id, visited_at, spent_minor of every visit of a member.

    `spent_minor` is 0 where the till knew only a voucher. Goods that came back are no visit.
    """
    sold = facts.sale.filter(facts.sale.total_minor >= 0)
    sold = sold.select("merchant_id", sold_id=sold.sale_id, spent_minor=sold.total_minor)
    seen = profile.lake_visits(facts)
    return seen.inner_join(sold, seen.sale_id == sold.sold_id).drop("sold_id")


def cells(facts: Facts, people: Table, shops: Table, offsets: Table, since: datetime, until: datetime) -> Table:
    """Return subject_id, name (of a column), visits: how many visits of each person in a span were so.

    Of others than `people` (subject_id) nothing is looked at. `shops`: shop_id, category, zone. `offsets`: zone,
    begins_s, ends_s, offset_s, by which the clocks of shops go.
    """
    seen = visits(facts).inner_join(people, "subject_id")
    earlier = ibis.window(group_by=["subject_id", "shop_id"], order_by=["visited_at", "sale_id"])
    # Whether a shop was new to somebody is known by all they ever did; the rest by what they did in the span.
    seen = seen.mutate(nth=ibis.row_number().over(earlier))
    seen = seen.filter(seen.visited_at >= moment(since), seen.visited_at < moment(until))
    seen = seen.inner_join(shops, "shop_id").mutate(second=seen.visited_at.truncate("s").epoch_seconds().cast("int64"))
    seen = seen.inner_join(
        offsets,
        [seen.zone == offsets.zone, seen.second >= offsets.begins_s, seen.second < offsets.ends_s],
    )
    local = seen.mutate(local=seen.second + seen.offset_s)
    hour = (local.local % _SECONDS_PER_DAY) // 3_600
    day = (local.local // _SECONDS_PER_DAY + _THURSDAY) % 7
    paid = local.filter(local.spent_minor > 0)
    dearer = ibis.window(group_by="category", order_by="spent_minor")
    alike = paid.count().over(ibis.window(group_by="category"))
    paid = paid.mutate(third=ibis.rank().over(dearer) * len(_THIRDS) // alike)
    named = [
        _named(local, Side.CATEGORY, local.category),
        _named(local, Side.PART, _part(hour)),
        _named(local, Side.WEEK, ibis.ifelse(day >= _SATURDAY, "weekend", "weekday")),
        _named(paid, Side.SPEND, paid.third.cases(*enumerate(_THIRDS), else_=_THIRDS[-1])),
        _named(local, Side.SHOPS, ibis.ifelse(local.nth == 0, "new", "known")),
    ]
    every = named[0].union(*named[1:])
    return every.group_by("subject_id", "name").agg(visits=every.count())


def guests(facts: Facts, since: datetime, until: datetime) -> Table:
    """Return merchant_id, subject_id of the members who visited a merchant in a span, each once."""
    seen = visits(facts)
    return (
        seen.filter(seen.visited_at >= moment(since), seen.visited_at < moment(until))
        .select("merchant_id", "subject_id")
        .distinct()
    )


def last_visit(facts: Facts) -> datetime | None:
    """Return the time of the last visit of a member, None without any."""
    found: list[datetime | None] = facts.read(_last_visit).column("last").to_pylist()
    return found[0]


def _last_visit(facts: Facts) -> Table:
    seen = visits(facts)
    return seen.agg(last=seen.visited_at.max())


def people_of(facts: Facts, span: Span) -> list[str]:
    """Return the subjects who visited anything in a span, in order."""
    found: list[str] = facts.read(_people, span.since, span.until)["subject_id"].to_pylist()
    return found


def _people(facts: Facts, since: datetime, until: datetime) -> Table:
    seen = visits(facts)
    seen = seen.filter(seen.visited_at >= moment(since), seen.visited_at < moment(until))
    return seen.select("subject_id").distinct().order_by("subject_id")


def behaviour_of(facts: Facts, shops: Sequence[Shop], span: Span, people: Sequence[str]) -> Behaviour:
    """Run `cells` for these people only, and return the matrix."""
    tables = people_table(people), shop_table(shops), offset_table(shops, span)
    rows = facts.read(cells, *tables, span.since, span.until)
    persons, person = _coded(rows["subject_id"])
    names, column = _coded(rows["name"])
    return behaviour(persons, names, person, column, rows["visits"].cast(pa.int64()).to_numpy())


def guests_of(facts: Facts, span: Span) -> dict[str, list[str]]:
    """Run `guests`; return the people of each merchant, in order."""
    rows = facts.read(guests, span.since, span.until)
    rows = rows.sort_by([("merchant_id", "ascending"), ("subject_id", "ascending")])
    found: dict[str, list[str]] = {}
    for merchant, subject in zip(rows["merchant_id"].to_pylist(), rows["subject_id"].to_pylist(), strict=True):
        found.setdefault(merchant, []).append(subject)
    return found


def people_table(people: Sequence[str]) -> pa.Table:
    """Return subjects as a table: subject_id."""
    return pa.table({"subject_id": pa.array(sorted(people), pa.string())})


def shop_table(shops: Sequence[Shop]) -> pa.Table:
    """Return shops as a table: shop_id, category, zone."""
    columns = {
        "shop_id": [str(shop.id) for shop in shops],
        "category": [shop.category for shop in shops],
        "zone": [shop.time_zone for shop in shops],
    }
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def offset_table(shops: Sequence[Shop], span: Span) -> pa.Table:
    """Return zone, begins_s, ends_s, offset_s: how far the clocks of the shops' zones are from UTC, and when.

    As numbers, because not every backend knows the zones; no two of them agree on how to ask.
    """
    rows = [
        (zone, begins, ends, offset)
        for zone in sorted({shop.time_zone for shop in shops})
        for begins, ends, offset in _offsets(ZoneInfo(zone), span)
    ]
    columns: dict[str, Any] = {"zone": pa.array([row[0] for row in rows], pa.string())}
    for place, name in enumerate(("begins_s", "ends_s", "offset_s"), start=1):
        columns[name] = pa.array([row[place] for row in rows], pa.int64())
    return pa.table(columns)


def _offsets(zone: ZoneInfo, span: Span) -> list[tuple[int, int, int]]:
    """Return (begins, ends, offset) in seconds; clocks change at whole hours of UTC."""
    at = span.since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    found: list[tuple[int, int, int]] = []
    while at < span.until:
        begins = int(at.timestamp())
        offset = int((at.astimezone(zone).utcoffset() or timedelta()).total_seconds())
        if found and found[-1][2] == offset:
            begins = found.pop()[0]
        at += _HOUR
        found.append((begins, int(at.timestamp()), offset))
    return found


def _named(rows: Table, side: Side, key: Any) -> Table:
    return rows.select("subject_id", name=ibis.literal(f"{side.value}:") + key)


def _part(hour: Any) -> Any:
    """Return the part of the day, as images of people call it."""
    parts = [(hour_, profile.day_part(datetime(2000, 1, 1, hour_, tzinfo=UTC))) for hour_ in range(24)]
    return hour.cases(*parts, else_=parts[0][1])


def _coded(column: Any) -> tuple[list[str], Int64s]:
    """Return the values in order, and for each row the code of its value."""
    values = sorted(pc.unique(column).to_pylist())
    codes = pc.index_in(column, pa.array(values, pa.string()))
    return values, codes.cast(pa.int64()).to_numpy()
