"""The shops and offers of a network in columns, so that ten thousand of them are ranked by a few passes over arrays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from ringmain.kit.pure.clock import microseconds
from ringmain.match.model.data import Hours, MatchedOffer, ShopFacts
from ringmain.match.model.distance import Floats, points

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_DAY_MINUTES = 1_440
_WEEK_MINUTES = 7 * _DAY_MINUTES
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class ListedOffer:
    """An offer and where it leads: to the shops that it names, else to those of a merchant, else everywhere.

    `purse_id` is the account that covers it, and `cost_minor` what one voucher takes from there. `begins_at` is when
    its vouchers begin to be valid, where that is not at the grant.
    """

    offer: MatchedOffer
    purse_id: UUID
    cost_minor: int
    shop_ids: tuple[UUID, ...] = ()
    merchant_id: UUID | None = None
    begins_at: datetime | None = None


class Links:
    """Which values belong to which shop, so that the greatest value of each shop is one pass over an array.

    `pairs` are (place of the shop, place of the value), in the order in which a shop shows its values.
    """

    def __init__(self, pairs: Sequence[tuple[int, int]], shops: int) -> None:
        columns = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        order = np.argsort(columns[:, 0], kind="stable")
        self.owner: Integers = columns[order, 0]
        self.value: Integers = columns[order, 1]
        self._first = np.flatnonzero(np.r_[True, self.owner[1:] != self.owner[:-1]]) if len(order) else order
        self._shops = shops
        self._begins: list[int] = np.searchsorted(self.owner, np.arange(shops + 1)).tolist()

    def greatest(self, values: Floats) -> Floats:
        """Return the greatest of each shop's values (one per pair, in the order of `value`), 0 where it has none."""
        found = np.zeros(self._shops)
        if len(self.owner):
            found[self.owner[self._first]] = np.maximum.reduceat(values, self._first)
        return found

    def of(self, place: int) -> Integers:
        """Return the places of one shop's values, in order."""
        return self.value[self._begins[place] : self._begins[place + 1]]


