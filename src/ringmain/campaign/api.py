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
from ringmain.campaign.games.manage import Published, add_stock, close_game, list_games, open_game, read_game
from ringmain.campaign.games.model import Game, GameKind, NewGame, NewPrize, packed
from ringmain.campaign.games.model import Prize as GamePrize
from ringmain.campaign.games.play import Played, Plays, Won, play, play_game
from ringmain.campaign.games.store import play_of_voucher, plays_unlike_their_vouchers
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
    "Game",
    "GameKind",
    "GamePrize",
    "Known",
    "Missed",
    "NewGame",
    "NewPrize",
    "NextVoucher",
    "Pace",
    "Picked",
    "Played",
    "Player",
    "Plays",
    "Prices",
    "Prize",
    "Problem",
    "Published",
    "Value",
    "Won",
    "add_stock",
    "allocate",
    "claim",
    "close_game",
    "cross_fitted",
    "draw",
    "effects",
    "expected",
    "list_games",
    "missed",
    "moved",
    "multiplier",
    "next_voucher",
    "open_game",
    "packed",
    "pick",
    "play",
    "play_game",
    "play_of_voucher",
    "plays_unlike_their_vouchers",
    "read_draw",
    "read_game",
    "take",
    "taken_today",
    "two_boosted",
    "two_logistic",
    "used",
    "winners",
    "worth",
]
