"""How many known guests a shop may expect within a week: sums over groups, never of single people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.need import store
from ringmain.need.forecast import OLDEST

# A figure rests on so many people at least, and is rounded, so that one more or less of them does not show.
LEAST_PEOPLE = 10
ROUNDED_TO = 5


@dataclass(frozen=True, slots=True)
class ShopAhead:
    """How many of the people who know a shop are expected there within the seven days after `made_at`.

    `expected` is the sum of their chances, rounded to fives; None where too few people are behind it.
    """

    shop_id: UUID
    expected: int | None
    made_at: datetime | None


async def ahead(uow: UnitOfWork, shop_ids: Sequence[UUID], at: datetime) -> list[ShopAhead]:
    """Return what is expected at shops, in their order, by the forecast that counts at a moment.

    Needs the rows of people, so the unit of work is the network's; what it returns is safe for the shops' merchant.
    """
    rows = {row.shop_id: row for row in await store.ahead(uow, shop_ids, at - OLDEST, LEAST_PEOPLE)}
    return [
        ShopAhead(id_, _rounded(rows[id_].expected), rows[id_].made_at) if id_ in rows else ShopAhead(id_, None, None)
        for id_ in shop_ids
    ]


def _rounded(expected: float) -> int:
    """Return a sum rounded to fives, half up."""
    return int(expected / ROUNDED_TO + 0.5) * ROUNDED_TO
