"""CSV files, cut into lines by numpy and into values by Arrow: a broken row never spoils its neighbours."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ringmain.sale.arrow import Table, arrow_csv, pa
from ringmain.sale.errors import ImportUnreadable
from ringmain.sale.mapping import Mapping
from ringmain.sale.reading import Flags, Longs, Position, RefusedRow, Rows, check_columns
from ringmain.sale.row_rules import RowRule

LONGEST_ROW = 64 * 1024
_LONGEST_BLOCK = 16 * 1024 * 1024
# A value may hold this many line breaks; a quotation mark that is open for longer was never closed.
_MOST_BREAKS = 100
_FIRST_GUESS = 100
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_NEWLINE, _RETURN, _QUOTE = 10, 13, 34


class CsvFile:
    """A CSV file: with a line of names, or with `header` in the mapping."""

    def __init__(self, path: Path, mapping: Mapping) -> None:
        self._mapping = mapping
        self._file = path.open("rb")
        try:
            self.size = path.stat().st_size
            self.start = self._read_header()
            self._wanted = check_columns(mapping, self._header)
        except BaseException:
            self._file.close()
            raise
        self._average = _FIRST_GUESS
        by = re.escape(mapping.delimiter.encode())
        # A value in quotation marks behind which neither a delimiter nor the end of the line stands.
        self._odd_quotes = re.compile(rb'(?m)(?:^|%b)"(?:[^"]|"")*+"(?!%b|\r?$)' % (by, by))

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def read(self, at: Position, most: int) -> Rows:
        """Return up to `most` rows from a place on."""
        block = self._block(at, most + (_MOST_BREAKS if self._mapping.breaks_in_values else 0))
        at_end = at.offset + len(block) >= self.size
        if not block and not at_end:
            raise ImportUnreadable(problem="it became shorter while it was read", line=at.line)
        records = _records(block, at, at_end=at_end, breaks=self._mapping.breaks_in_values)
        rules = _raw_rules(block, records)
        kept = np.flatnonzero(rules == RowRule.NONE)
        data = self._decoded(block, records, rules, kept)
        kept = np.flatnonzero(rules == RowRule.NONE)
        table = self._parsed(data, records, rules, kept)
        kept = np.flatnonzero(rules == RowRule.NONE)
        broken = rules != RowRule.NONE
        # Whether the record before each one is broken; before the first, the position knows.
        after_broken = np.concatenate(([at.after_broken], broken[:-1])) if len(broken) else broken
        last_broken = bool(broken[-1]) if len(broken) else at.after_broken
        refused = [
            RefusedRow(int(records.lines[row]), RowRule(int(rules[row])), self._raw(block, records, int(row)))
            for row in np.flatnonzero(broken)
        ]
        return Rows(
            table=table,
            lines=records.lines[kept],
            offsets=records.starts[kept] + at.offset,
            after_broken=after_broken[kept],
            refused=refused,
            end=Position(at.offset + records.end, records.end_line, last_broken),
            at_end=at.offset + records.end >= self.size,
            raws=_CsvRaws(block, records.starts[kept], records.ends[kept], self._mapping.encoding),
        )

    # ----------------------------------------------------------------------------------------------------- the header

    def _read_header(self) -> Position:
        first = self._file.read(len(_UTF8_MARK))
        if first[:2] in _UTF16_MARKS:
            raise ImportUnreadable(problem="it is UTF-16; save it as UTF-8", line=1)
        offset = len(_UTF8_MARK) if first == _UTF8_MARK else 0
        if self._mapping.header:
            self._header = list(self._mapping.header)
            return Position(offset, 1)
        self._file.seek(offset)
        line = self._file.readline(LONGEST_ROW + 1)
        if len(line) > LONGEST_ROW or b"\0" in line:
            raise ImportUnreadable(problem="its first line is no list of column names", line=1)
        try:
            text = line.decode(self._mapping.encoding).strip("\r\n")
            names = next(csv.reader([text], delimiter=self._mapping.delimiter, strict=True), [])
        except (UnicodeDecodeError, csv.Error):
            problem = f"its first line is no list of column names in {self._mapping.encoding}"
            raise ImportUnreadable(problem=problem, line=1) from None
        self._header = [name.strip() for name in names]
        if len(set(self._header)) != len(self._header):
            raise ImportUnreadable(problem="two of its columns have the same name", line=1)
        return Position(offset + len(line), 2)

    # ------------------------------------------------------------------------------------------------------ the bytes

    def _block(self, at: Position, most: int) -> bytes:
        """Return whole lines: at most `most`, and fewer where those are many megabytes."""
        self._file.seek(at.offset)
        parts: list[bytes] = []
        length = newlines = 0
        while newlines < most and length < _LONGEST_BLOCK:
            part = self._file.read(max(LONGEST_ROW, (most - newlines) * self._average))
            if not part:
                return b"".join(parts)
            parts.append(part)
            length += len(part)
            newlines += part.count(b"\n")
        if not newlines:
            raise ImportUnreadable(problem=f"a line is longer than {_LONGEST_BLOCK >> 20} MiB", line=at.line)
        block = b"".join(parts)
        ends = np.flatnonzero(np.frombuffer(block, np.uint8) == _NEWLINE)
        self._average = length // newlines + 1
        return block[: int(ends[min(most, newlines) - 1]) + 1]

    def _decoded(self, block: bytes, records: "_Records", rules: Longs, kept: Longs) -> bytes:
        """Return the kept records in UTF-8; those in another encoding than the mapping's are refused in `rules`."""
        encoding = self._mapping.encoding
        data = records.bytes_of(block, kept)
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            for row in kept:
                try:
                    block[records.starts[row] : records.ends[row]].decode(encoding)
                except UnicodeDecodeError:
                    rules[row] = RowRule.WRONG_ENCODING
            data = records.bytes_of(block, np.flatnonzero(rules == RowRule.NONE))
            text = data.decode(encoding)
        return data if encoding == "utf-8" else text.encode()

    def _raw(self, block: bytes, records: "_Records", row: int) -> str:
        return _raw_text(block[records.starts[row] : records.ends[row]], self._mapping.encoding)

    # ----------------------------------------------------------------------------------------------------- the values

    def _parsed(self, data: bytes, records: "_Records", rules: Longs, kept: Longs) -> Table:
        """Return the mapped columns as texts; records with another number of values are refused in `rules`."""
        if not len(kept):
            return pa.table({name: pa.array([], pa.string()) for name in self._wanted})
        # Arrow forgives what stands behind a closing quotation mark, and the rows of a file must not depend on how
        # much of it is read at once: wherever marks stand oddly, or values hold line breaks, each row is read alone.
        if records.joined or (b'"' in data and self._odd_quotes.search(data)):
            return self._parsed_singly(data, rules, kept)
        invalid: list[int] = []
        table = self._parsed_at_once(data, invalid)
        wrong = np.array(invalid, np.int64) - 1
        if table is None or table.num_rows + len(wrong) != len(kept) or (len(wrong) and wrong[-1] >= len(kept)):
            return self._parsed_singly(data, rules, kept)
        rules[kept[wrong]] = RowRule.WRONG_COLUMNS
        return table.combine_chunks()

    def _parsed_at_once(self, data: bytes, invalid: list[int]) -> Table | None:
        """Return what Arrow reads, or None; the numbers of rows with too many or few values are put into `invalid`."""

        def handler(row: Any) -> str:
            invalid.append(row.number if row.number is not None else 0)
            return "skip"

        try:
            return arrow_csv.read_csv(
                pa.BufferReader(data),
                # One thread, so that the handler is told row numbers; the pieces themselves run beside the database.
                arrow_csv.ReadOptions(column_names=self._header, use_threads=False, block_size=len(data) + 1),
                arrow_csv.ParseOptions(delimiter=self._mapping.delimiter, invalid_row_handler=handler),
                arrow_csv.ConvertOptions(
                    check_utf8=False,
                    column_types=dict.fromkeys(self._header, pa.string()),
                    include_columns=self._wanted,
                ),
            )
        except pa.ArrowInvalid:
            return None

    def _parsed_singly(self, data: bytes, rules: Longs, kept: Longs) -> Table:
        places = [self._header.index(name) for name in self._wanted]
        columns: list[list[str]] = [[] for _ in places]
        records = _records(data, Position(0, 1), at_end=True, breaks=self._mapping.breaks_in_values)
        for row, start, end in zip(kept, records.starts, records.ends, strict=True):
            text = data[start:end].decode().rstrip("\r\n")
            try:
                values = next(csv.reader([text], delimiter=self._mapping.delimiter, strict=True), [])
            except csv.Error:
                rules[row] = RowRule.BROKEN_QUOTES
                continue
            if len(values) != len(self._header):
                rules[row] = RowRule.WRONG_COLUMNS
                continue
            for column, place in zip(columns, places, strict=True):
                column.append(values[place])
        return pa.table(
            {name: pa.array(column, pa.string()) for name, column in zip(self._wanted, columns, strict=True)}
        )


