"""Who comes back: purchases of 39 weeks are known, those of the next 39 are forecast person by person."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ringmain.kit.learn.intervals import Estimate, resample_persons
from ringmain.kit.learn.metrics import chance_at_top
from ringmain.need.api import fit_pareto_nbd, forecast, gather, histories
from ringmain.simulate.errors import EvaluationDataWrong
from ringmain.simulate.evaluate.files import read
from ringmain.simulate.evaluate.report import Result
from ringmain.simulate.evaluate.tasks import Progress

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]

FILE = "purchases.parquet"
COLUMNS: dict[str, pa.DataType] = {
    "person_id": pa.int64(),
    "date": pa.timestamp("us"),
    "quantity": pa.int64(),
    "amount": pa.float64(),
}
CUT = np.datetime64("1997-09-30")
DAYS = 39 * 7
TOP = 0.1


def evaluate(folder: Path, seed: int, progress: Progress) -> Result:
    """Forecast every person who had bought by the cut; a purchase is a day on which somebody bought.

    Raises `EvaluationDataMissing`, `EvaluationDataWrong`.
    """
    table = read(folder, FILE, COLUMNS)
    dates = table["date"].to_numpy().astype("datetime64[D]")
    day = (dates - CUT).astype(np.int64)
    purchases = gather(table["person_id"].to_numpy(), day, table["amount"].to_numpy())
    if not (day <= 0).any():
        raise EvaluationDataWrong(file=str(folder / FILE), why=f"nobody bought until {CUT}")
    progress("forecasting")
    ours = forecast(purchases, 0, DAYS, seed=seed)
    progress("fitting Pareto/NBD")
    _, known = histories(purchases, 0)
    pareto = fit_pareto_nbd(known)
    progress("resampling persons")
    came = purchases.counts(0, DAYS)[ours.persons]
    baselines = {
        "zero": np.zeros(len(came)),
        "bg-nbd": ours.plain,
        "pareto-nbd": pareto.expected(known, DAYS / 7),
    }
    model = ours.model
    return Result(
        n=len(came),
        metrics=_figures(ours.expected, came, seed),
        baselines={name: _figures(expected, came, seed) for name, expected in baselines.items()},
        notes=(
            f"BG/NBD: r {model.r:.3f}, alpha {model.alpha:.3f}, a {model.a:.3f}, b {model.b:.3f}.",
            f"Pareto/NBD: r {pareto.r:.3f}, alpha {pareto.alpha:.3f}, s {pareto.s:.3f}, beta {pareto.beta:.3f}.",
            f"At half of the window BG/NBD had to be multiplied by {ours.level:.3f}.",
            f"{came.sum():,.0f} purchases came, {ours.expected.sum():,.0f} were forecast; known was all until {CUT}.",
        ),
    )


def _figures(expected: Floats, came: Floats, seed: int) -> Mapping[str, Estimate]:
    def rmse(rows: Int64s) -> float:
        return float(np.sqrt(np.mean((expected[rows] - came[rows]) ** 2)))

    def correlation(rows: Int64s) -> float:
        spread = expected[rows].std() * came[rows].std()
        if not spread:
            return 0.0
        return float(np.mean((expected[rows] - expected[rows].mean()) * (came[rows] - came[rows].mean())) / spread)

    def bias(rows: Int64s) -> float:
        total = came[rows].sum()
        return float(expected[rows].sum() / total - 1) if total else float("nan")

    def top_tenth(rows: Int64s) -> float:
        total = came[rows].sum()
        return float(chance_at_top(expected[rows], TOP) @ came[rows] / total) if total else float("nan")

    persons = np.arange(len(came))
    statistics = {"rmse": rmse, "correlation": correlation, "bias": bias, "top_tenth": top_tenth}
    return {name: resample_persons(persons, one, seed=seed, times=500) for name, one in statistics.items()}
