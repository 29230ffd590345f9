"""What other slices may ask of settlement."""

from ringmain.settlement.model import Account, Line, LineKind, Section, month_before
from ringmain.settlement.statement import (
    LINE_COLUMNS,
    Statement,
    StatementLine,
    every_line,
    line_row,
    lines_after,
    statement,
    statement_lines,
)

__all__ = [
    "LINE_COLUMNS",
    "Account",
    "Line",
    "LineKind",
    "Section",
    "Statement",
    "StatementLine",
    "every_line",
    "line_row",
    "lines_after",
    "month_before",
    "statement",
    "statement_lines",
]
