"""What other slices may ask of settlement."""

from ringmain.settlement.model import Account, Line, LineKind, Section, month_before
from ringmain.settlement.statement import Statement, StatementLine, every_line, statement, statement_lines

__all__ = [
    "Account",
    "Line",
    "LineKind",
    "Section",
    "Statement",
    "StatementLine",
    "every_line",
    "month_before",
    "statement",
    "statement_lines",
]