@dataclass(frozen=True, slots=True)
class _CsvRaws:
    block: bytes
    starts: Longs
    ends: Longs
    encoding: str

    def text(self, row: int) -> str:
        return _raw_text(self.block[self.starts[row] : self.ends[row]], self.encoding)


def _raw_text(raw: bytes, encoding: str) -> str:
    # What is not in the encoding, and NUL bytes, are shown by their numbers.
    text = raw[:LONGEST_ROW].rstrip(b"\r\n").decode(encoding, "backslashreplace")
    return text.replace("\0", "\\x00")


@dataclass(frozen=True, slots=True)
class _Records:
    """The records of a block: from where to where (with the end of the line), their first line, open quotes."""

    starts: Longs
    ends: Longs
    lines: Longs
    unclosed: Flags
    joined: bool
    end: int
    end_line: int

    def bytes_of(self, block: bytes, kept: Longs) -> bytes:
        """Return the bytes of the kept records, each ended by a line break."""
        if len(kept) == len(self.starts) and len(kept) and int((self.ends - self.starts).sum()) == len(block):
            return block
        return b"".join([block[self.starts[row] : self.ends[row]].rstrip(b"\r\n") + b"\n" for row in kept])


def _records(block: bytes, at: Position, *, at_end: bool, breaks: bool) -> _Records:
    data = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(data == _NEWLINE) + 1
    if len(data) and (not len(ends) or ends[-1] != len(data)):
        ends = np.append(ends, len(data))
    starts = np.concatenate(([0], ends[:-1])).astype(np.int64) if len(ends) else ends
    quotes = np.flatnonzero(data == _QUOTE)
    odd = (np.diff(np.searchsorted(quotes, np.append(starts, len(data)))) & 1).astype(bool)
    first = np.arange(len(starts))
    last = first
    unclosed = odd
    if breaks and odd.any():
        first, last, unclosed = _joined(odd)
    if breaks and not at_end:
        # A quotation mark that is opened in the last lines may be closed beyond this block.
        known = np.maximum(len(starts) - _MOST_BREAKS, 1)
        first, last, unclosed = (values[first < known] for values in (first, last, unclosed))
    end, end_line = (int(ends[last[-1]]), int(last[-1]) + 1) if len(last) else (0, 0)
    # Empty lines are no rows.
    length = ends[last] - starts[first]
    head = data[starts[first]]
    empty = (length == 1) & ((head == _NEWLINE) | (head == _RETURN))
    empty |= (length == len("\r\n")) & (head == _RETURN) & (data[ends[last] - 1] == _NEWLINE)
    first, last, unclosed = first[~empty], last[~empty], unclosed[~empty]
    return _Records(
        starts[first], ends[last], first + at.line, unclosed, bool((last > first).any()), end, at.line + end_line
    )


