"""Returns are measured on days after the cut, by definitions that a person can add up."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringmain.simulate.errors import EvaluationDataWrong
from ringmain.simulate.evaluate.returns import evaluate


def _silent(stage: str) -> None:
    """Tell nobody of progress."""


def _write(folder: Path, rows: list[tuple[int, str]]) -> None:
    who, day = zip(*rows, strict=True)
    table = {"person_id": who, "date": day, "quantity": [1] * len(rows), "amount": [10.0] * len(rows)}
    pq.write_table(pa.table(table), folder / "purchases.parquet")


# One buys every week and goes on; nine bought once or twice and stay away, of whom one comes once; two come later.
ROWS = [
    *((1, str(np.datetime64("1997-01-06") + 7 * week)) for week in range(77)),
    *((who, f"1997-0{who - 1}-10") for who in range(2, 11)),
    *((who, "1997-08-20") for who in range(2, 6)),
    (2, "1998-01-01"),
    (2, "1998-01-01"),
    (11, "1997-10-01"),
    (12, "1998-02-01"),
]


def test_figures_are_those_that_can_be_added_up(tmp_path: Path) -> None:
    """Ten persons had bought by the cut; predicting zero misses all that came, and the regular is the top tenth."""
    _write(tmp_path, ROWS)

    result = evaluate(tmp_path, 0, _silent)

    # Mondays from 1997-10-06 on, and the one day of person 2; two receipts of one day are one purchase.
    came = np.array([77 - 39, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    zero = result.baselines["zero"]
    assert result.n == 10
    assert zero["rmse"].value == pytest.approx(np.sqrt((came**2).mean()))
    assert (zero["bias"].value, zero["correlation"].value) == (-1.0, 0.0)
    assert zero["top_tenth"].value == pytest.approx(0.1)
    assert result.metrics["top_tenth"].value == pytest.approx(38 / 39)
    assert result.metrics["correlation"].value > 0.9
    # So few purchases are not enough to correct anything: ours is the plain model then.
    assert result.metrics == result.baselines["bg-nbd"]


def test_what_comes_after_the_weeks_is_no_purchase_of_theirs(tmp_path: Path) -> None:
    """A purchase on the first day after the 39 weeks changes nothing."""
    _write(tmp_path, ROWS)
    before = evaluate(tmp_path, 0, _silent)
    _write(tmp_path, [*ROWS, (3, "1998-07-01")])

    assert evaluate(tmp_path, 0, _silent) == before


def test_without_anybody_before_the_cut_there_is_nothing_to_forecast(tmp_path: Path) -> None:
    """A file that begins after the cut is refused by name."""
    _write(tmp_path, [(1, "1997-10-01")])

    with pytest.raises(EvaluationDataWrong) as refused:
        evaluate(tmp_path, 0, _silent)

    assert refused.value.facts["why"] == "nobody bought until 1997-09-30"


def test_the_baselines_of_cdnow_are_the_known_ones(evaluation_data: Path) -> None:
    """On the well-known sample both lifetime models score what others measured, and ours is less biased."""
    result = evaluate(evaluation_data / "cdnow", 0, _silent)

    figures = {name: {key: one.value for key, one in figures.items()} for name, figures in result.baselines.items()}
    assert result.n == 2_357
    assert figures["zero"]["rmse"] == pytest.approx(2.206, abs=1e-3)
    assert figures["bg-nbd"]["rmse"] == pytest.approx(1.608, abs=1e-3)
    assert figures["bg-nbd"]["correlation"] == pytest.approx(0.626, abs=1e-3)
    assert figures["bg-nbd"]["bias"] == pytest.approx(-0.121, abs=1e-3)
    assert figures["pareto-nbd"]["rmse"] == pytest.approx(1.603, abs=1e-3)
    assert figures["pareto-nbd"]["correlation"] == pytest.approx(0.630, abs=1e-3)
    assert abs(result.metrics["bias"].value) < abs(figures["pareto-nbd"]["bias"])
    assert result.metrics["rmse"].value < figures["bg-nbd"]["rmse"]
