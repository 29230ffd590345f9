"""Which shops come before all others: those to which the offers lead that somebody's plan puts first, each to its best.

Nothing is shown that would not be shown without a plan: it only changes the order of what fits.
"""

import numpy as np

from ringmain.match.model.catalogue import Catalogue, Flags, Integers
from ringmain.match.model.data import Context, Person
from ringmain.match.model.distance import Floats

# No further than prizes lead: what is first in a list of what is nearby has to be nearby.
REACH_M = 5_000.0


def first_places(
    catalogue: Catalogue, context: Context, person: Person, offers: Flags, good: Flags, scores: Floats
) -> Integers:
    """Return the places of the shops that come first, without an order; nothing without personal answers.

    `offers` may be shown, `good` are shops that may come first. Of each offer it is the shop with the highest score: a
    chain would fill the list. An offer that leads everywhere puts no shop before another.
    """
    if not context.first_offers or not context.personal or person.visits is None:
        return np.zeros(0, dtype=np.int64)
    found = set()
    for offer_id in sorted(context.first_offers):
        place = catalogue.offer_place.get(offer_id)
        if place is None or not offers[place] or catalogue.pays_points[place]:
            continue
        shops = catalogue.links.owner[catalogue.links.value == place]
        shops = shops[good[shops]]
        if len(shops):
            found.add(int(shops[np.argmax(scores[shops])]))
    return np.array(sorted(found), dtype=np.int64)


def may_come_first(shown: Flags, metres: Floats | None, words: Floats | None) -> Flags:
    """Say which of the shops that are shown may come first: near enough, and fitting typed words as well as any."""
    good = shown.copy()
    if metres is not None:
        good &= metres <= REACH_M
    if words is not None and shown.any():
        # Whoever types a name looks for that shop, and for no other that sounds like it.
        good &= words >= words[shown].max()
    return good
