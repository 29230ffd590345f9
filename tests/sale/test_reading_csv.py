"""CSV files: every line is read or refused with its number, in pieces of any size."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringmain.sale.errors import ImportUnreadable, MappingInvalid
from ringmain.sale.mapping import Mapping, parse_mapping
from ringmain.sale.reading import Position
from ringmain.sale.reading_csv import LONGEST_ROW, CsvFile
from ringmain.sale.row_rules import RowRule

MAPPING = """
[shop]
column = "a"
[receipt]
column = "b"
[sold_at]
column = "a"
[total]
column = "c"
[currency]
constant = "CNY"
"""
Line = tuple[int, tuple[str, ...] | RowRule]


def read_all(path: Path, mapping: Mapping, most: int, at: Position | None = None) -> list[Line]:
    """Return every row by line number, read in pieces of `most`: its values, or the rule it breaks."""
    file = CsvFile(path, mapping)
    try:
        found: list[Line] = []
        at = at or file.start
        while True:
            rows = file.read(at, most)
            values = zip(*(rows.table[name].to_pylist() for name in "abc"), strict=True)
            found += list(zip(rows.lines.tolist(), values, strict=True))
            found += [(row.line, row.rule) for row in rows.refused]
            assert rows.end.offset > at.offset or rows.at_end
            for row in range(len(rows.lines)):
                # What is shown of a row is what stands in the file at its place.
                file._file.seek(int(rows.offsets[row]))
                assert file._file.read(1) == rows.raw(row)[:1].encode(mapping.encoding)[:1]
            at = rows.end
            if rows.at_end:
                return sorted(found, key=lambda one: one[0])
    finally:
        file.close()


def mapped(more: str = "") -> Mapping:
    """Return the mapping with more keys at the top."""
    return parse_mapping(more + MAPPING)


BROKEN = {
    "wrong number of columns": (b"1,2\n", RowRule.WRONG_COLUMNS),
    "too many columns": (b"1,2,3,4\n", RowRule.WRONG_COLUMNS),
    "NUL byte": (b"1,\x00,3\n", RowRule.NUL_BYTE),
    "not UTF-8": (b"1,\xff\xfe,3\n", RowRule.WRONG_ENCODING),
    "half a character": (b"1,\xe4\xb8,3\n", RowRule.WRONG_ENCODING),
    "a surrogate": (b"1,\xed\xa0\x80,3\n", RowRule.WRONG_ENCODING),
    "open quotation mark": (b'1,"2,3\n', RowRule.BROKEN_QUOTES),
    "lone carriage return": (b"1,2\r,3\n", RowRule.BROKEN_LINE_END),
    "endless row": (b"1," + b"x" * LONGEST_ROW + b",3\n", RowRule.ROW_TOO_LONG),
}


@pytest.mark.parametrize("breaks", ["", "breaks_in_values = true\n"])
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_row_is_refused_alone(name: str, breaks: str, tmp_path: Path) -> None:
    """A row that cannot be read is refused with its line and its rule; the rows around it are read."""
    raw, rule = BROKEN[name]
    path = tmp_path / "sales.csv"
    path.write_bytes(b"a,b,c\n1,2,3\n\n" + raw + b'"4,","5""",6\r\n')
    assert read_all(path, mapped(breaks), 10) == [(2, ("1", "2", "3")), (4, rule), (5, ("4,", '5"', "6"))]


def test_a_quotation_mark_inside_a_value_is_a_letter(tmp_path: Path) -> None:
    """Two marks of inches in an unquoted value do not disturb anything."""
    path = tmp_path / "sales.csv"
    path.write_bytes(b'a,b,c\n1,5" x 6" pipe,3\n')
    assert read_all(path, mapped(), 10) == [(2, ("1", '5" x 6" pipe', "3"))]


def test_values_with_line_breaks(tmp_path: Path) -> None:
    """Where the mapping says so, a quoted value may hold line breaks; lines are counted on."""
    path = tmp_path / "sales.csv"
    path.write_bytes(b'a,b,c\n1,"2\nx\r\ny",3\n4,5,6\n')
    for most in (1, 2, 10):
        assert read_all(path, mapped("breaks_in_values = true\n"), most) == [
            (2, ("1", "2\nx\r\ny", "3")),
            (5, ("4", "5", "6")),
        ]