def _joined(odd: Flags) -> tuple[Longs, Longs, Flags]:
    """Return first and last line of each record, and whether it is a line whose quotation mark is never closed."""
    joins: list[tuple[int, int]] = []
    unclosed = np.zeros(len(odd), bool)
    opened: int | None = None
    for line in map(int, np.flatnonzero(odd)):
        if opened is not None and line - opened <= _MOST_BREAKS:
            joins.append((opened, line))
            opened = None
        else:
            if opened is not None:
                unclosed[opened] = True
            opened = line
    if opened is not None:
        unclosed[opened] = True
    last = np.arange(len(odd))
    inside = np.zeros(len(odd), bool)
    for begin, end in joins:
        last[begin] = end
        inside[begin + 1 : end + 1] = True
    first = np.flatnonzero(~inside)
    return first, last[first], unclosed[first]


def _raw_rules(block: bytes, records: _Records) -> Longs:
    """Return the rule that the bytes of each record break, before any value is looked at."""
    rules = np.full(len(records.starts), RowRule.NONE, np.int64)
    data = np.frombuffer(block, np.uint8)
    rules[records.unclosed] = RowRule.BROKEN_QUOTES
    if block.count(b"\r") != block.count(b"\r\n"):
        returns = np.flatnonzero(data == _RETURN)
        followed = np.append(data, _NEWLINE)[returns + 1]
        rules[_record_of(records, returns[followed != _NEWLINE])] = RowRule.BROKEN_LINE_END
    if b"\0" in block:
        rules[_record_of(records, np.flatnonzero(data == 0))] = RowRule.NUL_BYTE
    rules[records.ends - records.starts > LONGEST_ROW] = RowRule.ROW_TOO_LONG
    return rules


def _record_of(records: _Records, places: Longs) -> Longs:
    """Return the records that hold these bytes; bytes of skipped lines belong to none."""
    found = np.searchsorted(records.starts, places, side="right") - 1
    inside = (found >= 0) & (places < records.ends[np.maximum(found, 0)]) if len(records.starts) else found > len(found)
    return np.unique(found[inside])
