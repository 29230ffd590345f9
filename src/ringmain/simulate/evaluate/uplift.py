"""Who is moved by an e-mail: a randomised experiment, each kind of e-mail against none, judged by visits."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ringmain.campaign.api import Experiment, Known, cross_fitted, effects, two_boosted, two_logistic
from ringmain.kit.learn.effects import gain_at, qini, qini_p
from ringmain.kit.learn.intervals import Estimate, resample_persons
from ringmain.simulate.errors import EvaluationDataWrong
from ringmain.simulate.evaluate.files import read
from ringmain.simulate.evaluate.report import Result
from ringmain.simulate.evaluate.tasks import Progress

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]

FILE = "experiment.parquet"
COLUMNS: dict[str, pa.DataType] = {
    **dict.fromkeys(("row_id", "recency"), pa.int64()),
    "history": pa.float64(),
    **dict.fromkeys(("mens", "womens", "newbie", "visit"), pa.int64()),
    **dict.fromkeys(("zip_code", "channel", "segment"), pa.string()),
}
ARMS = {"womens": "Womens E-Mail", "mens": "Mens E-Mail"}
NONE = "No E-Mail"
FOLDS = 5
REPEATS = 3
SHARE = 0.3


def evaluate(folder: Path, seed: int, progress: Progress) -> Result:
    """Rank the persons of each arm by models that have not seen them.

    Raises `EvaluationDataMissing`, `EvaluationDataWrong`.
    """
    table = read(folder, FILE, COLUMNS)
    arm = np.asarray(table["segment"].to_pylist())
    if absent := [name for name in (*ARMS.values(), NONE) if not (arm == name).any()]:
        raise EvaluationDataWrong(file=str(folder / FILE), why=f"column segment has nobody in {', '.join(absent)}")
    known = prepare(table)
    visit = table["visit"].to_numpy().astype(np.float64)
    ours: dict[str, Estimate] = {}
    baselines: dict[str, dict[str, Estimate]] = {"average effect": {}, "two logistic": {}, "two boosted": {}}
    judged = 0
    for name, treated_as in ARMS.items():
        rows = np.flatnonzero((arm == treated_as) | (arm == NONE))
        judged += len(rows)
        experiment = Experiment(known.of(rows), arm[rows] == treated_as, visit[rows])
        progress(f"{name}: fitting")
        scores = {
            "average effect": np.zeros(len(rows)),
            "two logistic": cross_fitted(experiment, two_logistic, folds=FOLDS, repeats=1, seed=seed),
            "two boosted": cross_fitted(experiment, two_boosted, folds=FOLDS, repeats=1, seed=seed),
        }
        mean = cross_fitted(experiment, effects, folds=FOLDS, repeats=REPEATS, seed=seed)
        progress(f"{name}: resampling persons")
        ours |= _figures(name, mean, experiment, seed)
        for baseline, score in scores.items():
            baselines[baseline] |= _figures(name, score, experiment, seed)
    return Result(
        n=judged,
        metrics=ours,
        baselines=baselines,
        notes=(
            f"gain@30: visit rate with the e-mail less that without, among the {SHARE:.0%} ranked highest.",
            "qini_p: how often a random ranking has as high a Qini, of 400.",
        ),
    )


def prepare(table: pa.Table) -> Known:
    """Return what was known before the e-mails went out; the sums and products that may matter are columns."""
    recency, history, mens, womens, newbie = (
        table[name].to_numpy().astype(np.float64) for name in ("recency", "history", "mens", "womens", "newbie")
    )
    spent = np.log1p(np.maximum(history, 0.0))
    codes = [
        np.unique(np.array(table[name].to_pylist(), dtype=np.str_), return_inverse=True)[1]
        for name in ("zip_code", "channel")
    ]
    indicators = [np.eye(int(code.max()) + 1)[code][:, 1:] for code in codes]
    plain = [recency, spent, mens, womens, newbie]
    products = [mens * womens, womens * recency, womens * spent, womens * newbie, newbie * recency, newbie * spent]
    return Known(
        linear=np.column_stack([*plain, *products, *indicators]),
        raw=np.column_stack([*plain, *(code.astype(np.float64) for code in codes)]),
    )


def _figures(name: str, scores: Floats, experiment: Experiment, seed: int) -> Mapping[str, Estimate]:
    treated, outcome = experiment.treated, experiment.outcome
    persons = np.arange(len(scores))

    def gain(rows: Int64s) -> float:
        return gain_at(scores[rows], treated[rows], outcome[rows], SHARE)

    def area(rows: Int64s) -> float:
        return qini(scores[rows], treated[rows], outcome[rows])

    return {
        f"{name}.gain@30": resample_persons(persons, gain, seed=seed),
        f"{name}.qini": resample_persons(persons, area, seed=seed),
        f"{name}.qini_p": Estimate(qini_p(scores, treated, outcome, seed=seed)),
    }
