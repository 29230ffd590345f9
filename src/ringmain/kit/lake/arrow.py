"""The lake's types and days in Arrow."""

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ringmain.kit.lake.table import ColumnType, LakeTable

_TYPES: dict[ColumnType, pa.DataType] = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "strings": pa.list_(pa.string()),
}
_MICROSECONDS_PER_DAY = 86_400_000_000
_FIRST_DAY = date(1970, 1, 1)


def schema_of(table: LakeTable) -> pa.Schema:
    """Return the Arrow schema of a table's files."""
    return pa.schema([pa.field(name, _TYPES[type_]) for name, type_ in table.columns.items()])


def typed(table: LakeTable, rows: pa.Table) -> pa.Table:
    """Return exactly the declared columns with their types; raises where a value does not fit."""
    schema = schema_of(table)
    return pa.Table.from_arrays([rows[name].cast(type_) for name, type_ in _fields(schema)], schema=schema)


def by_day(table: LakeTable, rows: pa.Table) -> Iterator[tuple[date, pa.Table]]:
    """Yield the rows of each UTC day in order of days; within a day they are in order of time.

    Raises ValueError where a row has no time.
    """
    if rows.num_rows == 0:
        return
    if rows[table.day_column].null_count:
        raise ValueError(f"{table.kind}: a row has no {table.day_column}")
    # The first column after the time, so that the same facts give the same file.
    names = dict.fromkeys([table.day_column, next(iter(table.columns))])
    rows = rows.take(pc.sort_indices(rows, sort_keys=[(name, "ascending") for name in names]))
    at = rows[table.day_column].cast(_TYPES["timestamp"]).cast(pa.int64()).to_numpy()
    days = at // _MICROSECONDS_PER_DAY
    starts = np.flatnonzero(np.diff(days, prepend=days[0] - 1))
    ends = np.append(starts[1:], len(days))
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        day = _FIRST_DAY + timedelta(days=int(days[start]))
        yield day, typed(table, rows.slice(start, end - start))


def _fields(schema: pa.Schema) -> Iterator[tuple[str, pa.DataType]]:
    return ((field.name, field.type) for field in schema)
