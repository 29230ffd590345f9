"""Who may get which campaign's voucher by message, and what each would be worth: arrays of person and campaign."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from ringmain.campaign.allocation.problem import NOBODY, Floats, Int64s
from ringmain.campaign.draw import IN_REACH
from ringmain.campaign.messages.people import Everybody, Person
from ringmain.campaign.plan.model import Campaign
from ringmain.campaign.prices import Serving
from ringmain.campaign.service.serve import Messaging
from ringmain.campaign.value import Asked, expected
from ringmain.match.api import Reach

Bools = NDArray[np.bool_]

# So many values are asked for at once: 16 MB for each column of them.
_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Candidates: person and campaign by their places, the voucher's shop and offer in the catalogue; all (edges,)."""

    person: Int64s
    campaign: Int64s
    shop: Int64s
    offer: Int64s
    value: Floats
    cost: Int64s
    price: Floats

    def of(self, rows: Int64s) -> "Edges":
        """Return some of them."""
        return Edges(*(getattr(self, name)[rows] for name in self.__slots__))


def joined(parts: Sequence[Edges]) -> Edges:
    """Return all candidates, by person."""
    whole, real = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64)
    parts = [Edges(whole, whole, whole, whole, real, whole, real), *parts]
    edges = Edges(*(np.concatenate([getattr(one, name) for one in parts]) for name in Edges.__slots__))
    return edges.of(np.lexsort((edges.offer, edges.person)))


class _Rows(NamedTuple):
    """What a group can be offered: a row of the reach for each campaign and shop, by campaign; all (rows,).

    `begins` (campaigns,): the first row of each campaign that has one, whose places are `campaigns`.
    """

    row: Int64s
    campaign: Int64s
    begins: Int64s
    campaigns: Int64s


