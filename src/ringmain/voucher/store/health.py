"""Vouchers of a whole network at a glance: how many are out, what is set aside, what a span of time brought."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class VouchersOut:
    """Vouchers that can still be spent, and what is set aside for them in minor units."""

    vouchers: int
    held_minor: int


@dataclass(frozen=True, slots=True)
class VouchersSince:
    """Vouchers won and spent in a span of time, and what was taken off; undone redemptions count, too."""

    won: int
    spent: int
    spent_minor: int


_OUT = """
    SELECT count(*) AS vouchers, coalesce(sum(held_minor), 0)::bigint AS held_minor
    FROM voucher WHERE network_id = %(network)s AND closed IS NULL AND valid_until > %(now)s
"""
# Ids begin with their time, so the newest are found at the right edge of the primary key.
_SINCE = """
    SELECT (SELECT count(*) FROM voucher
            WHERE network_id = %(network)s AND id >= %(from)s AND granted_at >= %(since)s) AS won,
           count(*) AS spent, coalesce(sum(amount_minor), 0)::bigint AS spent_minor
    FROM redemption WHERE network_id = %(network)s AND id >= %(from)s AND redeemed_at >= %(since)s
"""


async def vouchers_out(uow: UnitOfWork) -> VouchersOut:
    """Count the vouchers that are out; reads those that have not ended."""
    found = await uow.row(VouchersOut, _OUT, {"network": uow.network_id, "now": await uow.now()})
    assert found is not None
    return found


async def vouchers_since(uow: UnitOfWork, since: datetime) -> VouchersSince:
    """Count what was won and spent since a time."""
    first = UUID(int=int(since.timestamp() * 1_000) << 80)
    found = await uow.row(VouchersSince, _SINCE, {"network": uow.network_id, "since": since, "from": first})
    assert found is not None
    return found
