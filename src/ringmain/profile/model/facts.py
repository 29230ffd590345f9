"""What is counted of a person, and the form in which it is said: values, facts, age, and how sure that is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from uuid import UUID

WINDOW = timedelta(days=180)
FEWEST_FACTS = 3
MOST_VALUES = 3
MOST_EVIDENCE = 10


class Field(StrEnum):
    """What is counted of a person."""

    FAVOURITE_SHOPS = "favourite_shops"
    FAVOURITE_CATEGORIES = "favourite_categories"
    FAVOURITE_PRODUCTS = "favourite_products"
    USUAL_AREAS = "usual_areas"
    USUAL_DAY_PART = "usual_day_part"
    USUAL_TENDER = "usual_tender"
    AVERAGE_BASKET = "average_basket"
    SPENDING_POWER = "spending_power"
    VOUCHER_USE = "voucher_use"
    NOVELTY = "novelty"
    LOYALTY = "loyalty"
    REGULARITY = "regularity"
    NEXT_VISIT = "next_visit"


# Held against what people did next, on one of two sets of recorded visits these told no more than what everybody does:
# they are marked, and `ringmain evaluate profile` says when that changes.
WEAK = frozenset({Field.NOVELTY, Field.REGULARITY})


class Confidence(StrEnum):
    """How sure it is what a field says; `sureness` says by which rule."""

    SURE = "sure"
    FAIRLY_SURE = "fairly_sure"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Visit:
    """A sale as it is counted: `local_at` by the shop's clock; `total_minor` None where only a voucher is known.

    `products` are the names of what was bought; `place` is the shop's latitude and longitude; `others_minor` is what a
    basket of this shop usually comes to (of ten members and more, else None); `with_voucher`: one took something off.
    """

    sale_id: UUID
    shop_id: UUID
    shop_name: str
    category: str
    sold_at: datetime
    local_at: datetime
    total_minor: int | None
    currency: str
    tenders: tuple[str, ...]
    products: tuple[str, ...] = ()
    place: tuple[float, float] | None = None
    others_minor: int | None = None
    with_voucher: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """One value: its words, how many of how many facts say so, and the newest of the sales that do."""

    key: str
    words: str
    count: int
    sale_ids: tuple[UUID, ...]
    of: int


@dataclass(frozen=True, slots=True)
class FieldFact:
    """One field: its values, the most frequent first; on how many facts it rests, and how old those are.

    What is no choice among values has a figure: a basket in minor units (`amount_minor`, rounded half up), the others
    in `number`: shares from 0 to 1, days, or times what others pay. `low` and `high` hold 95 % of where the figure, or
    the share of the first value, may really be; `confidence` is that in one word. `expected_at` is a moment that is
    foretold. `values` is empty where there are too few facts, and then there is no figure either.
    """

    field: Field
    values: tuple[Counted, ...]
    facts: int
    oldest_at: datetime | None
    newest_at: datetime | None
    amount_minor: int | None = None
    currency: str | None = None
    number: float | None = None
    low: float | None = None
    high: float | None = None
    confidence: Confidence | None = None
    expected_at: datetime | None = None

    @property
    def known(self) -> bool:
        """Whether there are facts enough to say anything."""
        return bool(self.values) or self.amount_minor is not None or self.number is not None


def unknown(field: Field, visits: Iterable[Visit]) -> FieldFact:
    """Return a field on which too few visits say something."""
    facts = list(visits)
    return FieldFact(field, (), len(facts), *span(facts))


def span(visits: Iterable[Visit]) -> tuple[datetime | None, datetime | None]:
    """Return when the oldest and the newest of visits were."""
    times = [one.sold_at for one in visits]
    return (min(times), max(times)) if times else (None, None)


def evidence(visits: Iterable[Visit]) -> tuple[UUID, ...]:
    """Return the sales of the first of visits."""
    return tuple(one.sale_id for one in islice(visits, MOST_EVIDENCE))
