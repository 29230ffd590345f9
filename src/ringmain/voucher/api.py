"""What other slices may ask of vouchers."""

from ringmain.voucher.apply import Answer, Request, Settle, Use, apply
from ringmain.voucher.audit import AUDITS
from ringmain.voucher.candidates import Visit, candidates
from ringmain.voucher.codes import Code, verify_signed
from ringmain.voucher.codes import parse as parse_code
from ringmain.voucher.codes import sign as sign_code
from ringmain.voucher.errors import TendersDiffer
from ringmain.voucher.expire import sweep, void
from ringmain.voucher.grant import grant
from ringmain.voucher.grantable import ask_stocks, grantable, purse_of, released, standing_offers
from ringmain.voucher.lease import (
    change_offline_rule,
    lease,
    leased_vouchers,
    offline_rule,
    open_leases,
    prepare,
    release_lease,
)
from ringmain.voucher.losses import NewLoss, OfflineLoss, list_losses, note_losses
from ringmain.voucher.lot import (
    OpenLot,
    close_lots,
    issuable,
    issue,
    keep,
    lock_lots,
    look_at_lots,
    order_lot,
    read_lots,
)
from ringmain.voucher.mint import complete as complete_mint
from ringmain.voucher.mint import complete_all as complete_mints
from ringmain.voucher.mint import order as order_codes
from ringmain.voucher.model import (
    AskLease,
    Close,
    Ended,
    Grant,
    Granted,
    Kind,
    Lease,
    Mint,
    NewOffer,
    Offline,
    OfflineRule,
    PublishedOffer,
    Redeem,
    Redeemed,
    Redeemer,
    Reverse,
    Reversed,
    Settled,
    Terms,
    unsplittable,
)
from ringmain.voucher.model.lots import Issue, Lot
from ringmain.voucher.offers import newest as newest_offers
from ringmain.voucher.offers import publish, set_paused
from ringmain.voucher.offers import read as read_offer
from ringmain.voucher.offers import read_many as read_offers
from ringmain.voucher.points import PointsGiven
from ringmain.voucher.points import balance as points_of
from ringmain.voucher.points import give as give_points
from ringmain.voucher.postings import Posting
from ringmain.voucher.qualify import Qualified, qualify
from ringmain.voucher.show import Story, show
from ringmain.voucher.split import PutAside, put_aside, split_off, take_back
from ringmain.voucher.store import offline_rules, redemptions_of_sale
from ringmain.voucher.store.audit import missing_vouchers, origin_ids, sales_redeemed_in
from ringmain.voucher.store.export import EXPORT_TABLES
from ringmain.voucher.store.flow import FlowEdge, FlowTotals, flow_edges, flow_totals
from ringmain.voucher.store.health import VouchersOut, VouchersSince, vouchers_out, vouchers_since
from ringmain.voucher.store.held import SaleUse, holders, uses_of_sales
from ringmain.voucher.store.lake import LAKE_TABLES
from ringmain.voucher.typed import TypedCode
from ringmain.voucher.typed import make as make_typed_code
from ringmain.voucher.typed import resolve as resolve_typed_code
from ringmain.voucher.validate import Validated, release, validate
from ringmain.voucher.wallet import Held, held, wallet

__all__ = [
    "AUDITS",
    "EXPORT_TABLES",
    "LAKE_TABLES",
    "Answer",
    "AskLease",
    "Close",
    "Code",
    "Ended",
    "FlowEdge",
    "FlowTotals",
    "Grant",
    "Granted",
    "Held",
    "Issue",
    "Kind",
    "Lease",
    "Lot",
    "Mint",
    "NewLoss",
    "NewOffer",
    "Offline",
    "OfflineLoss",
    "OfflineRule",
    "OpenLot",
    "PointsGiven",
    "Posting",
    "PublishedOffer",
    "PutAside",
    "Qualified",
    "Redeem",
    "Redeemed",
    "Redeemer",
    "Request",
    "Reverse",
    "Reversed",
    "SaleUse",
    "Settle",
    "Settled",
    "Story",
    "TendersDiffer",
    "Terms",
    "TypedCode",
    "Use",
    "Validated",
    "Visit",
    "VouchersOut",
    "VouchersSince",
    "apply",
    "ask_stocks",
    "candidates",
    "change_offline_rule",
    "close_lots",
    "complete_mint",
    "complete_mints",
    "flow_edges",
    "flow_totals",
    "give_points",
    "grant",
    "grantable",
    "held",
    "holders",
    "issuable",
    "issue",
    "keep",
    "lease",
    "leased_vouchers",
    "list_losses",
    "lock_lots",
    "look_at_lots",
    "make_typed_code",
    "missing_vouchers",
    "newest_offers",
    "note_losses",
    "offline_rule",
    "offline_rules",
    "open_leases",
    "order_codes",
    "order_lot",
    "origin_ids",
    "parse_code",
    "points_of",
    "prepare",
    "publish",
    "purse_of",
    "put_aside",
    "qualify",
    "read_lots",
    "read_offer",
    "read_offers",
    "redemptions_of_sale",
    "release",
    "release_lease",
    "released",
    "resolve_typed_code",
    "sales_redeemed_in",
    "set_paused",
    "show",
    "sign_code",
    "split_off",
    "standing_offers",
    "sweep",
    "take_back",
    "unsplittable",
    "uses_of_sales",
    "validate",
    "verify_signed",
    "void",
    "vouchers_out",
    "vouchers_since",
    "wallet",
]
