"""What other slices may ask of the till."""

from ringmain.sale.buyer_receipt import Receipt, read_receipt_token, receipt_of, receipt_token, tenders_of
from ringmain.sale.door import RECORD, TillDoor
from ringmain.sale.import_bench import ImportTiming, time_import, write_sales_file
from ringmain.sale.import_step import ImportReport, SaleImport
from ringmain.sale.importing import import_sales
from ringmain.sale.mapping import parse_mapping
from ringmain.sale.model import (
    Line,
    NewSale,
    Payment,
    Queued,
    Recorded,
    RedemptionAnswer,
    RefusedVoucher,
    Tender,
    VoucherUse,
)
from ringmain.sale.record import record, sell
from ringmain.sale.reverse import ReversalAnswer, reverse
from ringmain.sale.store import ensure_partitions, missing_sales
from ringmain.sale.store.buyers import BoughtRow, LineRow, RegularRow, bought, bought_by, lines_of, regular
from ringmain.sale.store.export import EXPORT_TABLES
from ringmain.sale.store.lake import LAKE_TABLES
from ringmain.sale.store.totals import SaleTotals, sale_totals
from ringmain.sale.store.visits import SalePlace, VisitsRow, sale_place, visits_of

__all__ = [
    "EXPORT_TABLES",
    "LAKE_TABLES",
    "RECORD",
    "BoughtRow",
    "ImportReport",
    "ImportTiming",
    "Line",
    "LineRow",
    "NewSale",
    "Payment",
    "Queued",
    "Receipt",
    "Recorded",
    "RedemptionAnswer",
    "RefusedVoucher",
    "RegularRow",
    "ReversalAnswer",
    "SaleImport",
    "SalePlace",
    "SaleTotals",
    "Tender",
    "TillDoor",
    "VisitsRow",
    "VoucherUse",
    "bought",
    "bought_by",
    "ensure_partitions",
    "import_sales",
    "lines_of",
    "missing_sales",
    "parse_mapping",
    "read_receipt_token",
    "receipt_of",
    "receipt_token",
    "record",
    "regular",
    "reverse",
    "sale_place",
    "sale_totals",
    "sell",
    "tenders_of",
    "time_import",
    "visits_of",
    "write_sales_file",
]
