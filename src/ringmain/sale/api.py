"""What other slices may ask of the till."""

from ringmain.sale.door import RECORD, TillDoor
from ringmain.sale.model import Line, NewSale, Payment, Recorded, RedemptionAnswer, Tender, VoucherUse
from ringmain.sale.record import record, sell
from ringmain.sale.reverse import ReversalAnswer, reverse
from ringmain.sale.store import ensure_partitions, missing_sales
from ringmain.sale.store.lake import LAKE_TABLES
from ringmain.sale.store.totals import SaleTotals, sale_totals

__all__ = [
    "LAKE_TABLES",
    "RECORD",
    "Line",
    "NewSale",
    "Payment",
    "Recorded",
    "RedemptionAnswer",
    "ReversalAnswer",
    "SaleTotals",
    "Tender",
    "TillDoor",
    "VoucherUse",
    "ensure_partitions",
    "missing_sales",
    "record",
    "reverse",
    "sale_totals",
    "sell",
]
