"""The command that measures the models on recorded data."""

import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from ringmain.simulate.errors import EvaluationUnwritable
from ringmain.simulate.evaluate.tasks import TASKS

# A file or a pipe has no width of its own; a row of figures stays one line there.
_WIDE = 240


def evaluate(
    task: Annotated[str, Parameter(help=f"One of: {', '.join(TASKS)}.")],
    *,
    data: Annotated[Path | None, Parameter(help="Folder of the task's Parquet files.")] = None,
    json: Annotated[Path | None, Parameter(name="--json", help="Write the result to this file as JSON.")] = None,
    seed: Annotated[int, Parameter(help="What chance is drawn from; the same seed gives the same figures.")] = 0,
    horizon: Annotated[int | None, Parameter(help="Days to forecast; traffic only, 14 where left out.")] = None,
    out: Annotated[
        Path | None, Parameter(help="Write the days after the file's last one here, .parquet or .csv; traffic only.")
    ] = None,
) -> None:
    """Measure a model on recorded data by a fixed protocol, beside the dumb baselines."""
    from ringmain.simulate.evaluate.tasks import evaluate as run

    # Asked before, since a run takes minutes.
    if json is not None and (json.is_dir() or not os.access(json if json.exists() else json.parent, os.W_OK)):
        raise EvaluationUnwritable(file=str(json))
    screen = Console(width=None if sys.stdout.isatty() else _WIDE)
    with screen.status(task) as status:
        evaluation = run(
            task,
            data,
            seed=seed,
            progress=lambda stage: status.update(f"{task}: {stage}"),
            horizon=horizon,
            out=out,
        )
    screen.print(evaluation.as_table())
    for note in evaluation.notes:
        screen.print(note, highlight=False)
    if json is not None:
        try:
            json.write_bytes(evaluation.as_json())
        except OSError as error:
            raise EvaluationUnwritable(file=str(json), why=str(error)) from error
