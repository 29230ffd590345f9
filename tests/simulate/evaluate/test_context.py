"""Coupons in contexts are judged in five folds, on files with the columns that are documented."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringmain.simulate.errors import EvaluationDataWrong
from ringmain.simulate.evaluate.context import CONTEXT, HABITS, PERSON, evaluate, prepare


def _silent(stage: str) -> None:
    """Tell nobody of progress."""


def _survey(persons: int = 60, each: int = 20) -> dict[str, list[object]]:
    """Return answers of persons who differ in age and trade, and like coupons as their habits say, and by chance."""
    random = np.random.default_rng(9)
    rows = persons * each
    person = np.repeat(np.arange(persons), each)
    often = np.array(["never", "less1", "1~3", "4~8", "gt8"])
    table: dict[str, list[object]] = {name: ["same"] * rows for name in (*PERSON, *CONTEXT)}
    for name in ("has_children", "toCoupon_GEQ15min", "toCoupon_GEQ25min", "direction_same", "temperature"):
        table[name] = [1] * rows
    table["occupation"] = [f"trade {who}" for who in person]
    habit = random.integers(0, 5, persons)
    for name in HABITS.values():
        table[name] = often[habit[person]].tolist()
    table["cartype"] = [None] * rows
    kind = random.choice(list(HABITS), rows)
    table["couponType"] = kind.tolist()
    table["time"] = random.choice(["7AM", "10PM"], rows).tolist()
    odds = habit[person] - 2 + 2 * random.normal(size=persons)[person] + (kind == "Bar")
    table["Y"] = (random.random(rows) < 1 / (1 + np.exp(-odds))).astype(int).tolist()
    return table


def test_all_rows_are_judged_beside_the_baselines(tmp_path: Path) -> None:
    """Who answered before is known best; those of whom nothing is known, worse; the rate per kind knows little."""
    table = _survey()
    pq.write_table(pa.table(table), tmp_path / "survey.parquet")

    result = evaluate(tmp_path, 0, _silent)

    assert result.n == 1_200
    assert set(result.metrics) == {"auc", "calibration_error", "log_loss", "cold.auc"}
    assert set(result.baselines) == {"coupon rate", "logistic", "boosted trees"}
    assert result.metrics["auc"].value > 0.75
    assert result.metrics["auc"].value > result.metrics["cold.auc"].value
    assert result.metrics["calibration_error"].value < 0.06
    assert result.baselines["coupon rate"]["auc"].value < 0.65


def test_words_become_numbers() -> None:
    """What has an order keeps it; the habit is that of the coupon's kind; who says the same is one person."""
    table = _survey(persons=3, each=4)
    texts = {name: np.array(["?" if word is None else str(word) for word in words]) for name, words in table.items()}
    texts["time"][0] = "midnight"

    offers = prepare(texts)

    names = [*PERSON, *CONTEXT, "habit"]
    time, habit = (offers.features[:, names.index(name)] for name in ("time", "habit"))
    assert np.isnan(time[0])
    assert set(time[1:].tolist()) <= {0.0, 4.0}
    often = ["never", "less1", "1~3", "4~8", "gt8"]
    assert habit.tolist() == [often.index(str(word)) for word in table["Bar"]]
    assert [names[column] for column in offers.categorical if names[column] in PERSON] == [
        "gender",
        "maritalStatus",
        "education",
        "occupation",
        "cartype",
    ]
    assert offers.person.tolist() == [0] * 4 + [1] * 4 + [2] * 4


def test_answers_of_one_kind_only_are_refused(tmp_path: Path) -> None:
    """Where everything was taken there is nothing to tell apart."""
    table = _survey(persons=3, each=4)
    pq.write_table(pa.table({**table, "Y": [1] * 12}), tmp_path / "survey.parquet")

    with pytest.raises(EvaluationDataWrong) as refused:
        evaluate(tmp_path, 0, _silent)

    assert refused.value.facts["why"] == "it needs coupons that were taken and that were not"
