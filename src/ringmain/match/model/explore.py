"""A small share of the places of an answer is given by chance, rather to shops that were shown little lately.

What is always shown by the same rule teaches nothing of the rest, and who is not seen stays unseen. Each place after
the first one is given away with the chance `SHARE`, to one of the other shops that are as good a visit; there a shop is
drawn with a probability proportional to 1 / (1 + how often it was shown in the week before). All else goes on by rank.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np

from ringmain.match.model.catalogue import Integers
from ringmain.match.model.data import Context
from ringmain.match.model.distance import Floats

SHARE = 0.03
# Half an hour on foot; where the place is not known, nothing is too far.
REACH_M = 2_000.0
# Who looks again within it is shown the same.
_SAME_FOR_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Drawn:
    """A shop by its place in the catalogue.

    `propensity` is the probability of this shop in this place of the answer, given the places before it.
    """

    shop: int
    propensity: float
    explored: bool


def explores(context: Context) -> bool:
    """Say whether chance has a part in an answer: not where somebody looks for something by its name, or one offer."""
    return not context.words.strip() and context.offer_id is None


def fair_weights(shown: Floats) -> Floats:
    """Return how much more one shop is drawn than another; `shown` is how often each was shown in the week before."""
    weights: Floats = 1.0 / (1.0 + shown)
    return weights


def draw(first: Sequence[int], others: Integers, weights: Floats, seed: int) -> list[Drawn]:
    """Return as many shops as there are `first`; `weights` are those of `others`, which are none of them.

    The same input gives the same answer.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    left, ranked = weights.copy(), iter(first)
    drawn: list[Drawn] = []
    for number, given_away in enumerate(random.random(len(first)) < SHARE):
        total = left.sum()
        share = SHARE if number and total > 0 else 0.0
        if share and given_away:
            chances = left / total
            one = int(random.choice(len(others), p=chances))
            left[one] = 0.0
            drawn.append(Drawn(int(others[one]), share * float(chances[one]), explored=True))
        else:
            drawn.append(Drawn(next(ranked), 1.0 - share, explored=False))
    return drawn


def seed_of(network_id: UUID, context: Context, *, personal: bool) -> int:
    """Return the seed of an answer: the same within a quarter of an hour for who asks the same at the same place.

    The person is part of it only where they agreed to personal answers. It is kept nowhere: it would tell the place.
    """
    who = context.subject_ids[:1] if personal else ()
    asked = (network_id, _quarter(context.at), context.place, context.at_shop_id, who, context.limit)
    return int.from_bytes(hashlib.blake2b(repr(asked).encode(), digest_size=16).digest())


def _quarter(at: datetime) -> int:
    return int(at.timestamp()) // _SAME_FOR_SECONDS
