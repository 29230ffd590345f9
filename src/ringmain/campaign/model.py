"""What a play is, and how its prizes are drawn: random, reproducible, and with known probabilities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

PRIZES = 3
KEPT_FOR = timedelta(minutes=30)
RECEIPT_DAYS = 14
# A score of 1 more makes a shop e^2, about seven times, as likely: good matches lead, and others get their chance.
_SHARPNESS = 2.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A shop that may be drawn, with its offers, best first, and the score of its match."""

    shop_id: UUID
    offer_ids: tuple[UUID, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Chosen:
    """One drawn prize; `propensity` is the probability of this shop in this place, given the places before it."""

    shop_id: UUID
    offer_id: UUID
    propensity: float


@dataclass(frozen=True, slots=True)
class StoredPrize:
    """One prize of a play as it was drawn; `reasons` are (code, facts)."""

    place: int
    offer_id: UUID
    shop_id: UUID
    propensity: float
    reasons: tuple[tuple[str, Mapping[str, Any]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """One play as it stands."""

    id: UUID
    scene_id: UUID
    touch_id: UUID
    shop_id: UUID | None
    sale_id: UUID | None
    subject_id: UUID | None
    day: date
    drawn_at: datetime
    expires_at: datetime
    voucher_id: UUID | None = None
    claimed_by: UUID | None = None

    @property
    def origin(self) -> tuple[str, UUID]:
        """What led to its voucher: the sale on whose receipt the code stood, else the touch."""
        return ("touch", self.touch_id) if self.sale_id is None else ("sale", self.sale_id)

    @property
    def channel(self) -> Literal["scene", "receipt"]:
        """By what its voucher reaches its person: caps count by it."""
        return "scene" if self.sale_id is None else "receipt"


def choose(candidates: Sequence[Candidate], seed: UUID, count: int = PRIZES) -> list[Chosen]:
    """Draw up to `count` shops without replacement, each with an offer that no other of them has.

    In each place a shop is drawn with a probability proportional to exp(2 x score) among those left (Plackett-Luce);
    the same candidates and seed give the same prizes.
    """
    random = np.random.Generator(np.random.PCG64(seed.int))
    drawn: list[Chosen] = []
    left = sorted(candidates, key=lambda one: one.shop_id)
    taken: set[UUID] = set()
    while left and len(drawn) < count:
        # A shop all of whose offers are taken (offers may lead to many shops) has nothing of its own to give.
        left = [one for one in left if any(offer not in taken for offer in one.offer_ids)]
        if not left:
            break
        scores = np.array([one.score for one in left]) * _SHARPNESS
        weights = np.exp(scores - scores.max())
        chances = weights / weights.sum()
        place = int(random.choice(len(left), p=chances))
        winner = left.pop(place)
        offer_id = next(offer for offer in winner.offer_ids if offer not in taken)
        taken.add(offer_id)
        drawn.append(Chosen(winner.shop_id, offer_id, float(chances[place])))
    return drawn


def play_day(at: datetime, time_zone: str) -> date:
    """Return the network's day at a moment: plays are counted by it."""
    return at.astimezone(ZoneInfo(time_zone)).date()
