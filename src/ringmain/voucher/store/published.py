"""Offers in PostgreSQL: published once, then only paused, resumed and used up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from ringmain.kit.db import Pending, UnitOfWork, pack_int8, pack_texts, pack_timestamps, pack_uuids
from ringmain.kit.pure.clock import microseconds
from ringmain.voucher.model import PublishedOffer, Terms


@dataclass(frozen=True, slots=True)
class _Row:
    id: UUID
    creator_merchant_id: UUID
    funder_id: UUID
    name: str
    terms: bytes
    stock: int | None
    paused: bool
    created_at: datetime

    def offer(self) -> PublishedOffer:
        """Return the offer with its terms read."""
        return PublishedOffer(
            id=self.id,
            creator_merchant_id=self.creator_merchant_id,
            funder_id=self.funder_id,
            name=self.name,
            terms=msgspec.json.decode(self.terms, type=Terms),
            stock=self.stock,
            paused=self.paused,
            created_at=self.created_at,
        )


_COLUMNS = """
    id, creator_merchant_id, funder_id, name, convert_to(terms::text, 'UTF8') AS terms, stock, paused, created_at
"""
_INSERT = """
    INSERT INTO offer (network_id, id, creator_merchant_id, funder_id, name, currency, kind, terms, cost_minor, stock,
                       created_at)
    SELECT %(network)s, id, creator, funder, name, currency, kind, terms::jsonb, cost, stock, at
    FROM unnest(%(ids)s, %(creators)s, %(funders)s, %(names)s, %(currencies)s, %(kinds)s, %(terms)s, %(costs)s,
                %(stocks)s::bigint[], %(at)s)
         AS t (id, creator, funder, name, currency, kind, terms, cost, stock, at)
    ON CONFLICT DO NOTHING
"""


async def insert_offers(uow: UnitOfWork, offers: Sequence[PublishedOffer]) -> None:
    """Publish offers; one that exists under the same id stays as it is."""
    await uow.execute(
        _INSERT,
        {
            "network": uow.network_id,
            "ids": pack_uuids([offer.id for offer in offers]),
            "creators": pack_uuids([offer.creator_merchant_id for offer in offers]),
            "funders": pack_uuids([offer.funder_id for offer in offers]),
            "names": pack_texts(offer.name for offer in offers),
            "currencies": pack_texts(offer.terms.currency for offer in offers),
            "kinds": pack_texts(offer.terms.kind for offer in offers),
            "terms": pack_texts(msgspec.json.encode(offer.terms).decode() for offer in offers),
            "costs": pack_int8(offer.terms.cost_minor for offer in offers),
            "stocks": [offer.stock for offer in offers],
            "at": pack_timestamps(microseconds(offer.created_at) for offer in offers),
        },
    )


async def published_offers(uow: UnitOfWork, ids: Sequence[UUID]) -> dict[UUID, PublishedOffer]:
    """Return offers as they stand, by id."""
    query = f"SELECT {_COLUMNS} FROM offer WHERE network_id = %(network)s AND id = ANY(%(ids)s)"
    rows = await uow.rows(_Row, query, {"network": uow.network_id, "ids": pack_uuids(ids)})
    return {row.id: row.offer() for row in rows}


_LIST = f"""
    SELECT {_COLUMNS} FROM offer
    WHERE network_id = %(network)s AND (%(before)s::uuid IS NULL OR id < %(before)s)
    ORDER BY id DESC LIMIT %(limit)s
"""
_LIST_OF_CREATOR = f"""
    SELECT {_COLUMNS} FROM offer
    WHERE network_id = %(network)s AND creator_merchant_id = %(creator)s
      AND (%(before)s::uuid IS NULL OR id < %(before)s)
    ORDER BY id DESC LIMIT %(limit)s
"""


async def list_offers(
    uow: UnitOfWork, creator_merchant_id: UUID | None, before: UUID | None, limit: int
) -> list[PublishedOffer]:
    """Return the newest offers, of one creator or of all, older than `before`."""
    params = {"network": uow.network_id, "creator": creator_merchant_id, "before": before, "limit": limit}
    query = _LIST if creator_merchant_id is None else _LIST_OF_CREATOR
    return [row.offer() for row in await uow.rows(_Row, query, params)]


_STANDING = f"""
    SELECT {_COLUMNS} FROM offer
    WHERE network_id = %(network)s AND NOT paused
      AND (terms->>'valid_until' IS NULL OR (terms->>'valid_until')::timestamptz > %(at)s)
    ORDER BY id DESC LIMIT %(limit)s
