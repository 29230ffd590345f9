"""What tests of imports share: mappings, files, and what an import has left in the database."""

import csv
import uuid
from pathlib import Path
from typing import Any

from ringmain.sale.import_step import ImportReport, SaleImport
from ringmain.sale.importing import import_sales
from ringmain.sale.mapping import Mapping, parse_mapping
from tests.member.people import Town

HEADER = "shop,receipt,time,total"
LINE_HEADER = "shop,receipt,time,product,category,quantity,amount"


def mapping_text(town: Town, more: str = "", **keys: str) -> str:
    """Return a mapping file for one row per sale; `keys` replace its tables, `more` goes in front of them."""
    tables = {
        "shop": f'column = "shop"\nids = {{ A = "{town.shop_id}", B = "{town.other_shop_id}" }}',
        "receipt": 'column = "receipt"',
        "sold_at": 'column = "time"',
        "total": 'column = "total"',
        "currency": 'constant = "CNY"',
        **keys,
    }
    return more + "\n" + "\n".join(f"[{name}]\n{body}" for name, body in tables.items() if body)


def mapping(town: Town, more: str = "", **keys: str) -> Mapping:
    """Return a mapping of one row per sale."""
    return parse_mapping(mapping_text(town, more, **keys))


def line_mapping(town: Town, more: str = "", **keys: str) -> Mapping:
    """Return a mapping of one row per line."""
    line = 'product = "product"\ncategory = "category"\nquantity = "quantity"\namount = "amount"'
    return mapping(town, more, **{"total": "", "line": line, **keys})


async def run(town: Town, path: Path, wanted: Mapping, **more: Any) -> ImportReport:
    """Import a file as the operator."""
    options = {key: more.pop(key) for key in ("progress", "stop", "now") if key in more}
    task = SaleImport(network_id=town.network_id, path=path, mapping=wanted, keyring=town.keyring, **more)
    return await import_sales(town.database, task, **options)


def rejected(path: Path) -> list[tuple[int, str]]:
    """Return line number and rule of each row in a report."""
    with path.open(encoding="utf-8", newline="") as file:
        return [(int(row["line"]), row["rule"]) for row in csv.DictReader(file)]


async def contents(town: Town) -> list[tuple[Any, ...]]:
    """Return everything that imports have written of sales, in order."""
    sales = await town.rows(
        "SELECT id, shop_id, merchant_id, subject_id, receipt, minimal, total_minor, currency, sold_at, "
        "redeemed_minor, tenders::text, terminal_id FROM sale ORDER BY id"
    )
    lines = await town.rows(
        "SELECT sale_id, line_no, product, category, quantity, amount_minor FROM sale_line ORDER BY sale_id, line_no"
    )
    return [*sales, *lines]


def sales_file(path: Path, *rows: str, header: str = HEADER) -> Path:
    """Write a CSV file."""
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def street(path: Path, seed: int = 0) -> Path:
    """Write a file with good, broken, split, repeated and differing receipts, over several pieces."""
    rows = []
    for number in range(20):
        rows += [f"A,{number + seed},2026-02-01 09:{number:02}:00,p{line},c,1,1.5" for line in range(number % 4 + 1)]
        if number % 7 == 3:
            rows.append("A,broken\0")
        if number % 5 == 4:
            rows.append(f"B,{number},2026-02-31 00:00:00,p,c,1,1")
    rows += ["A,0,2026-02-01 09:00:00,p0,c,1,1.5", "A,1,2026-02-01 09:01:00,p0,c,1,1.5"]
    return sales_file(path, *rows, header=LINE_HEADER)


def without_ids(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return rows without what differs between two networks, sorted."""
    return sorted((tuple(value for value in row if not isinstance(value, uuid.UUID)) for row in rows), key=repr)
