"""Find shops and offers for a person here and now: the catalogue from memory, ranked by its columns."""

from collections.abc import Sequence
from dataclasses import replace

from ringmain.kit.db import UnitOfWork
from ringmain.ledger import api as ledger
from ringmain.match.blocks import blocks
from ringmain.match.catalogue import Kept, catalogue_of, left
from ringmain.match.model import Catalogue, Context, Match, Person, Place, ShopVisits, Stand, rank
from ringmain.member import api as member
from ringmain.member.api import Purpose
from ringmain.need import api as need
from ringmain.network import api as network
from ringmain.network.errors import ShopNotFound
from ringmain.profile import api as profile
from ringmain.sale import api as sale
from ringmain.segment import api as segment
from ringmain.voucher import api as voucher


async def nearby(uow: UnitOfWork, context: Context) -> list[Match]:
    """Return shops with the offers that can be granted now, best first, each with its reasons.

    Never shown: the shop where the person stands, its rivals, and what the person has blocked. Without the person's
    consent to personalisation nothing but their blocks matters. Nothing is written, neither place nor words are kept.
    Raises `ShopNotFound` where `at_shop_id` is unknown.
    """
    kept = await catalogue_of(uow, context.at)
    stand, place = await _stand(uow, context, kept.catalogue)
    context = replace(context, place=place)
    person = await who_asks(uow, context)
    standing, fresh = await left(uow, kept)
    found = rank(kept.catalogue, standing, context, person, stand, kept.vocabulary)
    if fresh or await _granted_still(uow, kept, found):
        return found
    standing, _ = await left(uow, kept, fresh=True)
    return rank(kept.catalogue, standing, context, person, stand, kept.vocabulary)


async def _granted_still(uow: UnitOfWork, kept: Kept, found: Sequence[Match]) -> bool:
    """Say whether every offer that would be shown is in stock and funded now; the catalogue knows the rest."""
    places = [kept.catalogue.offer_place[offer.id] for one in found for offer in one.offers]
    shown = [kept.catalogue.offers[place] for place in places]
    if not shown:
        return True
    stocks = await voucher.stocks(uow, [one.offer.id for one in shown])
    funds = await ledger.spendable_in_order(uow, [one.purse_id for one in shown])
    return 0 not in stocks and all(fund >= one.cost_minor for fund, one in zip(funds, shown, strict=True))


async def who_asks(uow: UnitOfWork, context: Context) -> Person:
    """Return what may be looked at of who asks: their blocks always, the rest only with their consent.

    The rest is where they went, what a forecast expects them to want next, and of newcomers what their tribe does.
    """
    subject_ids = context.subject_ids
    if not subject_ids:
        return Person()
    blocked = await blocks(uow, subject_ids)
    visits, needs, prior = None, {}, {}
    if context.personal and subject_ids[0] in await member.consented(uow, subject_ids[:1], Purpose.PERSONALISATION):
        found = await sale.visits_of(uow, subject_ids, without=await profile.disputed_sales(uow, subject_ids))
        visits = {one.shop_id: ShopVisits(one.visits, one.last_at) for one in found}
        needs = {one.shop_id: one.next_chance for one in await need.needs(uow, subject_ids, context.at)}
        # What people alike do says something only as long as somebody's own visits do not.
        if sum(one.visits for one in found) < profile.FEWEST_FACTS:
            prior = await segment.prior_of(uow, subject_ids[0])
    return Person(
        frozenset(one.shop_id for one in blocked if one.shop_id is not None),
        frozenset(one.offer_id for one in blocked if one.offer_id is not None),
        visits,
        needs,
        prior,
    )


async def _stand(uow: UnitOfWork, context: Context, catalogue: Catalogue) -> tuple[Stand | None, Place | None]:
    if context.at_shop_id is None:
        return None, context.place
    if context.at_shop_id not in catalogue.place_of:
        raise ShopNotFound(shop_id=context.at_shop_id)
    here = catalogue.shops[catalogue.place_of[context.at_shop_id]]
    rivals = frozenset(await network.rivals_of(uow, here.merchant_id, here.id))
    place = context.place or Place(here.latitude, here.longitude)
    return Stand(here.id, here.merchant_id, rivals), place
