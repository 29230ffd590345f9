"""Reads the Parquet files of a task: the columns it needs, and an error that names what is wrong with a file."""

from collections.abc import Container, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ringmain.simulate.errors import EvaluationDataMissing, EvaluationDataWrong


def read(
    folder: Path, name: str, columns: Mapping[str, pa.DataType], *, optional: Container[str] = frozenset()
) -> pa.Table:
    """Return `columns` (name to the type it is cast to) of `folder/name`, rows in the order of the file.

    Only the `optional` columns may have missing values (null or NaN).

    Raises `EvaluationDataMissing` where the file is not there, `EvaluationDataWrong` where it is no Parquet file, lacks
    a column, or holds what cannot be cast without loss or is missing.
    """
    path = folder / name
    if not path.is_file():
        raise EvaluationDataMissing(file=str(path))
    try:
        # A folder called `a=b` above the file is no column of it.
        table = pq.read_table(path, partitioning=None)
    except (pa.ArrowInvalid, OSError) as error:
        raise EvaluationDataWrong(file=str(path), why=f"it is no Parquet file ({error})") from error
    if absent := [column for column in columns if column not in table.column_names]:
        raise EvaluationDataWrong(file=str(path), why=f"it has no column {', '.join(absent)}")
    cast = {}
    for column, kind in columns.items():
        try:
            cast[column] = table.column(column).cast(kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise EvaluationDataWrong(file=str(path), why=f"column {column} is no {kind} ({error})") from error
        if column not in optional and pc.any(pc.is_null(cast[column], nan_is_null=True)).as_py():
            raise EvaluationDataWrong(file=str(path), why=f"column {column} has missing values")
    if not len(table):
        raise EvaluationDataWrong(file=str(path), why="it has no rows")
    return pa.table(cast)
