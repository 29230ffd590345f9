"""Sales in PostgreSQL: facts, appended in sets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from ringmain.kit.db import (
    UnitOfWork,
    pack_booleans,
    pack_int8,
    pack_optional_uuids,
    pack_texts,
    pack_timestamps,
    pack_uuids,
)
from ringmain.kit.pure.clock import microseconds
from ringmain.sale.model import Line, SaleRow

_INSERT_SALES = """
    INSERT INTO sale (network_id, id, merchant_id, shop_id, terminal_id, subject_id, receipt, minimal, total_minor,
                      redeemed_minor, currency, tenders, sold_at, staff_id)
    SELECT %(network)s, id, merchant, shop, terminal, subject, receipt, minimal, total, redeemed, currency,
           tenders::jsonb, at, staff
    FROM unnest(%(ids)s, %(merchants)s, %(shops)s, %(terminals)s, %(subjects)s, %(receipts)s,
                %(minimal)s, %(totals)s, %(redeemed)s, %(currencies)s, %(tenders)s, %(at)s,
                %(staff)s)
         AS t (id, merchant, shop, terminal, subject, receipt, minimal, total, redeemed, currency, tenders, at, staff)
"""
_INSERT_LINES = """
    INSERT INTO sale_line (network_id, sale_id, line_no, product, category, quantity, amount_minor)
    SELECT %(network)s, sale, line_no, product, category, quantity, amount
    FROM unnest(%(sales)s, %(numbers)s, %(products)s, %(categories)s, %(quantities)s, %(amounts)s)
         AS t (sale, line_no, product, category, quantity, amount)
"""


async def insert_sales(uow: UnitOfWork, sales: Sequence[SaleRow]) -> None:
    """Append sales with their lines."""
    await uow.execute(
        _INSERT_SALES,
        {
            "network": uow.network_id,
            "ids": pack_uuids([sale.id for sale in sales]),
            "merchants": pack_uuids([sale.merchant_id for sale in sales]),
            "shops": pack_uuids([sale.shop_id for sale in sales]),
            "terminals": pack_optional_uuids(sale.terminal_id for sale in sales),
            "subjects": pack_optional_uuids(sale.subject_id for sale in sales),
            "receipts": pack_texts(sale.receipt for sale in sales),
            "minimal": pack_booleans(sale.minimal for sale in sales),
            "totals": pack_int8(sale.total_minor for sale in sales),
            "redeemed": pack_int8(sale.redeemed_minor for sale in sales),
            "currencies": pack_texts(sale.currency for sale in sales),
            "tenders": pack_texts(_tenders(sale) for sale in sales),
            "at": pack_timestamps(microseconds(sale.sold_at) for sale in sales),
            "staff": pack_optional_uuids(sale.staff_id for sale in sales),
        },
    )
    if any(sale.lines for sale in sales):
        await insert_lines(uow, ((sale.id, sale.lines) for sale in sales))


def _tenders(sale: SaleRow) -> str | None:
    return msgspec.json.encode(sale.tenders).decode() if sale.tenders else None


async def insert_lines(uow: UnitOfWork, lines_of: Iterable[tuple[UUID, Sequence[Line]]]) -> None:
    """Append the lines of sales, numbered from 1 in each."""
    lines = [(sale_id, number, line) for sale_id, own in lines_of for number, line in enumerate(own, start=1)]
    params: dict[str, Any] = {
        "network": uow.network_id,
        "sales": pack_uuids([sale_id for sale_id, _, _ in lines]),
        "numbers": pack_int8(number for _, number, _ in lines),
        "products": pack_texts(line.product for _, _, line in lines),
        "categories": pack_texts(line.category for _, _, line in lines),
        "quantities": pack_int8(line.quantity for _, _, line in lines),
        "amounts": pack_int8(line.amount_minor for _, _, line in lines),
    }
    await uow.execute(_INSERT_LINES, params)


@dataclass(frozen=True, slots=True)
class QueuedRow:
    """What the clock of a till said of a sale that it made without a network."""

    sale_id: UUID
    merchant_id: UUID
    said_at: datetime
    clock_offset_ms: int | None
    arrived_at: datetime


_INSERT_QUEUED = """
    INSERT INTO queued_sale (network_id, sale_id, merchant_id, said_at, clock_offset_ms, arrived_at)
    SELECT %(network)s, * FROM unnest(%(sales)s, %(merchants)s, %(said)s, %(offsets)s::bigint[], %(arrived)s)
"""


async def insert_queued(uow: UnitOfWork, rows: Sequence[QueuedRow]) -> None:
    """Append what clocks said of queued sales."""
    await uow.execute(
        _INSERT_QUEUED,
        {
            "network": uow.network_id,
            "sales": pack_uuids([row.sale_id for row in rows]),
            "merchants": pack_uuids([row.merchant_id for row in rows]),
            "said": pack_timestamps(microseconds(row.said_at) for row in rows),
            "offsets": [row.clock_offset_ms for row in rows],
            "arrived": pack_timestamps(microseconds(row.arrived_at) for row in rows),
        },
    )


async def ensure_partitions(uow: UnitOfWork, from_time: datetime, to_time: datetime) -> None:
    """Make the missing monthly partitions of a span of time; call it before the first sale of a month is written."""
    await uow.execute("SELECT ensure_sale_partitions(%s, %s)", (from_time, to_time))