def of_group(
    reach: Reach,
    prices: Serving | None,
    everybody: Everybody,
    group: Sequence[int],
    campaigns: Sequence[tuple[int, UUID]],
    allowed: Bools,
) -> list[Edges]:
    """Return the candidates of people who were last at the same place, each at the shop where it is worth most to them.

    `group` are places of people in `everybody`, ascending; `campaigns` the places and offers of those that reach them;
    `allowed` (campaigns, people) says who may get which at all. Only what is worth more than its price is a candidate.
    """
    rows = _rows(reach, campaigns)
    if not len(rows.row):
        return []
    price = (np.zeros(len(reach.shop)) if prices is None else prices.of(reach, None))[rows.row]
    at_once = max(1, _AT_ONCE // len(rows.row))
    parts = [np.array(group[first : first + at_once]) for first in range(0, len(group), at_once)]
    return [_best(reach, price, everybody, part, rows, allowed) for part in parts]


def _rows(reach: Reach, campaigns: Sequence[tuple[int, UUID]]) -> _Rows:
    near = reach.near >= IN_REACH
    found = [
        (number, np.flatnonzero((reach.offer == reach.catalogue.offer_place.get(offer_id, NOBODY)) & near))
        for number, offer_id in campaigns
    ]
    found = [(number, rows) for number, rows in found if len(rows)]
    numbers = np.array([number for number, _ in found], dtype=np.int64)
    sizes = np.array([len(rows) for _, rows in found], dtype=np.int64)
    row = np.concatenate([np.empty(0, dtype=np.int64), *(rows for _, rows in found)])
    return _Rows(row, np.repeat(numbers, sizes), np.cumsum(sizes) - sizes, numbers)


def _best(reach: Reach, price: Floats, everybody: Everybody, places: Int64s, rows: _Rows, allowed: Bools) -> Edges:
    """Return the candidates of people at these `places`; every intermediate array is (people, rows)."""
    shops, column = np.unique(reach.shop[rows.row], return_inverse=True)
    week, blocked = _known_of(everybody, places, [reach.catalogue.shops[place].id for place in shops.tolist()])
    shape = (len(places), len(rows.row))
    near, pull = (np.tile(values[rows.row], len(places)) for values in (reach.near, reach.pull))
    asked = Asked(week[:, column].ravel(), np.full(len(near), np.nan), near, pull)
    value = expected(asked).reshape(shape)
    value[blocked[:, column] | ~allowed[np.ix_(rows.campaign, places)].T] = 0.0
    most = np.maximum.reduceat(value, rows.begins, axis=1)
    # Of equals the first: the least number of a row whose value is the most of its campaign.
    is_most = value == np.repeat(most, np.diff(np.append(rows.begins, shape[1])), axis=1)
    first = np.minimum.reduceat(np.where(is_most, np.arange(shape[1]), shape[1]), rows.begins, axis=1)
    cost = reach.cost[rows.row]
    person, campaign = np.nonzero(most - price[first] * cost[first] > 0)
    best = first[person, campaign]
    row = rows.row[best]
    return Edges(
        places[person],
        rows.campaigns[campaign],
        reach.shop[row],
        reach.offer[row],
        most[person, campaign],
        cost[best],
        price[best],
    )


def _known_of(everybody: Everybody, places: Int64s, shop_ids: Sequence[UUID]) -> tuple[Floats, Bools]:
    """Return what is foretold of people at `places` (NaN: nothing), and what they blocked; both (people, shops)."""
    column = {id_.bytes: number for number, id_ in enumerate(shop_ids)}
    week = np.full((len(places), len(shop_ids)), np.nan)
    blocked = np.zeros(week.shape, dtype=np.bool_)
    weeks = everybody.weeks
    begin, end = np.searchsorted(weeks.person, places), np.searchsorted(weeks.person, places, side="right")
    number = np.repeat(np.arange(len(places)), end - begin)
    # The rows of each person follow one another: each begins where the ones before it end, moved to its own begin.
    row = np.arange(len(number)) + np.repeat(begin - (np.cumsum(end - begin) - (end - begin)), end - begin)
    named, which = np.unique(weeks.shop[row], return_inverse=True)
    shop = np.array([column.get(id_.tobytes(), NOBODY) for id_ in named], dtype=np.int64)[which]
    known = shop != NOBODY
    week[number[known], shop[known]] = weeks.chance[row[known]]
    for place, person in enumerate(everybody.people[one] for one in places.tolist()):
        for id_ in person.shops:
            if (at := column.get(id_.bytes)) is not None:
                blocked[place, at] = True
    return week, blocked


def as_planned(
    edges: Edges, said: Messaging, everybody: Sequence[Person], running: Sequence[Campaign], network_id: UUID
) -> Edges:
    """Return what service plans leave: nothing before a pace is over, and where some offers come first, only those."""
    kept = np.ones(len(edges.person), dtype=np.bool_)

    def of(owner: UUID) -> list[int]:
        """Return the campaigns that a plan of an owner is about: the network's is about all."""
        return [place for place, one in enumerate(running) if owner in (network_id, one.said.merchant_id)]

    for number, id_ in _planned(said, everybody):
        shut, first = said.shut.get(id_, frozenset()), said.first.get(id_, ())
        begin, end = np.searchsorted(edges.person, (number, number + 1)).tolist()
        mine = edges.campaign[begin:end]
        for owner in shut:
            kept[begin:end] &= ~np.isin(mine, of(owner))
        for owner, ids in first:
            before = np.isin(mine, [place for place, one in enumerate(running) if one.said.offer_id in ids])
            if (before & kept[begin:end]).any():
                kept[begin:end] &= before | ~np.isin(mine, of(owner))
    return edges.of(np.flatnonzero(kept))


def _planned(said: Messaging, everybody: Sequence[Person]) -> Iterator[tuple[int, UUID]]:
    """Give the people of whom any plan says something, by place and subject."""
    of_any = said.shut.keys() | said.first.keys()
    for number, person in enumerate(everybody):
        if (id_ := person.known.subject_id) in of_any:
            yield number, id_
