"""What the doors may ask of simulations: replays of recorded years, and a made-up street that lives now."""

from ringmain.simulate import street
from ringmain.simulate.choice import MostFollowed
from ringmain.simulate.complete_journey import load
from ringmain.simulate.foretold import choice_named
from ringmain.simulate.journey import Journey, traps
from ringmain.simulate.replay import Replay, Replayed, is_unfinished
from ringmain.simulate.town import NETWORK_ID, shop_id
from ringmain.simulate.what_if import offered as what_if

MOST_FOLLOWED = MostFollowed.name

__all__ = [
    "MOST_FOLLOWED",
    "NETWORK_ID",
    "Journey",
    "Replay",
    "Replayed",
    "choice_named",
    "is_unfinished",
    "load",
    "shop_id",
    "street",
    "traps",
    "what_if",
]
