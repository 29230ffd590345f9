"""Sales in PostgreSQL: the slice's only way to the database."""

from ringmain.sale.store.change import (
    ChangingRow,
    SaleReadRow,
    insert_change,
    list_sales,
    lock_sale,
    missing_sales,
    read_sale,
    sale_to_change,
)
from ringmain.sale.store.imports import (
    ImportRow,
    StoredSubject,
    differing_sales,
    insert_sale_columns,
    insert_unknown_sales,
    known_sales,
    met_known_sale,
    move_import,
    other_subjects,
    start_import,
    unfinished_import,
)
from ringmain.sale.store.record import QueuedRow, ensure_partitions, insert_lines, insert_queued, insert_sales

__all__ = [
    "ChangingRow",
    "ImportRow",
    "QueuedRow",
    "SaleReadRow",
    "StoredSubject",
    "differing_sales",
    "ensure_partitions",
    "insert_change",
    "insert_lines",
    "insert_queued",
    "insert_sale_columns",
    "insert_sales",
    "insert_unknown_sales",
    "known_sales",
    "list_sales",
    "lock_sale",
    "met_known_sale",
    "missing_sales",
    "move_import",
    "other_subjects",
    "read_sale",
    "sale_to_change",
    "start_import",
    "unfinished_import",
]
