"""What a basket of each shop usually comes to, measured from the lake: a middle of many, which tells of nobody."""

import asyncio
from datetime import datetime
from pathlib import Path
from uuid import UUID

from ringmain.kit.db import Database
from ringmain.kit.lake.connect import connect
from ringmain.kit.lake.read import Facts
from ringmain.profile import store
from ringmain.profile.analysis import VISIT_TABLES, shop_baskets
from ringmain.profile.model import WINDOW

_MEMORY_LIMIT = "512MB"
# Of fewer people than these nothing is said.
FEWEST_MEMBERS = 10
# A median may be the basket of one person: two figures of it are nobody's.
_FIGURES = 2


async def measure_baskets(database: Database, lake: Path, network_id: UUID) -> int:
    """Put the usual baskets of the last 180 days in place of those measured before; return of how many shops.

    Takes seconds, outside of any transaction.
    """
    async with database.unit(network_id, role="worker") as uow:
        now = await uow.now()
    found = await asyncio.to_thread(_measured, lake, network_id, now - WINDOW)
    async with database.unit(network_id, role="worker") as uow:
        await store.replace_shop_baskets(uow, found, now)
    return len(found)


def _measured(lake: Path, network_id: UUID, since: datetime) -> list[store.ShopBasket]:
    with connect(lake, VISIT_TABLES, network_id=network_id, memory_limit=_MEMORY_LIMIT, threads=1) as connection:
        baskets = Facts(connection, VISIT_TABLES).read(shop_baskets, since).to_pylist()
    rows = [basket for basket in baskets if basket["members"] >= FEWEST_MEMBERS]
    # A shop that took two currencies is known by the one that more people paid in.
    rows.sort(key=lambda row: (row["members"], row["currency"]))
    by_shop = {row["shop_id"]: row for row in rows}
    return [
        store.ShopBasket(UUID(shop_id), row["currency"], rounded(row["middle_minor"]))
        for shop_id, row in sorted(by_shop.items())
    ]


def rounded(minor: float) -> int:
    """Return an amount of one or more with two figures."""
    whole = max(round(minor), 1)
    return round(whole, min(_FIGURES - len(str(whole)), 0))
