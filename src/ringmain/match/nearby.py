"""Find shops and offers for a person here and now: a few queries for the whole network, then one ranking in memory."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.match.blocks import blocks
from ringmain.match.model import Context, Match, MatchedOffer, Person, Place, ShopFacts, ShopVisits, Stand, rank
from ringmain.member import api as member
from ringmain.member.api import Purpose
from ringmain.network import api as network
from ringmain.network.api import Shop
from ringmain.network.errors import ShopNotFound
from ringmain.sale import api as sale
from ringmain.voucher import api as voucher
from ringmain.voucher.api import PublishedOffer


async def nearby(uow: UnitOfWork, context: Context) -> list[Match]:
    """Return shops with the offers that can be granted now, best first, each with its reasons.

    Never shown: the shop where the person stands, its rivals, and what the person has blocked. Without the person's
    consent to personalisation nothing but their blocks matters. Nothing is written, neither place nor words are kept.
    Raises `ShopNotFound` where `at_shop_id` is unknown.
    """
    shops = await network.all_shops(uow)
    stand, place = await _stand(uow, context, shops)
    offers = await voucher.grantable(uow, context.at)
    person = await who_asks(uow, context.subject_ids, personal=context.personal)
    facts = with_offers(shops, offers, uow.network_id)
    return rank(facts, replace(context, place=place), person, stand)


async def who_asks(uow: UnitOfWork, subject_ids: Sequence[UUID], *, personal: bool = True) -> Person:
    """Return what may be looked at of a person: their blocks always, where they went only with their consent."""
    if not subject_ids:
        return Person()
    blocked = await blocks(uow, subject_ids)
    visits = None
    if personal and subject_ids[0] in await member.consented(uow, subject_ids[:1], Purpose.PERSONALISATION):
        found = await sale.visits_of(uow, subject_ids)
        visits = {one.shop_id: ShopVisits(one.visits, one.last_at) for one in found}
    return Person(
        frozenset(one.shop_id for one in blocked if one.shop_id is not None),
        frozenset(one.offer_id for one in blocked if one.offer_id is not None),
        visits,
    )


def with_offers(shops: Iterable[Shop], offers: Iterable[PublishedOffer], network_id: UUID) -> list[ShopFacts]:
    """Return shops with the offers that lead to them.

    An offer leads to the shops that it names; one that names none, to its creator's own shops, and where the network
    itself is its creator, to every shop.
    """
    by_shop: dict[UUID, list[MatchedOffer]] = {}
    by_merchant: dict[UUID, list[MatchedOffer]] = {}
    everywhere: list[MatchedOffer] = []
    for offer in offers:
        matched = _matched(offer)
        if offer.terms.shop_ids:
            for shop_id in offer.terms.shop_ids:
                by_shop.setdefault(shop_id, []).append(matched)
        elif offer.creator_merchant_id == network_id:
            everywhere.append(matched)
        else:
            by_merchant.setdefault(offer.creator_merchant_id, []).append(matched)
    return [
        ShopFacts(
            id=shop.id,
            merchant_id=shop.merchant_id,
            name=shop.name,
            category=shop.category,
            latitude=shop.latitude,
            longitude=shop.longitude,
            time_zone=shop.time_zone,
            hours=shop.hours,
            offers=(*by_shop.get(shop.id, ()), *by_merchant.get(shop.merchant_id, ()), *everywhere),
        )
        for shop in shops
    ]


async def _stand(uow: UnitOfWork, context: Context, shops: Sequence[Shop]) -> tuple[Stand | None, Place | None]:
    if context.at_shop_id is None:
        return None, context.place
    here = next((shop for shop in shops if shop.id == context.at_shop_id), None)
    if here is None:
        raise ShopNotFound(shop_id=context.at_shop_id)
    rivals = frozenset(await network.rival_shops(uow))
    place = context.place or Place(here.latitude, here.longitude)
    return Stand(here.id, here.merchant_id, rivals), place


def _matched(offer: PublishedOffer) -> MatchedOffer:
    terms = offer.terms
    return MatchedOffer(
        id=offer.id,
        name=offer.name,
        kind=terms.kind,
        currency=terms.currency,
        face_minor=terms.face_minor,
        percent_bp=terms.percent_bp,
        minimum_minor=terms.minimum_minor,
        parts=terms.parts,
        goods=terms.goods,
        price_points=terms.price_points,
        stock=offer.stock,
        valid_days=terms.valid_days,
        ends_at=terms.valid_until,
    )
