"""What people do is read from the lake by the clock of shops, and Spark could read it so, too."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import ibis
import pytest
from ibis.backends.sql.compilers.pyspark import PySparkCompiler

from ringmain.kit.lake.connect import connect
from ringmain.segment import analysis
from ringmain.segment.analysis import LAKE_TABLES, Span
from tests.loop.lake import SmallLake, day
from tests.segment.town import shop

SINCE, UNTIL = day(10), day(200)
SPAN = Span(SINCE, UNTIL)


@pytest.fixture
def lake(tmp_path: Path) -> SmallLake:
    """Give an empty lake."""
    return SmallLake(tmp_path)


def _cells(lake: SmallLake, *people: str) -> dict[str, dict[str, int]]:
    """Return what `cells` counts, by person and column; shop 1 sells tea in Shanghai, shop 2 bread in New York."""
    shops = [shop(1, "tea"), shop(2, "bakery", "America/New_York")]
    lake.write()
    with connect(lake.root, LAKE_TABLES, network_id=lake.network_id, memory_limit="200MB", threads=1) as connection:
        found = analysis.behaviour_of(analysis.facts_of(connection), shops, SPAN, people)
    return {
        person: {
            column.name: int(visits) for column, visits in zip(found.columns, found.counts[row], strict=True) if visits
        }
        for row, person in enumerate(found.people)
    }


TEA, BREAD = str(shop(1, "").id), str(shop(2, "").id)


def test_visits_are_seen_from_five_sides(lake: SmallLake) -> None:
    """By the clock of each shop: one moment is Saturday morning in Shanghai and Friday evening in New York."""
    saturday = datetime(2026, 2, 28, 0, 30, tzinfo=UTC)
    on = (saturday - day(0)) / timedelta(days=1)
    lake.walk("ann", (TEA, on), (BREAD, on + 0.001))
    for number in range(20):
        lake.walk(f"p{number}", (TEA, 20 + number), (BREAD, 20.5 + number))
    people = ["ann", *(f"p{number}" for number in range(20))]
    assert _cells(lake, *people)["ann"] == {
        "category:tea": 1,
        "category:bakery": 1,
        "part:morning": 1,
        "part:evening": 1,
        "week:weekend": 1,
        "week:weekday": 1,
        "spend:low": 2,
        "shops:new": 2,
    }


def test_clocks_change_within_the_span(lake: SmallLake) -> None:
    """In New York 15:30 UTC is 10:30 in winter (morning) and 11:30 in summer (midday)."""
    winter, summer = datetime(2026, 3, 6, 15, 30, tzinfo=UTC), datetime(2026, 3, 9, 15, 30, tzinfo=UTC)
    lake.walk("ann", *((BREAD, (at - day(0)) / timedelta(days=1)) for at in (winter, summer)))
    found = _cells(lake, "ann")["ann"]
    assert (found["part:morning"], found["part:midday"], found["week:weekday"]) == (1, 1, 2)


def test_only_the_span_counts_and_a_shop_known_before_it_is_no_news(lake: SmallLake) -> None:
    """A visit before the span is not counted, but what it made known stays known; the end is not included."""
    lake.walk("ann", (TEA, 5), (TEA, 10), (BREAD, 199.9), (BREAD, 200))
    found = _cells(lake, "ann")["ann"]
    assert (found["shops:known"], found["shops:new"], found["week:weekend"]) == (1, 1, 2)


def test_nobody_else_is_looked_at_and_merged_people_are_one(lake: SmallLake) -> None:
    """Others' visits are not there, not even in what is dear; undone and disputed sales say nothing."""
    lake.walk("ann", (TEA, 20), (TEA, 21), (BREAD, 22))
    lake.walk("ann2", (BREAD, 23))
    lake.walk("bob", (TEA, 20))
    lake.merge("ann2", into="ann")
    lake.say("ann-" + TEA + "-21", 30)
    lake.refund("ann-" + BREAD + "-22", 23, 800)
    found = _cells(lake, "ann")
    assert list(found) == ["ann"]
    assert sum(visits for name, visits in found["ann"].items() if name.startswith("category:")) == 2


def test_dear_and_cheap_are_beside_the_same_category(lake: SmallLake) -> None:
    """Of nine purchases three each are cheap, middling and dear; where all cost the same, none is dear."""
    for number in range(9):
        lake.walk(f"p{number}", (TEA, 20 + number), (BREAD, 40 + number))
    for row in lake.rows["sale"]:
        if row["shop_id"] == TEA:
            row["total_minor"] = 100 * int(row["subject_id"][1:]) + 100
    found = _cells(lake, *(f"p{number}" for number in range(9)))
    levels = [sorted(name for name in found[f"p{number}"] if name.startswith("spend:")) for number in (0, 4, 8)]
    assert levels == [["spend:low"], ["spend:low", "spend:middle"], ["spend:high", "spend:low"]]


def test_guests_are_people_by_merchant(lake: SmallLake) -> None:
    """Each once, whatever they bought; nobody from outside the span."""
    lake.walk("ann", (TEA, 20), (TEA, 21), (BREAD, 22))
    lake.walk("bob", (TEA, 5), (BREAD, 30))
    lake.write()
    with connect(lake.root, LAKE_TABLES, network_id=lake.network_id, memory_limit="200MB", threads=1) as connection:
        facts = analysis.facts_of(connection)
        assert analysis.guests_of(facts, SPAN) == {TEA: ["ann"], BREAD: ["ann", "bob"]}
        assert analysis.people_of(facts, Span(day(0), day(6))) == ["bob"]
        assert analysis.last_visit(facts) == day(30)


def test_spark_could_run_every_expression(lake: SmallLake) -> None:
    """The expressions compile for Spark, with the memory tables as they are given."""
    lake.walk("ann", (TEA, 20))
    lake.write()
    with connect(lake.root, LAKE_TABLES, network_id=lake.network_id, memory_limit="200MB", threads=1) as connection:
        facts = analysis.facts_of(connection)
        shops = [shop(1, "tea")]
        tables = analysis.people_table(["ann"]), analysis.shop_table(shops), analysis.offset_table(shops, SPAN)
        people, places, offsets = map(ibis.memtable, tables)
        cells = analysis.cells(facts, people, places, offsets, SINCE, UNTIL)
        for expression in (cells, analysis.guests(facts, SINCE, UNTIL), analysis.visits(facts)):
            assert "SELECT" in PySparkCompiler().to_sqlglot(expression.unbind()).sql("spark")


def test_a_lake_without_facts_has_nobody(tmp_path: Path) -> None:
    """No files, no people, no time."""
    with connect(tmp_path, LAKE_TABLES, memory_limit="200MB", threads=1) as connection:
        facts = analysis.facts_of(connection)
        assert (analysis.people_of(facts, SPAN), analysis.last_visit(facts)) == ([], None)
        empty = analysis.behaviour_of(facts, [], SPAN, [])
    assert (empty.people, empty.counts.shape[0]) == ((), 0)
