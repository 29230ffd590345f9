"""What a voucher is worth, to whom, when and where: pure decisions on plain data, in order of arrival."""

from ringmain.voucher.model.book import Book, Limit, LimitKey, limit_keys, local_day
from ringmain.voucher.model.counter import Counter, Funds
from ringmain.voucher.model.data import (
    Action,
    Close,
    Closed,
    Ended,
    Grant,
    Granted,
    Mint,
    Outcome,
    PastRedemption,
    Redeem,
    Redeemed,
    Redeemer,
    Reverse,
    Reversed,
    Voucher,
)
from ringmain.voucher.model.terms import Kind, NewOffer, Offer, PublishedOffer, Terms, fault_of, validity

__all__ = [
    "Action",
    "Book",
    "Close",
    "Closed",
    "Counter",
    "Ended",
    "Funds",
    "Grant",
    "Granted",
    "Kind",
    "Limit",
    "LimitKey",
    "Mint",
    "NewOffer",
    "Offer",
    "Outcome",
    "PastRedemption",
    "PublishedOffer",
    "Redeem",
    "Redeemed",
    "Redeemer",
    "Reverse",
    "Reversed",
    "Terms",
    "Voucher",
    "fault_of",
    "limit_keys",
    "local_day",
    "validity",
]
