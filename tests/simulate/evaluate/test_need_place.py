"""The task need-place: its protocol on a town whose answers are known, and the recorded one where it is there."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringmain.need.api import Placing, Rows
from ringmain.simulate.evaluate import need_place
from ringmain.simulate.evaluate.checkins import read_checkins

MONDAY_S = 1_333_324_800
DAY_S = 86_400
A, B, C, D = 10, 20, 30, 40


def write(folder: Path, name: str, visits: Sequence[tuple[int, int, float]]) -> None:
    """Write visits (person, place, day with its fraction) as the recorded files are."""
    second = [round(MONDAY_S + day * DAY_S) for _, _, day in visits]
    columns = {
        "person_id": [person for person, _, _ in visits],
        "place_id": [place for _, place, _ in visits],
        "category": [f"kind {place % 3}" for _, place, _ in visits],
        "lat": [40.0 + place / 1_000 for _, place, _ in visits],
        "lon": [-74.0] * len(visits),
        "unix_s": second,
        "hour": [(at - MONDAY_S) // 3_600 % 24 for at in second],
        "dow": [(at - MONDAY_S) // DAY_S % 7 for at in second],
    }
    pq.write_table(pa.table(columns), folder / name)


def test_files_become_one_clock(tmp_path: Path) -> None:
    """History that is later than the first visit of the future is learnt only when its time has come."""
    write(tmp_path, "history.parquet", [(7, A, 0), (7, B, 1), (7, C, 3)])
    write(tmp_path, "future.parquet", [(7, A, 2), (8, D, 4)])

    checkins = read_checkins(tmp_path)

    assert [checkins.places[place] for place in checkins.journal.place] == [A, B, A, C, D]
    assert checkins.future.tolist() == [False, False, True, False, True]
    assert checkins.learn_until == 2
    assert checkins.journal.week_hour.tolist() == [0, 24, 48, 72, 96]


def test_baselines_rank_before_they_learn(tmp_path: Path) -> None:
    """Counted by hand: each future visit is ranked by what was counted before it, ties and missed places included."""
    write(tmp_path, "history.parquet", [(7, A, 0), (7, B, 1), (7, A, 2), (8, C, 2.5)])
    write(tmp_path, "future.parquet", [(7, B, 3), (7, D, 4), (8, A, 5)])

    placed = need_place.baselines(read_checkins(tmp_path))

    # Person 7 came to A twice and to B once; D is new to the town; person 8 knows only C, and three places tie at none.
    assert placed["own visits"].better.tolist() == [1, np.inf, 1]
    assert placed["own visits"].equal.tolist() == [1, 1, 3]
    # A: 2, B: 1, C: 1; at the last visit A: 2, B: 2, C: 1, D: 1.
    assert placed["popular"].better.tolist() == [1, np.inf, 0]
    assert placed["popular"].equal.tolist() == [2, 1, 2]
    # A was followed by B once; nothing followed C.
    assert placed["after last"].better.tolist() == [0, np.inf, 0]
    assert placed["after last"].equal.tolist() == [1, 1, 4]


def test_answers_are_placed_by_score() -> None:
    """Better and equal candidates of each answer; what is not among the candidates stays missed."""
    placing = Placing.missed(3)
    query = np.array([0, 0, 0, 2, 2])
    rows = Rows(query, np.array([5, 6, 7, 5, 6]), np.ones(5, dtype=bool), np.zeros((5, 0), dtype=np.float32))

    placing.note(rows, np.array([0.9, 0.4, 0.4, 0.1, 0.2]), np.array([6, 5, 9]))

    assert placing.better.tolist() == [1, np.inf, np.inf]
    assert placing.equal.tolist() == [2, 1, 1]


def test_a_town_of_habits_is_known_by_heart(tmp_path: Path) -> None:
    """Everybody goes round A, B, C in their own order: the ranker knows the next stop, which popularity does not."""
    rounds = {person: [(A, B, C), (A, C, B)][person % 2] for person in range(12)}
    visits = [
        (person, round_[step % 3], step / 3 + person / 1_000)
        for step in range(120)
        for person, round_ in rounds.items()
    ]
    write(tmp_path, "history.parquet", [visit for visit in visits if visit[2] < 34])
    write(tmp_path, "future.parquet", [visit for visit in visits if visit[2] >= 34])

    result = need_place.evaluate(tmp_path, 0, lambda _: None)

    assert result.n == 12 * 18
    assert result.metrics["known.acc@1"].value > 0.95
    assert result.metrics["unknown.acc@1"].value > 0.95
    assert result.metrics["known.acc@10"].value == 1
    assert result.baselines["popular"]["known.acc@1"].value < 0.5
    assert np.isnan(result.metrics["known.discovery.acc@10"].value)


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_recorded_visits() -> None:
    """On the recorded visits the ranker is far above the counter of one's own visits."""
    folder = os.environ.get("RINGMAIN_EVALUATION_DATA")
    if folder is None:
        pytest.skip("RINGMAIN_EVALUATION_DATA names no folder that holds nyc_checkins")

    result = need_place.evaluate(Path(folder) / "nyc_checkins", 0, lambda _: None)

    counter = result.baselines["own visits"]
    assert 0.15 < counter["known.acc@1"].value < 0.20
    assert result.metrics["known.acc@1"].value > counter["known.acc@1"].value + 0.1
    assert result.metrics["unknown.acc@1"].value > counter["unknown.acc@1"].value + 0.05