class Catalogue:
    """The shops of one network in the order of their ids, and the offers that lead to them; never changed once made."""

    def __init__(self, shops: Iterable[ShopFacts], offers: Iterable[ListedOffer]) -> None:
        self.shops = tuple(sorted(shops, key=lambda shop: shop.id))
        self.offers = tuple(offers)
        self.place_of = {shop.id: place for place, shop in enumerate(self.shops)}
        self.offer_place = {one.offer.id: place for place, one in enumerate(self.offers)}
        latitudes = np.array([shop.latitude for shop in self.shops], dtype=np.float64)
        self.points = points(latitudes, np.array([shop.longitude for shop in self.shops], dtype=np.float64))
        purses: dict[UUID, int] = {}
        self.purse = np.array([purses.setdefault(one.purse_id, len(purses)) for one in self.offers], dtype=np.int64)
        self.purses = tuple(purses)
        self.cost = np.array([one.cost_minor for one in self.offers], dtype=np.int64)
        self.face = np.array([one.offer.face_minor for one in self.offers], dtype=np.float64)
        self.pays_points = np.array([one.offer.price_points > 0 for one in self.offers], dtype=np.bool_)
        self.ends = np.array([_moment(one.offer.ends_at, _NEVER) for one in self.offers], dtype=np.int64)
        self._begins = np.array([_moment(one.begins_at, 0) for one in self.offers], dtype=np.int64)
        self._counts_days = np.array([one.offer.valid_days is not None for one in self.offers], dtype=np.bool_)
        self.by_merchant: dict[UUID, list[int]] = {}
        self.by_category: dict[str, list[int]] = {}
        for place, shop in enumerate(self.shops):
            self.by_merchant.setdefault(shop.merchant_id, []).append(place)
            self.by_category.setdefault(shop.category, []).append(place)
        self._link()

    def _link(self) -> None:
        named: list[tuple[int, int]] = []
        own: list[tuple[int, int]] = []
        everywhere: list[int] = []
        for place, one in enumerate(self.offers):
            if one.shop_ids:
                named += [(self.place_of[id_], place) for id_ in one.shop_ids if id_ in self.place_of]
            elif one.merchant_id is not None:
                own += [(shop, place) for shop in self.by_merchant.get(one.merchant_id, ())]
            else:
                everywhere.append(place)
        self.links = Links([*named, *own], len(self.shops))
        # Kept apart: as a pair of every shop, one such offer would cost as much as those of all shops together.
        self.everywhere: Integers = np.array(everywhere, dtype=np.int64)

    def valid(self, at: datetime) -> Flags:
        """Say of each offer whether a voucher granted now would be valid at some time (`voucher.model.validity`)."""
        now = microseconds(at)
        ends_later = self.ends > np.maximum(self._begins, now)
        found: Flags = ends_later & (self._counts_days | (self.ends != _NEVER))
        return found

    def offers_of(self, place: int, shown: Flags) -> list[int]:
        """Return the places of a shop's offers among those that are shown: its own first, then those of everybody."""
        places = self.links.of(place)
        if len(self.everywhere):
            places = np.concatenate([places, self.everywhere])
        found: list[int] = places[shown[places]].tolist()
        return found

    def best(self, per_offer: Floats) -> Floats:
        """Return for each shop the greatest figure of its offers, 0 where it has none."""
        best = self.links.greatest(per_offer[self.links.value])
        if len(self.everywhere):
            best = np.maximum(best, per_offer[self.everywhere].max())
        return best

    def has(self, shown: Flags) -> Flags:
        """Say of each shop whether any of these offers leads to it."""
        found: Flags = self.best(shown.astype(np.float64)) > 0
        return found

    def open_at(self, at: datetime) -> Flags:
        """Say of each shop whether it is open; the arrays' form of `hours.opening`."""
        schedules, zones, spans = self._schedules
        local = [at.astimezone(ZoneInfo(zone)) for zone in zones]
        now = np.array([one.weekday() * _DAY_MINUTES + one.hour * 60 + one.minute for one in local], dtype=np.int64)
        schedule, zone, begin, end = spans
        inside = (begin <= now[zone]) & (now[zone] < end)
        is_open = np.bincount(schedule[inside], minlength=int(schedules.max(initial=0)) + 1) > 0
        # The first schedule is that of shops which do not say when they are open: they count as open.
        is_open[0] = True
        found: Flags = is_open[schedules]
        return found

    @cached_property
    def _schedules(self) -> tuple[Integers, list[str], Integers]:
        """Return each shop's schedule, the time zones, and all spans as rows: schedule, zone, begin, end."""
        numbers: dict[tuple[Hours, str], int] = {}
        zones: dict[str, int] = {}
        of_shop = []
        spans: list[tuple[int, int, int, int]] = []
        for shop in self.shops:
            if shop.hours is None:
                of_shop.append(0)
                continue
            key = (shop.hours, shop.time_zone)
            if key not in numbers:
                numbers[key] = len(numbers) + 1
                zone = zones.setdefault(shop.time_zone, len(zones))
                spans += [(numbers[key], zone, begin, end) for begin, end in _week(shop.hours)]
            of_shop.append(numbers[key])
        columns = np.array(spans, dtype=np.int64).reshape(-1, 4).T
        return np.array(of_shop, dtype=np.int64), list(zones), np.ascontiguousarray(columns)


@dataclass(frozen=True, slots=True, eq=False)
class Left:
    """What can be granted of each offer of a catalogue: whether its cost is covered, and its stock (-1: no limit)."""

    covered: Flags
    stock: Integers

    @property
    def grantable(self) -> Flags:
        """Say of each offer whether its money and its stock would bear one more voucher."""
        found: Flags = self.covered & (self.stock != 0)
        return found


def left_of(catalogue: Catalogue, stocks: Sequence[int], funds: Sequence[int]) -> Left:
    """Return what is left: `stocks` of the catalogue's offers (-1: no limit), `funds` of its purses in minor units."""
    spendable = np.array(funds, dtype=np.int64)[catalogue.purse] if len(catalogue.offers) else catalogue.cost
    return Left(spendable >= catalogue.cost, np.array(stocks, dtype=np.int64))


def _moment(at: datetime | None, absent: int) -> int:
    return absent if at is None else microseconds(at)


def _week(hours: Hours) -> list[tuple[int, int]]:
    """Return the spans of a schedule that touch a week, which begins at 0: also those that reach into it."""
    spans = [
        (day * _DAY_MINUTES + opens, day * _DAY_MINUTES + closes)
        for day, parts in enumerate(hours)
        for opens, closes in parts
    ]
    return [
        (begin + shift, end + shift)
        for shift in (-_WEEK_MINUTES, 0, _WEEK_MINUTES)
        for begin, end in spans
        if begin + shift < _WEEK_MINUTES and end + shift > 0
    ]
