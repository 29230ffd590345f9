"""The tasks there are, by name; a module is imported when its task runs, so that asking for help stays quick."""

import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from ringmain.kit.memory import peak_mb
from ringmain.simulate.errors import EvaluationDataMissing, EvaluationOptionWrong, EvaluationUnknown
from ringmain.simulate.evaluate.report import Evaluation, Result

Progress = Callable[[str], None]
# Each module has `evaluate(folder, seed, progress) -> Result`; the folder is None only for tasks that bring their data.
TASKS: Mapping[str, str] = MappingProxyType(
    {
        "closure": "ringmain.simulate.evaluate.closure",
        "context": "ringmain.simulate.evaluate.context",
        "flow": "ringmain.simulate.evaluate.flow",
        "need-place": "ringmain.simulate.evaluate.need_place",
        "profile": "ringmain.simulate.evaluate.profile_fields",
        "returns": "ringmain.simulate.evaluate.returns",
        "segments": "ringmain.simulate.evaluate.segments",
        "traffic": "ringmain.simulate.evaluate.traffic",
        "uplift": "ringmain.simulate.evaluate.uplift",
        "need-basket": "ringmain.simulate.evaluate.need_basket",
        "redemption": "ringmain.simulate.evaluate.redemption",
        "visits": "ringmain.simulate.evaluate.visits",
    }
)
# These read the recorded year of the installed package where no folder is named.
WITHOUT_FOLDER = frozenset({"closure", "flow", "profile", "redemption", "segments", "visits"})
# These also forecast what comes after their files: `evaluate` takes `horizon` (days) and `out` (a file) as well.
FORECASTING = frozenset({"traffic"})


def evaluate(
    task: str,
    folder: Path | None,
    *,
    seed: int,
    progress: Progress,
    horizon: int | None = None,
    out: Path | None = None,
) -> Evaluation:
    """Run one task on the files of `folder`; the same seed and files give the same figures.

    A forecasting task looks `horizon` days ahead and writes the days after its files to `out`, where one is named.
    Raises `EvaluationUnknown`, `EvaluationOptionWrong`, `EvaluationDataMissing`, `EvaluationDataWrong`.
    """
    if task not in TASKS:
        raise EvaluationUnknown(task=task, tasks=", ".join(TASKS))
    ahead = {"horizon": horizon, "out": out} if task in FORECASTING else {}
    for name, value in (("--horizon", horizon), ("--out", out)):
        if value is not None and not ahead:
            raise EvaluationOptionWrong(option=name, why=f"only {', '.join(sorted(FORECASTING))} can take it")
    if folder is None and task not in WITHOUT_FOLDER:
        raise EvaluationDataMissing(task=task)
    started = time.perf_counter()
    result: Result = import_module(TASKS[task]).evaluate(folder, seed, progress, **ahead)
    seconds = time.perf_counter() - started
    return Evaluation(
        task=task,
        data=folder.resolve().name if folder else "complete-journey",
        n=result.n,
        metrics=result.metrics,
        baselines=result.baselines,
        seconds=round(seconds, 2),
        peak_mb=round(peak_mb(), 1),
        notes=result.notes,
    )
