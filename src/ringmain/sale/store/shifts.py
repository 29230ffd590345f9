"""Shifts of tills: facts, and the sums of what happened in them."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec

from ringmain.kit.db import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftSums:
    """What a till recorded in a shift, in minor units; `tenders` and `given_back` by kind of tender."""

    sales: int = 0
    total_minor: int = 0
    vouchers_minor: int = 0
    voucher_sales: int = 0
    undone: int = 0
    undone_minor: int = 0
    tenders: dict[str, int] = field(default_factory=dict)
    given_back: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftRow:
    """One shift; what belongs to its end is None while it is open."""

    id: UUID
    merchant_id: UUID
    shop_id: UUID
    terminal_id: UUID
    opened_by: UUID
    opened_at: datetime
    float_minor: int
    currency: str
    closed_by: UUID | None = None
    closed_at: datetime | None = None
    counted_minor: int | None = None
    raw_sums: str | None = None

    @property
    def kept_sums(self) -> ShiftSums | None:
        """The sums as they were when the shift was closed."""
        return None if self.raw_sums is None else msgspec.json.decode(self.raw_sums, type=ShiftSums)


_SHIFTS = """
    SELECT s.id, s.merchant_id, s.shop_id, s.terminal_id, s.opened_by, s.opened_at, s.float_minor, s.currency,
           c.closed_by, c.closed_at, c.counted_minor, c.sums::text AS raw_sums
    FROM shift s LEFT JOIN shift_close c ON c.network_id = s.network_id AND c.shift_id = s.id
    WHERE s.network_id = %(network)s
"""


async def lock_shifts(uow: UnitOfWork, terminal_id: UUID) -> None:
    """Hold back other openings and closings of one till until the commit."""
    await uow.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s::text, 21))", (terminal_id,))


async def shifts(uow: UnitOfWork, terminal_id: UUID, limit: int) -> list[ShiftRow]:
    """Return the newest shifts of a till."""
    query = f"{_SHIFTS} AND s.terminal_id = %(terminal)s ORDER BY s.id DESC LIMIT %(limit)s"
    return await uow.rows(ShiftRow, query, {"network": uow.network_id, "terminal": terminal_id, "limit": limit})


async def shift(uow: UnitOfWork, shift_id: UUID) -> ShiftRow | None:
    """Return one shift."""
    return await uow.row(ShiftRow, f"{_SHIFTS} AND s.id = %(shift)s", {"network": uow.network_id, "shift": shift_id})


async def insert_shift(uow: UnitOfWork, row: ShiftRow) -> None:
    """Append a shift."""
    await uow.execute(
        "INSERT INTO shift (network_id, id, merchant_id, shop_id, terminal_id, opened_by, opened_at, float_minor,"
        " currency) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            uow.network_id,
            row.id,
            row.merchant_id,
            row.shop_id,
            row.terminal_id,
            row.opened_by,
            row.opened_at,
            row.float_minor,
            row.currency,
        ),
    )


async def insert_close(
    uow: UnitOfWork, row: ShiftRow, staff_id: UUID, at: datetime, counted_minor: int, sums: ShiftSums
) -> None:
    """Append the end of a shift."""
    body = msgspec.json.encode(sums).decode()
    await uow.execute(
        "INSERT INTO shift_close (network_id, shift_id, merchant_id, closed_by, closed_at, counted_minor, sums)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s::jsonb)",
        (uow.network_id, row.id, row.merchant_id, staff_id, at, counted_minor, body),
    )


@dataclass(frozen=True, slots=True)
class _Count:
    sales: int
    total_minor: int
    vouchers_minor: int
    voucher_sales: int


@dataclass(frozen=True, slots=True)
class _Back:
    undone: int
    undone_minor: int


@dataclass(frozen=True, slots=True)
class _Kind:
    kind: str
    amount_minor: int


# Ids carry the time of a sale, so the index of shops leads straight to those of a shift.
_IN_SHIFT = """
    s.network_id = %(network)s AND s.shop_id = %(shop)s AND s.terminal_id = %(terminal)s
    AND s.id >= first_uuid7(%(begins)s) AND s.sold_at >= %(begins)s AND s.sold_at < %(ends)s
"""
_COUNT = f"""
    SELECT count(*) AS sales, coalesce(sum(total_minor), 0)::bigint AS total_minor,
           coalesce(sum(redeemed_minor), 0)::bigint AS vouchers_minor,
           count(*) FILTER (WHERE redeemed_minor > 0) AS voucher_sales
    FROM sale s WHERE {_IN_SHIFT}
"""
_TENDERS = f"""
    SELECT t.kind, sum(t.amount_minor)::bigint AS amount_minor
    FROM sale s CROSS JOIN LATERAL jsonb_to_recordset(s.tenders) AS t (kind text, amount_minor bigint)
    WHERE {_IN_SHIFT} GROUP BY t.kind ORDER BY t.kind
"""
# Money goes back over this till's counter when it is undone here, whenever it was sold.
_BACK = """
    FROM sale_change c JOIN sale s ON s.network_id = c.network_id AND s.id = c.sale_id
    WHERE c.network_id = %(network)s AND c.merchant_id = %(merchant)s AND c.kind = 'refund'
      AND c.id >= first_uuid7(%(begins)s) AND c.changed_at >= %(begins)s AND c.changed_at < %(ends)s
      AND s.terminal_id = %(terminal)s
"""
_UNDONE = f"SELECT count(*) AS undone, coalesce(sum(c.amount_minor), 0)::bigint AS undone_minor {_BACK}"
_GIVEN_BACK = f"""
    SELECT t.kind, sum(t.amount_minor)::bigint AS amount_minor FROM (
        SELECT b.kind, b.amount_minor FROM (SELECT c.detail {_BACK}) c
        CROSS JOIN LATERAL jsonb_to_recordset(coalesce(c.detail -> 'tenders', '[]'))
            AS b (kind text, amount_minor bigint)
    ) t GROUP BY t.kind ORDER BY t.kind
"""


async def shift_sums(uow: UnitOfWork, row: ShiftRow, until: datetime) -> ShiftSums:
    """Return what a till recorded from the beginning of a shift until a time."""
    params = {
        "network": uow.network_id,
        "merchant": row.merchant_id,
        "shop": row.shop_id,
        "terminal": row.terminal_id,
        "begins": row.opened_at,
        "ends": until,
    }
    count = await uow.row(_Count, _COUNT, params)
    back = await uow.row(_Back, _UNDONE, params)
    assert count is not None
    assert back is not None
    return ShiftSums(
        sales=count.sales,
        total_minor=count.total_minor,
        vouchers_minor=count.vouchers_minor,
        voucher_sales=count.voucher_sales,
        undone=back.undone,
        undone_minor=back.undone_minor,
        tenders={one.kind: one.amount_minor for one in await uow.rows(_Kind, _TENDERS, params)},
        given_back={one.kind: one.amount_minor for one in await uow.rows(_Kind, _GIVEN_BACK, params)},
    )
