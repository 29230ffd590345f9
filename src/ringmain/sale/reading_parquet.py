"""Parquet files, read in batches of rows; a row's line number is its number in the file, from 1."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ringmain.sale.arrow import Table, pa, parquet, pc
from ringmain.sale.errors import ImportUnreadable, MappingInvalid
from ringmain.sale.mapping import Mapping
from ringmain.sale.reading import Position, RefusedRow, Rows, check_columns
from ringmain.sale.row_rules import RowRule

_BATCH = 65_536
# What Arrow raises for damaged files; a wrong byte may turn up anywhere.
_BROKEN = (pa.ArrowException, OSError, ValueError, LookupError, OverflowError, TypeError)
_TEXT_KINDS = (
    pa.types.is_dictionary,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_binary,
    pa.types.is_large_binary,
)


class ParquetFile:
    """A Parquet file of sales."""

    def __init__(self, path: Path, mapping: Mapping) -> None:
        try:
            self._file = parquet.ParquetFile(path)
        except _BROKEN as error:
            raise ImportUnreadable(problem=f"it is no Parquet file: {_first_line(error)}") from None
        try:
            self.start = Position(0, 1)
            self.size = self._file.metadata.num_rows
            schema = self._file.schema_arrow
            self._wanted = check_columns(mapping, schema.names)
            _check_types(mapping, schema)
        except _BROKEN as error:
            self._file.close()
            raise ImportUnreadable(problem=_first_line(error)) from None
        except BaseException:
            self._file.close()
            raise
        self._batches: Iterator[Table] = iter(())
        # The rows at hand, and the number of the first.
        self._buffer: Table | None = None
        self._first = 0

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def read(self, at: Position, most: int) -> Rows:
        """Return up to `most` rows from a place on."""
        try:
            table = self._table(at.offset, most)
        except _BROKEN as error:
            raise ImportUnreadable(problem=_first_line(error), line=at.line) from None
        count = table.num_rows
        if not count and at.offset < self.size:
            raise ImportUnreadable(problem="it holds fewer rows than it says", line=at.line)
        nul = np.zeros(count, bool)
        for column in table.columns:
            if pa.types.is_string(column.type):
                nul |= pc.fill_null(pc.match_substring(column, "\0"), False).to_numpy()
        lines = np.arange(count, dtype=np.int64) + at.line
        kept = np.flatnonzero(~nul)
        raws = _ParquetRaws(table)
        after_broken = np.concatenate(([at.after_broken], nul[:-1])) if count else nul
        readable = table if len(kept) == count else table.take(pa.array(kept)).combine_chunks()
        return Rows(
            table=readable,
            lines=lines[kept],
            offsets=lines[kept] - 1,
            after_broken=after_broken[kept],
            refused=[
                RefusedRow(int(lines[row]), RowRule.NUL_BYTE, raws.text(int(row)).replace("\\u0000", "\\x00"))
                for row in np.flatnonzero(nul)
            ],
            end=Position(at.offset + count, at.line + count, bool(nul[-1]) if count else at.after_broken),
            at_end=at.offset + count >= self.size,
            raws=_ParquetRaws(readable),
        )

    def _table(self, offset: int, most: int) -> Table:
        if self._buffer is None or not self._first <= offset <= self._first + self._buffer.num_rows:
            self._seek(offset)
        assert self._buffer is not None
        parts = [self._buffer.slice(offset - self._first)]
        while sum(part.num_rows for part in parts) < most:
            batch = next(self._batches, None)
            if batch is None:
                break
            parts.append(_plain(batch))
        self._buffer, self._first = pa.concat_tables(parts), offset
        return self._buffer.slice(0, most).combine_chunks()

    def _seek(self, offset: int) -> None:
        """Begin to read at the row group that holds a row."""
        metadata, group, first = self._file.metadata, 0, 0
        while group < metadata.num_row_groups and first + metadata.row_group(group).num_rows <= offset:
            first += metadata.row_group(group).num_rows
            group += 1
        groups = range(group, metadata.num_row_groups)
        batches = self._file.iter_batches(_BATCH, row_groups=list(groups), columns=self._wanted)
        self._batches = (pa.Table.from_batches([batch]) for batch in batches)
        schema = pa.schema([self._file.schema_arrow.field(name) for name in self._wanted])
        self._buffer, self._first = _plain(schema.empty_table()), first
        skipped: list[Table] = [self._buffer]
        while sum(part.num_rows for part in skipped) < offset - first:
            batch = next(self._batches, None)
            if batch is None:
                break
            skipped.append(_plain(batch))
        self._buffer = pa.concat_tables(skipped)


def _check_types(mapping: Mapping, schema: Table) -> None:
    for key, name in mapping.columns():
        if schema.names.count(name) > 1 or pa.types.is_nested(schema.field(name).type):
            raise MappingInvalid(key=key, problem=f"`{name}` is not one column of texts, numbers or times")


@dataclass(frozen=True, slots=True)
class _ParquetRaws:
    table: Table

    def text(self, row: int) -> str:
        values = self.table.slice(row, 1).to_pylist()[0]
        return json.dumps(values, ensure_ascii=False, default=str)


def _plain(table: Table) -> Table:
    """Return the table with its texts in one plain form, and proved to be UTF-8."""
    for place, field in enumerate(table.schema):
        if any(is_kind(field.type) for is_kind in _TEXT_KINDS):
            table = table.set_column(place, field.name, pc.cast(table.column(place), pa.string()))
    # Writers do not check what they call text.
    table.validate(full=True)
    return table


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
