"""What is asked of matching, what it looks at, and what it answers, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

# Seven days, Monday first; each a tuple of (opens, closes) in minutes since local midnight; `closes` may be over 1,440.
Hours = tuple[tuple[tuple[int, int], ...], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is, in degrees; used for one answer and kept nowhere."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who looks for something, where and when; everything but the time may be unknown.

    `subject_ids` are the person's subject and those merged into it. `at_shop_id` is the shop whose scene or till is
    met: its place stands for the person's where that is unknown, and neither it nor its rivals are shown. `offer_id`
    asks for nothing but the shops to which that offer leads. Shops to which `first_offers` lead come first, where the
    person agreed to personal answers. Of `without_offers`, and of the offers of
    `without_owners` (merchants), none is shown.
    """

    at: datetime
    place: Place | None = None
    words: str = ""
    at_shop_id: UUID | None = None
    subject_ids: tuple[UUID, ...] = ()
    personal: bool = True  # False: only the blocks of the person count
    limit: int = 20
    with_offers_only: bool = False
    offer_id: UUID | None = None
    without_offers: frozenset[UUID] = frozenset()
    without_owners: frozenset[UUID] = frozenset()
    first_offers: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedOffer:
    """An offer that can be granted now. `ends_at` is when the offer itself ends; None where days count from a grant."""

    id: UUID
    name: str
    kind: str
    currency: str
    face_minor: int
    percent_bp: int | None
    minimum_minor: int
    parts: int
    goods: str | None
    price_points: int
    stock: int | None
    valid_days: int | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopFacts:
    """A shop as far as ranking needs it, with the offers that it takes and that can be granted now."""

    id: UUID
    merchant_id: UUID
    name: str
    category: str
    latitude: float
    longitude: float
    time_zone: str
    hours: Hours | None
    offers: tuple[MatchedOffer, ...] = ()


@dataclass(frozen=True, slots=True)
class ShopVisits:
    """How often a person bought something at a shop, and when last."""

    visits: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of who asks.

    `visits` is None where nobody is known, or where they do not want personal answers; `needs` and `prior` are empty
    then. `needs` says of shops how probable it is, from 0 to 1, that the person's next visit is there, and `weeks` that
    they come there within a week. `prior` is what
    people of their tribe mostly go for (category: share of visits), as long as their own visits say next to nothing.
    """

    blocked_shops: frozenset[UUID] = frozenset()
    blocked_offers: frozenset[UUID] = frozenset()
    visits: Mapping[UUID, ShopVisits] | None = None
    needs: Mapping[UUID, float] = field(default_factory=dict)
    weeks: Mapping[UUID, float] = field(default_factory=dict)
    prior: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Block:
    """Something that a person does not want to see: a shop or an offer."""

    id: UUID
    shop_id: UUID | None
    offer_id: UUID | None
    recorded_at: datetime


# The codes of reasons that tell something of the person who asks.
PERSONAL_REASONS = frozenset({"here_before", "new_to_you", "need", "tribe", "first"})


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is shown: a code and its facts, which pages put into words.

    distance {metres}; open_until {time} or {} where it never closes; closed {opens, days}; ends {days};
    few_left {left}; here_before {visits, days}; new_to_you {}; need {category};
    tribe {category}; words {how, word}; first {}: people of their tribe are shown it before others.
    """

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """One shop that was found, its offers (best first), and why; `score` orders one answer and means nothing else."""

    shop: ShopFacts
    offers: tuple[MatchedOffer, ...]
    score: float
    distance_m: int | None
    is_open: bool
    reasons: tuple[Reason, ...]
