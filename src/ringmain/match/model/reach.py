"""All that may be shown to somebody, as columns: every offer at every shop to which it leads, with what it rests on."""

from dataclasses import dataclass

import numpy as np

from ringmain.match.model.catalogue import Catalogue, Flags, Integers, Left
from ringmain.match.model.data import Context, Match, Person
from ringmain.match.model.distance import Floats, distances_m
from ringmain.match.model.rank import WALK_M, Answer, Stand, allowed, usual_face

# An offer that leads everywhere stands beside so many of the nearest shops: of all of them nobody would choose.
_EVERYWHERE = 50


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """One row per shop and offer, the shops in the order of their ids; every column is (rows,).

    `shop`, `offer` are places in the catalogue; `cost` is what a voucher sets aside, in minor units. `near` is 1 at the
    shop, 0.37 ten minutes' walk away; `pull` is face / (face + the usual face); `week_chance` that the person comes
    there within a week, `taste` the share of visits that people alike make to shops of its kind: NaN where unknown.
    """

    shop: Integers
    offer: Integers
    cost: Integers
    near: Floats
    pull: Floats
    week_chance: Floats
    taste: Floats
    catalogue: Catalogue
    _answer: Answer
    _metres: Floats | None

    def match(self, shop: int) -> Match:
        """Return a shop as it is shown, with all its offers and the reasons why; its score means nothing."""
        return self._answer.match(shop, 0.0, self._metres)


def reach(catalogue: Catalogue, left: Left, context: Context, person: Person, stand: Stand | None = None) -> Reach:
    """Return all that may be shown; what must be paid for in points is none of it, words are not looked at."""
    grantable, mine, shown = allowed(catalogue, left, context, person, stand)
    free = mine & ~catalogue.pays_points
    metres = None
    near = np.ones(len(catalogue.shops))
    if context.place is not None:
        metres = distances_m(context.place, catalogue.points)
        near = np.exp(-metres / WALK_M)
    shop, offer = _rows(catalogue, free, shown, near)
    face, usual = catalogue.face[offer], usual_face(catalogue.best(np.where(grantable, catalogue.face, 0.0)))
    week = np.full(len(catalogue.shops), np.nan)
    for shop_id, chance in person.weeks.items():
        place = catalogue.place_of.get(shop_id)
        if place is not None:
            week[place] = chance
    taste = np.full(len(catalogue.shops), np.nan)
    for category, share in person.prior.items():
        taste[catalogue.by_category.get(category, [])] = share
    answer = Answer(catalogue, left, mine, context, person, None)
    pull = face / (face + usual)
    return Reach(
        shop, offer, catalogue.cost[offer], near[shop], pull, week[shop], taste[shop], catalogue, answer, metres
    )


def _rows(catalogue: Catalogue, free: Flags, shown: Flags, near: Floats) -> tuple[Integers, Integers]:
    linked = shown[catalogue.links.owner] & free[catalogue.links.value]
    shops = [catalogue.links.owner[linked]]
    offers = [catalogue.links.value[linked]]
    places = np.flatnonzero(shown)
    nearest = places[np.argsort(-near[places], kind="stable")][:_EVERYWHERE]
    for offer in catalogue.everywhere[free[catalogue.everywhere]].tolist():
        shops.append(nearest)
        offers.append(np.full(len(nearest), offer))
    shop, offer = np.concatenate(shops), np.concatenate(offers)
    order = np.lexsort((offer, shop))
    return shop[order], offer[order]
