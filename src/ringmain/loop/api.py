"""What other slices may ask of the loop: flow, closure and leaks of a network, from its lake."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from ringmain.kit.lake.connect import connect
from ringmain.loop import analysis
from ringmain.loop.analysis import EXPRESSIONS as ANALYSES
from ringmain.loop.analysis import LAKE_TABLES, Facts, Table, facts_of
from ringmain.loop.checklist import Checklist, ChecklistStep, Step, checklist
from ringmain.loop.figures import FiguresAsked, NetworkFigures, Spent, figures_asked, network_figures
from ringmain.loop.forecast import Planned, forecast, planned
from ringmain.loop.guests import Elsewhere, Guest, GuestCounts, guest_counts, guests
from ringmain.loop.lift import CampaignLift, LiftOf, PartOf, aa_watch, campaign_lift, campaign_parts, lift_of
from ringmain.loop.model import (
    Beside,
    Closure,
    ClosureWithin,
    Flow,
    FlowFigures,
    Leaks,
    Rate,
    SecondVisits,
    Transitions,
    closure,
    flow,
    leaks,
    second_visits,
    strongest_edges,
    transitions,
)
from ringmain.loop.model.forecast import Expected
from ringmain.loop.model.forecast import Range as VisitRange
from ringmain.loop.model.lift import Dealt, Interval, Reading, State, Watch, compare
from ringmain.loop.model.lift import fixed as fixed_interval
from ringmain.loop.model.lift import sequence as sequence_interval
from ringmain.loop.model.notes import DAYS as NOTE_DAYS
from ringmain.loop.model.notes import FEWEST_VOUCHERS, Balance, Note
from ringmain.loop.model.ring import Given, Sharing, Side, Stages
from ringmain.loop.model.scene_tribes import Action, Measured
from ringmain.loop.model.switch_off import AFTER, Remaining, Stopped
from ringmain.loop.model.switch_off import Period as StopPeriod
from ringmain.loop.model.switch_off import read as read_stop
from ringmain.loop.model.switch_off import read_areas as read_off_areas
from ringmain.loop.model.top_ups import StandingOrder, TopUp
from ringmain.loop.notes import decide_note, draft_notes, notes_to, shop_balances
from ringmain.loop.offer_story import OfferVoucher, VoucherState, daily, offer_funnel, offer_vouchers, own_offer
from ringmain.loop.pressure import OfferPressure, Pressure, RingPressure, pressure, ring_pressure
from ringmain.loop.preview import Plan, Preview, preview
from ringmain.loop.recruiting import Found, Recruit, Recruiting, recruiting
from ringmain.loop.ring import OUTCOMES, Cell, MerchantPower, Outcome, OwnRing, Ring, Whose, own_ring, ring, whose
from ringmain.loop.scene_tribes import SceneTribe, SceneTribes, Worked, scene_tribes, table_of
from ringmain.loop.served import Group, More, PlanEffect, PlanOf, effect_of, plan_effect
from ringmain.loop.store.offer_story import DayRow, FunnelRow
from ringmain.loop.switch_off import PlannedRead, StopRead, SwitchedOff, stops, switched_off
from ringmain.loop.today import Caused, Counted, Today, today
from ringmain.loop.top_up import Standing, keep_topped_up, pause_top_up, set_top_up, standing, with_order
from ringmain.loop.turns import in_turn

__all__ = [
    "AFTER",
    "ANALYSES",
    "FEWEST_VOUCHERS",
    "LAKE_TABLES",
    "MEMORY_LIMIT",
    "NOTE_DAYS",
    "OUTCOMES",
    "Action",
    "Balance",
    "Beside",
    "CampaignLift",
    "Caused",
    "Cell",
    "Checklist",
    "ChecklistStep",
    "Closure",
    "ClosureReport",
    "ClosureWithin",
    "Counted",
    "DayRow",
    "Dealt",
    "Elsewhere",
    "Expected",
    "FiguresAsked",
    "FlowFigures",
    "FlowOf",
    "FlowReport",
    "Found",
    "FunnelRow",
    "Given",
    "Group",
    "Guest",
    "GuestCounts",
    "Interval",
    "LeakReport",
    "Leaks",
    "LiftOf",
    "Measured",
    "MerchantPower",
    "More",
    "NetworkFigures",
    "Note",
    "OfferPressure",
    "OfferVoucher",
    "Outcome",
    "OwnRing",
    "PartOf",
    "Plan",
    "PlanEffect",
    "PlanOf",
    "Planned",
    "PlannedRead",
    "Pressure",
    "Preview",
    "Rate",
    "Reading",
    "Recruit",
    "Recruiting",
    "Remaining",
    "Ring",
    "RingPressure",
    "SceneTribe",
    "SceneTribes",
    "SecondVisits",
    "Sharing",
    "ShopEdge",
    "Side",
    "Spent",
    "Stages",
    "Standing",
    "StandingOrder",
    "State",
    "Step",
    "StopPeriod",
    "StopRead",
    "Stopped",
    "SwitchedOff",
    "Today",
    "TopUp",
    "Transitions",
    "VisitRange",
    "VoucherState",
    "Watch",
    "Whose",
    "Worked",
    "aa_watch",
    "campaign_lift",
    "campaign_parts",
    "checklist",
    "closure_report",
    "compare",
    "daily",
    "decide_note",
    "draft_notes",
    "effect_of",
    "facts_of",
    "figures_asked",
    "fixed_interval",
    "flow",
    "flow_report",
    "forecast",
    "guest_counts",
    "guests",
    "in_turn",
    "keep_topped_up",
    "leak_report",
    "lift_of",
    "network_figures",
    "notes_to",
    "offer_funnel",
    "offer_vouchers",
    "own_offer",
    "own_ring",
    "pause_top_up",
    "plan_effect",
    "planned",
    "pressure",
    "preview",
    "read_off_areas",
    "read_stop",
    "recruiting",
    "ring",
    "ring_pressure",
    "scene_tribes",
    "sequence_interval",
    "set_top_up",
    "shop_balances",
    "standing",
    "stops",
    "switched_off",
    "table_of",
    "today",
    "transitions",
    "whose",
    "with_order",
]

MEMORY_LIMIT = "512MB"
THREADS = 2


@dataclass(frozen=True, slots=True)
class ShopEdge:
    """Flow from one shop to another, and how many members it is made of."""

    from_shop_id: str
    to_shop_id: str
    flow: int
    members: int


@dataclass(frozen=True, slots=True)
class FlowOf:
    """The flow of visits or of redeemed vouchers: in all, by windows, and its strongest edges."""

    total: FlowFigures
    windows: tuple[FlowFigures, ...]
    strongest: tuple[ShopEdge, ...]


@dataclass(frozen=True, slots=True)
class FlowReport:
    """Flow of visits (shop -> next shop of the same member within `gap_days`) and of vouchers (won at -> spent at)."""

    gap_days: int
    window_days: int
    permutations: int
    visits: FlowOf
    vouchers: FlowOf


@dataclass(frozen=True, slots=True)
class ClosureReport:
    """Closure of granted vouchers, and who came back afterwards without a new one."""

    closure: Closure
    second_visits: SecondVisits


@dataclass(frozen=True, slots=True)
class LeakReport:
    """Where granted vouchers were lost."""

    leaks: Leaks


def flow_report(
    lake: Path,
    network_id: UUID,
    *,
    gap_days: int = 14,
    window_days: int = 28,
    strongest: int = 10,
    permutations: int = 20,
    seed: int = 0,
) -> FlowReport:
    """Return the flow of a network; blocks for seconds where there is a year of a city. No facts give None figures."""

    def of(until: int, moved: Callable[..., Table], *asked: int) -> FlowOf:
        given, shops = analysis.transitions_of(facts, moved, *asked)
        found: Flow = flow(given, window_days=window_days, permutations=permutations, seed=seed, until=until)
        edges = [
            ShopEdge(shops[edge.origin], shops[edge.destination], edge.flow, edge.members)
            for edge in strongest_edges(given, strongest)
        ]
        return FlowOf(found.total, found.windows, tuple(edges))

    with _facts(lake, network_id) as facts:
        until = analysis.data_end(facts)
        of_visits = of(until, analysis.visit_transitions, gap_days)
        of_vouchers = of(until, analysis.voucher_transitions)
    return FlowReport(gap_days, window_days, permutations, of_visits, of_vouchers)


def closure_report(lake: Path, network_id: UUID, *, return_days: int = 28) -> ClosureReport:
    """Return closure within 7 and 14 days, and second visits within `return_days`; blocks as `flow_report` does."""
    with _facts(lake, network_id) as facts:
        until = analysis.data_end(facts)
        return ClosureReport(
            closure(analysis.grants_of(facts), until),
            second_visits(analysis.redemptions_of(facts), until, return_days),
        )


def leak_report(lake: Path, network_id: UUID) -> LeakReport:
    """Return the leaks by stage; blocks as `flow_report` does."""
    with _facts(lake, network_id) as facts:
        return LeakReport(leaks(analysis.grants_of(facts), analysis.data_end(facts)))


@contextmanager
def _facts(lake: Path, network_id: UUID) -> Iterator[Facts]:
    with connect(lake, LAKE_TABLES, network_id=network_id, memory_limit=MEMORY_LIMIT, threads=THREADS) as connection:
        yield analysis.facts_of(connection)
