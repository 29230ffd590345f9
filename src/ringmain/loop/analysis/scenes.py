"""Who was met at which kind of scene, and what they did in the days after: counted, before anything is compared."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import ibis
import pyarrow as pa

from ringmain.kit.lake.read import Facts, moment, one_of
from ringmain.loop.analysis.effect import paid_visits
from ringmain.loop.analysis.flow import Table
from ringmain.profile.api import canonical

MESSAGE = "message"


def kinds_of_scenes(named: Mapping[str, str]) -> pa.Table:
    """Return known_id and scene, the kind, of each scene."""
    columns = {"known_id": [*named.keys()], "scene": [*named.values()]}
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def met_at_scenes(
    facts: Facts,
    scenes: Table,
    since: datetime,
    until: datetime,
    window_days: int,
    shop_ids: Sequence[str] | None = None,
) -> Table:
    """Return scene, subject_id, merchant_id, visits, full_price, paid_minor: a row for each merchant they came to.

    Of people first met from `since` until `until` at a kind of scene: `scenes` names the kind of each, and who won a
    voucher by message was met by a message. Visits of `window_days` from that meeting count. Whoever came
    nowhere has one row without a merchant. `shop_ids`: scenes at, and visits to, these shops only.
    """
    touches, grants = facts.touch, facts.grant
    if shop_ids is not None:
        touches = touches.filter(one_of(touches.shop_id, shop_ids))
    touched = touches.inner_join(scenes, touches.scene_id == scenes.known_id)
    told = grants.filter(grants.origin_kind == MESSAGE)
    if shop_ids is not None:
        # Another merchant's message is no meeting of this one.
        told = told.filter(told.redeem_shop_ids.length() > 0)
        own = told.mutate(shop=told.redeem_shop_ids[0])
        told = own.filter(one_of(own.shop, shop_ids))
    met = ibis.union(
        touched.select("scene", "subject_id", met_at=touched.touched_at),
        told.select(scene=ibis.literal(MESSAGE), subject_id=told.subject_id, met_at=told.granted_at),
    )
    met = met.filter(met.subject_id.notnull(), met.met_at >= moment(since), met.met_at < moment(until))
    met = canonical(met, facts)
    people = met.group_by("scene", "subject_id").agg(met_at=met.met_at.min())
    seen = paid_visits(facts)
    if shop_ids is not None:
        seen = seen.filter(one_of(seen.shop_id, shop_ids))
    seen = seen.select("merchant_id", "visited_at", "paid", "by_voucher", who=seen.subject_id)
    ends = people.met_at + ibis.interval(days=window_days)
    both = people.left_join(
        seen, [people.subject_id == seen.who, people.met_at <= seen.visited_at, seen.visited_at < ends]
    )
    came = both.who.notnull()
    return both.group_by("scene", "subject_id", "merchant_id").agg(
        visits=came.cast("int64").sum(),
        full_price=(came & ~both.by_voucher.fill_null(True)).cast("int64").sum(),
        paid_minor=both.paid.sum().fill_null(0),
    )
