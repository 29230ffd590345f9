"""Every analysis of the lake gives the same rows in this process and on Spark."""

import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import ibis
import pyarrow.parquet as pq
import pytest

from ringmain.entry.analysing.cli import Analysis
from ringmain.entry.analysing.run import AnalysisUnwritable, run
from ringmain.kit.lake import spark as on_spark
from ringmain.kit.lake.connect import connect
from ringmain.kit.lake.errors import SparkMissing
from ringmain.loop import api as loop
from ringmain.loop.analysis import visit_transitions
from ringmain.profile import api as profile
from ringmain.segment import analysis as segment
from tests.loop.lake import START, SmallLake, day
from tests.loop.towns import crowded
from tests.segment.town import shop

# A Java machine has to start. What PySpark and pandas warn each other of, and the socket to Java, are theirs to mend.
pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning"),
]
_MASTER = "local[2]"
_installed = importlib.util.find_spec("pyspark") is not None and shutil.which("java") is not None
_spark = pytest.mark.skipif(not _installed, reason="PySpark or Java is not installed: make test-long installs PySpark")
_SPAN = segment.Span(day(0), day(60))


def _cells(facts: Any) -> Any:
    """Return the features that tribes are found by, with all their memory tables."""
    shops = [shop(number, category) for number, category in enumerate(("tea", "noodles", "books", "tea") * 2)]
    named = segment.shop_table(shops)
    names = [f"shop-{number}" for number in range(len(shops))]
    table = ibis.memtable(named.set_column(0, "shop_id", [names]))
    people = ibis.memtable(segment.people_table([f"person-{number}" for number in range(0, 40, 2)]))
    offsets = ibis.memtable(segment.offset_table(shops, _SPAN))
    return segment.cells(facts, people, table, offsets, _SPAN.since, _SPAN.until)


_ANALYSES: dict[str, Callable[[Any], Any]] = {
    **{f"loop.{name}": expression for name, expression in loop.ANALYSES.items()},
    "profile.lake_visits": profile.lake_visits,
    "segment.visits": segment.visits,
    "segment.guests": lambda facts: segment.guests(facts, _SPAN.since, _SPAN.until),
    "segment.cells": _cells,
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    """Give a lake of two months, and beside it a network that nobody asks for."""
    root = tmp_path_factory.mktemp("lake")
    crowded(SmallLake(root)).write()
    return crowded(SmallLake(root)).write()


@pytest.fixture(scope="module")
def here(lake: SmallLake) -> Iterator[Any]:
    """Give the lake in DuckDB."""
    with connect(lake.root, loop.LAKE_TABLES, network_id=lake.network_id, memory_limit="200MB", threads=1) as backend:
        yield backend


@pytest.fixture(scope="module")
def there(lake: SmallLake) -> Iterator[Any]:
    """Give the lake on Spark."""
    with on_spark.connect(lake.root, loop.LAKE_TABLES, master=_MASTER, network_id=lake.network_id) as backend:
        yield backend


def _rows(backend: Any, name: str) -> list[tuple[Any, ...]]:
    """Return the rows of an analysis in one order; times as microseconds, whatever zone a backend gives them."""
    table = _ANALYSES[name](loop.facts_of(backend)).to_pyarrow()
    rows = table.select(sorted(table.column_names)).to_pylist()
    return sorted((tuple(map(_plain, row.values())) for row in rows), key=repr)


def _plain(value: Any) -> Any:
    if value is None or value != value:  # noqa: PLR0124 (a float that is not itself is none)
        return None
    if hasattr(value, "tzinfo"):
        return (value.replace(tzinfo=START.tzinfo) - START) // timedelta(microseconds=1)
    return tuple(value) if isinstance(value, list) else value


@pytest.mark.long
@_spark
@pytest.mark.parametrize("name", _ANALYSES)
def test_spark_gives_the_rows_that_duckdb_gives(here: Any, there: Any, name: str) -> None:
    """Row by row, value by value; and there are rows to compare."""
    rows = _rows(here, name)
    assert rows
    assert _rows(there, name) == rows


@pytest.mark.long
@_spark
def test_the_comparison_sees_an_expression_that_differs(here: Any, there: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: walks that a shorter gap breaks are not the same rows."""
    rows = _rows(here, "loop.visit_transitions")
    monkeypatch.setitem(_ANALYSES, "loop.visit_transitions", lambda facts: visit_transitions(facts, 3))
    assert _rows(there, "loop.visit_transitions") != rows


@pytest.mark.long
@_spark
def test_a_kind_without_facts_is_an_empty_view(tmp_path: Path) -> None:
    """On the first day there are no files, and no error."""
    with on_spark.connect(tmp_path, loop.LAKE_TABLES, master=_MASTER) as backend:
        assert backend.table("sale").count().to_pyarrow().as_py() == 0


def test_without_spark_the_error_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is opened, and the next step names the extra."""
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    with pytest.raises(SparkMissing) as caught, on_spark.connect(tmp_path, loop.LAKE_TABLES, master=_MASTER):
        pass
    assert "ringmain[spark]" in caught.value.next_step


def test_the_command_names_every_analysis() -> None:
    """Those that its help lists are those there are."""
    assert set(get_args(Analysis)) == set(loop.ANALYSES)


def test_another_kind_of_file_is_refused_before_anything_runs(tmp_path: Path, lake: SmallLake) -> None:
    """Neither an unknown kind nor a missing folder leaves a file."""
    for out in (tmp_path / "rows.xlsx", tmp_path / "nowhere" / "rows.csv"):
        with pytest.raises(AnalysisUnwritable):
            run(lake.root, lake.network_id, "visits", out)
        assert not out.exists()


def test_rows_are_written_as_the_file_is_called(tmp_path: Path, lake: SmallLake) -> None:
    """One line per row and one for the names; the same rows as Parquet."""
    rows = run(lake.root, lake.network_id, "visits", tmp_path / "rows.csv")
    assert run(lake.root, lake.network_id, "visits", tmp_path / "rows.parquet") == rows > 100
    lines = (tmp_path / "rows.csv").read_text().splitlines()
    assert lines[0] == '"subject_id","shop_id","sale_id","visited_at"'
    assert len(lines) == rows + 1
    assert pq.read_table(tmp_path / "rows.parquet").num_rows == rows
