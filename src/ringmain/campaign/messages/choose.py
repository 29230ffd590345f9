"""Choose who gets which voucher by message today: one allocation for all, under the budgets that plays draw on, too.

A voucher is worth what plays take it to be worth (`value.expected`), where its person bought something last. Only
vouchers that are worth more than the price of their coins are candidates: what plays could do better with stays there.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import numpy as np

from ringmain.campaign import caps
from ringmain.campaign.allocation import Bands, Candidates, Problem, allocate
from ringmain.campaign.allocation.online import EXPLORE
from ringmain.campaign.allocation.problem import NOBODY, Floats, Int64s
from ringmain.campaign.budgets import standings
from ringmain.campaign.draw import IN_REACH
from ringmain.campaign.messages import store
from ringmain.campaign.messages.model import Choice, Round, with_chance
from ringmain.campaign.messages.people import Person, Reachable, Standing, people
from ringmain.campaign.plan import deal, goal, switch_off
from ringmain.campaign.plan.model import Campaign
from ringmain.campaign.plan.store import campaigns
from ringmain.campaign.prices import Serving, serving
from ringmain.campaign.pricing import limits, receivers, room
from ringmain.campaign.service import serve
from ringmain.campaign.service.model import Met
from ringmain.campaign.value import Asked, expected
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
class _Edges:
    """Candidates: person and campaign by their places, the voucher's shop and offer in the catalogue."""

    person: Int64s
    campaign: Int64s
    shop: Int64s
    offer: Int64s
    value: Floats
    cost: Int64s
    price: Floats

    def of(self, rows: Int64s) -> "_Edges":
        """Return some of them."""
        return _Edges(*(getattr(self, name)[rows] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class _Audience:
    """For whom a campaign is: only these people (None: everybody), and never those."""

    only: frozenset[UUID] | None
    never: frozenset[UUID]

    def takes_in(self, subject_id: UUID) -> bool:
        """Say whether it is for somebody."""
        return subject_id not in self.never and (self.only is None or subject_id in self.only)


@dataclass(frozen=True, slots=True, eq=False)
class _Town:
    """Everybody who may be sent something, where they were last, and what they may be sent."""

    at: datetime
    people: Sequence[Person]
    shops: dict[UUID, Shop]
    campaigns: Sequence[Campaign]
    edges: _Edges
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
    everybody, kept_back = await people(uow, reachable, owners, day, at) if owners else ([], {})
    if not everybody:
        return kept_back
    running = tuple(one for one in running if one.said.offer_id in owners)
    apart = await goal.left_out(uow, running, {one.known.subject_id: one.known for one in everybody}, at)
    audiences = [_Audience(await _audience(uow, one), apart.get(one.id, frozenset())) for one in running]
    last = {one.standing.shop_id for one in everybody if one.standing.shop_id is not None}
    shops = {one.id: one for one in await network.shops(uow, sorted(last))}
    prices, off = await serving(uow, at), await switch_off.current(uow, at)
    groups: dict[Standing, list[int]] = {}
    for number, person in enumerate(everybody):
        groups.setdefault(person.standing, []).append(number)
    while True:
        reach: Reach | None = None
        parts: list[_Edges] = []
        for standing, numbers in groups.items():
            shop = None if standing.shop_id is None else shops.get(standing.shop_id)
            found = await match.reach(uow, _context(at, shop, standing), fresh=reach is None)
            if reach is not None and found.catalogue is not reach.catalogue:
                # Shops or offers have changed meanwhile, and places with them: from the beginning.
                break
            reach = found
            group = [(number, everybody[number]) for number in numbers]
            parts += [
                _candidates(reach, prices, group, (place, one.said.offer_id), audiences[place])
                for place, one in enumerate(running)
                if deal.reaches(one, shop, parties) and not switch_off.holds(off, shop)
            ]
        else:
            break
    assert reach is not None
    every = _joined(parts)
    said = await serve.messaging(uow, [one.known for one in everybody], day)
    met = said.met([everybody[number].known.subject_id for number in np.unique(every.person).tolist()], at)
    edges = _as_planned(every, said, everybody, running, uow.network_id)
    problem = await _problem(uow, reach, edges, len(everybody), at)
    return _Town(at, everybody, shops, running, edges, reach, problem, met, kept_back)


def _as_planned(
    edges: _Edges, said: serve.Messaging, everybody: Sequence[Person], running: Sequence[Campaign], network_id: UUID
) -> _Edges:
    """Return what service plans leave: nothing before a pace is over, and where some offers come first, only those."""
    kept = np.ones(len(edges.person), dtype=np.bool_)

    def of(owner: UUID) -> list[int]:
        """Return the campaigns that a plan of an owner is about: the network's is about all."""
        return [place for place, one in enumerate(running) if owner in (network_id, one.said.merchant_id)]

    for number, person in enumerate(everybody):
        id_ = person.known.subject_id
        shut, first = said.shut.get(id_, frozenset()), said.first.get(id_, ())
        if not shut and not first:
            continue
        begin, end = np.searchsorted(edges.person, (number, number + 1)).tolist()
        mine = edges.campaign[begin:end]
        for owner in shut:
            kept[begin:end] &= ~np.isin(mine, of(owner))
        for owner, ids in first:
            before = np.isin(mine, [place for place, one in enumerate(running) if one.said.offer_id in ids])
            if (before & kept[begin:end]).any():
                kept[begin:end] &= before | ~np.isin(mine, of(owner))
    return edges.of(np.flatnonzero(kept))


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


def _candidates(
    reach: Reach,
    prices: Serving | None,
    group: Sequence[tuple[int, Person]],
    campaign: tuple[int, UUID],
    audience: _Audience,
) -> _Edges:
    """Return who of a group may get a campaign's voucher, each at the shop where it is worth most to them."""
    catalogue, (number, offer_id) = reach.catalogue, campaign
    offer = catalogue.offer_place.get(offer_id, NOBODY)
    far = reach.near < IN_REACH
    rows = np.flatnonzero((reach.offer == offer) & ~far)
    ids = [catalogue.shops[int(place)].id for place in reach.shop[rows]]
    mine = [
        (place, person)
        for place, person in group
        if offer_id not in person.offers and audience.takes_in(person.known.subject_id)
    ]
    if not len(rows) or not mine:
        return _joined([])
    week = np.array([[person.weeks.get(id_, np.nan) for id_ in ids] for _, person in mine], dtype=np.float64)
    blocked = np.array([[id_ in person.shops for id_ in ids] for _, person in mine], dtype=np.bool_)
    unknown = np.full(week.size, np.nan)
    near, pull = np.tile(reach.near[rows], len(mine)), np.tile(reach.pull[rows], len(mine))
    value = expected(Asked(week.ravel(), unknown, near, pull)).reshape(week.shape)
    value[blocked] = 0.0
    best = value.argmax(axis=1)
    row = rows[best]
    price = np.zeros(len(row)) if prices is None else prices.of(reach, None)[row]
    most = value[np.arange(len(best)), best]
    worth = np.flatnonzero(most - price * reach.cost[row] > 0)
    people_ = np.array([place for place, _ in mine], dtype=np.int64)
    edges = _Edges(
        people_,
        np.full(len(row), number, dtype=np.int64),
        reach.shop[row],
        reach.offer[row],
        most,
        reach.cost[row],
        price,
    )
    return edges.of(worth)


def _joined(parts: Sequence[_Edges]) -> _Edges:
    """Return all candidates, by person."""
    whole, real = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64)
    parts = [_Edges(whole, whole, whole, whole, real, whole, real), *parts]
    edges = _Edges(*(np.concatenate([getattr(one, name) for one in parts]) for name in _Edges.__slots__))
    return edges.of(np.lexsort((edges.offer, edges.person)))


async def _problem(uow: UnitOfWork, reach: Reach, edges: _Edges, count: int, at: datetime) -> Problem:
    """Return the question: what budgets may give in a day, purses, stocks, bands, and one voucher for each person."""
    standing = await standings(uow)
    merchants = {one.band.merchant_id: place for place, one in enumerate(standing)}
    of_shops = np.array([merchants.get(one.merchant_id, NOBODY) for one in reach.catalogue.shops], dtype=np.int64)
    sender = np.full(count, NOBODY, dtype=np.int64)
    bands = Bands(sender, receivers(reach, of_shops), *room(standing))
    first = np.searchsorted(edges.person, np.arange(count + 1))
    candidates = Candidates(first, edges.offer, edges.value, edges.cost, np.ones(count, dtype=np.int64))
    return Problem.of(candidates, await limits(uow, reach, at, horizon=_A_DAY), bands)
