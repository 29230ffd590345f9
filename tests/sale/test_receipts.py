"""From rows to sales: whatever the cells say, each row ends in one sale or under one rule."""

import uuid
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringmain.sale.local_time import utc_of
from ringmain.sale.mapping import Mapping, parse_mapping
from ringmain.sale.reading_csv import CsvFile
from ringmain.sale.receipts import Prepared, ShopBook, prepare
from ringmain.sale.row_rules import RowRule

SHOPS = [uuid.UUID(int=number) for number in (1, 2)]
BOOK = ShopBook(SHOPS, [uuid.UUID(int=9)] * 2, ["Asia/Shanghai", "America/New_York"], {"A": 0, "B": 1})
TABLES = """
[shop]
column = "shop"
ids = { A = "00000000-0000-0000-0000-000000000001", B = "00000000-0000-0000-0000-000000000002" }
[receipt]
column = "receipt"
[sold_at]
column = "time"
[currency]
column = "currency"
[member]
column = "member"
kind = "tag"
[total]
column = "total"
"""
LINE = '[line]\nproduct = "product"\nquantity = "quantity"\namount = "total"\n'
HEADER = "shop,receipt,time,currency,member,total,product,quantity\n"
ODD = ["", " ", "-", "４１１１", "\u2028", "\ufeff", "x" * 300, "4111111111111111", "∞", "1e9", "-0", "9" * 40, '"""']
CELLS = (
    ["A", "B", "C"],
    ["1", "2"],
    ["2026-02-01 09:30:00", "2026-02-01T09:30", "2025-11-02 01:30:00", "0001-01-01", "9999-12-31", "2026-02-01T00:00Z"],
    ["CNY", "JPY", "cny"],
    ["tag-1", "t"],
    ["1", "1.5", "-3.25", "10000000000000"],
    ["p", "q"],
    ["1", "0.125"],
)
ROWS = st.lists(st.tuples(*[st.sampled_from([*cells * 4, *ODD]) | st.text(max_size=8) for cells in CELLS]), max_size=12)


def prepared(path: Path, mapping: Mapping) -> Prepared:
    """Hold a whole file against the rules."""
    file = CsvFile(path, mapping)
    rows = file.read(file.start, 1000)
    file.close()
    result = prepare(
        rows, mapping, BOOK, utc_of(2027), lambda value: RowRule.MEMBER_INVALID if value == "t" else RowRule.NONE
    )
    assert result.taken == rows.table.num_rows
    return result


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, st.booleans())
def test_every_row_is_in_one_sale_or_refused(tmp_path: Path, rows: list[tuple[str, ...]], lines: bool) -> None:
    """No cell crashes an import: the rows of good sales and the refused rows are all rows, each once."""
    path = tmp_path / "s.csv"
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    path.write_text(HEADER + "\n".join(quoted), encoding="utf-8", newline="")
    result = prepared(path, parse_mapping(TABLES + (LINE if lines else "")))
    sales = result.sales
    taken = np.zeros(len(result.rules), int)
    for first, count in zip(sales.row, sales.rows, strict=True):
        taken[first : first + count] += 1
    assert ((taken == 1) == (result.rules == RowRule.NONE)).all()
    assert taken.max(initial=0) <= 1
    if lines:
        assert sales.lines is None or np.bincount(sales.lines.sale, sales.lines.amount, len(sales)).tolist() == [
            float(total) for total in sales.total
        ]
