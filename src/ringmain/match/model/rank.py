"""The rules of ranking: near, open, worth something, wanted, ending soon, new; and never what may not be shown.

The weights are judgements, not measurements: they make an order that people find plausible, and every term is told as
a reason. Learned ranking replaces `_scores` and nothing else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

from ringmain.kit.pure.clock import microseconds
from ringmain.match.model.catalogue import Catalogue, Flags, Integers, Left
from ringmain.match.model.data import Context, Match, MatchedOffer, Person, Reason, ShopFacts
from ringmain.match.model.distance import Floats, distances_m
from ringmain.match.model.first import first_places, may_come_first
from ringmain.match.model.hours import Opening, clock_text, opening
from ringmain.match.model.vocabulary import Vocabulary
from ringmain.match.model.words import ENOUGH, WordQuery

# After so many metres the weight of being near has fallen to 37 %: about ten minutes on foot.
WALK_M = 700.0
_NEAR, _OPEN, _VALUE, _NEED, _TRIBE, _SOON, _NEW, _WORDS = 1.0, 0.6, 0.5, 0.5, 0.25, 0.2, 0.15, 3.0
# From this chance on that the next visit is there, a need is worth a word; of a dozen shops a guess gives half of it.
_WANTED = 0.15
_SOON_DAYS = 3
_FEW_LEFT = 20
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the person stands: the shop, its merchant, and every declaration of rivals as (merchant, rival shop)."""

    shop_id: UUID
    merchant_id: UUID
    rivals: frozenset[tuple[UUID, UUID]] = frozenset()


def rank(
    catalogue: Catalogue,
    left: Left,
    context: Context,
    person: Person,
    stand: Stand | None = None,
    vocabulary: Vocabulary | None = None,
) -> list[Match]:
    """Return the best shops first, `context.limit` at most; the same input gives the same answer.

    `vocabulary` is that of the catalogue, where somebody keeps it; it is made where words were typed and none is given.
    """
    ranked = Ranked(catalogue, left, context, person, stand, vocabulary)
    return [ranked.match(place) for place in ranked.first]


class Ranked:
    """The shops of one answer by their places in the catalogue: `first` are the best, `context.limit` at most."""

    def __init__(
        self,
        catalogue: Catalogue,
        left: Left,
        context: Context,
        person: Person,
        stand: Stand | None = None,
        vocabulary: Vocabulary | None = None,
    ) -> None:
        grantable, mine, shown = allowed(catalogue, left, context, person, stand)
        query, words = None, None
        if context.words.strip():
            query = WordQuery(context.words)
            words = (vocabulary or Vocabulary(catalogue)).scores(query, mine)
            shown &= words >= ENOUGH if query.tokens else False
        self._metres = None
        if context.place is not None:
            self._metres = distances_m(context.place, catalogue.points)
        self._catalogue, self._context, self._shown, self._mine = catalogue, context, shown, mine
        self._scores = _scores(catalogue, context, person, (grantable, mine), self._metres, words)
        before = first_places(
            catalogue, context, person, mine, may_come_first(shown, self._metres, words), self._scores
        )
        self._answer = Answer(catalogue, left, mine, context, person, query, frozenset(before.tolist()))
        first = _first(self._scores, before, context.limit)
        rest = np.setdiff1d(np.flatnonzero(shown), before, assume_unique=True)
        self.first: list[int] = [*first.tolist(), *_first(self._scores, rest, context.limit - len(first)).tolist()]

    def match(self, place: int) -> Match:
        """Return a shop with its offers and the reasons why it is shown."""
        return self._answer.match(place, float(self._scores[place]), self._metres)

    def others(self, within_m: float) -> Integers:
        """Return the places of shops that are not among the first, and are as good a visit as those.

        They may be shown, are open, have an offer that can be granted now, and are near enough where a place is known.
        """
        good = self._shown & self._catalogue.open_at(self._context.at) & self._catalogue.has(self._mine)
        if self._metres is not None:
            good &= self._metres <= within_m
        good[self.first] = False
        found: Integers = np.flatnonzero(good)
        return found


