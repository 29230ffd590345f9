"""Towns in which groups of people are planted, as visits: what they do, when, and how dearly."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np

from ringmain.network.api import Shop
from ringmain.segment.analysis import Span
from ringmain.segment.behaviour import KEYS, Behaviour, Side, behaviour

CATEGORIES = ("bakery", "bookshop", "florist", "noodles", "pharmacy", "tea")
UNTIL = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
SPAN = Span(UNTIL - timedelta(days=180), UNTIL)


@dataclass(frozen=True, slots=True)
class Group:
    """So many people of whose visits a share goes to one category, or falls into one part of the day."""

    people: int
    category: str | None = None
    part: str | None = None
    share: float = 0.6
    visits: int = 40


@dataclass(frozen=True, slots=True)
class Planted:
    """A town: what its people do, and the group of each."""

    given: Behaviour
    truth: tuple[int, ...]
    groups: tuple[Group, ...] = field(default=())


def planted(groups: Sequence[Group], seed: int = 0, prefix: str = "p") -> Planted:
    """Return a town of these groups; what nothing is said of they do as everybody does."""
    random = np.random.default_rng(seed)
    usual = {
        Side.CATEGORY: dict(zip(CATEGORIES, (0.25, 0.1, 0.1, 0.25, 0.1, 0.2), strict=True)),
        Side.PART: dict(zip(KEYS[Side.PART], (0.02, 0.2, 0.28, 0.25, 0.25), strict=True)),
        Side.WEEK: {"weekday": 0.7, "weekend": 0.3},
        Side.SPEND: dict.fromkeys(KEYS[Side.SPEND], 1 / 3),
        Side.SHOPS: {"new": 0.1, "known": 0.9},
    }
    names = [f"{side.value}:{key}" for side, keys in usual.items() for key in keys]
    people: list[str] = []
    truth: list[int] = []
    cells: list[tuple[int, int, int]] = []
    for number, group in enumerate(groups):
        for _ in range(group.people):
            person = len(people)
            people.append(f"{prefix}{person:04}")
            truth.append(number)
            for side, keys in usual.items():
                chosen = {Side.CATEGORY: group.category, Side.PART: group.part}.get(side)
                share = group.share if chosen else 0.0
                odds = [(1 - share) * odd + share * (key == chosen) for key, odd in keys.items()]
                drawn = random.multinomial(group.visits, odds)
                cells += [
                    (person, names.index(f"{side.value}:{key}"), visits)
                    for key, visits in zip(keys, drawn.tolist(), strict=True)
                    if visits
                ]
    person, column, visits = np.array(cells, dtype=np.int64).T
    return Planted(behaviour(people, names, person, column, visits), tuple(truth), tuple(groups))


def shop(number: int, category: str, zone: str = "Asia/Shanghai", merchant: int = 0) -> Shop:
    """Return a shop with an id that can be read."""
    return Shop(
        UUID(int=number),
        UUID(int=10_000 + merchant),
        f"Shop {number}",
        category,
        31.2,
        121.5,
        zone,
        None,
        datetime(2020, 1, 1, tzinfo=UTC),
    )
