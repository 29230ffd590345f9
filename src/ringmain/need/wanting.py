"""Which kinds of shops people are expected to want within a week, and who is expected to want one kind."""

from collections.abc import Sequence
from datetime import datetime
from math import prod
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.need import store
from ringmain.need.forecast import OLDEST, needs
from ringmain.network import api as network

# One chance for everybody who asks: of many chances the differences would tell of single people.
LIKELY = 0.2
_MOST = 0.999


async def wanted(uow: UnitOfWork, subject_ids: Sequence[UUID], at: datetime) -> frozenset[str]:
    """Return the categories that a person probably visits within a week: with a chance of `LIKELY` and more.

    `subject_ids` are the person's subject and those merged into it. Whether they agree is for the caller to ask.
    """
    expected = await needs(uow, subject_ids, at)
    if not expected:
        return frozenset()
    category = {shop.id: shop.category for shop in await network.shops(uow, [one.shop_id for one in expected])}
    missed: dict[str, list[float]] = {}
    for one in expected:
        if one.shop_id in category:
            missed.setdefault(category[one.shop_id], []).append(1 - min(one.week_chance, _MOST))
    return frozenset(name for name, chances in missed.items() if 1 - prod(chances) >= LIKELY)


async def wanting(uow: UnitOfWork, shop_ids: Sequence[UUID], at: datetime) -> list[UUID]:
    """Return the people who probably visit one of these shops within a week; rows are of those who agreed only."""
    return await store.likely(uow, shop_ids, at - OLDEST, LIKELY) if shop_ids else []


async def weeks_at(
    uow: UnitOfWork, shop_ids: Sequence[UUID], at: datetime, limit: int, *, been: bool | None = None
) -> list[float]:
    """Return the chances with which people come to shops within a week, without saying whose they are.

    `been`: only of those who were there before, or of those who never were.
    """
    return await store.chances_at(uow, shop_ids, at - OLDEST, limit, been=been) if shop_ids else []
