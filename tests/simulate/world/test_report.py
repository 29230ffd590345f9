"""The commands about made-up towns: what they print, write and refuse."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ringmain.entry.cli import main
from ringmain.simulate.world import judge

pytestmark = pytest.mark.filterwarnings("ignore:Cyclopts application invoked without tokens:UserWarning")

Run = Callable[..., tuple[bool, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Give what runs `ringmain simulate` in an empty folder; it answers whether that went well, and what was said."""

    def running(*words: str) -> tuple[bool, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["ringmain", "simulate", *words])
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        said = capsys.readouterr()
        return not code, " ".join((said.out if not code else said.err).split())

    return running


def test_a_town_lives_and_its_visits_are_written(run: Run, tmp_path: Path) -> None:
    """People see how many visits, in what time; the file has one row each."""
    well, said = run("live", "--people", "200", "--shops", "40", "--days", "9", "--out", "visits.parquet")

    assert well
    visits = pq.read_table(tmp_path / "visits.parquet")
    assert f"{len(visits):,} visits by" in said
    assert "choice, seed 0, 9 days 200 people, 40 shops" in said
    assert set(visits.column_names) >= {"person", "shop", "day", "minute", "amount_minor", "off_minor"}


def test_a_wrong_field_is_refused_with_its_name(run: Run, tmp_path: Path) -> None:
    """Nothing is written."""
    (tmp_path / "town.toml").write_text("poeple = 3")

    well, said = run("live", "--parameters", "town.toml", "--out", "visits.parquet")

    assert not well
    assert "world_parameters_wrong" in said
    assert "poeple" in said
    assert not (tmp_path / "visits.parquet").exists()


def test_distances_are_printed_and_written(run: Run, tmp_path: Path) -> None:
    """One table per recording; the recorded year is always there."""
    (tmp_path / "town.toml").write_text("people = 150\nshops = 60\n")

    well, said = run("distance", "--parameters", "town.toml", "--json", "distance.json")

    assert well
    assert "the town beside the recorded year" in said
    found = {row["measure"]: row for row in json.loads((tmp_path / "distance.json").read_bytes())["the recorded year"]}
    assert 0 < found["days between visits"]["distance"] < 0.5
    assert found["visits that are returns"]["recorded"] > 0.9


def test_returns_are_judged_printed_and_written(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of the rules and what the trial shows, and the same as JSON."""
    monkeypatch.setattr(judge, "BEFORE_WEEKS", 2)
    monkeypatch.setattr(judge, "TRIAL_WEEKS", 4)
    words = ("--worlds", "1", "--people", "400", "--world", "zero", "--json", "returns.json")

    well, said = run("returns", *words)

    assert well
    assert "likeliest" in said
    assert "no effect shown; do not pay: said of 1 of 1 worlds" in said
    assert json.loads((tmp_path / "returns.json").read_bytes())["unpaid"] == 1


def test_rows_of_the_family_kept_apart_are_refused(run: Run, tmp_path: Path) -> None:
    """Before anything is computed; nothing is written."""
    well, said = run("returns", "--family", "rhythm", "--rows", "rows.parquet")

    assert not well
    assert "family_kept_apart" in said
    assert list(tmp_path.iterdir()) == []
