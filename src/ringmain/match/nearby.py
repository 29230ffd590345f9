"""Find shops and offers for a person here and now: the catalogue from memory, ranked by its columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from ringmain.kit.db import Pending, UnitOfWork
from ringmain.match import store
from ringmain.match.catalogue import Kept, catalogue_of, exposures, left, stocks_and_funds
from ringmain.match.model import (
    REACH_M,
    Block,
    Catalogue,
    Context,
    Drawn,
    Left,
    Match,
    Person,
    Place,
    Ranked,
    Reach,
    ShopVisits,
    Stand,
    draw,
    explores,
    fair_weights,
    seed_of,
)
from ringmain.match.model import reach as reach_columns
from ringmain.member import api as member
from ringmain.member.api import Purpose
from ringmain.need import api as need
from ringmain.network import api as network
from ringmain.network.errors import ShopNotFound
from ringmain.profile import api as profile
from ringmain.sale import api as sale
from ringmain.segment import api as segment


@dataclass(frozen=True, slots=True)
class Found:
    """Shops as they are shown, and how each came to its place; `candidates` could have been drawn.

    `personal`: the person who asks agreed to personal answers.
    """

    matches: list[Match]
    drawn: list[Drawn]
    candidates: int
    personal: bool


async def nearby(uow: UnitOfWork, context: Context) -> list[Match]:
    """Return shops with the offers that can be granted now, best first, each with its reasons.

    Never shown: the shop where the person stands, its rivals, and what the person has blocked. Without the person's
    consent to personalisation nothing but their blocks matters. Nothing is written, neither place nor words are kept.
    Raises `ShopNotFound` where `at_shop_id` is unknown.
    """
    return (await find(uow, context, explore=False)).matches


async def find(uow: UnitOfWork, context: Context, *, explore: bool) -> Found:
    """Return what `nearby` does; with `explore` a small share of places is given by chance (`model.explore`)."""
    asked = await who_asks(uow, context)
    kept = await catalogue_of(uow, context.at)
    stand, place = await _stand(uow, context, kept.catalogue)
    context = replace(context, place=place)
    person = await asked.person()
    shown = await exposures(uow, kept, context.at) if explore and explores(context) else None

    def found(standing: Left) -> Found:
        ranked = Ranked(kept.catalogue, standing, context, person, stand, kept.vocabulary)
        personal = person.visits is not None
        if shown is None:
            drawn, others = [Drawn(one, 1.0, explored=False) for one in ranked.first], 0
        else:
            places = ranked.others(REACH_M)
            seed = seed_of(uow.network_id, context, personal=personal)
            drawn, others = draw(ranked.first, places, fair_weights(shown[places]), seed), len(places)
        return Found([ranked.match(one.shop) for one in drawn], drawn, others, personal)

    standing, fresh = await left(uow, kept)
    answer = found(standing)
    if fresh or await _granted_still(uow, kept, answer.matches):
        return answer
    standing, _ = await left(uow, kept, fresh=True)
    return found(standing)


async def reach(uow: UnitOfWork, context: Context, *, fresh: bool = False) -> Reach:
    """Return all that may be shown to a person here and now, as columns, without an order; see `nearby`.

    What is left of the offers of a large network may be a second old; `fresh` reads it now. Raises `ShopNotFound`.
    """
    asked = await who_asks(uow, context)
    kept = await catalogue_of(uow, context.at)
    stand, place = await _stand(uow, context, kept.catalogue)
    person = await asked.person()
    standing, _ = await left(uow, kept, fresh=fresh)
    return reach_columns(kept.catalogue, standing, replace(context, place=place), person, stand)


async def _granted_still(uow: UnitOfWork, kept: Kept, found: Sequence[Match]) -> bool:
    """Say whether every offer that would be shown is in stock and funded now; the catalogue knows the rest."""
    places = [kept.catalogue.offer_place[offer.id] for one in found for offer in one.offers]
    shown = [kept.catalogue.offers[place] for place in places]
    if not shown:
        return True
    async with uow.keyed():
        stocks, funds = await stocks_and_funds(uow, [one.offer.id for one in shown], [one.purse_id for one in shown])
    return 0 not in stocks and all(fund >= one.cost_minor for fund, one in zip(funds, shown, strict=True))


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of who asks, and is on its way; None where they did not agree to be known by it."""

    uow: UnitOfWork
    subject_ids: tuple[UUID, ...] = ()
    blocks: Pending[Block] | None = None
    visits: Pending[sale.VisitsRow] | None = None
    needs: Pending[need.Need] | None = None

    async def person(self) -> Person:
        """Wait for the answers."""
        blocked = await self.blocks.all() if self.blocks is not None else []
        visits = await self.visits.all() if self.visits is not None else None
        needs = await self.needs.all() if self.needs is not None else []
        prior: Mapping[str, float] = {}
        # What people alike do says something only as long as somebody's own visits do not.
        if visits is not None and sum(one.visits for one in visits) < profile.FEWEST_FACTS:
            prior = await segment.prior_of(self.uow, self.subject_ids[0])
        return Person(
            frozenset(one.shop_id for one in blocked if one.shop_id is not None),
            frozenset(one.offer_id for one in blocked if one.offer_id is not None),
            None if visits is None else {one.shop_id: ShopVisits(one.visits, one.last_at) for one in visits},
            {one.shop_id: one.next_chance for one in needs},
            {one.shop_id: one.week_chance for one in needs},
            prior,
        )


async def who_asks(uow: UnitOfWork, context: Context) -> Asked:
    """Ask for what may be looked at of who asks: their blocks always, the rest only with their consent.

    The rest is where they went, what a forecast expects them to want next, and of newcomers what their tribe does. It
    is not even read without consent; the answers travel with those of the next question.
    """
    subject_ids = context.subject_ids
    if not subject_ids:
        return Asked(uow)
    async with uow.keyed():
        blocks = await store.ask_in_force(uow, subject_ids)
        if not context.personal:
            return Asked(uow, subject_ids, blocks)
        if subject_ids[0] not in await member.consented(uow, subject_ids[:1], Purpose.PERSONALISATION):
            return Asked(uow, subject_ids, blocks)
        visits = await sale.ask_visits(uow, subject_ids, without=profile.DISPUTED_BY)
        needs = await need.ask_needs(uow, subject_ids, context.at)
    return Asked(uow, subject_ids, blocks, visits, needs)


async def _stand(uow: UnitOfWork, context: Context, catalogue: Catalogue) -> tuple[Stand | None, Place | None]:
    if context.at_shop_id is None:
        return None, context.place
    if context.at_shop_id not in catalogue.place_of:
        raise ShopNotFound(shop_id=context.at_shop_id)
    here = catalogue.shops[catalogue.place_of[context.at_shop_id]]
    rivals = frozenset(await network.rivals_of(uow, here.merchant_id, here.id))
    place = context.place or Place(here.latitude, here.longitude)
    return Stand(here.id, here.merchant_id, rivals), place
