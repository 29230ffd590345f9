"""What a run answers, as JSON for machines and as a table for people."""

import io
import json

from rich.console import Console

from ringmain.kit.learn.intervals import Estimate
from ringmain.simulate.evaluate.report import Evaluation

EVALUATION = Evaluation(
    task="returns",
    data="cdnow",
    n=2_357,
    metrics={"rmse": Estimate(1.5, 1.25, 1.75), "bias": Estimate(-0.0625)},
    baselines={"zero": {"rmse": Estimate(2.0, 1.5, 2.5)}, "half": {"lift": Estimate(float("nan"))}},
    seconds=1.25,
    peak_mb=100.5,
    notes=("Nothing after the cut was known.",),
)


def test_the_json_has_the_names_others_read() -> None:
    """Every figure has value, low and high; what was not resampled, or is not defined, is null."""
    assert json.loads(EVALUATION.as_json()) == {
        "task": "returns",
        "data": "cdnow",
        "n": 2357,
        "metrics": {
            "rmse": {"value": 1.5, "low": 1.25, "high": 1.75},
            "bias": {"value": -0.0625, "low": None, "high": None},
        },
        "baselines": {
            "zero": {"rmse": {"value": 2.0, "low": 1.5, "high": 2.5}},
            "half": {"lift": {"value": None, "low": None, "high": None}},
        },
        "seconds": 1.25,
        "peak_mb": 100.5,
        "notes": ["Nothing after the cut was known."],
    }


def test_the_table_sets_every_baseline_beside_ours() -> None:
    """One row per metric of anybody, an empty cell where somebody has none, cost in the caption."""
    out = io.StringIO()
    Console(file=out, width=120).print(EVALUATION.as_table())
    shown = out.getvalue()

    assert "returns: 2,357 cases of cdnow" in shown
    header = next(line for line in shown.splitlines() if "metric" in line)
    assert header.replace("┃", " ").split() == ["metric", "ringmain", "zero", "half"]
    rows = {line.split("│")[1].strip(): [cell.strip() for cell in line.split("│")[2:-1]] for line in _rows(shown)}
    assert rows == {
        "rmse": ["1.5000 [1.2500, 1.7500]", "2.0000 [1.5000, 2.5000]", ""],
        "bias": ["-0.0625", "", ""],
        "lift": ["", "", "nan"],
    }
    assert "1 s, at most 100 MB" in shown


def _rows(shown: str) -> list[str]:
    return [line for line in shown.splitlines() if line.startswith("│")]
