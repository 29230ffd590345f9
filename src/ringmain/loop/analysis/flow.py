"""From the lake to the small arrays that the model judges, as Ibis expressions that DuckDB and Spark both run.

What a *visit* is, `profile.analysis` says. A *transition* is two consecutive visits of one member at different shops,
at most so many days apart; of vouchers: won at one shop (the sender's), spent at another.
"""

from collections.abc import Callable
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ringmain.campaign import api as campaign
from ringmain.kit.lake.read import Facts
from ringmain.kit.pure.clock import microseconds
from ringmain.loop.model import NONE, Grants, Redemptions, Transitions, known_from, transitions
from ringmain.member import api as member
from ringmain.profile import api as profile
from ringmain.profile.api import canonical, disputed
from ringmain.profile.api import lake_visits as visits
from ringmain.sale import api as sale
from ringmain.scene import api as scene
from ringmain.voucher import api as voucher

LAKE_TABLES = (
    *sale.LAKE_TABLES,
    *voucher.LAKE_TABLES,
    *member.LAKE_TABLES,
    *profile.LAKE_TABLES,
    *campaign.LAKE_TABLES,
    *scene.LAKE_TABLES,
)

Int64s = NDArray[np.int64]
Table = Any


def facts_of(lake: Any) -> Facts:
    """Return the facts of one network, of an Ibis connection whose views are called like the lake's kinds."""
    return Facts(lake, LAKE_TABLES)


def visit_transitions(facts: Facts, gap_days: int) -> Table:
    """Return subject_id, origin, destination, moved_at of visits; a longer gap than `gap_days` breaks the walk."""
    seen = visits(facts)
    earlier = ibis.window(group_by="subject_id", order_by=["visited_at", "sale_id"])
    pairs = seen.mutate(origin=seen.shop_id.lag().over(earlier), left_at=seen.visited_at.lag().over(earlier))
    moved = pairs.filter(
        pairs.origin.notnull(),
        pairs.origin != pairs.shop_id,
        pairs.visited_at <= pairs.left_at + ibis.interval(days=gap_days),
    )
    return moved.select("subject_id", "origin", destination=moved.shop_id, moved_at=moved.visited_at)


def voucher_transitions(facts: Facts) -> Table:
    """Return subject_id, origin (where won), destination (where spent), moved_at of redemptions that stand."""
    spent = standing(facts).anti_join(disputed(facts), "sale_id")
    won = facts.grant.select("voucher_id", "sender_shop_id", holder=facts.grant.subject_id)
    known = spent.inner_join(won, "voucher_id")
    known = known.mutate(subject_id=ibis.coalesce(known.subject_id, known.holder))
    moved = known.filter(
        known.subject_id.notnull(), known.sender_shop_id.notnull(), known.sender_shop_id != known.shop_id
    )
    columns = {"origin": moved.sender_shop_id, "destination": moved.shop_id, "moved_at": moved.redeemed_at}
    return canonical(moved.select("subject_id", **columns), facts)


def grant_outcomes(facts: Facts) -> Table:
    """Return one row per voucher won at a shop: what the model's `Grants` says of it (times null, flags never null).

    A voucher that was won nowhere (a coupon sent out, a code printed) is no part of the ring and says nothing of it.
    """
    granted = canonical(_won(facts), facts)
    spent = _first_redemptions(facts)
    seen = visits(facts)
    first = seen.group_by("subject_id", "shop_id").agg(first_at=seen.visited_at.min())
    history = seen.group_by(of=seen.subject_id).agg(history_from=seen.visited_at.min())
    rows = granted.select("voucher_id", "subject_id", "granted_at", "valid_until", "redeem_shop_ids")
    rows = rows.left_join(spent, rows.voucher_id == spent.spent_id)
    rows = rows.left_join(history, rows.subject_id == history.of)
    there = first.select(who=first.subject_id, where=first.shop_id, first_there=first.first_at)
    rows = rows.left_join(there, [rows.subject_id == there.who, rows.redeemed_shop == there.where])
    targets = _target_visits(granted, first)
    rows = rows.left_join(targets, rows.voucher_id == targets.target_id)
    came = _came(granted, seen)
    rows = rows.left_join(came, rows.voucher_id == came.came_id)
    at_any = _is_empty(rows.redeem_shop_ids)
    return rows.select(
        "voucher_id",
        "subject_id",
        "granted_at",
        "valid_until",
        "redeemed_at",
        "came_at",
        "history_from",
        has_visited=ibis.ifelse(at_any, rows.history_from < rows.granted_at, rows.visited > 0).fill_null(False),
        # Of all shops of a network there is always one more to discover.
        has_unvisited=ibis.ifelse(at_any, True, rows.unvisited > 0).fill_null(False),
        redeemed_where_visited=(rows.first_there < rows.granted_at).fill_null(False),
    )


