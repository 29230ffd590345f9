"""Who was where, from the lake: the visits that stand, as Ibis expressions that DuckDB and Spark both run.

A *visit* is a sale of an identified member that stands: it was not undone, nor did they say "this was not me".
"""

from datetime import datetime
from typing import Any

import ibis

from ringmain.kit.lake.read import Facts, moment
from ringmain.member import api as member
from ringmain.profile import store
from ringmain.sale import api as sale

Table = Any
# The kinds of facts that visits are made of.
VISIT_TABLES = (*sale.LAKE_TABLES, *member.LAKE_TABLES, *store.LAKE_TABLES)


def lake_visits(facts: Facts) -> Table:
    """Return subject_id, shop_id, visited_at, sale_id of every visit; merged people are one person."""
    identified = facts.sale.filter(facts.sale.subject_id.notnull())
    identified = identified.anti_join(disputed(facts), "sale_id").anti_join(_undone(facts), "sale_id")
    seen = identified.select("subject_id", "shop_id", "sale_id", visited_at=identified.sold_at)
    return canonical(seen, facts)


def shop_baskets(facts: Facts, since: datetime) -> Table:
    """Return shop_id, currency, members, middle_minor: the median of the baskets of members at each shop.

    Where vouchers paid everything, or a till knew nothing but the voucher, there is no basket.
    """
    paid = facts.sale.filter(facts.sale.total_minor > facts.sale.redeemed_minor, facts.sale.sold_at >= moment(since))
    paid = paid.select("currency", "total_minor", paid_id=paid.sale_id)
    seen = lake_visits(facts)
    seen = seen.inner_join(paid, seen.sale_id == paid.paid_id)
    return seen.group_by("shop_id", "currency").agg(
        members=seen.subject_id.nunique(), middle_minor=seen.total_minor.median().cast("float64")
    )


def canonical(rows: Table, facts: Facts) -> Table:
    """Replace the subject of a merged member by the one that stands for the person now."""
    alias = facts.subject_alias.select(
        merged=facts.subject_alias.subject_id, now=facts.subject_alias.canonical_subject_id
    )
    joined = rows.left_join(alias, rows.subject_id == alias.merged)
    return joined.mutate(subject_id=ibis.coalesce(joined.now, joined.subject_id)).select(*rows.columns)


def disputed(facts: Facts) -> Table:
    """Return sale_id of the sales of which a person says, by their last word, that they were not theirs."""
    said = facts.sale_dispute
    last = said.group_by("sale_id").agg(not_me=said.not_me.argmax(said.said_at))
    return last.filter(last.not_me).select("sale_id")


def _undone(facts: Facts) -> Table:
    """Return sale_id of the sales of which refunds have left nothing."""
    added = facts.sale_change
    sums = added.group_by("sale_id").agg(
        refunded=added.amount_minor.sum(where=added.kind == "refund"),
        completed=added.amount_minor.max(where=added.kind == "completion"),
    )
    known = sums.inner_join(facts.sale.select("sale_id", "total_minor", "redeemed_minor"), "sale_id")
    paid = ibis.coalesce(known.completed, known.total_minor) - known.redeemed_minor
    return known.filter(known.refunded == paid).select("sale_id")
