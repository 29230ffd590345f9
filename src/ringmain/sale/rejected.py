"""The report of refused rows: a CSV file with the line number, the rule, a sentence, and the row as the file has it."""

import csv
import io
import os
from collections.abc import Iterable
from pathlib import Path

from ringmain.kit.http.cards import text_holds_card_number
from ringmain.sale.reading import RefusedRow
from ringmain.sale.row_rules import RowRule

_HEADER = ("line", "rule", "sentence", "row")
_WITHHELD = "(not shown: it holds the number of a payment card)"


def write_rejected(path: Path, certain: int, refused: Iterable[RefusedRow]) -> int:
    """Append refused rows after the first `certain` bytes of the report; return its length, which is on the disk then.

    What stands behind those bytes was written by an attempt that was not committed, and is cut off. Only its owner can
    read the file: rows may hold personal data.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if not certain:
        writer.writerow(_HEADER)
    for row in refused:
        hidden = row.rule is RowRule.CARD_NUMBER or text_holds_card_number(row.raw)
        writer.writerow((row.line, row.rule.code, row.rule.sentence, _WITHHELD if hidden else row.raw))
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        file.truncate(certain)
        file.seek(certain)
        file.write(text.getvalue().encode("utf-8", "backslashreplace"))
        file.flush()
        os.fsync(file.fileno())
        return file.tell()


def report_length(path: Path) -> int:
    """Return the length of a report; 0 where there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