def redemption_returns(facts: Facts) -> Table:
    """Return one row per standing redemption, by a known member, of a voucher won at a shop, for `Redemptions`."""
    seen = visits(facts)
    spent = standing(facts)
    won = _won(facts)
    granted = won.select("voucher_id", "granted_at", holder=won.subject_id)
    known = spent.inner_join(granted, "voucher_id")
    known = known.mutate(subject_id=ibis.coalesce(known.subject_id, known.holder))
    known = canonical(
        known.filter(known.subject_id.notnull()).select(
            "redemption_id", "subject_id", "shop_id", "sale_id", "redeemed_at", "granted_at"
        ),
        facts,
    )
    paid = spent.group_by(paid_sale_id=spent.sale_id).agg(vouchers=spent.count())
    next_visits = seen.select(
        who=seen.subject_id, where=seen.shop_id, next_sale_id=seen.sale_id, next_at=seen.visited_at
    )
    later = known.inner_join(
        next_visits,
        [
            known.subject_id == next_visits.who,
            known.shop_id == next_visits.where,
            known.redeemed_at < next_visits.next_at,
            known.sale_id != next_visits.next_sale_id,
        ],
    )
    soonest = later.group_by(returned_id=later.redemption_id).agg(
        next_at=later.next_at.min(), next_sale_id=later.next_sale_id.argmin(later.next_at)
    )
    first = seen.group_by(visitor=seen.subject_id, place=seen.shop_id).agg(first_at=seen.visited_at.min())
    history = seen.group_by(of=seen.subject_id).agg(history_from=seen.visited_at.min())
    rows = known.left_join(soonest, known.redemption_id == soonest.returned_id)
    rows = rows.left_join(paid, rows.next_sale_id == paid.paid_sale_id)
    rows = rows.left_join(first, [rows.subject_id == first.visitor, rows.shop_id == first.place])
    rows = rows.left_join(history, rows.subject_id == history.of)
    return rows.select(
        "redemption_id",
        "subject_id",
        "redeemed_at",
        "granted_at",
        "next_at",
        "history_from",
        next_paid_with_voucher=(rows.vouchers > 0).fill_null(False),
        is_habit=(rows.first_at < rows.granted_at).fill_null(False),
    )


def data_end(facts: Facts) -> int:
    """Return the time of the last sale, grant or redemption of a member, in microseconds since 1970; 0 without any.

    What nobody in particular did, such as trying a voucher out, does not make the members' data go on longer.
    """
    (found,) = facts.read(_last).column("last").to_pylist()
    return 0 if found is None else microseconds(found)


def _last(facts: Facts) -> Table:
    columns = ((facts.sale, "sold_at"), (facts.grant, "granted_at"), (facts.redemption, "redeemed_at"))
    known = [table.filter(table.subject_id.notnull()).select(at=table[name]) for table, name in columns]
    return ibis.union(*known).agg(last=lambda every: every["at"].max())


def transitions_of(facts: Facts, moved: Callable[..., Table], *asked: Any) -> tuple[Transitions, list[str]]:
    """Run a transitions expression; return the flow and the shops' ids by code."""
    rows = facts.read(moved, *asked)
    member_codes, _ = codes(rows["subject_id"])
    both, shops = codes(pa.chunked_array([*rows["origin"].chunks, *rows["destination"].chunks], pa.string()))
    origin, destination = both[: rows.num_rows], both[rows.num_rows :]
    return transitions(member_codes, origin, destination, times(rows["moved_at"]), shops=len(shops)), shops


