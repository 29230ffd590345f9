"""What the commands about made-up towns do: live, compare, and write what was seen."""

import time
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ringmain.kit.memory import peak_mb
from ringmain.simulate.world import calibrate
from ringmain.simulate.world.days import Visits, live_all
from ringmain.simulate.world.families.registry import family_of
from ringmain.simulate.world.parameters import Parameters
from ringmain.simulate.world.world import build


def live(parameters: Parameters, out: Path | None) -> tuple[str, ...]:
    """Let a town live and say what that took; `out` gets the visits, one row each."""
    started = time.perf_counter()
    world = build(parameters)
    built = time.perf_counter() - started
    visits = live_all(family_of(world))
    seconds = time.perf_counter() - started
    if out is not None:
        pq.write_table(pa.table({one.name: getattr(visits, one.name) for one in fields(Visits)}), out)
    went = len(np.unique(visits.person))
    return (
        f"{parameters.family}, seed {parameters.seed}, {parameters.days} days",
        f"{parameters.people:,} people, {parameters.shops:,} shops",
        f"{len(visits.person):,} visits by {went:,} people",
        f"{seconds:.1f} s ({built:.1f} s to draw the town), at most {peak_mb():.0f} MB",
    )


def distances(parameters: Parameters, folder: Path | None) -> Mapping[str, tuple[calibrate.Distance, ...]]:
    """Compare a town with the recorded year, and with the check-ins of `folder`.

    Raises `DataMissing`, `EvaluationDataMissing`, `EvaluationDataWrong`.
    """
    recorded = {"the recorded year": calibrate.of_recorded_year(parameters.seed)}
    if folder is not None:
        recorded["the check-ins"] = calibrate.of_checkins(folder, parameters.seed)
    ours = calibrate.of_town(parameters)
    return {name: calibrate.distances(ours, one) for name, one in recorded.items()}
