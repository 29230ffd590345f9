"""Who was dealt in campaigns that have stopped, and when they came; how often people came to areas in spans."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import ibis
import numpy as np
import pyarrow as pa

from ringmain.kit.lake.read import Facts
from ringmain.loop.analysis.effect import paid_visits
from ringmain.loop.analysis.flow import Int64s, Table, codes, times
from ringmain.loop.model.switch_off import AFTER, AFTER_DAYS, BEFORE_DAYS, Stopped
from ringmain.profile.api import canonical
from ringmain.profile.api import lake_visits as visits

_WHEN = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Stop:
    """A campaign whose money stopped at a moment; the visits to its merchant's shops count (None: to all shops)."""

    campaign_id: str
    merchant_id: str | None
    stopped_at: datetime


def stops_of(found: Sequence[Stop]) -> pa.Table:
    """Return ended_id, owner_id and stopped_at of campaigns."""
    return pa.table(
        {
            "ended_id": pa.array([one.campaign_id for one in found], pa.string()),
            "owner_id": pa.array([one.merchant_id for one in found], pa.string()),
            "stopped_at": pa.array([one.stopped_at for one in found], _WHEN),
        }
    )


def stopped_people(facts: Facts, stops: Table) -> Table:
    """Return a row per stopped campaign and person dealt: campaign_id, subject_id, treated, entered_at, stopped_at.

    Visits: `before` they met it, `during` (from then to the stop), after_30, after_60, after_90 (thirty days each).
    """
    dealt = canonical(facts.campaign_opportunity.filter(facts.campaign_opportunity.turn == 0), facts)
    people = dealt.group_by("campaign_id", "subject_id").agg(
        treated=dealt.treated.argmin(dealt.happened_at), entered_at=dealt.happened_at.min()
    )
    people = people.inner_join(stops, people.campaign_id == stops.ended_id)
    seen = paid_visits(facts).select("visited_at", "merchant_id", "subject_id")
    seen = seen.select("visited_at", "merchant_id", who=seen.subject_id)
    both = people.left_join(seen, people.subject_id == seen.who)
    theirs = both.owner_id.isnull() | (both.owner_id == both.merchant_id)
    begins = both.entered_at - ibis.interval(days=BEFORE_DAYS)
    spans = {
        "before": (both.visited_at >= begins) & (both.visited_at < both.entered_at),
        "during": (both.visited_at >= both.entered_at) & (both.visited_at < both.stopped_at),
    }
    for number, name in enumerate(AFTER):
        first, last = (both.stopped_at + ibis.interval(days=AFTER_DAYS * (number + more)) for more in (0, 1))
        spans[name] = (both.visited_at >= first) & (both.visited_at < last)
    counted = {name: (inside & theirs).fill_null(False).cast("int64").sum() for name, inside in spans.items()}
    return both.group_by("campaign_id", "subject_id", "treated", "entered_at", "stopped_at").agg(**counted)


def _stopped_in_order(facts: Facts, stops: Table) -> Table:
    people = stopped_people(facts, stops)
    # Who met it after it had stopped (an open page, a late message) was not in it.
    return people.filter(people.entered_at < people.stopped_at).order_by("campaign_id", "subject_id")


def stopped_rows(facts: Facts, stops: pa.Table) -> tuple[Stopped, list[str]]:
    """Run `stopped_people`; return it as arrays, and the campaigns by their numbers."""
    rows = facts.read(_stopped_in_order, stops)
    campaign, names = codes(rows["campaign_id"])

    def whole(name: str) -> Int64s:
        return rows[name].cast(pa.int64()).to_numpy()  # type: ignore[no-any-return]

    return (
        Stopped(
            campaign=campaign,
            treated=rows["treated"].to_numpy(zero_copy_only=False).astype(bool),
            entered_at=times(rows["entered_at"]),
            stopped_at=times(rows["stopped_at"]),
            before=whole("before"),
            during=whole("during"),
            after=np.column_stack([whole(name) for name in AFTER]),
        ),
        names,
    )


def spans_of(named: Mapping[str, tuple[datetime, datetime]]) -> pa.Table:
    """Return span (its name), begins and ends of spans of time."""
    return pa.table(
        {
            "span": pa.array([*named], pa.string()),
            "begins": pa.array([begins for begins, _ in named.values()], _WHEN),
            "ends": pa.array([ends for _, ends in named.values()], _WHEN),
        }
    )


def visits_in(facts: Facts, groups: Table, spans: Table) -> Table:
    """Return name (of a group of shops), span and visits: how many visits a group had within each span."""
    seen = visits(facts).select("shop_id", "visited_at")
    named = groups.select("name", grouped_id=groups.shop_id)
    seen = seen.inner_join(named, seen.shop_id == named.grouped_id).cross_join(spans)
    seen = seen.filter(seen.visited_at >= seen.begins, seen.visited_at < seen.ends)
    return seen.group_by("name", "span").agg(visits=seen.count())
