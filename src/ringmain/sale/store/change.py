"""Sales read back, and what is added to them later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
import numpy as np
import numpy.typing as npt

from ringmain.kit.db import UnitOfWork, pack_uuids

# The largest id: a list without a cursor begins at the newest row.
_LAST_ID = "'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid"


@dataclass(frozen=True, slots=True)
class SaleReadRow:
    """A sale as its merchant sees it."""

    id: UUID
    merchant_id: UUID
    shop_id: UUID
    terminal_id: UUID | None
    receipt: str | None
    minimal: bool
    total_minor: int
    redeemed_minor: int
    currency: str
    sold_at: datetime


_SALE_COLUMNS = """
    id, merchant_id, shop_id, terminal_id, receipt, minimal, total_minor, redeemed_minor, currency, sold_at
"""


async def read_sale(uow: UnitOfWork, sale_id: UUID) -> SaleReadRow | None:
    """Return one sale."""
    query = f"SELECT {_SALE_COLUMNS} FROM sale WHERE network_id = %s AND id = %s"
    return await uow.row(SaleReadRow, query, (uow.network_id, sale_id))


async def list_sales(uow: UnitOfWork, shop_ids: Sequence[UUID], before: UUID | None, limit: int) -> list[SaleReadRow]:
    """Return the newest sales of shops, older than `before`."""
    query = f"""
        SELECT {_SALE_COLUMNS} FROM sale
        WHERE network_id = %(network)s AND shop_id = ANY(%(shops)s) AND id < coalesce(%(before)s, {_LAST_ID})
        ORDER BY id DESC LIMIT %(limit)s
    """
    params = {"network": uow.network_id, "shops": pack_uuids(shop_ids), "before": before, "limit": limit}
    return await uow.rows(SaleReadRow, query, params)


@dataclass(frozen=True, slots=True)
class ChangingRow:
    """A sale with what was added to it so far."""

    id: UUID
    merchant_id: UUID
    minimal: bool
    completed: bool
    total_minor: int
    redeemed_minor: int
    refunded_minor: int
    currency: str


_LOCK_SALE = "SELECT pg_advisory_xact_lock(hashtextextended(%s::text, 7))"
_SALE_TO_CHANGE = """
    SELECT s.id, s.merchant_id, s.minimal, c.completed_minor IS NOT NULL AS completed,
           coalesce(c.completed_minor, s.total_minor)::bigint AS total_minor, s.redeemed_minor,
           coalesce(c.refunded_minor, 0)::bigint AS refunded_minor, s.currency
    FROM sale s LEFT JOIN LATERAL (
        SELECT max(amount_minor) FILTER (WHERE kind = 'completion') AS completed_minor,
               sum(amount_minor) FILTER (WHERE kind = 'refund') AS refunded_minor
        FROM sale_change c WHERE c.network_id = s.network_id AND c.sale_id = s.id) c ON true
    WHERE s.network_id = %(network)s AND s.id = %(sale)s
"""


async def lock_sale(uow: UnitOfWork, sale_id: UUID) -> None:
    """Hold back other changes of one sale until the commit; a fact itself is never locked, for nobody may update it."""
    await uow.execute(_LOCK_SALE, (sale_id,))


async def sale_to_change(uow: UnitOfWork, sale_id: UUID) -> ChangingRow | None:
    """Return a sale with the sums of its changes; send it after the lock, so that its snapshot is fresh."""
    return await uow.row(ChangingRow, _SALE_TO_CHANGE, {"network": uow.network_id, "sale": sale_id})


_INSERT_CHANGE = """
    INSERT INTO sale_change (network_id, id, sale_id, merchant_id, kind, amount_minor, detail, changed_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s::jsonb, %s)
"""


async def insert_change(
    uow: UnitOfWork,
    id_: UUID,
    sale_id: UUID,
    merchant_id: UUID,
    kind: str,
    amount_minor: int,
    detail: object,
    at: datetime,
) -> None:
    """Append a refund or a completion."""
    body = msgspec.json.encode(detail).decode()
    await uow.execute(_INSERT_CHANGE, (uow.network_id, id_, sale_id, merchant_id, kind, amount_minor, body, at))


@dataclass(frozen=True, slots=True)
class _Id:
    id: UUID


_MISSING = """
    SELECT t.id FROM unnest(%(ids)s) AS t (id)
    WHERE NOT EXISTS (SELECT FROM sale s WHERE s.network_id = %(network)s AND s.id = t.id)
"""


async def missing_sales(uow: UnitOfWork, ids: npt.NDArray[np.void]) -> list[UUID]:
    """Return those of these sales (V16) that do not exist."""
    return [row.id for row in await uow.rows(_Id, _MISSING, {"network": uow.network_id, "ids": pack_uuids(ids)})]
