"""What the campaign is: its size, its cities, its vouchers, and how its people behave; all of it declared here."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from ringmain.kit.pure.ids import derived_id, uuid7_of

NAME = "national-day"
CURRENCY = "CNY"
ZONE = "Asia/Shanghai"
OFFSET_US = 8 * 3_600_000_000  # China keeps one time, without daylight saving.
STARTS_AT = datetime(2026, 9, 30, 16, tzinfo=UTC)  # 1 October 2026, midnight in China.
OPENED_AT = STARTS_AT - timedelta(days=2)
DAYS = 7
ENDS_AT = STARTS_AT + timedelta(days=DAYS)
# Who won on the last day still has a day to come.
LAST_VISIT_AT = ENDS_AT + timedelta(days=1)

FULL_PLAYS = 21_000_000
CITIES = (
    ("Beijing", 2, 39.90, 116.40),
    ("Shanghai", 2, 31.23, 121.47),
    ("Guangzhou", 2, 23.13, 113.26),
    ("Shenzhen", 2, 22.54, 114.06),
    ("Chengdu", 2, 30.57, 104.07),
    ("Hangzhou", 2, 30.27, 120.15),
    ("Wuhan", 1, 30.59, 114.31),
    ("Xi'an", 1, 34.34, 108.94),
    ("Nanjing", 1, 32.06, 118.80),
    ("Chongqing", 1, 29.56, 106.55),
)
SHOPS_PER_CITY = 80
PLAYS_PER_PERSON = 30
CATEGORIES = ("noodles", "hotpot", "coffee", "bakery", "books", "clothes", "supermarket", "cinema")
GAMES: tuple[Literal["scratch", "wheel", "catch"], ...] = ("scratch", "wheel", "catch")

FACE_MINOR = 500
MINIMUM_MINOR = 1_500
FEE_MINOR = 20
VALID_DAYS = 7
# Of a hundred prizes that are drawn, ten are the network's own: good at every shop of the city.
SHOP_ODDS = 9
NETWORK_ODDS = 80
# What is set aside of the prizes that are drawn, as a share of the plays that are planned: not enough, so that the
# last plays win what stands in, of which there is a little more than is needed, and the operator is told before.
STOCK_SHARE = 0.99
SPARE_SHARE = 0.02

COMPARISON_SHARE = 0.05
BASE_VISITS = 1.0  # visits per person in the week that happen anyway
CARRY = 0.5  # of them, how many take along a voucher that its holder has: it is spent, and nothing is gained
# How likely a voucher is to bring its holder to the shop, who would not have come: by the hour in which it was won
# (lunch, evening, other), and by whether the shop lies in the district of the scene.
BRINGS = ((0.24, 0.15), (0.22, 0.14), (0.18, 0.12))
LUNCH, EVENING = (11, 14), (17, 21)
BATCH_PLAYS = 6000
BATCH_VISITS = 2_000


@dataclass(frozen=True, slots=True)
class Plan:
    """One run: `scale` 1 is the documents' campaign. The same seed and scale give the same people."""

    scale: float = 1.0
    seed: int = 0
    cities: int = len(CITIES)

    @property
    def plays_per_city(self) -> int:
        """How many plays a city makes."""
        return max(1, round(FULL_PLAYS * self.scale / len(CITIES)))

    @property
    def people_per_city(self) -> int:
        """How many people a city has; those of the comparison group are told of no game."""
        return max(60, round(self.plays_per_city / PLAYS_PER_PERSON / (1 - COMPARISON_SHARE)))

    def city(self, number: int) -> "City":
        """Return one of the cities."""
        return City(self, number, derived_id(NAME, str(self.scale), str(self.seed), str(number)))


@dataclass(frozen=True, slots=True)
class City:
    """One city: a network of its own, since offline trade is local."""

    plan: Plan
    number: int
    network_id: UUID

    @property
    def name(self) -> str:
        """Its name."""
        return CITIES[self.number][0]

    @property
    def districts(self) -> int:
        """How many of its districts take part."""
        return CITIES[self.number][1]

    def id(self, kind: str, number: int = 0) -> UUID:
        """Return the id of its merchant, shop, offer or game of a number: the same in every run."""
        return uuid7_of(OPENED_AT, self.network_id, kind, str(number))

    def token(self, person: int) -> str:
        """Return the card token that a person of the city pays with."""
        return f"tok_{NAME}_{self.number}_{person}"
