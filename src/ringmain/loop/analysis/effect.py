"""Who was dealt to which group of a campaign, and what they did before and after: what lift is read from."""

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ringmain.kit.lake.read import Facts, one_of
from ringmain.loop.analysis.flow import Int64s, Table, standing, times
from ringmain.profile.api import canonical
from ringmain.profile.api import lake_visits as visits


def dealt_people(facts: Facts, window_days: int, before_days: int, shop_ids: Sequence[str] | None = None) -> Table:
    """Return a row per campaign and person that were dealt, with what they did in a span as long for everybody.

    campaign_id, subject_id, treated, entered_at, and at `shop_ids` (None: everywhere) visits and paid_minor (vouchers
    and refunds left out) of `window_days` from the moment they would have been shown the offer; the same of
    `before_days` before that, and the visits of as many days before those. Who was merged of two
    counts in the group in which either was recorded first. Who was given the offer by hand is in neither.
    """
    dealt = by_chance_only(facts.campaign_opportunity.filter(facts.campaign_opportunity.turn == 0), facts)
    people = dealt.group_by("campaign_id", "subject_id").agg(
        treated=dealt.treated.argmin(dealt.happened_at), entered_at=dealt.happened_at.min()
    )
    followed = _followed(people, "campaign_id", facts, (window_days, before_days), shop_ids)
    return followed.drop("full_price", "full_price_before")


def served_people(facts: Facts, window_days: int, before_days: int, shop_ids: Sequence[str] | None = None) -> Table:
    """Return a row per service plan and person that it met, treated or held out, as `dealt_people` does per campaign.

    plan_id, subject_id, treated, entered_at (the first meeting), visits, paid_minor, those before, and `full_price`
    and `full_price_before`: the visits among them to which no voucher was brought.
    """
    met = canonical(facts.service_met, facts)
    people = met.group_by("plan_id", "subject_id").agg(
        treated=met.treated.argmin(met.met_at), entered_at=met.met_at.min()
    )
    return _followed(people, "plan_id", facts, (window_days, before_days), shop_ids)


def _followed(people: Table, key: str, facts: Facts, days: tuple[int, int], shop_ids: Sequence[str] | None) -> Table:
    """Return people of campaigns or plans with what they did so many days after, and before, they were met."""
    window_days, before_days = days
    seen = paid_visits(facts)
    if shop_ids is not None:
        seen = seen.filter(one_of(seen.shop_id, shop_ids))
    seen = seen.select("visited_at", "paid", "by_voucher", who=seen.subject_id)
    both = people.left_join(seen, people.subject_id == seen.who)
    ends, begins = both.entered_at + ibis.interval(days=window_days), both.entered_at - ibis.interval(days=before_days)
    after = (both.visited_at >= both.entered_at) & (both.visited_at < ends)
    before = (both.visited_at >= begins) & (both.visited_at < both.entered_at)
    earlier = (both.visited_at >= begins - ibis.interval(days=before_days)) & (both.visited_at < begins)
    return both.group_by(key, "subject_id", "treated", "entered_at").agg(
        visits=_count(after),
        paid_minor=both.paid.sum(where=after).fill_null(0),
        visits_before=_count(before),
        paid_before=both.paid.sum(where=before).fill_null(0),
        visits_earlier=_count(earlier),
        full_price=_count(after & ~both.by_voucher),
        full_price_before=_count(before & ~both.by_voucher),
    )


def _count(condition: Table) -> Table:
    return condition.fill_null(False).cast("int64").sum()


def by_chance_only(dealt: Table, facts: Facts) -> Table:
    """Return who was dealt, by the subject that stands for them, without those who got the offer by hand as well."""
    breaches = canonical(facts.campaign_breach, facts).select("campaign_id", "subject_id").distinct()
    return canonical(dealt, facts).anti_join(breaches, ["campaign_id", "subject_id"])


