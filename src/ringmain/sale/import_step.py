"""One piece of an import as data: what was asked for, what has been counted, and a piece of the file examined."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import msgspec
import numpy as np

from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.sale.columns import Flags, Longs, SaleColumns
from ringmain.sale.mapping import Mapping
from ringmain.sale.reading import Position, RefusedRow, Rows
from ringmain.sale.receipts import Prepared
from ringmain.sale.row_rules import RowRule


class Counts(msgspec.Struct, kw_only=True):
    """What an import has done so far, or would do; sales are counted once, rows of the file each.

    `sales_differing` are known with other content: the stored ones stay. `buyers_unknown` counts new sales whose buyer
    nobody knows; `members_enrolled` people who are members since.
    """

    rows: int = 0
    rows_refused: int = 0
    refused: dict[str, int] = msgspec.field(default_factory=dict)
    sales_new: int = 0
    sales_known: int = 0
    sales_differing: int = 0
    lines_new: int = 0
    buyers_unknown: int = 0
    members_enrolled: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is: `done` of `size`, in bytes of a CSV or rows of a Parquet file."""

    done: int
    size: int
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleImport:
    """What to import. `merchant_id` is whose shops the file may name (None: any of the network's).

    `rejected` is where the refused rows are reported, if anywhere; a dry run writes nothing else.
    """

    network_id: UUID
    path: Path
    mapping: Mapping
    keyring: Keyring
    merchant_id: UUID | None = None
    rejected: Path | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome. `finished` is False where it was stopped; the same import goes on from there."""

    id: UUID
    finished: bool
    resumed: bool
    dry_run: bool
    counts: Counts


@dataclass(frozen=True, slots=True)
class Step:
    """A piece of the file, read and examined, with the place where the next one begins."""

    begin: Position
    end: Position
    at_end: bool
    rows: Rows
    prepared: Prepared
    # The identifier that each value of a buyer stands for; None where the value is none.
    identifiers: Sequence[member.Identifier | None]

    def refused(self, differing: Longs) -> list[RefusedRow]:
        """Return all refused rows of the piece in the file's order; `differing` are places of sales."""
        rules = self.prepared.rules.copy()
        sales = self.prepared.sales
        for place in differing:
            rules[sales.row[place] : sales.row[place] + sales.rows[place]] = RowRule.DIFFERS
        refused = [row for row in self.rows.refused if row.line < self.end.line]
        refused += [
            RefusedRow(int(self.rows.lines[row]), RowRule(int(rules[row])), self.rows.raw(int(row)))
            for row in np.flatnonzero(rules)
        ]
        return sorted(refused, key=lambda one: one.line)


def copied(counts: Counts) -> Counts:
    """Return counts that can be added to while the others stay, for a transaction that may be lost."""
    return msgspec.structs.replace(counts, refused=dict(counts.refused))


def count(
    counts: Counts, step: Step, new: Longs, known: Longs, differing: Longs, refused: Sequence[RefusedRow]
) -> None:
    """Add what became of a piece: `new`, `known` and `differing` are places of sales, the last among the known."""
    sales = step.prepared.sales
    raw_refused = sum(row.line < step.end.line for row in step.rows.refused)
    counts.rows += step.prepared.taken + raw_refused
    counts.rows_refused += len(refused)
    for row in refused:
        counts.refused[row.rule.code] = counts.refused.get(row.rule.code, 0) + 1
    counts.sales_new += len(new)
    counts.sales_known += len(known) - len(differing)
    counts.sales_differing += len(differing)
    if sales.lines is not None:
        counts.lines_new += int(sales.rows[new].sum())


def subjects_of(sales: SaleColumns, people: Sequence[member.Known | None]) -> list[UUID | None]:
    """Return the subject of each sale, given who stands behind each value of a buyer."""
    if not any(people):
        return [None] * len(sales)
    subject_of = [None if person is None else person.subject_id for person in people]
    # A place of -1, for a sale without a buyer, finds the None at the end.
    subject_of.append(None)
    return [subject_of[place] for place in sales.buyer.tolist()]


def unknown_buyers(sales: SaleColumns, new: Longs, people: Sequence[member.Known | None]) -> int:
    """Return how many of the new sales name a buyer whom nobody knows."""
    nobody: Flags = np.array([person is None for person in people] + [False], bool)
    return int(nobody[sales.buyer[new]].sum())
