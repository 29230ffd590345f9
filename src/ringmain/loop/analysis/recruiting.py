"""What people buy and where they were last, from the lake: which categories each of them wants, and from where."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from ringmain.kit.lake.read import Facts, moment
from ringmain.loop.analysis.flow import Int64s, Table, codes, times
from ringmain.profile.api import lake_visits as visits


def kinds_of(named: Mapping[str, str]) -> pa.Table:
    """Return shop_id and kind, the category, of each shop."""
    columns = {"shop_id": [*named.keys()], "kind": [*named.values()]}
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def bought(facts: Facts, kinds: Table, since: datetime) -> Table:
    """Return subject_id, kind, times, last_at, last_shop: how often people bought in a category, and where last."""
    seen = visits(facts)
    seen = seen.filter(seen.visited_at >= moment(since))
    named = kinds.select("kind", named_id=kinds.shop_id)
    seen = seen.inner_join(named, seen.shop_id == named.named_id)
    return seen.group_by("subject_id", "kind").agg(
        times=seen.count(), last_at=seen.visited_at.max(), last_shop=seen.shop_id.argmax(seen.visited_at)
    )


@dataclass(frozen=True, slots=True, eq=False)
class BoughtRows:
    """`bought` as arrays of places in `people`, `kinds` and `shops`; times are microseconds since 1970."""

    people: list[str]
    kinds: list[str]
    shops: list[str]
    person: Int64s
    kind: Int64s
    times: Int64s
    last_at: Int64s
    last_shop: Int64s


def bought_rows(facts: Facts, kinds: pa.Table, since: datetime) -> BoughtRows:
    """Run `bought`."""
    rows = facts.read(bought, kinds, since)
    person, people = codes(rows["subject_id"])
    kind, names = codes(rows["kind"])
    last_shop, shops = codes(rows["last_shop"])
    count: Int64s = rows["times"].cast(pa.int64()).to_numpy()
    return BoughtRows(people, names, shops, person, kind, count, times(rows["last_at"]), last_shop)
