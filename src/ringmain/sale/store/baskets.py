"""What a purchase at some shops usually comes to, from what was sold there of late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids
from ringmain.sale.store.visits import UNDONE


@dataclass(frozen=True, slots=True)
class Basket:
    """The median of the prices of goods before vouchers, in minor units (None of no sale), of so many sales."""

    sales: int
    median_minor: int | None


_BASKET: LiteralString = f"""
    SELECT count(*) AS sales, percentile_disc(0.5) WITHIN GROUP (ORDER BY one.total_minor) AS median_minor
    FROM (
        SELECT s.total_minor FROM sale s
        WHERE s.network_id = %(network)s AND s.shop_id = ANY(%(shops)s) AND s.id >= first_uuid7(%(since)s)
          AND s.currency = %(currency)s AND NOT s.minimal AND s.total_minor > 0 AND NOT {UNDONE}
        ORDER BY s.id DESC LIMIT %(most)s
    ) one
"""


async def usual_basket(
    uow: UnitOfWork, shop_ids: Sequence[UUID], since: datetime, currency: str, *, most: int = 5_000
) -> Basket:
    """Return what the newest `most` purchases since then come to; returns, undone and unpriced sales are none."""
    params = {
        "network": uow.network_id,
        "shops": pack_uuids(shop_ids),
        "since": since,
        "currency": currency,
        "most": most,
    }
    found = await uow.row(Basket, _BASKET, params)
    assert found is not None
    return found
