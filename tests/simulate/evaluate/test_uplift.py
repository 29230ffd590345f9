"""Each arm is measured against nobody treated, on files with the columns that are documented."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringmain.simulate.errors import EvaluationDataWrong
from ringmain.simulate.evaluate.uplift import ARMS, NONE, evaluate


def _silent(stage: str) -> None:
    """Tell nobody of progress."""


def _write(folder: Path, rows: int = 3_000, arms: tuple[str, ...] = (*ARMS.values(), NONE)) -> dict[str, list[object]]:
    """Write an experiment in which the women's e-mail moves those with womens = 1, and the men's nobody."""
    random = np.random.default_rng(8)
    womens = random.integers(0, 2, rows)
    segment = random.choice(arms, rows)
    moved = 0.3 * womens * (segment == ARMS["womens"])
    table: dict[str, list[object]] = {
        "row_id": list(range(rows)),
        "recency": random.integers(1, 13, rows).tolist(),
        "history": (30 + 100 * random.random(rows)).tolist(),
        "mens": (1 - womens).tolist(),
        "womens": womens.tolist(),
        "newbie": random.integers(0, 2, rows).tolist(),
        "zip_code": random.choice(["Urban", "Rural"], rows).tolist(),
        "channel": random.choice(["Web", "Phone", "Multichannel"], rows).tolist(),
        "segment": segment.tolist(),
        "visit": (random.random(rows) < 0.1 + moved).astype(int).tolist(),
    }
    pq.write_table(pa.table(table), folder / "experiment.parquet")
    return table


def test_who_is_moved_is_ranked_first_and_nobody_where_nobody_is(tmp_path: Path) -> None:
    """The gain of the women's arm is far above its average effect; of the men's arm no ranking is claimed."""
    table = _write(tmp_path)

    result = evaluate(tmp_path, 0, _silent)

    segment, visit = np.array(table["segment"]), np.array(table["visit"], dtype=float)
    average = visit[segment == ARMS["womens"]].mean() - visit[segment == NONE].mean()
    assert result.n == int((segment != NONE).sum() + 2 * (segment == NONE).sum())
    assert set(result.metrics) == {f"{arm}.{name}" for arm in ARMS for name in ("gain@30", "qini", "qini_p")}
    assert set(result.baselines) == {"average effect", "two logistic", "two boosted"}
    baseline = result.baselines["average effect"]
    assert baseline["womens.gain@30"].value == pytest.approx(average)
    assert baseline["womens.qini"].value == pytest.approx(0)
    assert baseline["womens.qini_p"].value == 1.0
    assert result.metrics["womens.gain@30"].value > average + 0.08
    assert result.metrics["womens.qini_p"].value < 0.01
    assert result.metrics["mens.qini_p"].value > 0.01


def test_an_arm_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Without anybody who got no e-mail there is nothing to compare with."""
    _write(tmp_path, rows=20, arms=tuple(ARMS.values()))

    with pytest.raises(EvaluationDataWrong) as refused:
        evaluate(tmp_path, 0, _silent)

    assert refused.value.facts["why"] == "column segment has nobody in No E-Mail"
