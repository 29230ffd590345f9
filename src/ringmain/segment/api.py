"""What other slices may ask about groups of people: their tribes, the rules that tell them, and who moved."""

from ringmain.segment.behaviour import ENOUGH_VISITS, Column, Side
from ringmain.segment.find import Outcome, find_in_network
from ringmain.segment.finding import FEWEST_PEOPLE, Lift, RuleCondition
from ringmain.segment.identity import Move, move_on, successors
from ringmain.segment.rules import Condition, Rule, rule_of
from ringmain.segment.show import (
    MerchantTribe,
    MerchantTribes,
    OwnTribe,
    Told,
    Tribe,
    TribesOfNetwork,
    WeekState,
    copied,
    own_tribe,
    prior_of,
    tribes_of_merchant,
    tribes_of_network,
)
from ringmain.segment.store import FindingRow
from ringmain.segment.tribes import FEWEST, Grid, Tribes, find, shares_of_everybody, shrunk
from ringmain.segment.words import Language, condition_words, lift_words, name_words, rule_words

__all__ = [
    "ENOUGH_VISITS",
    "FEWEST",
    "FEWEST_PEOPLE",
    "Column",
    "Condition",
    "FindingRow",
    "Grid",
    "Language",
    "Lift",
    "MerchantTribe",
    "MerchantTribes",
    "Move",
    "Outcome",
    "OwnTribe",
    "Rule",
    "RuleCondition",
    "Side",
    "Told",
    "Tribe",
    "Tribes",
    "TribesOfNetwork",
    "WeekState",
    "condition_words",
    "copied",
    "find",
    "find_in_network",
    "lift_words",
    "move_on",
    "name_words",
    "own_tribe",
    "prior_of",
    "rule_of",
    "rule_words",
    "shares_of_everybody",
    "shrunk",
    "successors",
    "tribes_of_merchant",
    "tribes_of_network",
]
