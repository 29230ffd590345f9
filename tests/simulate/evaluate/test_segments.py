"""The task segments on people of a known kind, and on the recorded ones."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringmain.simulate.evaluate.people import read_events
from ringmain.simulate.evaluate.tasks import evaluate

REAL = os.environ.get("RINGMAIN_EVALUATION_DATA")
KINDS, PEOPLE, EVENTS = ("Bar", "Gym", "Office"), 90, 200


def quiet(_stage: str) -> None:
    """Say nothing."""


def a_folder(folder: Path) -> Path:
    """Write 90 people: half of what each does is what their kind does, the rest is anything, at any hour."""
    random = np.random.default_rng(4)
    names = np.array([*KINDS, "Park", "Museum", "Shop"])
    person = np.repeat(np.arange(PEOPLE), EVENTS)
    column = np.where(random.random(len(person)) < 0.5, person % 3, random.integers(len(names), size=len(person)))
    second = np.sort(random.integers(0, 300 * 86_400, size=(PEOPLE, EVENTS)), axis=1).reshape(-1) + 1_300_000_000
    visits = {"person_id": person, "category": names[column], "unix_s": second, "hour": second // 3600 % 24}
    late = second >= np.quantile(second, 0.7)
    for name, rows in (("history.parquet", ~late), ("future.parquet", late)):
        pq.write_table(pa.table({key: values[rows] for key, values in visits.items()}), folder / name)
    return folder


def test_events_are_counted_per_person_and_day_part(tmp_path: Path) -> None:
    """Every event of both files is counted once; night is from 22 to 6."""
    visits = {"person_id": [7, 7, 9], "category": ["b", "a", "b"], "unix_s": [1, 2, 3], "hour": [5, 6, 22]}
    pq.write_table(pa.table(visits), tmp_path / "history.parquet")
    pq.write_table(pa.table(visits | {"unix_s": [4, 5, 6]}), tmp_path / "future.parquet")
    events = read_events(tmp_path)
    assert events.names == ("a", "b")
    assert events.counts(events.second > 0).tolist() == [[2, 2], [0, 2]]
    assert events.counts(events.second < 3).tolist() == [[1, 1], [0, 0]]
    assert events.day_parts(events.second < 4).tolist() == [[1, 1, 0, 0, 0], [1, 0, 0, 0, 0]]


def test_known_tribes_are_measured_as_what_they_are(tmp_path: Path) -> None:
    """Three kinds of people are found again and again, say what people do next, and are told by rules."""
    measured = evaluate("segments", a_folder(tmp_path), seed=0, progress=quiet)
    value = {name: figure.value for name, figure in measured.metrics.items()}
    assert (value["people"], value["tribes"]) == (PEOPLE, 3)
    assert value["ari.seeds"] == 1.0
    assert value["ari.bootstraps"] > 0.9
    assert value["jaccard.worst"] > 0.8
    assert value["stay.month"] > 0.98
    assert value["logloss.tribe"] < 0.95 * value["logloss.global"] < 0.95 * value["logloss.shuffled"]
    assert value["logloss.own_and_tribe"] <= value["logloss.own"]
    assert value["rule.found"] >= 0.9
    assert value["newcomer.10_events"] > value["newcomer.5_events"] > 0.5
    assert set(measured.baselines) == {"k-means 8", "k-means 12"}
    told = [note for note in measured.notes if note[0] in "123"]
    assert [any(kind in note for note in told) for kind in KINDS] == [True] * 3


@pytest.mark.long
@pytest.mark.skipif(REAL is None, reason="RINGMAIN_EVALUATION_DATA names no folder with the recorded data")
@pytest.mark.timeout(1_800)
def test_real_people() -> None:
    """On the recorded city, tribes are found again more surely than clusters, and say more of what comes next."""
    measured = evaluate("segments", Path(str(REAL)) / "nyc_checkins", seed=0, progress=quiet)
    value = {name: figure.value for name, figure in measured.metrics.items()}
    best = max(figures["ari.bootstraps"].value for figures in measured.baselines.values())
    assert value["ari.bootstraps"] > best + 0.2
    assert value["stay.month"] >= 0.92
    assert value["logloss.tribe"] < min(figures["logloss.tribe"].value for figures in measured.baselines.values())
