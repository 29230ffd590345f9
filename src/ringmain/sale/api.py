"""What other slices may ask of the till."""

from ringmain.sale.buyer_receipt import Receipt, read_receipt_token, receipt_of, receipt_token, tenders_of
from ringmain.sale.change import Refunded
from ringmain.sale.door import RECORD, TillDoor
from ringmain.sale.import_bench import ImportTiming, time_import, write_sales_file
from ringmain.sale.import_step import Counts, ImportReport, Progress, SaleImport
from ringmain.sale.importing import import_sales
from ringmain.sale.mapping import Mapping, parse_mapping
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
from ringmain.sale.peek import Peek, peek
from ringmain.sale.record import record, sell
from ringmain.sale.reverse import ReversalAnswer, reverse
from ringmain.sale.shift import Shift, close_shift, open_shift, past_shifts, shift_of
from ringmain.sale.store import (
    TillSale,
    buyer_of,
    ensure_partitions,
    find_till_sales,
    missing_sales,
    till_sale,
    till_sales,
)
from ringmain.sale.store.baskets import Basket, usual_basket
from ringmain.sale.store.buyers import BoughtRow, LineRow, RegularRow, bought, bought_by, lines_of, regular
from ringmain.sale.store.export import EXPORT_TABLES
from ringmain.sale.store.lake import LAKE_TABLES
from ringmain.sale.store.totals import SaleTotals, sale_totals
from ringmain.sale.store.visits import (
    UNDONE,
    LastAt,
    LastShop,
    SalePlace,
    VisitsRow,
    ask_visits,
    last_at_merchant,
    last_at_merchants,
    last_shops,
    sale_place,
)
from ringmain.sale.tell import receipts
from ringmain.sale.undo import Undo, undo

__all__ = [
    "EXPORT_TABLES",
    "LAKE_TABLES",
    "RECORD",
    "UNDONE",
    "Basket",
    "BoughtRow",
    "Counts",
    "ImportReport",
    "ImportTiming",
    "LastAt",
    "LastShop",
    "Line",
    "LineRow",
    "Mapping",
    "NewSale",
    "Payment",
    "Peek",
    "Progress",
    "Queued",
    "Receipt",
    "Recorded",
    "RedemptionAnswer",
    "Refunded",
    "RefusedVoucher",
    "RegularRow",
    "ReversalAnswer",
    "SaleImport",
    "SalePlace",
    "SaleTotals",
    "Shift",
    "Tender",
    "TillDoor",
    "TillSale",
    "Undo",
    "VisitsRow",
    "VoucherUse",
    "ask_visits",
    "bought",
    "bought_by",
    "buyer_of",
    "close_shift",
    "ensure_partitions",
    "find_till_sales",
    "import_sales",
    "last_at_merchant",
    "last_at_merchants",
    "last_shops",
    "lines_of",
    "missing_sales",
    "open_shift",
    "parse_mapping",
    "past_shifts",
    "peek",
    "read_receipt_token",
    "receipt_of",
    "receipt_token",
    "receipts",
    "record",
    "regular",
    "reverse",
    "sale_place",
    "sale_totals",
    "sell",
    "shift_of",
    "tenders_of",
    "till_sale",
    "till_sales",
    "time_import",
    "undo",
    "usual_basket",
    "write_sales_file",
]
