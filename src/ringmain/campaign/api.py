"""All that other slices may call of plays."""

from ringmain.campaign.claim import Claimed, claim
from ringmain.campaign.draw import Draw, Player, Prize, draw
from ringmain.campaign.receipt import NextVoucher, next_voucher
from ringmain.campaign.show import read_draw
from ringmain.campaign.store import Missed, missed
from ringmain.campaign.take import take, taken_today
from ringmain.campaign.tell import winners

__all__ = [
    "Claimed",
    "Draw",
    "Missed",
    "NextVoucher",
    "Player",
    "Prize",
    "claim",
    "draw",
    "missed",
    "next_voucher",
    "read_draw",
    "take",
    "taken_today",
    "winners",
]
