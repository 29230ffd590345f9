"""All that other slices may call of matching."""

from ringmain.match.blocks import block, blocks, unblock
from ringmain.match.model import Block, Context, Match, MatchedOffer, Place, Reason, ShopFacts
from ringmain.match.nearby import nearby
from ringmain.match.today import Today, Wish, today

__all__ = [
    "Block",
    "Context",
    "Match",
    "MatchedOffer",
    "Place",
    "Reason",
    "ShopFacts",
    "Today",
    "Wish",
    "block",
    "blocks",
    "nearby",
    "today",
    "unblock",
]
