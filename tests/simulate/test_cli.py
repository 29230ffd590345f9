"""The command that measures: figures on the terminal and in a file, or a sentence that says what to do."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringmain.entry.cli import main

# The words are those of sys.argv on purpose: the whole way of a command is what is tested.
pytestmark = pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens:UserWarning")

Run = Callable[..., tuple[bool, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Give what runs `ringmain evaluate` in an empty folder; it answers whether that went well, and what was said."""

    def running(*words: str) -> tuple[bool, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["ringmain", "evaluate", *words])
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        said = capsys.readouterr()
        # The terminal breaks lines where it is full.
        return not code, " ".join((said.out if not code else said.err).split())

    return running


def test_an_unknown_task_is_refused_with_the_known_ones(run: Run) -> None:
    """People see the code, the tasks there are, and what to run."""
    well, said = run("horoscope", "--data", ".")

    assert not well
    assert "evaluation_unknown" in said
    assert "returns" in said
    assert "ringmain evaluate --help" in said


def test_a_missing_file_is_refused_with_its_name(run: Run) -> None:
    """People see which file was looked for, and which option names its folder."""
    well, said = run("returns", "--data", ".")

    assert not well
    assert "evaluation_data_missing" in said
    assert "purchases.parquet" in said
    assert "--data DIR" in said


def test_a_wrong_file_is_refused_with_what_is_wrong(run: Run, tmp_path: Path) -> None:
    """People see the column that is not there, and where the columns are documented."""
    pq.write_table(pa.table({"person_id": [1]}), tmp_path / "purchases.parquet")

    well, said = run("returns", "--data", ".")

    assert not well
    assert "it has no column date" in said
    assert "docs/evaluation.md" in said


def test_a_result_that_cannot_be_written_is_refused_before_the_work(run: Run, tmp_path: Path) -> None:
    """A folder that is not there, or a folder in the file's place, is found out before the data is read."""
    for target in ("absent/result.json", "."):
        well, said = run("returns", "--data", ".", "--json", target)

        assert not well
        assert "evaluation_unwritable" in said
        assert "--json FILE" in said
    assert list(tmp_path.iterdir()) == []


def test_the_result_is_printed_and_written(run: Run, tmp_path: Path) -> None:
    """A small file of purchases gives the table with its baselines, and the same as JSON."""
    purchases = [(who, f"1997-{month:02d}-{1 + who % 28:02d}") for who in range(60) for month in range(1, 1 + who % 12)]
    table = {
        "person_id": [who for who, _ in purchases],
        "date": [day for _, day in purchases],
        "quantity": [1 for _ in purchases],
        "amount": [10.0 for _ in purchases],
    }
    pq.write_table(pa.table(table), tmp_path / "purchases.parquet")

    well, said = run("returns", "--data", ".", "--json", "result.json", "--seed", "3")

    assert well
    result = json.loads((tmp_path / "result.json").read_bytes())
    assert (result["task"], result["data"], result["n"]) == ("returns", tmp_path.name, 55)
    assert set(result["metrics"]) == {"rmse", "correlation", "bias", "top_tenth"}
    assert set(result["baselines"]) == {"zero", "bg-nbd", "pareto-nbd"}
    assert f"{result['metrics']['rmse']['value']:.4f}" in said
