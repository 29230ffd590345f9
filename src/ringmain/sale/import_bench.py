"""A file of sales that never were, and the time that its import takes: for measuring only."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np

from ringmain.kit.db import Database
from ringmain.kit.secrets import Keyring
from ringmain.sale.import_step import Counts, SaleImport
from ringmain.sale.importing import import_sales
from ringmain.sale.mapping import Mapping, parse_mapping

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_SPAN = timedelta(days=30)
_PRODUCTS = 5_000
_MAPPING = """
[shop]
column = "shop"
[receipt]
column = "receipt"
[sold_at]
column = "sold_at"
format = "%Y-%m-%dT%H:%M:%SZ"
time_zone = "UTC"
[currency]
constant = "CNY"
"""
_TOTAL = '[total]\ncolumn = "total"\n'
_LINE = '[line]\nproduct = "product"\ncategory = "category"\nquantity = "quantity"\namount = "amount"\n'


@dataclass(frozen=True, slots=True)
class ImportTiming:
    """What was imported, and how long it took from opening the file to the last commit."""

    counts: Counts
    seconds: float


def write_sales_file(
    path: Path, shop_ids: Sequence[UUID], sales: int, *, lines_per_sale: int = 0, label: str = "", seed: int = 1
) -> Mapping:
    """Write a CSV file of sales in January 2026, in order of time, and return the mapping that reads it.

    With `lines_per_sale` each sale has that many rows. `label` stands in front of the receipt numbers: files with
    other labels hold other sales.
    """
    random = np.random.default_rng(seed)
    seconds = np.sort(random.integers(0, int(_SPAN.total_seconds()), sales))
    shops = random.integers(0, len(shop_ids), sales)
    times = np.datetime_as_string(np.datetime64(_BEGIN.replace(tzinfo=None), "s") + seconds, unit="s")
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("shop,receipt,sold_at," + ("product,category,quantity,amount\n" if lines_per_sale else "total\n"))
        for number, (shop, at) in enumerate(zip(shops.tolist(), times.tolist(), strict=True)):
            head = f"{shop_ids[shop]},{label}{number},{at}Z,"
            for _ in range(lines_per_sale):
                product, amount = int(random.integers(_PRODUCTS)), int(random.integers(100, 20_000))
                file.write(f"{head}P{product:05},C{product % 20},1,{amount / 100:.2f}\n")
            if not lines_per_sale:
                file.write(f"{head}{random.integers(100, 50_000) / 100:.2f}\n")
    return parse_mapping(_MAPPING + (_LINE if lines_per_sale else _TOTAL))


async def time_import(
    database: Database, network_id: UUID, keyring: Keyring, path: Path, mapping: Mapping
) -> ImportTiming:
    """Import a file that `write_sales_file` wrote, and return how long that took."""
    task = SaleImport(network_id=network_id, path=path, mapping=mapping, keyring=keyring)
    begun = time.perf_counter()
    report = await import_sales(database, task)
    return ImportTiming(report.counts, time.perf_counter() - begun)