def allowed(
    catalogue: Catalogue, left: Left, context: Context, person: Person, stand: Stand | None
) -> tuple[Flags, Flags, Flags]:
    """Return which offers can be granted at all, which of them may be shown here, and which shops may be shown."""
    grantable = left.grantable & catalogue.valid(context.at)
    mine = _without(grantable, _left_out(catalogue, context, person))
    if context.offer_id is not None:
        mine = mine & (np.arange(len(mine)) == catalogue.offer_place.get(context.offer_id, -1))
    shown = _without(np.ones(len(catalogue.shops), dtype=np.bool_), _hidden(catalogue, person, stand))
    if context.with_offers_only or context.offer_id is not None:
        shown &= catalogue.has(mine)
    return grantable, mine, shown


def _first(scores: Floats, places: Integers, count: int) -> Integers:
    """Return the `count` places with the highest scores, the best first; only those that may be among them are sorted.

    Stable, and shops stand in the order of their ids: ties do not depend on how the database returned its rows.
    """
    if 0 < count < len(places):
        least = np.partition(scores[places], -count)[-count]
        places = places[scores[places] >= least]
    return places[np.argsort(-scores[places], kind="stable")][:count]


def _hidden(catalogue: Catalogue, person: Person, stand: Stand | None) -> list[int | None]:
    """Return the places of the shops that may not be shown: blocked ones, that where one stands, and its rivals."""
    hidden = [catalogue.place_of.get(id_) for id_ in person.blocked_shops]
    if stand is not None:
        hidden.append(catalogue.place_of.get(stand.shop_id))
        for merchant_id, rival_shop_id in stand.rivals:
            if merchant_id == stand.merchant_id:
                hidden.append(catalogue.place_of.get(rival_shop_id))
            if rival_shop_id == stand.shop_id:
                hidden += catalogue.by_merchant.get(merchant_id, [])
    return hidden


def _left_out(catalogue: Catalogue, context: Context, person: Person) -> list[int | None]:
    """Return the places of the offers that may not be shown: blocked ones, and what the caller leaves out."""
    places = [catalogue.offer_place.get(id_) for id_ in (*person.blocked_offers, *context.without_offers)]
    if context.without_owners:
        places += [place for place, one in enumerate(catalogue.offers) if one.merchant_id in context.without_owners]
    return places


def _without(flags: Flags, places: Iterable[int | None]) -> Flags:
    taken = [place for place in places if place is not None]
    if not taken:
        return flags
    left = flags.copy()
    left[taken] = False
    return left


def _scores(
    catalogue: Catalogue,
    context: Context,
    person: Person,
    offers: tuple[Flags, Flags],
    metres: Floats | None,
    words: Floats | None,
) -> Floats:
    """Return the score of every shop; `offers` are those that can be granted, and those of them not blocked."""
    grantable, mine = offers
    scores = np.zeros(len(catalogue.shops))
    if metres is not None:
        scores += _NEAR * np.exp(-metres / WALK_M)
    scores += _OPEN * catalogue.open_at(context.at)
    # Of all shops, shown or not, and all offers: a block must not change how the others compare.
    best = catalogue.best(np.where(grantable, catalogue.face, 0.0))
    usual = usual_face(best)
    if mine is not grantable:
        best = catalogue.best(np.where(mine, catalogue.face, 0.0))
    # Saturating: an offer of the usual value gets half, and one of ten times it hardly more than one of five.
    scores += _VALUE * best / (best + usual)
    soon = mine & (catalogue.ends < microseconds(context.at) + _SOON_DAYS * _DAY_SECONDS * 1_000_000)
    if soon.any():
        scores += _SOON * catalogue.has(soon)
    if person.visits is not None:
        known = [catalogue.place_of.get(id_) for id_ in person.visits]
        scores += _NEW * _without(np.ones(len(scores), dtype=np.bool_), known)
    scores += _NEED * _chances(catalogue, person)
    for category, share in person.prior.items():
        scores[catalogue.by_category.get(category, [])] += _TRIBE * min(max(share, 0.0), 1.0)
    if words is not None:
        scores += _WORDS * words
    return scores


