"""The shops of a town as arrays: what they sell, where, to whom they are open, and what their voucher is worth."""

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ringmain.simulate.journey import Frozen
from ringmain.simulate.world.parameters import Parameters

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
# Numbers with a point, of either width.
Reals: TypeAlias = NDArray[np.floating[Any]]
Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]

DAYS_A_WEEK = 7
_MINUTES = 60
_DISTRICT_KM, _STREET_KM = 2.2, 0.45
_HAS_A_DAY_OF_REST = 0.3
_NEVER = np.iinfo(np.int32).max


class Category(NamedTuple):
    """A kind of shop: its share of the shops and of all needs, days until it is wanted again, usual price, hours.

    `peaks` are hours of the day with their weights: when people come.
    """

    name: str
    shops: float
    needs: float
    again_days: float
    price_minor: int
    opens: int
    closes: int
    peaks: tuple[tuple[float, float], ...]


CATEGORIES = (
    Category("restaurant", 0.20, 0.22, 0.8, 5_500, 11, 22, ((12.6, 1.0), (19.2, 1.5))),
    Category("cafe", 0.12, 0.17, 0.5, 2_600, 7, 21, ((8.6, 1.6), (14.5, 1.0))),
    Category("supermarket", 0.10, 0.20, 1.5, 7_500, 8, 22, ((12.0, 0.5), (18.2, 1.4))),
    Category("bakery", 0.08, 0.08, 1.0, 1_800, 7, 20, ((8.4, 1.5), (17.0, 0.8))),
    Category("bar", 0.10, 0.11, 2.0, 6_500, 16, 24, ((19.5, 0.8), (22.0, 1.5))),
    Category("clothes", 0.10, 0.04, 9.0, 21_000, 10, 21, ((14.5, 1.0), (18.0, 0.9))),
    Category("hairdresser", 0.06, 0.02, 21.0, 9_500, 10, 20, ((13.5, 1.0), (18.0, 0.8))),
    Category("pharmacy", 0.06, 0.04, 6.0, 4_200, 8, 21, ((10.5, 0.8), (17.8, 1.0))),
    Category("books", 0.04, 0.02, 12.0, 6_800, 10, 20, ((15.0, 1.0), (18.5, 0.7))),
    Category("cinema", 0.03, 0.03, 9.0, 8_000, 12, 24, ((15.5, 0.6), (20.0, 1.5))),
    Category("gym", 0.06, 0.05, 1.2, 4_500, 6, 23, ((7.4, 1.0), (18.6, 1.3))),
    Category("flowers", 0.05, 0.02, 14.0, 7_200, 9, 20, ((11.0, 0.8), (17.5, 1.0))),
)


@dataclass(frozen=True, slots=True, eq=False)
class Shops(Frozen):
    """Shops by number, one entry each.

    `place` (shops, 2) in kilometres; `opens_on` and `closes_on` are the first day with visits and the first without;
    `rests_on` is a weekday (day modulo 7) or -1; `opens` and `closes` are minutes of a day; `price_minor` is the usual
    amount of a sale, `face_minor` what the shop's voucher takes off.
    """

    place: Floats
    district: Int32s
    category: Int32s
    popularity: Floats
    price_minor: Int64s
    face_minor: Int64s
    opens: Int32s
    closes: Int32s
    rests_on: Int32s
    opens_on: Int32s
    closes_on: Int32s

    def is_open(self, day: int) -> Bools:
        """Return which shops take visitors on a day, (shops,)."""
        is_open: Bools = (self.opens_on <= day) & (day < self.closes_on) & (self.rests_on != day % DAYS_A_WEEK)
        return is_open


@dataclass(frozen=True, slots=True, eq=False)
class Districts(Frozen):
    """Where the districts' centres lie (districts, 2), in kilometres, and the share of everything that is in each."""

    centre: Floats
    share: Floats


def draw_districts(parameters: Parameters) -> Districts:
    """Draw a town whose area grows with the number of districts; the first are the larger ones."""
    random = np.random.default_rng([parameters.seed, 1])
    side = _DISTRICT_KM * np.sqrt(parameters.districts)
    size = 1.0 / np.sqrt(np.arange(1, parameters.districts + 1))
    return Districts(random.random((parameters.districts, 2)) * side, size / size.sum())


def draw_shops(parameters: Parameters, districts: Districts) -> Shops:
    """Draw the shops; about a twelfth opens during the days, and some close for good."""
    random = np.random.default_rng([parameters.seed, 2])
    count = parameters.shops
    share = np.array([kind.shops for kind in CATEGORIES])
    category = random.choice(len(CATEGORIES), size=count, p=share / share.sum()).astype(np.int32)
    district = random.choice(parameters.districts, size=count, p=districts.share).astype(np.int32)
    usual = np.array([kind.price_minor for kind in CATEGORIES])[category]
    price = np.rint(usual * np.exp(random.normal(0.0, 0.35, count)))
    # What is taken off is a tenth to a half of the usual amount, in whole hundreds of minor units.
    face = np.maximum(100.0, np.rint(price * random.uniform(0.1, 0.5, count) / 100) * 100)
    opens, closes = (
        (np.array(hours, dtype=np.int32) * _MINUTES)[category]
        for hours in zip(*((kind.opens, kind.closes) for kind in CATEGORIES), strict=True)
    )
    opens_on = np.zeros(count, dtype=np.int32)
    late = random.random(count) < parameters.opens_later
    opens_on[late] = random.integers(0, parameters.days, size=int(late.sum()))
    closes_on = np.full(count, _NEVER, dtype=np.int32)
    ends = ~late & (random.random(count) < parameters.closes_earlier)
    closes_on[ends] = random.integers(1, parameters.days + 1, size=int(ends.sum()))
    return Shops(
        place=districts.centre[district] + random.normal(0.0, _STREET_KM, (count, 2)),
        district=district,
        category=category,
        popularity=random.gamma(1.2, 1.0, count) + 0.05,
        price_minor=price.astype(np.int64),
        face_minor=face.astype(np.int64),
        opens=opens,
        closes=closes,
        rests_on=np.where(random.random(count) < _HAS_A_DAY_OF_REST, random.integers(0, DAYS_A_WEEK, count), -1).astype(
            np.int32
        ),
        opens_on=opens_on,
        closes_on=closes_on,
    )
