"""Runs an analysis of the lake and writes its rows."""

from contextlib import AbstractContextManager
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from ringmain.kit.lake import spark as on_spark
from ringmain.kit.lake.connect import connect
from ringmain.kit.pure.errors import RuleBroken
from ringmain.loop import api as loop


class AnalysisUnwritable(RuleBroken):
    """The rows cannot be written where it was asked for."""

    code = "analysis_unwritable"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Name a .parquet or .csv file in an existing folder with --out FILE."


def run(lake: Path, network_id: UUID, analysis: str, out: Path, master: str | None = None) -> int:
    """Write the rows of one of `loop.ANALYSES` to a .parquet or .csv file and return how many there are.

    `master` names a Spark; without one DuckDB runs in this process. Raises `AnalysisUnwritable`, `SparkMissing`.
    """
    # Asked before, since a large lake takes minutes.
    if out.suffix not in {".parquet", ".csv"} or not out.absolute().parent.is_dir():
        raise AnalysisUnwritable(file=str(out))
    opened: AbstractContextManager[Any] = (
        connect(lake, loop.LAKE_TABLES, network_id=network_id, memory_limit=loop.MEMORY_LIMIT)
        if master is None
        else on_spark.connect(lake, loop.LAKE_TABLES, master=master, network_id=network_id)
    )
    with opened as backend:
        rows: pa.Table = loop.ANALYSES[analysis](loop.facts_of(backend)).to_pyarrow()
    if out.suffix == ".csv":
        pa_csv.write_csv(rows, out)
    else:
        pq.write_table(rows, out)
    return rows.num_rows
