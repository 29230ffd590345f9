"""Ranking as pure decisions on plain data."""

from ringmain.match.model.data import Block, Context, Match, MatchedOffer, Person, Place, Reason, ShopFacts, ShopVisits
from ringmain.match.model.hours import Opening, clock_text, opening
from ringmain.match.model.rank import Stand, distances_m, may_be_shown, rank
from ringmain.match.model.words import Found, WordQuery, normal

__all__ = [
    "Block",
    "Context",
    "Found",
    "Match",
    "MatchedOffer",
    "Opening",
    "Person",
    "Place",
    "Reason",
    "ShopFacts",
    "ShopVisits",
    "Stand",
    "WordQuery",
    "clock_text",
    "distances_m",
    "may_be_shown",
    "normal",
    "opening",
    "rank",
]
