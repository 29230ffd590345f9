"""Reading CSV and Parquet files of sales piece by piece, from any place, with the number of every line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ringmain.sale.arrow import Table
from ringmain.sale.errors import MappingInvalid
from ringmain.sale.mapping import Mapping
from ringmain.sale.row_rules import RowRule

Longs = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file: the byte (CSV) or row (Parquet) where a row begins, and its line number (from 1).

    `after_broken` says that the row before it could not be read.
    """

    offset: int
    line: int
    after_broken: bool = False


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that could not even be read as one; `raw` is what the file says, without the end of the line."""

    line: int
    rule: RowRule
    raw: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Consecutive rows of a file: the mapped columns of those that could be read, and the others.

    Per readable row, `lines` is its line number, `offsets` its place, and `after_broken` whether the row before it
    could not be read. `end` is where the next rows begin; `at_end` that there are none. `raws` is the bytes of each
    readable row of a CSV file, in which `offsets` count from `block_offset`.
    """

    table: Table
    lines: Longs
    offsets: Longs
    after_broken: Flags
    refused: Sequence[RefusedRow]
    end: Position
    at_end: bool
    raws: "Raws"

    def position(self, row: int) -> Position:
        """Return where a readable row begins."""
        return Position(int(self.offsets[row]), int(self.lines[row]), bool(self.after_broken[row]))

    def raw(self, row: int) -> str:
        """Return a readable row as the file writes it."""
        return self.raws.text(row)


class Raws(Protocol):
    """The readable rows as the file writes them."""

    def text(self, row: int) -> str:
        """Return one row."""
        ...


class SaleFile(Protocol):
    """A file of sales that can be read from any place."""

    start: Position
    size: int

    def read(self, at: Position, most: int) -> Rows:
        """Return up to `most` rows from a place on. Raises `ImportUnreadable` where the file as a whole is broken."""
        ...

    def close(self) -> None:
        """Let the file go."""
        ...


def check_columns(mapping: Mapping, present: Sequence[str]) -> list[str]:
    """Return the mapped columns, each once. Raises `MappingInvalid` for the first that the file does not have."""
    wanted: dict[str, None] = {}
    for key, name in mapping.columns():
        if name not in present:
            shown = ", ".join(list(present)[:30])
            raise MappingInvalid(key=key, problem=f"the file has no column `{name}`; its columns are: {shown}")
        wanted[name] = None
    return list(wanted)
