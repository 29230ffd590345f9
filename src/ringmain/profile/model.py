"""Simple counted facts about a person: what was counted, how often, how fresh; nothing where there is too little."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

WINDOW = timedelta(days=180)
FEWEST_FACTS = 3
_MOST_VALUES = 3
_MOST_EVIDENCE = 10
# Where a part of the day begins, by the clock of the shop.
_DAY_PARTS = ((5, "morning"), (11, "midday"), (14, "afternoon"), (17, "evening"), (22, "night"))


class Field(StrEnum):
    """What is counted of a person."""

    FAVOURITE_SHOPS = "favourite_shops"
    FAVOURITE_CATEGORIES = "favourite_categories"
    USUAL_DAY_PART = "usual_day_part"
    USUAL_TENDER = "usual_tender"
    AVERAGE_BASKET = "average_basket"


@dataclass(frozen=True, slots=True)
class Visit:
    """A sale as it is counted: `local_at` by the shop's clock; `total_minor` None where only a voucher is known."""

    sale_id: UUID
    shop_id: UUID
    shop_name: str
    category: str
    sold_at: datetime
    local_at: datetime
    total_minor: int | None
    currency: str
    tenders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """One value: its words, how many facts say so, and the newest of the sales that do."""

    key: str
    words: str
    count: int
    sale_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class FieldFact:
    """One field: its values, the most frequent first; on how many facts it rests, and how old those are.

    A basket is an amount in minor units instead, rounded half up. `values` is empty where there are too few facts.
    """

    field: Field
    values: tuple[Counted, ...]
    facts: int
    oldest_at: datetime | None
    newest_at: datetime | None
    amount_minor: int | None = None
    currency: str | None = None

    @property
    def known(self) -> bool:
        """Whether there are facts enough to say anything."""
        return bool(self.values) or self.amount_minor is not None


def day_part(local_at: datetime) -> str:
    """Return the part of the day: morning from 5, midday from 11, afternoon from 14, evening from 17, night from 22."""
    return next((name for begins, name in reversed(_DAY_PARTS) if local_at.hour >= begins), "night")


def fields_of(visits: Sequence[Visit]) -> tuple[FieldFact, ...]:
    """Return every field, counted from visits; newest visits first."""
    return (
        _counted(Field.FAVOURITE_SHOPS, [(str(one.shop_id), one.shop_name, one) for one in visits]),
        _counted(Field.FAVOURITE_CATEGORIES, [(one.category, one.category, one) for one in visits]),
        _counted(Field.USUAL_DAY_PART, [(day_part(one.local_at),) * 2 + (one,) for one in visits], most=1),
        _counted(Field.USUAL_TENDER, [(kind, kind, one) for one in visits for kind in one.tenders], most=1),
        _basket(visits),
    )


def usual_categories(visits: Sequence[Visit], part: str, most: int = 2) -> tuple[Counted, ...]:
    """Return the categories in which somebody bought three times or more in a part of the day, the most frequent first.

    `visits` are the newest first.
    """
    then = [one for one in visits if day_part(one.local_at) == part]
    counted = _counted(Field.FAVOURITE_CATEGORIES, [(one.category, one.category, one) for one in then], most)
    return tuple(one for one in counted.values if one.count >= FEWEST_FACTS)


def _counted(field: Field, facts: Sequence[tuple[str, str, Visit]], most: int = _MOST_VALUES) -> FieldFact:
    """Count the values; of two that are equally frequent the one met last comes first."""
    by_key: dict[str, list[tuple[str, Visit]]] = {}
    for key, words, visit in facts:
        by_key.setdefault(key, []).append((words, visit))
    oldest, newest = _span(visit for _, _, visit in facts)
    if len(facts) < FEWEST_FACTS:
        return FieldFact(field, (), len(facts), oldest, newest)
    ranked = sorted(by_key.items(), key=lambda item: (-len(item[1]), -item[1][0][1].sold_at.timestamp(), item[0]))
    values = tuple(
        Counted(key, of_key[0][0], len(of_key), tuple(visit.sale_id for _, visit in of_key[:_MOST_EVIDENCE]))
        for key, of_key in ranked[:most]
    )
    return FieldFact(field, values, len(facts), oldest, newest)


def _basket(visits: Sequence[Visit]) -> FieldFact:
    """Return the mean of what the visits were worth, in the currency of the newest."""
    worth = [one for one in visits if one.total_minor is not None and one.currency == visits[0].currency]
    oldest, newest = _span(worth)
    if len(worth) < FEWEST_FACTS:
        return FieldFact(Field.AVERAGE_BASKET, (), len(worth), oldest, newest)
    total = sum(one.total_minor or 0 for one in worth)
    mean = (2 * total + len(worth)) // (2 * len(worth))
    return FieldFact(Field.AVERAGE_BASKET, (), len(worth), oldest, newest, mean, worth[0].currency)


def _span(visits: Iterable[Visit]) -> tuple[datetime | None, datetime | None]:
    times = [one.sold_at for one in visits]
    return (min(times), max(times)) if times else (None, None)
