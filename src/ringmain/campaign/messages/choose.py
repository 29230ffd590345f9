"""Choose who gets which voucher by message today: one allocation for all, under the budgets that plays draw on, too.

A voucher is worth what plays take it to be worth (`value.expected`), where its person bought something last. Only
vouchers that are worth more than the price of their coins are candidates: what plays could do better with stays there.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import numpy as np

from ringmain.campaign import caps
from ringmain.campaign.allocation import Bands, Candidates, Problem, allocate
from ringmain.campaign.allocation.online import EXPLORE
from ringmain.campaign.allocation.problem import NOBODY, Int64s
from ringmain.campaign.budgets import standings
from ringmain.campaign.messages import store
from ringmain.campaign.messages.candidates import Bools, Edges, as_planned, joined, of_group
from ringmain.campaign.messages.model import Choice, Round, with_chance
from ringmain.campaign.messages.people import Everybody, Person, Reachable, Standing, everybody
from ringmain.campaign.plan import deal, goal, switch_off
from ringmain.campaign.plan.model import Campaign
from ringmain.campaign.plan.store import campaigns
from ringmain.campaign.prices import serving
from ringmain.campaign.pricing import limits, receivers, room
from ringmain.campaign.service import serve
from ringmain.campaign.service.model import Met
from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.match import api as match
from ringmain.match.api import Context, Place, Reach
from ringmain.member import api as member
from ringmain.need import api as need
from ringmain.network import api as network
from ringmain.network.api import Shop
from ringmain.segment import api as segment

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, eq=False)
class _Town:
    """Everybody who may be sent something, where they were last, and what they may be sent."""

    at: datetime
    people: Sequence[Person]
    shops: dict[UUID, Shop]
    campaigns: Sequence[Campaign]
    edges: Edges
    reach: Reach
    problem: Problem
    met: Sequence[Met]
    kept_back: Mapping[str, int]


async def plan(database: Database, reachable: Reachable, network_id: UUID, day: date, now: datetime | None) -> Round:
    """Choose for a day of the network, and write it down at once; nothing is given yet.

    Whoever was chosen is recorded for comparison, in both groups alike. Announces `message_choice` and
    `campaign_opportunity`.
    """
    async with database.unit(network_id, role="worker", now=now) as uow:
        at = await uow.now()
        town = await _town(uow, reachable, day)
    if not isinstance(town, _Town):
        new, choices = Round(day=day, planned_at=at, people=0, candidates=0, gap=0.0, kept_back=town), []
    else:
        found = await asyncio.to_thread(allocate, town.problem)
        edges = town.problem.candidates
        choices = _choices(town, day, found.edge)
        new = Round(
            day=day,
            planned_at=at,
            people=len(town.people),
            candidates=len(edges.offer),
            gap=min(found.gap, 1.0),
            kept_back=town.kept_back,
        )
    async with database.unit(network_id, role="worker", now=now) as uow:
        await store.lock_rounds(uow)
        if await store.add_round(uow, new) and isinstance(town, _Town):
            await serve.meet(uow, town.met)
            if choices:
                await _write(uow, town, choices)
    return new


async def _write(uow: UnitOfWork, town: _Town, choices: Sequence[Choice]) -> None:
    by_id = {one.id: one for one in town.campaigns}
    moments = [
        deal.chosen(by_id[one.campaign_id], one.subject_id, _shop(town, one.from_shop), town.at) for one in choices
    ]
    await store.add_choices(uow, choices)
    first = await campaigns.add_opportunities(uow, moments)
    uow.record("message_choice", [one.id for one in choices])
    if first:
        uow.record("campaign_opportunity", first)


def _choices(town: _Town, day: date, given: Int64s) -> list[Choice]:
    edges, first = town.edges, town.problem.candidates.first
    found = []
    for drawn in with_chance(first, given, uuid4(), EXPLORE):
        place, one = int(edges.person[drawn.edge]), town.campaigns[int(edges.campaign[drawn.edge])]
        person = town.people[place]
        shop = _shop(town, person.standing.shop_id)
        choice = Choice(
            id=uuid7(town.at),
            day=day,
            subject_id=person.known.subject_id,
            campaign_id=one.id,
            offer_id=one.said.offer_id,
            shop_id=town.reach.catalogue.shops[int(edges.shop[drawn.edge])].id,
            from_shop=person.standing.shop_id,
            value=float(edges.value[drawn.edge]),
            price=float(edges.price[drawn.edge]),
            candidates=int(first[place + 1] - first[place]),
            propensity=drawn.propensity,
            explored=drawn.explored,
            treated=deal.chosen(one, person.known.subject_id, shop, town.at).treated,
            chosen_at=town.at,
        )
        found.append(choice)
    return found


def _shop(town: _Town, shop_id: UUID | None) -> Shop | None:
    return None if shop_id is None else town.shops.get(shop_id)


async def _town(uow: UnitOfWork, reachable: Reachable, day: date) -> _Town | Mapping[str, int]:
    """Return the town; where nobody may be sent anything, how many were kept back by which rule."""
    at = await uow.now()
    running, parties = await deal.by_message(uow, at)
    if not running:
        return {}
    shut = await caps.shut(uow, None, day, at)
    owners = {one.said.offer_id: one.said.merchant_id for one in running}
    owners = {id_: owner for id_, owner in owners.items() if id_ not in shut.offer_ids and owner not in shut.owner_ids}
    if not owners:
        return {}
    found = await everybody(uow, reachable, owners, day, at)
    people = found.people
    if not people:
        return found.kept_back
    running = tuple(one for one in running if one.said.offer_id in owners)
    apart = await goal.left_out(uow, running, {one.known.subject_id: one.known for one in people}, at)
    allowed = await _allowed(uow, running, people, apart)
    last = {one.standing.shop_id for one in people if one.standing.shop_id is not None}
    shops = {one.id: one for one in await network.shops(uow, sorted(last))}
    off = await switch_off.current(uow, at)

    def reaching(shop: Shop | None) -> list[tuple[int, UUID]]:
        """Return the campaigns, and their offers, that reach people who were last at a shop."""
        if switch_off.holds(off, shop):
            return []
        return [(place, one.said.offer_id) for place, one in enumerate(running) if deal.reaches(one, shop, parties)]

    reach, edges = await _edges(uow, found, shops, reaching, allowed)
    said = await serve.messaging(uow, [one.known for one in people], day)
    met = said.met([people[number].known.subject_id for number in np.unique(edges.person).tolist()], at)
    edges = as_planned(edges, said, people, running, uow.network_id)
    problem = await _problem(uow, reach, edges, len(people), at)
    return _Town(at, people, shops, running, edges, reach, problem, met, found.kept_back)


async def _edges(
    uow: UnitOfWork,
    found: Everybody,
    shops: Mapping[UUID, Shop],
    reaching: Callable[[Shop | None], Sequence[tuple[int, UUID]]],
    allowed: Bools,
) -> tuple[Reach, Edges]:
    """Return all candidates; where people were last is asked once for all who were there."""
    at = await uow.now()
    prices = await serving(uow, at)
    groups: dict[Standing, list[int]] = {}
    for number, person in enumerate(found.people):
        groups.setdefault(person.standing, []).append(number)
    while True:
        reach: Reach | None = None
        parts: list[Edges] = []
        for standing, group in groups.items():
            shop = None if standing.shop_id is None else shops.get(standing.shop_id)
            new = await match.reach(uow, _context(at, shop, standing), fresh=reach is None)
            if reach is not None and new.catalogue is not reach.catalogue:
                # Shops or offers have changed meanwhile, and places with them: from the beginning.
                break
            reach = new
            parts += of_group(reach, prices, found, group, reaching(shop), allowed)
        else:
            assert reach is not None
            return reach, joined(parts)


async def _allowed(
    uow: UnitOfWork,
    running: Sequence[Campaign],
    people: Sequence[Person],
    apart: Mapping[UUID, frozenset[UUID]],
) -> Bools:
    """Return who may get which campaign's voucher (campaigns, people): its audience, without whom its goal leaves out.

    Nobody gets an offer that they have, have blocked, or that a cap keeps from them.
    """
    place = {one.known.subject_id: number for number, one in enumerate(people)}
    by_offer: dict[UUID, list[int]] = {}
    allowed = np.ones((len(running), len(people)), dtype=np.bool_)
    for number, one in enumerate(running):
        by_offer.setdefault(one.said.offer_id, []).append(number)
        if (only := await _audience(uow, one)) is not None:
            allowed[number] = False
            allowed[number, [place[id_] for id_ in only if id_ in place]] = True
        allowed[number, [place[id_] for id_ in apart.get(one.id, ()) if id_ in place]] = False
    for number, person in enumerate(people):
        for offer_id in person.offers:
            allowed[by_offer.get(offer_id, []), number] = False
    return allowed


def _context(at: datetime, shop: Shop | None, standing: Standing) -> Context:
    """Return where people are taken to be: at the shop where they bought something last, which is shut for a day."""
    place = None if shop is None else Place(shop.latitude, shop.longitude)
    return Context(
        at=at,
        place=place,
        at_shop_id=None if shop is None or not standing.just else shop.id,
        personal=False,
        with_offers_only=True,
    )


async def _audience(uow: UnitOfWork, one: Campaign) -> frozenset[UUID] | None:
    """Return the subjects to which a campaign is given; None: everybody."""
    audience = one.said.audience
    if audience.kind == "tribe" and audience.tribe_id is not None:
        return frozenset(await segment.of_tribe(uow, audience.tribe_id))
    if audience.kind == "segment" and audience.segment_id is not None:
        return frozenset(await segment.members_of(uow, audience.segment_id))
    if audience.category is not None:
        shops = [shop.id for shop in await network.all_shops(uow) if shop.category == audience.category]
        likely = await need.wanting(uow, shops, await uow.now())
        return frozenset(await member.consented(uow, likely, member.Purpose.PERSONALISATION))
    return None


async def _problem(uow: UnitOfWork, reach: Reach, edges: Edges, count: int, at: datetime) -> Problem:
    """Return the question: what budgets may give in a day, purses, stocks, bands, and one voucher for each person."""
    standing = await standings(uow)
    merchants = {one.band.merchant_id: place for place, one in enumerate(standing)}
    of_shops = np.array([merchants.get(one.merchant_id, NOBODY) for one in reach.catalogue.shops], dtype=np.int64)
    sender = np.full(count, NOBODY, dtype=np.int64)
    bands = Bands(sender, receivers(reach, of_shops), *room(standing))
    first = np.searchsorted(edges.person, np.arange(count + 1))
    candidates = Candidates(first, edges.offer, edges.value, edges.cost, np.ones(count, dtype=np.int64))
    return Problem.of(candidates, await limits(uow, reach, at, horizon=_A_DAY), bands)