def test_encodings(tmp_path: Path) -> None:
    """A mark of UTF-8 is skipped, GB 18030 is read, and a file in neither is refused row by row."""
    path = tmp_path / "sales.csv"
    path.write_bytes(b"\xef\xbb\xbfa,b,c\n" + "烧饼,2,3\n".encode())
    assert read_all(path, mapped(), 10) == [(2, ("烧饼", "2", "3"))]
    path.write_bytes("a;b;c\n烧饼;丂𠀀;3\n".encode("gb18030"))
    gb = 'encoding = "gb18030"\ndelimiter = ";"\n'
    assert read_all(path, mapped(gb), 10) == [(2, ("烧饼", "丂𠀀", "3"))]
    assert read_all(path, mapped('delimiter = ";"\n'), 10) == [(2, RowRule.WRONG_ENCODING)]


def test_a_file_without_names(tmp_path: Path) -> None:
    """With `header` in the mapping the first line is a row."""
    path = tmp_path / "sales.csv"
    path.write_bytes(b"1,2,3")
    assert read_all(path, mapped('header = ["c", "b", "a"]\n'), 10) == [(1, ("3", "2", "1"))]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\xff\xfea\x00", "UTF-16"),
        (b"a\x00b\n", "no list of column names"),
        (b"x" * (LONGEST_ROW + 2), "no list of column names"),
        (b'a,"b\n', "no list of column names"),
        (b"a,b,c,b\n1,2,3,4\n", "same name"),
    ],
)
def test_a_file_that_is_no_csv(data: bytes, problem: str, tmp_path: Path) -> None:
    """A file without a readable line of names is refused as a whole."""
    path = tmp_path / "sales.csv"
    path.write_bytes(data)
    with pytest.raises(ImportUnreadable) as refusal:
        CsvFile(path, mapped())
    assert problem in str(refusal.value)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    """A column that the file does not have is refused with the key that names it and the columns that there are."""
    path = tmp_path / "sales.csv"
    path.write_bytes(b"a,b,d\n")
    with pytest.raises(MappingInvalid) as refusal:
        CsvFile(path, mapped())
    assert refusal.value.facts["key"] == "total.column"
    assert "its columns are: a, b, d" in str(refusal.value)


def test_a_line_without_end_is_refused_before_memory_is_full(tmp_path: Path) -> None:
    """A file whose line does not end for megabytes is no CSV file, and is not read into memory whole."""
    path = tmp_path / "sales.csv"
    path.write_bytes(b"a,b,c\n" + b"x" * (20 << 20))
    file = CsvFile(path, mapped())
    with pytest.raises(ImportUnreadable) as refusal:
        file.read(file.start, 10)
    file.close()
    assert refusal.value.facts == {"problem": "a line is longer than 16 MiB", "line": 2}


def test_a_file_that_shrinks_is_noticed(tmp_path: Path) -> None:
    """Reading behind the end of a file that became shorter is an error and no endless loop."""
    path = tmp_path / "sales.csv"
    path.write_bytes(b"a,b,c\n1,2,3\n4,5,6\n")
    file = CsvFile(path, mapped())
    end = file.read(file.start, 1).end
    path.write_bytes(b"a,b,c\n")
    with pytest.raises(ImportUnreadable, match="shorter"):
        file.read(end, 1)
    file.close()


PIECES = st.lists(
    st.sampled_from(
        [b"1,2,3\n", b",", b'"', b"\n", b"\r\n", b"\r", b"\x00", b"\xff", b"x", "烧".encode(), b'a"b"c,,\n']
    ),
    max_size=40,
).map(b"".join)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(PIECES, st.binary(max_size=80)), st.sampled_from(["", "breaks_in_values = true\n"]), st.data())
def test_any_bytes_are_read_or_refused_line_by_line(
    tmp_path: Path, data: bytes, breaks: str, draw: st.DataObject
) -> None:
    """Any bytes at all give the same rows and refusals in whatever pieces they are read, and lose no line."""
    path = tmp_path / "sales.csv"
    path.write_bytes(b"a,b,c\n" + data)
    whole = read_all(path, mapped(breaks), 1000)
    assert read_all(path, mapped(breaks), draw.draw(st.integers(1, 5))) == whole
    if not breaks:
        lines = [number for number, line in enumerate(data.split(b"\n"), 2) if line not in (b"", b"\r")]
        assert [line for line, _ in whole] == lines


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(*[st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=9)] * 3), max_size=20))
def test_what_a_csv_writer_writes_is_read_back(tmp_path: Path, rows: list[tuple[str, str, str]]) -> None:
    """Values with delimiters, quotation marks and blanks come back as they were written."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    path = tmp_path / "sales.csv"
    path.write_bytes(b"a,b,c\r\n" + text.getvalue().encode())
    assert [values for _, values in read_all(path, mapped(), 7)] == rows
