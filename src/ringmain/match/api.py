"""All that other slices may call of matching."""

from ringmain.match.acceptance import Offers, accept
from ringmain.match.blocks import block, blocks, unblock
from ringmain.match.closing.chance import Closing, Offered, Outcomes, Shops, best_rows, fit_closing, offered
from ringmain.match.model import (
    PERSONAL_REASONS,
    Block,
    Context,
    Match,
    MatchedOffer,
    Place,
    Reach,
    Reason,
    ShopFacts,
    usual_name,
)
from ringmain.match.nearby import nearby, reach
from ringmain.match.redemption.features import describe as describe_sending
from ringmain.match.redemption.forecast import RedemptionModel, fit_logistic
from ringmain.match.redemption.forecast import train as train_redemptions
from ringmain.match.redemption.records import Purchases, Records
from ringmain.match.show import count_exposures, show_nearby
from ringmain.match.store import LAKE_TABLES, blocks_of
from ringmain.match.today import Today, Wish, today

__all__ = [
    "LAKE_TABLES",
    "PERSONAL_REASONS",
    "Block",
    "Closing",
    "Context",
    "Match",
    "MatchedOffer",
    "Offered",
    "Offers",
    "Outcomes",
    "Place",
    "Purchases",
    "Reach",
    "Reason",
    "Records",
    "RedemptionModel",
    "ShopFacts",
    "Shops",
    "Today",
    "Wish",
    "accept",
    "best_rows",
    "block",
    "blocks",
    "blocks_of",
    "count_exposures",
    "describe_sending",
    "fit_closing",
    "fit_logistic",
    "nearby",
    "offered",
    "reach",
    "show_nearby",
    "today",
    "train_redemptions",
    "unblock",
    "usual_name",
]
