"""The lake as tables of an Ibis connection."""

import glob
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import ibis

from ringmain.kit.lake.folder import WHOLE
from ringmain.kit.lake.table import LakeTable, ViewType

_SQL_TYPES: dict[ViewType, str] = {
    "date": "DATE",
    "string": "VARCHAR",
    "int64": "BIGINT",
    "float64": "DOUBLE",
    "bool": "BOOLEAN",
    "timestamp": "TIMESTAMPTZ",
    "strings": "VARCHAR[]",
}


@contextmanager
def connect(
    root: Path,
    tables: Sequence[LakeTable],
    *,
    network_id: UUID | None = None,
    memory_limit: str = "1GB",
    threads: int | None = None,
) -> Iterator[Any]:
    """Open DuckDB in this process with one view per table; yields an Ibis backend.

    With `network_id` the views hold the rows of that network only, else those of all networks. Every view has, beside
    the declared columns, `network` (string) and, where the table is kept by days, `day` (date): filters on them read
    fewer files. A kind of which nothing was written yet is an empty view. What does not fit into `memory_limit` (such
    as "512MB") is spilled to a temporary folder that goes with the connection.
    """
    with tempfile.TemporaryDirectory(prefix="ringmain-lake-") as spill:
        connection = ibis.duckdb.connect(
            memory_limit=memory_limit,
            threads=threads or os.cpu_count() or 1,
            temp_directory=spill,
            # Nothing is ever downloaded behind the operator's back.
            autoinstall_known_extensions=False,
        )
        try:
            for table in tables:
                connection.raw_sql(_view(root, table, network_id))
            yield connection
        finally:
            connection.disconnect()


def _view(root: Path, table: LakeTable, network_id: UUID | None) -> str:
    """Return the statement that makes a table's view: its declared columns, whatever the files have of them."""
    types = {name: _SQL_TYPES[type_] for name, type_ in table.view.items()}
    empty = ", ".join(f"CAST(NULL AS {type_}) AS {_quoted(name)}" for name, type_ in types.items())
    source = f"SELECT {empty} WHERE false"
    pattern = Path(table.kind, f"network={network_id or '*'}", *([] if table.whole else ["day=*"]))
    pattern /= WHOLE if table.whole else "*.parquet"
    if next(root.glob(str(pattern)), None) is not None:
        path = _literal(str(Path(glob.escape(str(root)), pattern)))
        hive = ", ".join(f"'{name}': {type_}" for name, type_ in types.items() if name not in table.columns)
        # By name, under the empty one: a column that older files lack is null, and all have the declared types.
        options = f"hive_partitioning = true, union_by_name = true, hive_types = {{{hive}}}"
        source += f" UNION ALL BY NAME SELECT * FROM read_parquet({path}, {options})"  # noqa: S608 (as below)
    names = ", ".join(_quoted(name) for name in types)
    return f"CREATE VIEW {_quoted(table.kind)} AS SELECT {names} FROM ({source})"  # noqa: S608 (names are our own)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
