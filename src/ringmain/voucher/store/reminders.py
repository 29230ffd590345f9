"""Vouchers whose holders may be reminded, in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.voucher.store.ends import Place


@dataclass(frozen=True, slots=True)
class EndingSoon:
    """A voucher that still has value, its holder, and where it can be spent; `shop_ids` is empty for every shop."""

    id: UUID
    subject_id: UUID
    remaining_minor: int
    valid_until: datetime
    currency: str
    shop_ids: list[UUID]
    creator_merchant_id: UUID


_ENDING = """
    SELECT v.id, v.subject_id, v.remaining_minor, v.valid_until, o.terms ->> 'currency' AS currency,
           ARRAY(SELECT s::uuid FROM jsonb_array_elements_text(coalesce(o.terms -> 'shop_ids', '[]'::jsonb)) AS s)
               AS shop_ids,
           o.creator_merchant_id
    FROM voucher v JOIN offer o ON o.network_id = v.network_id AND o.id = v.offer_id
    WHERE v.network_id = %(network)s AND (v.valid_until, v.id) > (%(after)s, %(after_id)s)
      AND v.valid_until <= %(until)s AND v.granted_at <= %(granted_before)s
      AND v.subject_id IS NOT NULL AND v.closed IS NULL AND v.remaining_minor > 0
    ORDER BY v.valid_until, v.id LIMIT %(most)s
"""


async def ending_between(
    uow: UnitOfWork, after: Place, until: datetime, granted_before: datetime, most: int
) -> list[EndingSoon]:
    """Return open vouchers of known holders that end after a place and no later than `until`, in their order."""
    params = {
        "network": uow.network_id,
        "after": after.valid_until,
        "after_id": after.voucher_id,
        "until": until,
        "granted_before": granted_before,
        "most": most,
    }
    return await uow.rows(EndingSoon, _ENDING, params)
