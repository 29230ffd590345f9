"""The lake as tables of a Spark session: the same files and expressions, on a cluster instead of in this process."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import ibis

from ringmain.kit.lake.errors import SparkMissing
from ringmain.kit.lake.folder import WHOLE
from ringmain.kit.lake.table import LakeTable, ViewType

_SQL_TYPES: dict[ViewType, str] = {
    "date": "date",
    "string": "string",
    "int64": "bigint",
    "float64": "double",
    "bool": "boolean",
    "timestamp": "timestamp",
    "strings": "array<string>",
}
_OPTIONS = {
    # Times are UTC in the lake and everywhere in between; a session's own zone would move them.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # A town's lake is small: two hundred partitions of a join, which is the default, are two hundred empty tasks.
    "spark.sql.shuffle.partitions": "8",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


@contextmanager
def connect(root: Path, tables: Sequence[LakeTable], *, master: str, network_id: UUID | None = None) -> Iterator[Any]:
    """Open a Spark session with one view per table; yields an Ibis backend with the views of `lake.connect`.

    `master` is what Spark calls so: "local[2]" in this process's machine, "spark://host:7077" for a cluster, whose
    workers must see `root` under the same path. Raises `SparkMissing` where PySpark or Java is not installed.
    """
    session = _session(master)
    try:
        for table in tables:
            _view(session, root, table, network_id)
        yield ibis.pyspark.connect(session)
    finally:
        session.stop()


def _session(master: str) -> Any:
    try:
        # An extra that most installations do not have.
        from pyspark.errors import PySparkRuntimeError  # noqa: PLC0415
        from pyspark.sql import SparkSession  # noqa: PLC0415
    except ImportError as error:
        raise SparkMissing(missing="pyspark") from error
    builder = SparkSession.builder.master(master).appName("ringmain")
    for name, value in _OPTIONS.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except (PySparkRuntimeError, FileNotFoundError) as error:
        raise SparkMissing(missing="Java 17") from error
    session.sparkContext.setLogLevel("ERROR")
    return session


def _view(session: Any, root: Path, table: LakeTable, network_id: UUID | None) -> None:
    """Make a table's view: its declared columns; what older files lack is null, and without files it is empty."""
    schema = ", ".join(f"`{name}` {_SQL_TYPES[type_]}" for name, type_ in table.view.items())
    folder = root / table.kind
    pattern = Path(f"network={network_id or '*'}", *([] if table.whole else ["day=*"]))
    pattern /= WHOLE if table.whole else "*.parquet"
    if next(folder.glob(str(pattern)), None) is None:
        frame = session.createDataFrame([], schema)
    else:
        # The glob is Spark's own: one network's files are read, and `basePath` still makes the folders columns.
        frame = session.read.schema(schema).option("basePath", str(folder)).parquet(str(folder / pattern))
    frame.createOrReplaceTempView(table.kind)
