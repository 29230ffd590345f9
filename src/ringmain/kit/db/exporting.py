"""Whole tables by pages, for exports: a slice declares what of its rows is exported, and one loop reads them all."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Literal, LiteralString
from uuid import UUID

from ringmain.kit.db.unit import UnitOfWork

# Read for each of these: the merchant itself, or one after the other of its shops or offers.
Part = Literal["merchant", "shop", "offer"]
OpenUnit = Callable[[], AbstractAsyncContextManager[UnitOfWork]]
_FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class ExportTable:
    """One file of an export.

    `query` selects `columns` in their order, the first of which is a unique id, for `%(network)s`, `%(merchant)s` and
    the part `%(part)s`, with ids after `%(after)s`, ordered by id, `%(limit)s` at most: an index must lead there. It
    runs under row-level security, also as the role of consoles. No column is a secret, or tells who somebody is.
    """

    name: str
    part: Part
    columns: tuple[str, ...]
    query: LiteralString


async def rows_of(
    open_unit: OpenUnit, table: ExportTable, merchant_id: UUID, parts: tuple[UUID, ...], *, piece: int = 2_000
) -> AsyncIterator[list[tuple[Any, ...]]]:
    """Yield the rows of a table in pieces, each read by a transaction of its own: followers do not wait for exports."""
    for part in parts:
        after = _FIRST
        while True:
            params = {"merchant": merchant_id, "part": part, "after": after, "limit": piece}
            async with open_unit() as uow:
                cursor = await uow.connection.execute(table.query, params | {"network": uow.network_id})
                rows = await cursor.fetchall()
            if rows:
                yield rows
                after = rows[-1][0]
            if len(rows) < piece:
                break
