"""What other slices may ask of the till."""

from ringmain.sale.door import RECORD, TillDoor
from ringmain.sale.import_bench import ImportTiming, time_import, write_sales_file
from ringmain.sale.import_step import ImportReport, SaleImport
from ringmain.sale.importing import import_sales
from ringmain.sale.mapping import parse_mapping
from ringmain.sale.model import Line, NewSale, Payment, Recorded, RedemptionAnswer, Tender, VoucherUse
from ringmain.sale.record import record, sell
from ringmain.sale.reverse import ReversalAnswer, reverse
from ringmain.sale.store import ensure_partitions, missing_sales
from ringmain.sale.store.export import EXPORT_TABLES
from ringmain.sale.store.lake import LAKE_TABLES
from ringmain.sale.store.totals import SaleTotals, sale_totals
from ringmain.sale.store.visits import SalePlace, VisitsRow, sale_place, visits_of

__all__ = [
    "EXPORT_TABLES",
    "LAKE_TABLES",
    "RECORD",
    "ImportReport",
    "ImportTiming",
    "Line",
    "NewSale",
    "Payment",
    "Recorded",
    "RedemptionAnswer",
    "ReversalAnswer",
    "SaleImport",
    "SalePlace",
    "SaleTotals",
    "Tender",
    "TillDoor",
    "VisitsRow",
    "VoucherUse",
    "ensure_partitions",
    "import_sales",
    "missing_sales",
    "parse_mapping",
    "record",
    "reverse",
    "sale_place",
    "sale_totals",
    "sell",
    "time_import",
    "visits_of",
    "write_sales_file",
]