def _chances(catalogue: Catalogue, person: Person) -> Floats:
    """Return for each shop how probable it is that the person comes there next, from 0 to 1."""
    chances = np.zeros(len(catalogue.shops))
    for shop_id, chance in person.needs.items():
        place = catalogue.place_of.get(shop_id)
        if place is not None:
            chances[place] = min(max(chance, 0.0), 1.0)
    return chances


def usual_face(best: Floats) -> float:
    """Return the median of the greatest values, in minor units; 1 where nobody offers anything."""
    values = best[best > 0]
    return float(np.median(values)) if len(values) else 1.0


def _days_left(offer: MatchedOffer, at: datetime) -> int | None:
    """Return the whole days until an offer ends, where that is soon."""
    if offer.ends_at is None:
        return None
    days = int((offer.ends_at - at).total_seconds() // _DAY_SECONDS)
    return days if days < _SOON_DAYS else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is looked at to show one shop of an answer; only those that are shown are looked at one by one."""

    catalogue: Catalogue
    left: Left
    offers: Flags
    context: Context
    person: Person
    query: WordQuery | None
    before: frozenset[int] = frozenset()  # places of shops that come first by a plan

    def match(self, place: int, score: float, metres: Floats | None) -> Match:
        """Return a shop with its offers and the reasons why it is shown."""
        shop = self._shop(place)
        local = self.context.at.astimezone(ZoneInfo(shop.time_zone))
        stands = opening(shop.hours, local.weekday(), local.hour * 60 + local.minute)
        distance_m = None if metres is None else round(float(metres[place]))
        reasons = []
        if self.query is not None:
            words = self.query.fit(shop.name, shop.category, [offer.name for offer in shop.offers])
            assert words is not None
            reasons.append(Reason("words", {"how": words.how, "word": words.word}))
        if distance_m is not None:
            reasons.append(Reason("distance", {"metres": distance_m}))
        reasons += _opening_reasons(shop, stands)
        planned = self.context.first_offers if place in self.before else frozenset()
        if planned:
            reasons.insert(0, Reason("first"))
        offers = tuple(sorted(shop.offers, key=lambda offer: (offer.id not in planned, -offer.face_minor, offer.id)))
        reasons += _offer_reasons(offers, self.context.at)
        if self.person.needs.get(shop.id, 0.0) >= _WANTED:
            reasons.append(Reason("need", {"category": shop.category}))
        elif shop.category in self.person.prior:
            reasons.append(Reason("tribe", {"category": shop.category}))
        reasons += self._past(shop.id)
        return Match(shop, offers, score, distance_m, stands.is_open, tuple(reasons))

    def _shop(self, place: int) -> ShopFacts:
        offers = []
        for one in self.catalogue.offers_of(place, self.offers):
            offer, stock = self.catalogue.offers[one].offer, int(self.left.stock[one])
            offers.append(offer if stock < 0 else replace(offer, stock=stock))
        return replace(self.catalogue.shops[place], offers=tuple(offers))

    def _past(self, shop_id: UUID) -> list[Reason]:
        if self.person.visits is None:
            return []
        visits = self.person.visits.get(shop_id)
        if visits is None:
            return [Reason("new_to_you")]
        days = max(int((self.context.at - visits.last_at).total_seconds() // _DAY_SECONDS), 0)
        return [Reason("here_before", {"visits": visits.visits, "days": days})]


def _offer_reasons(offers: Sequence[MatchedOffer], at: datetime) -> list[Reason]:
    reasons = []
    days = [left for offer in offers if (left := _days_left(offer, at)) is not None]
    if days:
        reasons.append(Reason("ends", {"days": min(days)}))
    stock = [offer.stock for offer in offers if offer.stock is not None]
    if stock and len(stock) == len(offers) and sum(stock) <= _FEW_LEFT:
        reasons.append(Reason("few_left", {"left": sum(stock)}))
    return reasons


def _opening_reasons(shop: ShopFacts, stands: Opening) -> list[Reason]:
    if shop.hours is None:
        return []
    if stands.is_open:
        return [Reason("open_until", {} if stands.until is None else {"time": clock_text(stands.until)})]
    if stands.opens is None:
        return [Reason("closed", {})]
    return [Reason("closed", {"opens": clock_text(stands.opens), "days": stands.opens_days})]