def paid_visits(facts: Facts) -> Table:
    """Return the visits with merchant_id, `by_voucher`, and what people `paid`: vouchers and refunds left out."""
    changes = facts.sale_change
    sums = changes.group_by(changed_id=changes.sale_id).agg(
        refunded=changes.amount_minor.sum(where=changes.kind == "refund"),
        completed=changes.amount_minor.max(where=changes.kind == "completion"),
    )
    seen = visits(facts)
    priced = facts.sale.select("merchant_id", "total_minor", "redeemed_minor", priced_id=facts.sale.sale_id)
    seen = seen.inner_join(priced, seen.sale_id == priced.priced_id)
    seen = seen.left_join(sums, seen.sale_id == sums.changed_id)
    paid = ibis.coalesce(seen.completed, seen.total_minor) - seen.redeemed_minor - seen.refunded.fill_null(0)
    columns = ("subject_id", "shop_id", "merchant_id", "sale_id", "visited_at")
    return seen.select(*columns, paid=paid, by_voucher=seen.redeemed_minor > 0)


def visits_after(facts: Facts, window_days: int, shop_ids: Sequence[str] | None = None) -> Table:
    """Return campaign_id, subject_id, sale_id of the visits that `dealt_people` counts after the offer."""
    dealt = canonical(facts.campaign_opportunity.filter(facts.campaign_opportunity.turn == 0), facts)
    people = dealt.group_by("campaign_id", "subject_id").agg(entered_at=dealt.happened_at.min())
    seen = visits(facts)
    if shop_ids is not None:
        seen = seen.filter(one_of(seen.shop_id, shop_ids))
    seen = seen.select("sale_id", "visited_at", who=seen.subject_id)
    ends = people.entered_at + ibis.interval(days=window_days)
    both = people.inner_join(
        seen, [people.subject_id == seen.who, people.entered_at <= seen.visited_at, seen.visited_at < ends]
    )
    return both.select("campaign_id", "subject_id", "sale_id")


def dealt_turns(facts: Facts, hours: int, shop_ids: Sequence[str] | None = None) -> Table:
    """Return campaign_id, area, turn, treated, people and visits of each turn of an area: visits within a turn's hours.

    A visit counts for who was met in the turn, from that moment on for as long as a turn lasts.
    """
    dealt = canonical(facts.campaign_opportunity.filter(facts.campaign_opportunity.turn != 0), facts)
    met = dealt.group_by("campaign_id", "area", "turn", "treated", "subject_id").agg(met_at=dealt.happened_at.min())
    seen = visits(facts)
    if shop_ids is not None:
        seen = seen.filter(one_of(seen.shop_id, shop_ids))
    seen = seen.select("visited_at", who=seen.subject_id)
    both = met.left_join(seen, met.subject_id == seen.who)
    after = (both.visited_at >= both.met_at) & (both.visited_at < both.met_at + ibis.interval(hours=hours))
    return both.group_by("campaign_id", "area", "turn", "treated").agg(
        people=both.subject_id.nunique(), visits=after.fill_null(False).cast("int64").sum()
    )


_HOPS = 5


def hops_to_visits(facts: Facts) -> Table:
    """Return sale_id and hop_shop_id: each shop whose voucher, over up to five hops, led to a visit.

    The voucher spent in the sale was won at a shop; where a sale there had led to it, so did the vouchers of that sale.
    """
    won = facts.grant.select("voucher_id", "sender_shop_id", "origin_kind", "origin_id")
    stood = standing(facts)
    spent = stood.select("voucher_id", spent_in=stood.sale_id).inner_join(won, "voucher_id")
    spent = spent.mutate(led_by=ibis.ifelse(spent.origin_kind == "sale", spent.origin_id, ibis.null("string")))
    spent = spent.select("spent_in", "sender_shop_id", "led_by")
    reached = spent.select(sale_id=spent.spent_in, hop_shop_id=spent.sender_shop_id, led_by=spent.led_by)
    found = reached
    for _ in range(_HOPS - 1):
        onward = reached.filter(reached.led_by.notnull()).select("sale_id", came_by=reached.led_by)
        step = onward.inner_join(spent, onward.came_by == spent.spent_in)
        reached = step.select("sale_id", hop_shop_id=step.sender_shop_id, led_by=step.led_by)
        found = found.union(reached)
    return found.filter(found.hop_shop_id.notnull()).select("sale_id", "hop_shop_id").distinct()


