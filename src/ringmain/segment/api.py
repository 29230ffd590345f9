"""What other slices may ask about groups of people: their tribes, the rules that tell them, and who moved."""

from ringmain.segment.identity import Move, move_on, successors
from ringmain.segment.rules import Condition, Rule, rule_of
from ringmain.segment.tribes import Tribes, find, shares_of_everybody, shrunk

__all__ = [
    "Condition",
    "Move",
    "Rule",
    "Tribes",
    "find",
    "move_on",
    "rule_of",
    "shares_of_everybody",
    "shrunk",
    "successors",
]
