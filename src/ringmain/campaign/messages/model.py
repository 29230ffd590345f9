"""What a round of messages chooses, with a share of it left to chance, and known probabilities."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

Int64s = NDArray[np.int64]
NOTHING = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The messages of a day: how many people could be sent one, and among how many pairs with vouchers was chosen.

    `kept_back`: how many people could not, by the rule that kept them back.
    """

    day: date
    planned_at: datetime
    people: int
    candidates: int
    gap: float
    kept_back: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was chosen for a person; `treated` False: they are compared with, and get nothing."""

    id: UUID
    day: date
    subject_id: UUID
    campaign_id: UUID
    offer_id: UUID
    shop_id: UUID
    from_shop: UUID | None
    value: float
    price: float
    candidates: int
    propensity: float
    explored: bool
    treated: bool
    chosen_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a choice: its message, or the rule that refused it."""

    choice_id: UUID
    message_id: UUID | None
    refusal: str | None
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Unheard:
    """A choice whose voucher was taken back, because its message reached nobody; the money is the funder's again."""

    choice_id: UUID
    message_id: UUID
    reason: str
    released_minor: int
    taken_back_at: datetime


@dataclass(frozen=True, slots=True)
class Drawn:
    """One person's edge, the probability with which it was theirs, and whether chance alone gave it."""

    edge: int
    propensity: float
    explored: bool


def with_chance(first: Int64s, given: Int64s, seed: UUID, share: float) -> list[Drawn]:
    """Give a `share` of people any of their candidates, all alike, and all others what was allocated to them.

    Person i has the edges `first[i]` to `first[i + 1]`; `given` are the allocated edges, at most one for each. Whoever
    was allocated nothing gets something by chance only. The same seed gives the same answer.
    """
    random = np.random.Generator(np.random.PCG64(seed.int))
    allocated = np.full(len(first) - 1, NOTHING, dtype=np.int64)
    allocated[np.searchsorted(first, given, side="right") - 1] = given
    counts = np.diff(first)
    chance = random.random(len(counts)) < share
    anyone = first[:-1] + np.minimum((random.random(len(counts)) * counts).astype(np.int64), counts - 1)
    drawn = []
    for person in np.flatnonzero((counts > 0) & (chance | (allocated != NOTHING))).tolist():
        edge = int(anyone[person] if chance[person] else allocated[person])
        by_chance = share / int(counts[person])
        sure = 1 - share if edge == allocated[person] else 0.0
        drawn.append(Drawn(edge, sure + by_chance, bool(chance[person])))
    return drawn
