"""A first look into a file of sales: its form, its columns and its first rows, and which column is probably what."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ringmain.kit.http.cards import text_holds_card_number
from ringmain.sale.arrow import pa, parquet
from ringmain.sale.errors import ImportUnreadable

# What Arrow raises for damaged files; a wrong byte may turn up anywhere.
_BROKEN = (pa.ArrowException, OSError, ValueError, LookupError, OverflowError, TypeError)
_LOOKED_AT_BYTES = 64 * 1_024
_ROWS = 5
_MOST_COLUMNS = 200
_LONGEST_CELL = 120
_ENCODINGS: tuple[Literal["utf-8", "gb18030"], ...] = ("utf-8", "gb18030")
_DELIMITERS = (",", ";", "\t", "|")
_WITHHELD = "(not shown: it holds the number of a payment card)"
# Words by which tills name their columns, the most telling first.
_HINTS: dict[str, tuple[str, ...]] = {
    "shop": ("shop", "store", "branch", "outlet", "filiale", "门店", "店铺", "店"),
    "receipt": ("receipt", "invoice", "order", "bill", "ticket", "transaction", "bon", "beleg", "单号", "订单", "流水"),
    "sold_at": ("sold", "time", "date", "created", "zeit", "datum", "时间", "日期"),
    "total": ("total", "amount", "sum", "paid", "price", "betrag", "实收", "总额", "金额", "合计"),
    "currency": ("currency", "币种", "货币"),
    "member": ("phone", "mobile", "member", "customer", "手机", "电话", "会员"),
}


@dataclass(frozen=True, slots=True)
class Peek:
    """What a file looks like. `rows` are its first ones, as texts; `guesses` names the likely column of a meaning."""

    format: Literal["csv", "parquet"]
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    guesses: dict[str, str]


def peek(path: Path, name: str) -> Peek:
    """Look into a file; `name` is what its owner calls it. Raises `ImportUnreadable`."""
    if name.lower().endswith((".parquet", ".pq")):
        return _parquet(path)
    with path.open("rb") as file:
        head = file.read(_LOOKED_AT_BYTES)
    return _csv(head, whole=len(head) < _LOOKED_AT_BYTES)


def _csv(head: bytes, *, whole: bool) -> Peek:
    if not whole:
        # The last line may be cut off in the middle of a letter.
        head = head[: head.rfind(b"\n") + 1]
    encoding = next((one for one in _ENCODINGS if _decodes(head, one)), None)
    if encoding is None or b"\x00" in head:
        raise ImportUnreadable(problem="it is no text; save it as CSV (UTF-8) or as Parquet")
    text = head.decode(encoding).removeprefix("\ufeff")
    delimiter = max(_DELIMITERS, key=text.partition("\n")[0].count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row][: _ROWS + 1]
    except csv.Error as error:
        raise ImportUnreadable(problem=str(error)) from None
    if not rows:
        raise ImportUnreadable(problem="it is empty")
    columns = tuple(name.strip() for name in rows[0])
    _check(columns)
    cells = tuple(tuple(_shown(cell) for cell in row[: len(columns)]) for row in rows[1:])
    return Peek("csv", encoding, delimiter, columns, cells, guesses(columns))


def _parquet(path: Path) -> Peek:
    try:
        with parquet.ParquetFile(path) as file:
            columns = tuple(file.schema_arrow.names)
            _check(columns)
            batch = next(file.iter_batches(batch_size=_ROWS), None)
            found = [] if batch is None else batch.to_pylist()
    except _BROKEN as error:
        raise ImportUnreadable(problem=f"it is no Parquet file: {str(error).partition(chr(10))[0]}") from None
    rows = tuple(tuple(_shown(row.get(name)) for name in columns) for row in found[:_ROWS])
    return Peek("parquet", "utf-8", ",", columns, rows, guesses(columns))


def guesses(columns: Sequence[str]) -> dict[str, str]:
    """Return the likely column of each meaning, by its name; each column is guessed once."""
    found: dict[str, str] = {}
    left = list(columns)
    for meaning, hints in _HINTS.items():
        named = next((name for hint in hints for name in left if hint in name.lower()), None)
        if named is not None:
            found[meaning] = named
            left.remove(named)
    return found


def _check(columns: Sequence[str]) -> None:
    if len(columns) > _MOST_COLUMNS:
        raise ImportUnreadable(problem=f"it has more than {_MOST_COLUMNS} columns")
    if len(set(columns)) < len(columns) or not all(columns):
        raise ImportUnreadable(problem="its first line must name every column, each with another name")


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _shown(value: object) -> str:
    text = "" if value is None else str(value).strip()
    return _WITHHELD if text_holds_card_number(text) else text[:_LONGEST_CELL]
