"""From the lake to the small arrays that the model judges, as Ibis expressions that DuckDB and Spark both run."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import ibis

from ringmain.kit.lake.read import Facts
from ringmain.loop.analysis.effect import (
    DealtRows,
    ServedRows,
    benefits_given,
    dealt_people,
    dealt_rows,
    dealt_turns,
    hops_to_visits,
    served_people,
    served_rows,
    visits_after,
)
from ringmain.loop.analysis.flow import (
    LAKE_TABLES,
    Int64s,
    Table,
    data_end,
    facts_of,
    grant_outcomes,
    grants_of,
    redemption_returns,
    redemptions_of,
    transitions_of,
    visit_transitions,
    voucher_transitions,
)
from ringmain.loop.analysis.recruiting import BoughtRows, bought, bought_rows, kinds_of
from ringmain.loop.analysis.ring import (
    PlayedRows,
    after_playing,
    elsewhere_of,
    flow_matrix,
    groups_of,
    played_rows,
    power,
    sharing,
    shop_balance,
    stages,
    voucher_moves,
)
from ringmain.loop.analysis.scenes import MESSAGE, kinds_of_scenes, met_at_scenes
from ringmain.loop.analysis.switch_off import Stop, spans_of, stopped_people, stopped_rows, stops_of, visits_in
from ringmain.loop.analysis.what_if import spent_vouchers, visit_pairs
from ringmain.profile.api import lake_visits as visits

__all__ = [
    "EXPRESSIONS",
    "LAKE_TABLES",
    "MESSAGE",
    "BoughtRows",
    "DealtRows",
    "Facts",
    "Int64s",
    "PlayedRows",
    "ServedRows",
    "Stop",
    "Table",
    "after_playing",
    "benefits_given",
    "bought",
    "bought_rows",
    "data_end",
    "dealt_people",
    "dealt_rows",
    "dealt_turns",
    "elsewhere_of",
    "facts_of",
    "flow_matrix",
    "grant_outcomes",
    "grants_of",
    "groups_of",
    "hops_to_visits",
    "kinds_of",
    "kinds_of_scenes",
    "met_at_scenes",
    "played_rows",
    "power",
    "redemption_returns",
    "redemptions_of",
    "served_people",
    "served_rows",
    "sharing",
    "shop_balance",
    "spans_of",
    "spent_vouchers",
    "stages",
    "stopped_people",
    "stopped_rows",
    "stops_of",
    "transitions_of",
    "visit_pairs",
    "visit_transitions",
    "visits",
    "visits_after",
    "visits_in",
    "voucher_moves",
    "voucher_transitions",
]

_STOPPED = datetime(2026, 2, 10, tzinfo=UTC)

# Every expression that is judged, by name: whoever adds a backend compares what each of them gives there and here.
EXPRESSIONS: Mapping[str, Callable[[Facts], Table]] = {
    "visits": visits,
    "visit_transitions": lambda facts: visit_transitions(facts, 14),
    "voucher_transitions": voucher_transitions,
    "grant_outcomes": grant_outcomes,
    "redemption_returns": redemption_returns,
    "dealt_people": lambda facts: dealt_people(facts, 14, 28),
    "served_people": lambda facts: served_people(facts, 14, 28),
    "hops_to_visits": hops_to_visits,
    "visits_after": lambda facts: visits_after(facts, 14),
    "dealt_turns": lambda facts: dealt_turns(facts, 24),
    "voucher_moves": voucher_moves,
    "flow_matrix": lambda facts: flow_matrix(facts, _alone(facts)),
    "power": lambda facts: power(facts, _alone(facts)),
    "after_playing": lambda facts: after_playing(facts, 28, 28),
    "elsewhere_of": lambda facts: elsewhere_of(facts, 28, ["shop-0", "shop-1"]),
    "stages": stages,
    "shop_balance": lambda facts: shop_balance(facts, datetime(2026, 2, 20, tzinfo=UTC), 28),
    "met_at_scenes": lambda facts: met_at_scenes(
        facts,
        ibis.memtable(kinds_of_scenes({"scene-0": "poster"})),
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 2, 1, tzinfo=UTC),
        14,
    ),
    "sharing": lambda facts: sharing(facts, ["scene-0"], 28),
    "bought": lambda facts: bought(facts, _alone(facts).rename(kind="name"), datetime(2026, 1, 20, tzinfo=UTC)),
    "visit_pairs": lambda facts: visit_pairs(facts, _STOPPED - timedelta(days=28), _STOPPED, _STOPPED),
    "spent_vouchers": lambda facts: spent_vouchers(facts, _STOPPED - timedelta(days=28), _STOPPED),
    "stopped_people": lambda facts: stopped_people(
        facts, ibis.memtable(stops_of([Stop("new-guests", None, _STOPPED)]))
    ),
    "visits_in": lambda facts: visits_in(
        facts, _alone(facts), ibis.memtable(spans_of({"before": (_STOPPED - timedelta(days=28), _STOPPED)}))
    ),
}


def _alone(facts: Facts) -> Table:
    """Return every shop as a group of its own."""
    return facts.sale.select("shop_id", name=facts.sale.shop_id).distinct()
