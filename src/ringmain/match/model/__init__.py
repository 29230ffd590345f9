"""Ranking as pure decisions on plain data."""

from ringmain.match.model.catalogue import Catalogue, Left, ListedOffer, left_of
from ringmain.match.model.data import (
    PERSONAL_REASONS,
    Block,
    Context,
    Match,
    MatchedOffer,
    Person,
    Place,
    Reason,
    ShopFacts,
    ShopVisits,
)
from ringmain.match.model.distance import Floats, distances_m, points
from ringmain.match.model.explore import REACH_M, SHARE, Drawn, draw, explores, fair_weights, seed_of
from ringmain.match.model.hours import Opening, clock_text, opening
from ringmain.match.model.rank import Ranked, Stand, rank
from ringmain.match.model.reach import Reach, reach
from ringmain.match.model.vocabulary import Vocabulary
from ringmain.match.model.words import Found, WordQuery, normal, usual_name

__all__ = [
    "PERSONAL_REASONS",
    "REACH_M",
    "SHARE",
    "Block",
    "Catalogue",
    "Context",
    "Drawn",
    "Floats",
    "Found",
    "Left",
    "ListedOffer",
    "Match",
    "MatchedOffer",
    "Opening",
    "Person",
    "Place",
    "Ranked",
    "Reach",
    "Reason",
    "ShopFacts",
    "ShopVisits",
    "Stand",
    "Vocabulary",
    "WordQuery",
    "clock_text",
    "distances_m",
    "draw",
    "explores",
    "fair_weights",
    "left_of",
    "normal",
    "opening",
    "points",
    "rank",
    "reach",
    "seed_of",
    "usual_name",
]
