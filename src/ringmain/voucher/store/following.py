"""What happened to one voucher, read from its rows: for dry runs without locks, and for following every coin."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_texts, pack_uuids
from ringmain.voucher.model import Limit, LimitKey, Voucher
from ringmain.voucher.store.hot import VOUCHER_COLUMNS

_VOUCHERS = f"SELECT {VOUCHER_COLUMNS} FROM voucher v WHERE v.network_id = %(network)s AND v.id = ANY(%(ids)s)"


async def read_vouchers(uow: UnitOfWork, ids: Iterable[UUID]) -> list[Voucher]:
    """Return vouchers as they stand, without a lock: for dry runs only."""
    return await uow.rows(Voucher, _VOUCHERS, {"network": uow.network_id, "ids": pack_uuids(list(ids))})


@dataclass(frozen=True, slots=True)
class _LimitRow:
    offer_id: UUID
    scope: str
    scope_key: str
    used: int


_LIMITS = """
    SELECT l.offer_id, l.scope, l.scope_key, l.used
    FROM voucher_limit l
    JOIN unnest(%(offers)s, %(scopes)s, %(keys)s) AS t (o, s, k) ON (l.offer_id, l.scope, l.scope_key) = (t.o, t.s, t.k)
    WHERE l.network_id = %(network)s
"""


async def read_limits(uow: UnitOfWork, maxima: Mapping[LimitKey, int]) -> dict[LimitKey, Limit]:
    """Return counted limits without a lock; one that nobody has counted yet stands at zero."""
    params: dict[str, Any] = {
        "network": uow.network_id,
        "offers": pack_uuids([key[0] for key in maxima]),
        "scopes": pack_texts(key[1] for key in maxima),
        "keys": pack_texts(key[2] for key in maxima),
    }
    found = {key: Limit(0, maximum) for key, maximum in maxima.items()}
    for row in await uow.rows(_LimitRow, _LIMITS, params):
        found[row.offer_id, row.scope, row.scope_key].used = row.used
    return found


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a voucher came from; `hops` counts how many vouchers stand between it and the first one asked for."""

    hops: int
    voucher_id: UUID
    offer_id: UUID
    sender_shop_id: UUID | None
    origin_kind: str | None
    origin_id: UUID | None
    granted_at: datetime


# A sale that led to a voucher was itself paid with vouchers, perhaps: the first of them is the hop before.
_LINEAGE = """
    WITH RECURSIVE way AS (
        SELECT 0 AS hops, v.id AS voucher_id, v.offer_id, v.sender_shop_id, v.origin_kind, v.origin_id, v.granted_at
        FROM voucher v WHERE v.network_id = %(network)s AND v.id = %(voucher)s
        UNION ALL
        SELECT w.hops + 1, v.id, v.offer_id, v.sender_shop_id, v.origin_kind, v.origin_id, v.granted_at
        FROM way w JOIN voucher v ON v.network_id = %(network)s AND v.id = CASE w.origin_kind
            WHEN 'voucher' THEN w.origin_id
            WHEN 'split' THEN w.origin_id
            WHEN 'sale' THEN (SELECT r.voucher_id FROM redemption r
                              WHERE r.network_id = %(network)s AND r.sale_id = w.origin_id ORDER BY r.id LIMIT 1) END
        WHERE w.hops < %(most)s AND w.origin_kind IN ('voucher', 'split', 'sale')
    )
    SELECT * FROM way ORDER BY hops
"""


async def lineage(uow: UnitOfWork, voucher_id: UUID, most: int) -> list[Lineage]:
    """Return a voucher and the vouchers that led to it, the nearest first, over `most` hops."""
    params = {"network": uow.network_id, "voucher": voucher_id, "most": most}
    return await uow.rows(Lineage, _LINEAGE, params)


@dataclass(frozen=True, slots=True)
class StoryRow:
    """One thing that happened to a voucher: `id` is of the redemption, reversal, end, or part that was split off.

    Unused columns are None.
    """

    kind: str
    id: UUID
    at: datetime
    amount_minor: int
    fee_minor: int
    released_minor: int
    merchant_id: UUID | None
    shop_id: UUID | None
    sale_id: UUID | None
    redemption_id: UUID | None
    detail: str | None


_STORY = """
    SELECT 'redemption' AS kind, id, redeemed_at AS at, amount_minor, fee_minor, released_minor, merchant_id, shop_id,
           sale_id, NULL::uuid AS redemption_id, NULL AS detail
    FROM redemption WHERE network_id = %(network)s AND voucher_id = %(voucher)s
    UNION ALL
    SELECT 'reversal', id, reversed_at, amount_minor, 0, 0, merchant_id, NULL, NULL, redemption_id, reason
    FROM reversal WHERE network_id = %(network)s AND voucher_id = %(voucher)s
    UNION ALL
    SELECT how, id, ended_at, 0, 0, released_minor, NULL, NULL, NULL, NULL, NULL
    FROM voucher_end WHERE network_id = %(network)s AND voucher_id = %(voucher)s
    UNION ALL
    SELECT 'split', id, granted_at, face_minor, 0, 0, NULL, NULL, NULL, NULL, NULL
    FROM voucher WHERE network_id = %(network)s AND origin_kind = 'split' AND origin_id = %(voucher)s
    ORDER BY at, id
"""


async def story(uow: UnitOfWork, voucher_id: UUID) -> list[StoryRow]:
    """Return what happened to a voucher after it was issued, in the order of time."""
    return await uow.rows(StoryRow, _STORY, {"network": uow.network_id, "voucher": voucher_id})
