"""What a made-up copy of a network is calibrated to, from the lake: who goes where, and whose vouchers are spent."""

from datetime import datetime

from ringmain.kit.lake.read import Facts, moment
from ringmain.loop.analysis.effect import paid_visits
from ringmain.loop.analysis.flow import Table
from ringmain.loop.analysis.ring import voucher_moves


def visit_pairs(facts: Facts, since: datetime, middle: datetime, until: datetime) -> Table:
    """Return subject_id, shop_id, visits, early (those before `middle`), paid_minor (vouchers and refunds left out)."""
    seen = paid_visits(facts)
    seen = seen.filter(
        seen.visited_at >= moment(since),
        seen.visited_at < moment(until),
    )
    early = (seen.visited_at < moment(middle)).cast("int64")
    return seen.group_by("subject_id", "shop_id").agg(
        visits=seen.count(), early=early.sum(), paid_minor=seen.paid.sum().fill_null(0)
    )


def spent_vouchers(facts: Facts, since: datetime, until: datetime) -> Table:
    """Return origin (null: won nowhere), destination, funder_id, vouchers, amount_minor of redemptions that stand."""
    moved = voucher_moves(facts, since, until)
    return moved.group_by("origin", "destination", "funder_id").agg(
        vouchers=moved.count(), amount_minor=moved.amount_minor.sum().fill_null(0)
    )
