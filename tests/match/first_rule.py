"""The ranking as it was written first, shop by shop: slow and plain, what the columns are compared with."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from ringmain.match.model.data import Context, Match, MatchedOffer, Person, Reason, ShopFacts
from ringmain.match.model.distance import distances_m, points
from ringmain.match.model.hours import Opening, clock_text, opening
from ringmain.match.model.rank import Stand
from ringmain.match.model.words import Found, WordQuery

Floats = npt.NDArray[np.float64]

# After so many metres the weight of being near has fallen to 37 %: about ten minutes on foot.
_WALK_M = 700.0
_NEAR, _OPEN, _VALUE, _SOON, _NEW, _WORDS = 1.0, 0.6, 0.5, 0.2, 0.15, 3.0
_SOON_DAYS = 3
_FEW_LEFT = 20
_DAY_SECONDS = 86_400


def excludes(stand: Stand, shop_id: UUID, merchant_id: UUID) -> bool:
    """Say whether a shop is where one stands, or its rival: declared by either side."""
    return (
        shop_id == stand.shop_id
        or (stand.merchant_id, shop_id) in stand.rivals
        or (merchant_id, stand.shop_id) in stand.rivals
    )


def may_be_shown(shops: Sequence[ShopFacts], stand: Stand | None, person: Person) -> list[ShopFacts]:
    """Return the shops that may be shown at all, each without the offers that its reader has blocked."""
    kept = []
    for shop in shops:
        if shop.id in person.blocked_shops or (stand is not None and excludes(stand, shop.id, shop.merchant_id)):
            continue
        if person.blocked_offers and any(offer.id in person.blocked_offers for offer in shop.offers):
            left = tuple(offer for offer in shop.offers if offer.id not in person.blocked_offers)
            kept.append(replace(shop, offers=left))
        else:
            kept.append(shop)
    return kept


def rank(shops: Sequence[ShopFacts], context: Context, person: Person, stand: Stand | None = None) -> list[Match]:
    """Return the best shops first, `context.limit` at most; the same input gives the same answer."""
    # Of all shops, shown or not: a block must not change how the others compare.
    usual = _usual(shops)
    shops = may_be_shown(shops, stand, person)
    if context.with_offers_only:
        shops = [shop for shop in shops if shop.offers]
    words: list[Found | None] = [None] * len(shops)
    if context.words.strip():
        query = WordQuery(context.words)
        found = [query.fit(shop.name, shop.category, [offer.name for offer in shop.offers]) for shop in shops]
        words = [one for one in found if one is not None]
        shops = [shop for shop, one in zip(shops, found, strict=True) if one is not None]
    if not shops:
        return []
    openings = _openings(shops, context.at)
    metres = None
    if context.place is not None:
        latitudes = np.array([shop.latitude for shop in shops])
        metres = distances_m(context.place, points(latitudes, np.array([shop.longitude for shop in shops])))
    scores = _scores(shops, context, person, openings, metres, words, usual)
    # Ties are broken by id, so that an answer does not depend on how the database returned its rows.
    order = sorted(range(len(shops)), key=lambda place: (-scores[place], shops[place].id))[: context.limit]
    return [
        _match(
            shops[place],
            context,
            person,
            openings[place],
            None if metres is None else round(float(metres[place])),
            words[place],
            float(scores[place]),
        )
        for place in order
    ]


def _openings(shops: Sequence[ShopFacts], at: datetime) -> list[Opening]:
    local: dict[str, datetime] = {}
    known: dict[tuple[object, str], Opening] = {}
    found = []
    for shop in shops:
        if shop.time_zone not in local:
            local[shop.time_zone] = at.astimezone(ZoneInfo(shop.time_zone))
        key = (shop.hours, shop.time_zone)
        if key not in known:
            now = local[shop.time_zone]
            known[key] = opening(shop.hours, now.weekday(), now.hour * 60 + now.minute)
        found.append(known[key])
    return found


def _scores(
    shops: Sequence[ShopFacts],
    context: Context,
    person: Person,
    openings: Sequence[Opening],
    metres: Floats | None,
    words: Sequence[Found | None],
    usual: float,
) -> Floats:
    scores = np.zeros(len(shops))
    if metres is not None:
        scores += _NEAR * np.exp(-metres / _WALK_M)
    scores += _OPEN * np.array([one.is_open for one in openings])
    # Saturating: an offer of the usual value gets half, and one of ten times it hardly more than one of five.
    best = np.array([_best(shop) for shop in shops], dtype=np.float64)
    scores += _VALUE * best / (best + usual)
    soon = [any(_days_left(offer, context.at) is not None for offer in shop.offers) for shop in shops]
    scores += _SOON * np.array(soon)
    if person.visits is not None:
        scores += _NEW * np.array([shop.id not in person.visits for shop in shops])
    scores += _WORDS * np.array([0.0 if one is None else one.score for one in words])
    return scores


def _best(shop: ShopFacts) -> int:
    """Return the greatest value that a shop's offers have, in minor units."""
    return max((offer.face_minor for offer in shop.offers), default=0)


def _usual(shops: Sequence[ShopFacts]) -> float:
    """Return the median of the greatest values, in minor units; 1 where nobody offers anything."""
    values = [best for shop in shops if (best := _best(shop))]
    return float(np.median(values)) if values else 1.0


def _days_left(offer: MatchedOffer, at: datetime) -> int | None:
    """Return the whole days until an offer ends, where that is soon."""
    if offer.ends_at is None:
        return None
    days = int((offer.ends_at - at).total_seconds() // _DAY_SECONDS)
    return days if days < _SOON_DAYS else None


def _match(
    shop: ShopFacts,
    context: Context,
    person: Person,
    stands: Opening,
    metres: int | None,
    words: Found | None,
    score: float,
) -> Match:
    reasons = []
    if words is not None:
        reasons.append(Reason("words", {"how": words.how, "word": words.word}))
    if metres is not None:
        reasons.append(Reason("distance", {"metres": metres}))
    reasons += _opening_reasons(shop, stands)
    offers = tuple(sorted(shop.offers, key=lambda offer: (-offer.face_minor, offer.id)))
    days = [left for offer in offers if (left := _days_left(offer, context.at)) is not None]
    if days:
        reasons.append(Reason("ends", {"days": min(days)}))
    stock = [offer.stock for offer in offers if offer.stock is not None]
    if stock and len(stock) == len(offers) and sum(stock) <= _FEW_LEFT:
        reasons.append(Reason("few_left", {"left": sum(stock)}))
    if person.visits is not None:
        visits = person.visits.get(shop.id)
        if visits is None:
            reasons.append(Reason("new_to_you"))
        else:
            days_ago = max(int((context.at - visits.last_at).total_seconds() // _DAY_SECONDS), 0)
            reasons.append(Reason("here_before", {"visits": visits.visits, "days": days_ago}))
    return Match(shop, offers, score, metres, stands.is_open, tuple(reasons))


def _opening_reasons(shop: ShopFacts, stands: Opening) -> list[Reason]:
    if shop.hours is None:
        return []
    if stands.is_open:
        return [Reason("open_until", {} if stands.until is None else {"time": clock_text(stands.until)})]
    if stands.opens is None:
        return [Reason("closed", {})]
    return [Reason("closed", {"opens": clock_text(stands.opens), "days": stands.opens_days})]
