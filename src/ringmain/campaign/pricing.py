"""Solve for the prices of a network's budgets: the plays of a week against what budgets may give in the next one.

The plays that were are taken for those that will be: who played where, and what could be offered to them now. Budgets
give what their pace allows for a week; purses and stocks give what they hold; merchants with a band have the room that
is left of it. Where there are very many plays a part of them is asked, and every limit is that part.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from ringmain.campaign import store
from ringmain.campaign.allocation import Allocation, Bands, Budgets, Candidates, Problem, allocate
from ringmain.campaign.allocation.problem import NOBODY, Floats, Int64s
from ringmain.campaign.budgets import Standing, count_returned, pace_of, standings
from ringmain.campaign.store import Budget, Draws, PastPlay, Pricing
from ringmain.campaign.value import Asked, expected
from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.ledger import api as ledger
from ringmain.match import api as match
from ringmain.match.api import Context, Reach
from ringmain.need import api as need
from ringmain.voucher import api as voucher

HORIZON = timedelta(days=7)
_MOST_PLAYS = 20_000
# So many of the best offers of a place are candidates of each play there, beside those of shops its person may want.
_BEST = 20
_PEOPLE_AT_ONCE = 5_000
_NONE = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Edges:
    """Candidates of plays: `play`, `offer` (places), `value`; the same pair may stand there twice."""

    play: Int64s
    offer: Int64s
    value: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Town:
    """What a solution rests on: plays, the merchants they are met at, candidates, and everything that limits them."""

    plays: int
    sender: Int64s
    edges: _Edges
    offers: tuple[UUID, ...]
    merchants: tuple[UUID, ...]
    budgets: Budgets
    bands: tuple[Int64s, Int64s]
    receiver: Int64s
    cost: Int64s


async def price(database: Database, network_id: UUID) -> Pricing | None:
    """Count what came back of budgets, solve, and put new prices in place of the old; None where nobody has played."""
    async with database.unit(network_id, role="worker") as uow:
        for budget in await store.budgets(uow, ends_after=await uow.now()):
            await count_returned(uow, budget)
    async with database.unit(network_id, role="worker") as uow:
        town = await _town(uow)
        now = await uow.now()
    if town is None:
        return None
    problem = _problem(town)
    found = await asyncio.to_thread(allocate, problem)
    pricing = Pricing(
        uuid7(now),
        now,
        town.plays,
        len(problem.candidates.offer),
        len(found.edge),
        found.value,
        found.prices.bound,
        found.gap,
    )
    offers, senders = _named(town, problem, found)
    async with database.unit(network_id, role="worker") as uow:
        await store.replace_prices(uow, pricing, offers, senders)
    return pricing


def _named(town: _Town, problem: Problem, found: Allocation) -> tuple[dict[UUID, float], dict[UUID, float]]:
    """Return the prices that are not zero, by offer and by merchant."""
    of_offers, power = found.prices.of_offers(problem), found.prices.power
    offers = {town.offers[one]: float(of_offers[one]) for one in np.flatnonzero(of_offers).tolist()}
    senders = {town.merchants[one]: float(power[one]) for one in np.flatnonzero(power).tolist()}
    return offers, senders


async def _town(uow: UnitOfWork) -> _Town | None:
    now = await uow.now()
    past = await store.past_plays(uow, now - HORIZON)
    every = -(-len(past) // _MOST_PLAYS) or 1
    plays = past[::every]
    if not plays:
        return None
    weeks = await _weeks(uow, plays, now)
    reach, parts = await _asked(uow, plays, weeks, now)
    catalogue = reach.catalogue
    standing = await standings(uow)
    merchants = {one.band.merchant_id: place for place, one in enumerate(standing)}
    of_shops = np.array([merchants.get(shop.merchant_id, NOBODY) for shop in catalogue.shops], dtype=np.int64)
    sender = [NOBODY if one.shop_id is None else int(of_shops[catalogue.place_of[one.shop_id]]) for one in plays]
    return _Town(
        plays=len(plays),
        sender=np.array(sender, dtype=np.int64),
        edges=_Edges(
            np.concatenate([one.play for one in parts]),
            np.concatenate([one.offer for one in parts]),
            np.concatenate([one.value for one in parts]),
        ),
        offers=tuple(catalogue.offer_place),
        merchants=tuple(merchants),
        budgets=await limits(uow, reach, now, every),
        bands=room(standing, every),
        receiver=receivers(reach, of_shops),
        cost=catalogue.cost,
    )


async def _asked(
    uow: UnitOfWork, plays: Sequence[PastPlay], weeks: Mapping[UUID | None, Mapping[UUID, float]], now: datetime
) -> tuple[Reach, list[_Edges]]:
    """Return the candidates of all plays, with a reach that knows the catalogue which their places are of."""
    by_shop: dict[UUID | None, list[int]] = {}
    for number, one in enumerate(plays):
        by_shop.setdefault(one.shop_id, []).append(number)
    while True:
        parts = [_Edges(_NONE, _NONE, _NONE.astype(np.float64))]
        reach: Reach | None = None
        for shop_id, numbers in by_shop.items():
            found = await match.reach(uow, Context(at=now, at_shop_id=shop_id, personal=False, with_offers_only=True))
            if reach is not None and found.catalogue is not reach.catalogue:
                # Shops or offers have changed meanwhile, and places with them: from the beginning.
                break
            reach = found
            parts += _candidates(reach, numbers, [weeks.get(plays[one].subject_id, {}) for one in numbers])
        else:
            assert reach is not None
            return reach, parts


async def _weeks(uow: UnitOfWork, plays: Sequence[PastPlay], now: datetime) -> dict[UUID | None, dict[UUID, float]]:
    """Return what is foretold of those who played, by person and shop."""
    found: dict[UUID | None, dict[UUID, float]] = {}
    people = sorted({one.subject_id for one in plays if one.subject_id is not None})
    for begin in range(0, len(people), _PEOPLE_AT_ONCE):
        for one in await need.weeks_of(uow, people[begin : begin + _PEOPLE_AT_ONCE], now):
            found.setdefault(one.subject_id, {})[one.shop_id] = one.week_chance
    return found


def _candidates(reach: Reach, plays: Sequence[int], weeks: Sequence[Mapping[UUID, float]]) -> list[_Edges]:
    """Return the candidates of plays at one place: its best offers, and those of shops that the persons may want."""
    if not len(reach.offer):
        return []
    unknown = np.full(len(reach.offer), np.nan)
    value = expected(Asked(unknown, unknown, reach.near, reach.pull))
    best = np.argsort(-value, kind="stable")[:_BEST]
    edges = [
        _Edges(
            np.repeat(np.array(plays, dtype=np.int64), len(best)),
            np.tile(reach.offer[best], len(plays)),
            np.tile(value[best], len(plays)),
        )
    ]
    rows: list[int] = []
    owner: list[int] = []
    chance: list[float] = []
    begins = np.searchsorted(reach.shop, np.arange(len(reach.catalogue.shops) + 1))
    for play, wanted in zip(plays, weeks, strict=True):
        for shop_id, week in wanted.items():
            place = reach.catalogue.place_of.get(shop_id)
            if place is not None:
                there = range(int(begins[place]), int(begins[place + 1]))
                rows += there
                owner += [play] * len(there)
                chance += [week] * len(there)
    at = np.array(rows, dtype=np.int64)
    asked = Asked(np.array(chance, dtype=np.float64), unknown[at], reach.near[at], reach.pull[at])
    edges.append(_Edges(np.array(owner, dtype=np.int64), reach.offer[at], expected(asked)))
    return edges


async def limits(
    uow: UnitOfWork, reach: Reach, now: datetime, every: int = 1, *, horizon: timedelta = HORIZON
) -> Budgets:
    """Return what limits offers: budgets at their pace, the purses they are paid from, and their stocks."""
    catalogue = reach.catalogue
    offers = len(catalogue.offers)
    running = [one for one in await store.budgets(uow, ends_after=now) if one.begins_at < now + horizon]
    drawn, budget = _drawn(catalogue.offer_place, running, await store.draws(uow, now))
    asked = await voucher.ask_stocks(uow, list(catalogue.offer_place))
    funds = await (await ledger.ask_spendable(uow, catalogue.purses)).one()
    of_offers = await asked.one()
    assert funds is not None
    assert of_offers is not None
    stocks = np.array(of_offers.stocks, dtype=np.int64)
    stocked = np.flatnonzero(stocks >= 0)
    limit = np.concatenate(
        [
            np.array([pace_of(one).allowance(one.spent_minor, now, horizon) for one in running], dtype=np.int64),
            np.maximum(np.array(funds.amounts, dtype=np.int64), 0),
            stocks[stocked] * catalogue.cost[stocked],
        ]
    )
    purses = len(running) + catalogue.purse
    of_stock = len(running) + len(catalogue.purses) + np.arange(len(stocked))
    return Budgets(
        np.concatenate([drawn, np.arange(offers), stocked]),
        np.concatenate([budget, purses, of_stock]),
        limit // every,
        offers,
    )


def _drawn(offer_place: Mapping[UUID, int], running: Sequence[Budget], draws: Sequence[Draws]) -> tuple[Int64s, Int64s]:
    places = {one.id: place for place, one in enumerate(running)}
    pairs = [
        (offer_place[one.offer_id], places[one.budget_id])
        for one in draws
        if one.offer_id in offer_place and one.budget_id in places
    ]
    columns = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return columns[:, 0], columns[:, 1]


def room(standing: Sequence[Standing], every: int = 1) -> tuple[Int64s, Int64s]:
    """Return what each merchant with a band may still receive and give; who is outside may not go further."""
    least = [min(one.band.least_minor - one.net_minor, 0) for one in standing]
    most = [max(one.band.most_minor - one.net_minor, 0) for one in standing]
    return -(-np.array(least, dtype=np.int64) // every), np.array(most, dtype=np.int64) // every


def receivers(reach: Reach, of_shops: Int64s) -> Int64s:
    """Return to whose shop each offer leads; nobody's where it leads to those of several."""
    catalogue = reach.catalogue
    lowest = np.full(len(catalogue.offers), np.iinfo(np.int64).max)
    highest = np.full(len(catalogue.offers), NOBODY)
    owners = of_shops[catalogue.links.owner]
    np.minimum.at(lowest, catalogue.links.value, owners)
    np.maximum.at(highest, catalogue.links.value, owners)
    return np.where(lowest == highest, highest, NOBODY)


def _problem(town: _Town) -> Problem:
    """Return the question: of a pair that stands there twice the greater value counts."""
    edges = town.edges
    order = np.lexsort((-edges.value, edges.offer, edges.play))
    play, offer = edges.play[order], edges.offer[order]
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = (play[1:] != play[:-1]) | (offer[1:] != offer[:-1])
    kept = replace(edges, play=play[new], offer=offer[new], value=edges.value[order][new])
    first = np.searchsorted(kept.play, np.arange(town.plays + 1))
    most = np.ones(town.plays, dtype=np.int64)
    candidates = Candidates(first, kept.offer, kept.value, town.cost[kept.offer], most)
    bands = Bands(town.sender, town.receiver, *town.bands)
    return Problem.of(candidates, town.budgets, bands)