"""


async def standing_offers(uow: UnitOfWork, at: datetime, limit: int) -> list[PublishedOffer]:
    """Return the newest offers that are not paused and not over, whether or not any of them is left."""
    params = {"network": uow.network_id, "at": at, "limit": limit}
    return [row.offer() async for rows in uow.pieces(_Row, _STANDING, params) for row in rows]


# By their ids alone: with "these ids or all" in one query, its plan would read all.
_OPEN = f"""
    SELECT {_COLUMNS} FROM offer
    WHERE network_id = %(network)s AND id = ANY(%(ids)s) AND NOT paused AND (stock IS NULL OR stock > 0)
      AND (terms->>'valid_until' IS NULL OR (terms->>'valid_until')::timestamptz > %(at)s)
    ORDER BY id DESC
"""


async def open_offers(uow: UnitOfWork, at: datetime, ids: Sequence[UUID]) -> list[PublishedOffer]:
    """Return those of these offers that are not paused, not used up and not over, the newest first."""
    params = {"network": uow.network_id, "at": at, "ids": pack_uuids(ids)}
    return [row.offer() for row in await uow.rows(_Row, _OPEN, params)]


@dataclass(frozen=True, slots=True)
class StocksRow:
    """What is left of offers, in the order in which they were asked for; -1: there is no limit."""

    stocks: list[int]


_STOCKS = """
    SELECT coalesce(array_agg(coalesce(o.stock, -1) ORDER BY a.place), '{}') AS stocks
    FROM unnest(%(ids)s) WITH ORDINALITY AS a (id, place)
    JOIN offer o ON o.network_id = %(network)s AND o.id = a.id
"""


async def stocks(uow: UnitOfWork, ids: Sequence[UUID]) -> Pending[StocksRow]:
    """Ask what is left of offers that exist; one array, so that thousands cost no object each."""
    return await uow.start(StocksRow, _STOCKS, {"network": uow.network_id, "ids": pack_uuids(ids)})


async def set_paused(uow: UnitOfWork, id_: UUID, *, paused: bool) -> None:
    """Pause or resume an offer."""
    await uow.execute(
        "UPDATE offer SET paused = %s WHERE network_id = %s AND id = %s AND paused <> %s",
        (paused, uow.network_id, id_, paused),
    )


@dataclass(frozen=True, slots=True)
class IdRow:
    """The id of an offer."""

    id: UUID


async def paused_offers(uow: UnitOfWork, ids: Sequence[UUID]) -> Pending[IdRow]:
    """Ask which of these offers are paused."""
    query = "SELECT id FROM offer WHERE network_id = %(network)s AND id = ANY(%(ids)s) AND paused"
    return await uow.start(IdRow, query, {"network": uow.network_id, "ids": pack_uuids(ids)})


@dataclass(frozen=True, slots=True)
class StockRow:
    """How many vouchers of an offer are left."""

    id: UUID
    stock: int


_LOCK_STOCK = """
    SELECT id, stock FROM offer WHERE network_id = %(network)s AND id = ANY(%(ids)s) AND stock IS NOT NULL
    ORDER BY id FOR NO KEY UPDATE
"""


async def lock_stock(uow: UnitOfWork, ids: Sequence[UUID]) -> Pending[StockRow]:
    """Lock the offers that have a stock, in the order of their ids, and ask what is left of each."""
    return await uow.start(StockRow, _LOCK_STOCK, {"network": uow.network_id, "ids": pack_uuids(ids)})


_TAKE_STOCK = """
    UPDATE offer AS o SET stock = o.stock - t.taken FROM unnest(%(ids)s, %(taken)s) AS t (id, taken)
    WHERE o.network_id = %(network)s AND o.id = t.id
"""


async def take_stock(uow: UnitOfWork, taken: Mapping[UUID, int]) -> None:
    """Subtract from stocks; a CHECK refuses less than nothing."""
    params = {"network": uow.network_id, "ids": pack_uuids(list(taken)), "taken": pack_int8(taken.values())}
    await uow.execute(_TAKE_STOCK, params)
