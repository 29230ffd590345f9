"""What the expressions make of the lake, checked on small towns by hand; and that Spark could run them."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from ibis.backends.sql.compilers.pyspark import PySparkCompiler

from ringmain.kit.lake.connect import connect
from ringmain.kit.pure.clock import microseconds
from ringmain.loop import analysis
from ringmain.loop.analysis import EXPRESSIONS, LAKE_TABLES, Facts
from ringmain.loop.api import ShopEdge, closure_report, flow_report, leak_report
from ringmain.loop.model import Rate
from tests.loop.lake import SmallLake, day


@pytest.fixture
def lake(tmp_path: Path) -> SmallLake:
    """Give an empty lake."""
    return SmallLake(tmp_path)


@contextmanager
def facts(lake: SmallLake) -> Iterator[Facts]:
    """Write the lake and open it."""
    lake.write()
    with connect(lake.root, LAKE_TABLES, network_id=lake.network_id, memory_limit="200MB", threads=1) as connection:
        yield analysis.facts_of(connection)


def moves(opened: Facts, build: Callable[..., Any], *asked: int) -> list[tuple[str, str, str]]:
    """Return a transitions expression as member, origin and destination, in order of time."""
    rows = sorted(opened.read(build, *asked).to_pylist(), key=lambda row: (row["moved_at"], row["subject_id"]))
    return [(row["subject_id"], row["origin"], row["destination"]) for row in rows]


def outcome(lake: SmallLake, voucher_id: str) -> dict[str, Any]:
    """Return what `grant_outcomes` says of one voucher."""
    with facts(lake) as opened:
        rows = opened.read(analysis.grant_outcomes).to_pylist()
    (row,) = [row for row in rows if row["voucher_id"] == voucher_id]
    return dict(row)


def test_consecutive_visits_at_different_shops_are_transitions(lake: SmallLake) -> None:
    """A, A, B, A is A -> B and B -> A; each member walks alone, and nobody's visits are nobody's walk."""
    lake.walk("ann", ("A", 0), ("A", 1), ("B", 2), ("A", 3))
    lake.walk("bob", ("C", 0), ("A", 2.5))
    lake.sale("nobody", None, "B", 1)
    with facts(lake) as opened:
        assert moves(opened, analysis.visit_transitions, 14) == [
            ("ann", "A", "B"),
            ("bob", "C", "A"),
            ("ann", "B", "A"),
        ]


def test_a_gap_longer_than_allowed_breaks_the_walk(lake: SmallLake) -> None:
    """The gap counts from the last visit before; one of exactly the allowed days still counts."""
    lake.walk("ann", ("A", 0), ("A", 5), ("B", 19), ("C", 33.1))
    with facts(lake) as opened:
        assert moves(opened, analysis.visit_transitions, 14) == [("ann", "A", "B")]
        assert moves(opened, analysis.visit_transitions, 15) == [("ann", "A", "B"), ("ann", "B", "C")]


def test_what_was_not_them_or_undone_is_no_visit(lake: SmallLake) -> None:
    """The last word counts, whole refunds undo and partial ones do not, and read anew the lake says the same."""
    lake.walk("ann", ("A", 1), ("B", 2), ("C", 3), ("D", 4))
    lake.grant("v", "ann", "A", ["B"], 1)
    lake.redeem("v", "ann", "B", 2, "ann-B-2")
    lake.say("ann-B-2", 5)
    lake.say("ann-D-4", 5)
    lake.say("ann-D-4", 6, not_me=False)
    lake.refund("ann-C-3", 3, 300)
    for _ in range(2):
        with facts(lake) as opened:
            assert moves(opened, analysis.visit_transitions, 14) == [("ann", "A", "C"), ("ann", "C", "D")]
            assert moves(opened, analysis.voucher_transitions) == []
    lake.say("ann-B-2", 7, not_me=False)
    lake.refund("ann-C-3", 4, 500)
    with facts(lake) as opened:
        assert moves(opened, analysis.visit_transitions, 14) == [("ann", "A", "B"), ("ann", "B", "D")]
        assert moves(opened, analysis.voucher_transitions) == [("ann", "A", "B")]


def test_merged_people_walk_as_one(lake: SmallLake) -> None:
    """Facts keep their subject; who was merged is found again under the one that stands for the person now."""
    lake.walk("ann", ("A", 0))
    lake.walk("ann2", ("B", 1))
    lake.grant("v", "ann2", "B", ["A"], 1)
    lake.redeem("v", "ann2", "A", 2, "s")
    lake.merge("ann2", into="ann")
    with facts(lake) as opened:
        assert moves(opened, analysis.visit_transitions, 14) == [("ann", "A", "B")]
        assert moves(opened, analysis.voucher_transitions) == [("ann", "B", "A")]


def test_vouchers_flow_from_where_they_were_won_to_where_they_were_spent(lake: SmallLake) -> None:
    """Reversed redemptions, senders unknown, and vouchers spent where they were won are no flow."""
    for name, won_at in (("v1", "A"), ("v2", "A"), ("v3", None), ("v4", "B")):
        lake.grant(name, "ann", won_at, ["B"], 0)
        lake.redeem(name, None if name == "v1" else "ann", "B", 1, "s")
    lake.reverse("v2", 1, 2)
    with facts(lake) as opened:
        assert moves(opened, analysis.voucher_transitions) == [("ann", "A", "B")]


def test_a_grant_knows_its_redemption_and_where_its_holder_had_been(lake: SmallLake) -> None:
    """A voucher for B and C, of somebody who knew B: a habit was open and a discovery too; it was spent at C."""
    lake.walk("ann", ("A", 0), ("B", 1), ("A", 10), ("C", 12))
    lake.grant("v", "ann", "A", ["B", "C"], 10)
    lake.redeem("v", "ann", "C", 12, "ann-C-12")
    assert outcome(lake, "v") == {
        "voucher_id": "v",
        "subject_id": "ann",
        "granted_at": day(10),
        "valid_until": day(24),
        "redeemed_at": day(12),
        "came_at": day(12),
        "history_from": day(0),
        "has_visited": True,
        "has_unvisited": True,
        "redeemed_where_visited": False,
    }


def test_a_reversed_redemption_closes_nothing_and_the_next_one_counts(lake: SmallLake) -> None:
    """The first redemption that stands is the one that counts."""
    lake.walk("ann", ("B", 0))
    lake.grant("v", "ann", "A", ["B"], 1)
    lake.redeem("v", "ann", "B", 2, "s1")
    lake.reverse("v", 2, 2.5)
    assert outcome(lake, "v")["redeemed_at"] is None
    lake.redeem("v", "ann", "B", 4, "s2")
    found = outcome(lake, "v")
    assert (found["redeemed_at"], found["redeemed_where_visited"]) == (day(4), True)


def test_coming_in_time_means_to_a_shop_that_takes_it_while_it_takes_it(lake: SmallLake) -> None:
    """Visits elsewhere, at the moment of the grant, before the voucher begins and after its end do not count."""
    lake.walk("ann", ("B", 10), ("C", 11), ("B", 12), ("B", 16), ("B", 24))
    lake.grant("plain", "ann", "A", ["B"], 10)
    lake.grant("later", "ann", "A", ["B"], 10, valid_from=13)
    lake.grant("ended", "ann", "A", ["B"], 17, days=7)
    assert outcome(lake, "plain")["came_at"] == day(12)
    assert outcome(lake, "later")["came_at"] == day(16)
    assert outcome(lake, "ended")["came_at"] is None


def test_a_voucher_for_every_shop_can_always_be_a_discovery(lake: SmallLake) -> None:
    """It is open to habit once its holder has been anywhere, and any later visit is coming."""
    lake.walk("ann", ("A", 0), ("C", 3))
    lake.grant("any", "ann", "A", [], 1)
    lake.grant("stranger", "bob", "A", [], 1)
    lake.grant("nobody", None, "A", [], 1)
    found = outcome(lake, "any")
    assert (found["has_visited"], found["has_unvisited"], found["came_at"]) == (True, True, day(3))
    found = outcome(lake, "stranger")
    assert (found["has_visited"], found["has_unvisited"], found["came_at"]) == (False, True, None)
    assert outcome(lake, "nobody")["history_from"] is None


def test_the_next_visit_after_a_redemption_is_found_with_what_paid_it(lake: SmallLake) -> None:
    """The sale of the redemption itself is not a second visit; whether a voucher was spent at the next one is told."""
    lake.walk("ann", ("B", 0), ("A", 1), ("B", 5), ("B", 9))
    lake.grant("v1", "ann", "A", ["B"], 1)
    lake.redeem("v1", "ann", "B", 4.9, "ann-B-5")
    lake.grant("v2", "ann", "A", ["B"], 1)
    lake.redeem("v2", "ann", "B", 9, "ann-B-9")
    with facts(lake) as opened:
        rows = opened.read(analysis.redemption_returns).sort_by("redemption_id").to_pylist()
    assert [(row["next_at"], row["next_paid_with_voucher"], row["is_habit"]) for row in rows] == [
        (day(9), True, True),
        (None, False, True),
    ]


def test_reports_of_a_small_town(lake: SmallLake) -> None:
    """The reports join it all: edges by shop, closure by voucher and member, leaks by stage; no other network."""
    lake.walk("ann", ("A", 0), ("B", 200), ("A", 201), ("B", 203))
    lake.walk("bob", ("A", 0), ("C", 190), ("A", 200), ("B", 202))
    lake.grant("a1", "ann", "B", ["A"], 200)
    lake.redeem("a1", "ann", "A", 201, "ann-A-201")
    lake.grant("b1", "bob", "A", ["B"], 200)
    lake.redeem("b1", "bob", "B", 202, "bob-B-202")
    lake.grant("b2", "bob", "A", ["C"], 200)
    lake.sale("last", "zoe", "A", 300)
    stranger = SmallLake(lake.root)
    stranger.walk("eve", ("A", 0), ("B", 1), ("A", 2))
    stranger.write()
    lake.write()
    flow = flow_report(lake.root, lake.network_id, permutations=3)
    assert flow.visits.strongest == (
        ShopEdge("A", "B", 2, 2),
        ShopEdge("B", "A", 1, 1),
        ShopEdge("C", "A", 1, 1),
    )
    assert flow.visits.total.shared.value == 2 / 4
    assert flow.visits.total.returned_by_others.value == 2 / 4
    assert [edge.flow for edge in flow.vouchers.strongest] == [1, 1]
    assert flow.vouchers.total.returned_by_others.value == 1.0
    closed = closure_report(lake.root, lake.network_id)
    seven = closed.closure.within[0]
    assert seven.every == Rate(3, 2, 2, 2 / 3, (1 + 1 / 2) / 2)
    assert (seven.habit.vouchers, seven.habit.closed) == (2, 1)
    assert (seven.discovery.vouchers, seven.discovery.closed) == (1, 1)
    assert seven.unknown.vouchers == 0
    assert closed.second_visits.every == Rate(2, 0, 2, 0.0, 0.0)
    leaks = leak_report(lake.root, lake.network_id).leaks
    assert (leaks.granted, leaks.came, leaks.redeemed) == (3, 2, 2)


def test_only_vouchers_won_at_a_shop_and_known_people_are_judged(lake: SmallLake) -> None:
    """A coupon that was sent out counts nowhere, and what nobody in particular did later does not end the data."""
    lake.walk("ann", ("A", 0), ("B", 2), ("A", 30))
    lake.grant("won", "ann", "A", ["B"], 0)
    lake.grant("sent", "ann", None, ["A"], 29)
    lake.redeem("sent", "ann", "A", 30, "ann-A-30")
    lake.sale("trial", None, "A", 3000)
    lake.write()

    closed = closure_report(lake.root, lake.network_id)

    assert (closed.closure.within[0].every.vouchers, closed.closure.within[0].every.closed) == (1, 0)
    assert closed.second_visits.every.vouchers == 0
    with facts(lake) as opened:
        assert analysis.data_end(opened) == microseconds(day(30))


def test_an_empty_lake_gives_reports_without_figures(tmp_path: Path) -> None:
    """A network of the first day has reports that say None, and no error."""
    network = uuid4()
    flow = flow_report(tmp_path, network)
    assert (flow.visits.total.flow, flow.visits.total.shared.value, flow.visits.strongest) == (0, None, ())
    assert closure_report(tmp_path, network).closure.within[0].every == Rate(0, 0, 0, None, None)
    assert leak_report(tmp_path, network).leaks.granted == 0


def expressions_in(module: Any) -> set[str]:
    """Return the functions that a module offers and that make an expression of facts."""
    found = set()
    for name in module.__all__:
        one = getattr(module, name)
        if inspect.isfunction(one):
            asked = inspect.signature(one)
            first = next(iter(asked.parameters.values()), None)
            if first is not None and first.annotation is Facts and asked.return_annotation is Any:
                found.add(name)
    return found


def test_every_expression_is_compared_on_spark() -> None:
    """What `EXPRESSIONS` names is compared row by row, and an expression that it does not name is noticed."""
    assert expressions_in(analysis) == set(EXPRESSIONS)


def test_a_new_expression_would_be_noticed() -> None:
    """The control: of what a module offers, what makes an expression of facts is found, and nothing else."""

    def planted(facts: Facts, days: int) -> Any:
        """Make an expression."""

    def counted(facts: Facts) -> int:
        """Run one."""
        return len(vars(facts))

    offered = {"Any": Any, "counted": counted, "planted": planted}
    assert expressions_in(SimpleNamespace(__all__=[*offered], **offered)) == {"planted"}


def test_every_expression_compiles_for_spark(lake: SmallLake) -> None:
    """Only operations that Spark has too are used; what each gives on both is compared where Spark is installed."""
    with facts(lake) as opened:
        for name, expression in EXPRESSIONS.items():
            query = PySparkCompiler().to_sqlglot(expression(opened).unbind()).sql("spark")
            assert query.startswith(("SELECT", "WITH")), name
