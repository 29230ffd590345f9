"""All that other slices may call of plays."""

from ringmain.campaign.claim import Claimed, claim
from ringmain.campaign.draw import Draw, Player, Prize, draw
from ringmain.campaign.receipt import NextVoucher, next_voucher
from ringmain.campaign.show import read_draw
from ringmain.campaign.store import Missed, missed
from ringmain.campaign.take import take, taken_today
from ringmain.campaign.tell import winners
from ringmain.campaign.uplift import Effects, Experiment, Known, cross_fitted, effects, two_boosted, two_logistic

__all__ = [
    "Claimed",
    "Draw",
    "Effects",
    "Experiment",
    "Known",
    "Missed",
    "NextVoucher",
    "Player",
    "Prize",
    "claim",
    "cross_fitted",
    "draw",
    "effects",
    "missed",
    "next_voucher",
    "read_draw",
    "take",
    "taken_today",
    "two_boosted",
    "two_logistic",
    "winners",
]