@dataclass(frozen=True, slots=True)
class ServedRows:
    """`served_people` as arrays, in the order of meetings; times are microseconds since 1970."""

    plan: list[str]
    person: list[str]
    treated: NDArray[np.bool_]
    entered_at: Int64s
    visits: Int64s
    full_price: Int64s
    paid_minor: Int64s
    visits_before: Int64s
    full_price_before: Int64s
    paid_before: Int64s


def served_rows(
    facts: Facts, window_days: int, before_days: int, shop_ids: Sequence[str] | None, plan_ids: Sequence[str]
) -> ServedRows:
    """Run `served_people` for some plans."""
    rows = facts.read(_served_in_order, window_days, before_days, shop_ids, plan_ids)
    return ServedRows(
        plan=rows["plan_id"].to_pylist(),
        person=rows["subject_id"].to_pylist(),
        treated=rows["treated"].to_numpy(zero_copy_only=False).astype(bool),
        entered_at=times(rows["entered_at"]),
        **{
            name: rows[name].cast(pa.int64()).to_numpy()
            for name in ServedRows.__slots__
            if name not in ("plan", "person", "treated", "entered_at")
        },
    )


def _served_in_order(
    facts: Facts, window_days: int, before_days: int, shop_ids: Sequence[str] | None, plan_ids: Sequence[str]
) -> Table:
    people = served_people(facts, window_days, before_days, shop_ids)
    return people.filter(one_of(people.plan_id, plan_ids)).order_by("entered_at", "subject_id")


def benefits_given(facts: Facts, plan_ids: Sequence[str]) -> list[tuple[str, int]]:
    """Return of each benefit that was given at a till its plan, and when: microseconds since 1970."""
    rows = facts.read(_benefits_given, plan_ids)
    return list(zip(rows["plan_id"].to_pylist(), times(rows["given_at"]).tolist(), strict=True))


def _benefits_given(facts: Facts, plan_ids: Sequence[str]) -> Table:
    given = facts.benefit_given
    return given.filter(one_of(given.plan_id, plan_ids)).select("plan_id", "given_at")


@dataclass(frozen=True, slots=True)
class DealtRows:
    """`dealt_people` as arrays, in the order in which people entered; times are microseconds since 1970."""

    campaign: list[str]
    person: list[str]
    treated: NDArray[np.bool_]
    entered_at: Int64s
    visits: Int64s
    paid_minor: Int64s
    visits_before: Int64s
    paid_before: Int64s
    visits_earlier: Int64s


def dealt_rows(
    facts: Facts,
    window_days: int,
    before_days: int,
    shop_ids: Sequence[str] | None = None,
    campaign_ids: Sequence[str] | None = None,
) -> DealtRows:
    """Run `dealt_people`, for some campaigns or (None) for all."""
    rows = facts.read(_dealt_in_order, window_days, before_days, shop_ids, campaign_ids)
    numbers = {
        name: rows[name].cast(pa.int64()).to_numpy()
        for name in ("visits", "paid_minor", "visits_before", "paid_before", "visits_earlier")
    }
    return DealtRows(
        campaign=rows["campaign_id"].to_pylist(),
        person=rows["subject_id"].to_pylist(),
        treated=rows["treated"].to_numpy(zero_copy_only=False).astype(bool),
        entered_at=times(rows["entered_at"]),
        **numbers,
    )


def _dealt_in_order(
    facts: Facts,
    window_days: int,
    before_days: int,
    shop_ids: Sequence[str] | None,
    campaign_ids: Sequence[str] | None,
) -> Table:
    people = dealt_people(facts, window_days, before_days, shop_ids)
    if campaign_ids is not None:
        people = people.filter(one_of(people.campaign_id, campaign_ids))
    return people.order_by("entered_at", "subject_id")
