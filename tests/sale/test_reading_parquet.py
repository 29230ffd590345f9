"""Parquet files: rows from any place on, broken ones refused, broken files refused as a whole."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringmain.sale.arrow import pa, parquet
from ringmain.sale.errors import ImportUnreadable, MappingInvalid
from ringmain.sale.mapping import parse_mapping
from ringmain.sale.reading import Position
from ringmain.sale.reading_parquet import ParquetFile
from ringmain.sale.row_rules import RowRule
from tests.sale.test_reading_csv import MAPPING

WANTED = parse_mapping(MAPPING)


def write(path: Path, rows: int, **columns: list[Any]) -> None:
    """Write a file with row groups of three rows."""
    plain = {name: [f"{name}{row}" for row in range(rows)] for name in "abc"}
    parquet.write_table(pa.table({**plain, **columns}), path, row_group_size=3)


@pytest.mark.parametrize("most", [1, 2, 3, 100])
@pytest.mark.parametrize("start", [0, 1, 3, 7])
def test_rows_from_any_place_on(tmp_path: Path, start: int, most: int) -> None:
    """From any row on, in pieces of any size, each row comes once with its number."""
    path = tmp_path / "sales.parquet"
    write(path, 8, unmapped=list(range(8)))
    file, at, found = ParquetFile(path, WANTED), Position(start, start + 1), []
    while True:
        rows = file.read(at, most)
        found += list(zip(rows.lines.tolist(), rows.table["b"].to_pylist(), strict=True))
        at = rows.end
        if rows.at_end:
            break
    file.close()
    assert found == [(row + 1, f"b{row}") for row in range(start, 8)]
    assert file.size == 8


def test_reading_goes_back_to_the_beginning_of_a_receipt(tmp_path: Path) -> None:
    """A place behind which was read already can be read again."""
    path = tmp_path / "sales.parquet"
    write(path, 8)
    file = ParquetFile(path, WANTED)
    first = file.read(file.start, 6)
    again = file.read(first.position(4), 6)
    assert again.lines.tolist() == [5, 6, 7, 8]
    assert file.read(file.start, 2).lines.tolist() == [1, 2]
    file.close()


def test_a_nul_character_is_refused_alone(tmp_path: Path) -> None:
    """A text with a NUL, which no database can hold, is refused with its row."""
    path = tmp_path / "sales.parquet"
    write(path, 3, b=["x", "y\0", None])
    file = ParquetFile(path, WANTED)
    rows = file.read(file.start, 10)
    file.close()
    assert [(row.line, row.rule) for row in rows.refused] == [(2, RowRule.NUL_BYTE)]
    assert "\0" not in rows.refused[0].raw
    assert (rows.lines.tolist(), rows.after_broken.tolist()) == ([1, 3], [False, True])
    assert rows.raw(1) == '{"b": null, "a": "a2", "c": "c2"}'


def test_columns_of_other_kinds(tmp_path: Path) -> None:
    """Dictionaries and bytes are read as texts; a list is refused by the key that names it."""
    path = tmp_path / "sales.parquet"
    write(path, 2, a=pa.array(["x", "y"]).dictionary_encode(), b=pa.array([b"1", b"2"]))
    file = ParquetFile(path, WANTED)
    assert file.read(file.start, 10).table.to_pylist()[1] == {"a": "y", "b": "2", "c": "c1"}
    file.close()
    write(path, 2, c=[[1], [2]])
    with pytest.raises(MappingInvalid) as refusal:
        ParquetFile(path, WANTED)
    assert refusal.value.facts["key"] == "total.column"


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    """A text column whose bytes are no UTF-8 makes the file unreadable, with a line to look at."""
    path = tmp_path / "sales.parquet"
    write(path, 2, b=pa.array([b"\xff", b"2"]))
    file = ParquetFile(path, WANTED)
    with pytest.raises(ImportUnreadable):
        file.read(file.start, 10)
    file.close()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(min_size=1, max_size=8), st.integers(0, 1500))
def test_a_damaged_file_is_a_clear_error(tmp_path: Path, noise: bytes, place: int) -> None:
    """Bytes changed anywhere give rows or ImportUnreadable, never another error."""
    path = tmp_path / "sales.parquet"
    write(path, 8)
    data = path.read_bytes()
    place %= len(data)
    path.write_bytes(data[:place] + noise + data[place + len(noise) :])
    with contextlib.suppress(ImportUnreadable, MappingInvalid):
        file = ParquetFile(path, WANTED)
        rows = file.read(file.start, 100)
        file.close()
        assert rows.at_end or len(rows.lines) <= 100