def grants_of(facts: Facts) -> Grants:
    """Run `grant_outcomes` and return it as arrays."""
    rows = facts.read(grant_outcomes)
    return Grants(
        member=codes(rows["subject_id"])[0],
        granted_at=times(rows["granted_at"]),
        valid_until=times(rows["valid_until"]),
        redeemed_at=times(rows["redeemed_at"]),
        came_at=times(rows["came_at"]),
        history_from=times(rows["history_from"]),
        has_visited=rows["has_visited"].to_numpy(),
        has_unvisited=rows["has_unvisited"].to_numpy(),
        redeemed_where_visited=rows["redeemed_where_visited"].to_numpy(),
    )


def redemptions_of(facts: Facts) -> Redemptions:
    """Run `redemption_returns` and return it as arrays."""
    rows = facts.read(redemption_returns)
    return Redemptions(
        member=codes(rows["subject_id"])[0],
        redeemed_at=times(rows["redeemed_at"]),
        next_at=times(rows["next_at"]),
        next_paid_with_voucher=rows["next_paid_with_voucher"].to_numpy(),
        is_known=known_from(times(rows["history_from"]), times(rows["granted_at"])),
        is_habit=rows["is_habit"].to_numpy(),
    )


def _won(facts: Facts) -> Table:
    """Return the grants of vouchers that were won at a shop."""
    return facts.grant.filter(facts.grant.sender_shop_id.notnull())


def standing(facts: Facts) -> Table:
    """Return the redemptions that were not reversed."""
    return facts.redemption.anti_join(facts.reversal, "redemption_id")


def _first_redemptions(facts: Facts) -> Table:
    """Return spent_id (the voucher), redeemed_at and redeemed_shop of the first redemption that stands."""
    spent = standing(facts)
    return spent.group_by(spent_id=spent.voucher_id).agg(
        redeemed_at=spent.redeemed_at.min(), redeemed_shop=spent.shop_id.argmin(spent.redeemed_at)
    )


def _targets(granted: Table) -> Table:
    """Return a row for each shop that an identified holder's voucher names."""
    held = granted.filter(granted.subject_id.notnull())
    return held.select(
        "voucher_id",
        "subject_id",
        "granted_at",
        "valid_until",
        begins_at=ibis.greatest(held.granted_at, held.valid_from),
        shop_id=held.redeem_shop_ids.unnest(),
    )


def _target_visits(granted: Table, first: Table) -> Table:
    """Return target_id (the voucher), and how many of the shops it names were `visited` before, and `unvisited`."""
    named = _targets(granted)
    there = first.select(who=first.subject_id, where=first.shop_id, first_at=first.first_at)
    named = named.left_join(there, [named.subject_id == there.who, named.shop_id == there.where])
    named = named.mutate(was_there=(named.first_at < named.granted_at).fill_null(False).cast("int64"))
    return named.group_by(target_id=named.voucher_id).agg(
        visited=named.was_there.sum(), unvisited=(1 - named.was_there).sum()
    )


def _came(granted: Table, seen: Table) -> Table:
    """Return came_id (the voucher) and came_at, the first visit to a shop that takes it, while it takes it."""
    named = _targets(granted)
    anywhere = granted.filter(granted.subject_id.notnull(), _is_empty(granted.redeem_shop_ids))
    anywhere = anywhere.mutate(begins_at=ibis.greatest(anywhere.granted_at, anywhere.valid_from))
    visit = seen.select(who=seen.subject_id, where=seen.shop_id, visited_at=seen.visited_at)

    def in_time(held: Table, *also: Any) -> Table:
        when = [held.begins_at < visit.visited_at, visit.visited_at < held.valid_until]
        met = held.inner_join(visit, [held.subject_id == visit.who, *also, *when])
        return met.select("voucher_id", "visited_at")

    met = in_time(named, named.shop_id == visit.where).union(in_time(anywhere))
    return met.group_by(came_id=met.voucher_id).agg(came_at=met.visited_at.min())


def _is_empty(shops: Any) -> Any:
    return (shops.length() == 0).fill_null(True)


def codes(column: Any) -> tuple[Int64s, list[str]]:
    """Return codes from 0 in order of the values, `NONE` for null, and the values by code."""
    values = sorted(value for value in pc.unique(column).to_pylist() if value is not None)
    codes = pc.index_in(column, pa.array(values, pa.string())).fill_null(NONE)
    return codes.cast(pa.int64()).to_numpy(), values


def times(column: Any) -> Int64s:
    """Return microseconds since 1970, `NONE` for null."""
    times: Int64s = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).fill_null(NONE).to_numpy()
    return times
