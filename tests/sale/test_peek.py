"""A first look into a file of sales: form, columns, rows, likely meanings; broken files are refused with a reason."""

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from ringmain.sale.errors import ImportUnreadable
from ringmain.sale.peek import guesses, peek


def _file(folder: Path, data: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(data)
    return path


def test_a_csv_file_shows_its_form_and_first_rows(tmp_path: Path) -> None:
    """Delimiter, mark at the beginning and quoted values are understood; five rows show."""
    text = "\ufeffReceipt;Time;Amount\n" + "".join(f'"{n}";2026-03-01 12:00;{n},50\n' for n in range(9))
    found = peek(_file(tmp_path, text.encode()), "sales.csv")
    assert (found.format, found.encoding, found.delimiter) == ("csv", "utf-8", ";")
    assert found.columns == ("Receipt", "Time", "Amount")
    assert (len(found.rows), found.rows[1]) == (5, ("1", "2026-03-01 12:00", "1,50"))
    assert found.guesses == {"receipt": "Receipt", "sold_at": "Time", "total": "Amount"}


def test_chinese_tills_are_read_in_their_encoding(tmp_path: Path) -> None:
    """GB18030 is found where UTF-8 does not fit, and Chinese names are understood."""
    found = peek(_file(tmp_path, "门店,流水号,时间,实收,手机\n茶室,1,2026-03-01,8,\n".encode("gb18030")), "账.csv")
    assert found.encoding == "gb18030"
    assert found.guesses == {
        "shop": "门店",
        "receipt": "流水号",
        "sold_at": "时间",
        "total": "实收",
        "member": "手机",
    }


def test_a_long_file_is_cut_at_a_whole_line(tmp_path: Path) -> None:
    """Where only the beginning is read, a letter cut in the middle spoils nothing."""
    found = peek(_file(tmp_path, ("a,b\n" + "茶,1\n" * 20_000).encode()), "x.csv")
    assert found.rows[0] == ("茶", "1")


def test_a_parquet_file_shows_the_same(tmp_path: Path) -> None:
    """Columns and rows as texts; a damaged file is refused."""
    path = tmp_path / "sales.parquet"
    parquet.write_table(pa.table({"order_id": [1, 2], "amount": [1.5, None]}), path)
    found = peek(path, "sales.parquet")
    assert (found.format, found.columns) == ("parquet", ("order_id", "amount"))
    assert found.rows == (("1", "1.5"), ("2", ""))
    with pytest.raises(ImportUnreadable):
        peek(_file(tmp_path, b"PAR1 nothing"), "x.parquet")


@pytest.mark.parametrize("data", [b"", b"a\x00b\n", b"a,a\n1,2\n", b"a,,b\n1,2,3\n", b"\xff\xfe\xfd\x81"])
def test_what_is_no_table_is_refused(tmp_path: Path, data: bytes) -> None:
    """An empty file, bytes that are no text, and columns without a name of their own."""
    with pytest.raises(ImportUnreadable):
        peek(_file(tmp_path, data), "x.csv")


def test_a_card_number_is_not_shown(tmp_path: Path) -> None:
    """Control: a cell that holds one is withheld, its neighbours are not."""
    found = peek(_file(tmp_path, b"id,paid\n4111111111111111,5\n"), "x.csv")
    assert "4111" not in str(found.rows)
    assert found.rows[0][1] == "5"


def test_each_column_is_guessed_once() -> None:
    """The most telling word wins, and a column that is taken is not taken again."""
    assert guesses(["Order time", "Order no"]) == {"receipt": "Order time"}
    assert guesses(["x", "y"]) == {}
