"""All that other slices may call of plays."""

from ringmain.campaign.allocation import (
    SHARPNESS,
    Allocation,
    Bands,
    Budgets,
    Candidates,
    Pace,
    Picked,
    Prices,
    Problem,
    allocate,
    moved,
    multiplier,
    pick,
    used,
    worth,
)
from ringmain.campaign.claim import Claimed, claim
from ringmain.campaign.draw import Draw, Player, Prize, draw
from ringmain.campaign.receipt import NextVoucher, next_voucher
from ringmain.campaign.show import read_draw
from ringmain.campaign.store import Missed, missed
from ringmain.campaign.take import take, taken_today
from ringmain.campaign.tell import winners
from ringmain.campaign.uplift import Effects, Experiment, Known, cross_fitted, effects, two_boosted, two_logistic
from ringmain.campaign.value import Asked, Value, expected

__all__ = [
    "SHARPNESS",
    "Allocation",
    "Asked",
    "Bands",
    "Budgets",
    "Candidates",
    "Claimed",
    "Draw",
    "Effects",
    "Experiment",
    "Known",
    "Missed",
    "NextVoucher",
    "Pace",
    "Picked",
    "Player",
    "Prices",
    "Prize",
    "Problem",
    "Value",
    "allocate",
    "claim",
    "cross_fitted",
    "draw",
    "effects",
    "expected",
    "missed",
    "moved",
    "multiplier",
    "next_voucher",
    "pick",
    "read_draw",
    "take",
    "taken_today",
    "two_boosted",
    "two_logistic",
    "used",
    "winners",
    "worth",
]
