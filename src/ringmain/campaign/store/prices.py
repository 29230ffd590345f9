"""Prices of coins in PostgreSQL: made anew as a whole, and the plays that they are made for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids
from ringmain.kit.pure.ids import first_id


@dataclass(frozen=True, slots=True)
class PastPlay:
    """Who has played, where they are known, and at which shop."""

    subject_id: UUID | None
    shop_id: UUID | None


_PLAYS = """
    SELECT coalesce(c.subject_id, d.subject_id) AS subject_id, d.shop_id
    FROM draw d LEFT JOIN draw_claim c ON c.network_id = d.network_id AND c.draw_id = d.id
    WHERE d.network_id = %s AND d.id >= %s ORDER BY d.id
"""


async def past_plays(uow: UnitOfWork, since: datetime) -> list[PastPlay]:
    """Return all plays since a time, the oldest first."""
    found: list[PastPlay] = []
    async for rows in uow.pieces(PastPlay, _PLAYS, (uow.network_id, first_id(since))):
        found += rows
    return found


@dataclass(frozen=True, slots=True)
class Pricing:
    """One solution: for how many plays and candidates, what its allocation gives, and how far from the best."""

    id: UUID
    solved_at: datetime
    people: int
    candidates: int
    vouchers: int
    value: float
    bound: float
    gap: float


_ADD = """
    INSERT INTO pricing (network_id, id, solved_at, people, candidates, vouchers, value, bound, gap)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_ADD_PRICES = """
    INSERT INTO coin_price (network_id, kind, object_id, price, pricing_id)
    SELECT %s, %s, t.id, t.price, %s FROM unnest(%s, %s::float8[]) AS t (id, price)
"""


async def replace_prices(
    uow: UnitOfWork, pricing: Pricing, offers: Mapping[UUID, float], senders: Mapping[UUID, float]
) -> None:
    """Put new prices in place of the old ones, in this transaction."""
    figures = (pricing.people, pricing.candidates, pricing.vouchers, pricing.value, pricing.bound, pricing.gap)
    await uow.execute(_ADD, (uow.network_id, pricing.id, pricing.solved_at, *figures))
    await uow.execute("DELETE FROM coin_price WHERE network_id = %s", (uow.network_id,))
    for kind, prices in (("offer", offers), ("sender", senders)):
        params = (uow.network_id, kind, pricing.id, pack_uuids(list(prices)), list(prices.values()))
        await uow.execute(_ADD_PRICES, params)


async def newest_pricing(uow: UnitOfWork) -> Pricing | None:
    """Return the newest solution."""
    query = """
        SELECT id, solved_at, people, candidates, vouchers, value, bound, gap FROM pricing
        WHERE network_id = %s ORDER BY id DESC LIMIT 1
    """
    return await uow.row(Pricing, query, (uow.network_id,))


@dataclass(frozen=True, slots=True)
class CoinPrice:
    """What a minor unit costs, in visits: of an offer ("offer"), or where a merchant is the sender ("sender")."""

    kind: str
    object_id: UUID
    price: float


async def coin_prices(uow: UnitOfWork) -> list[CoinPrice]:
    """Return the prices that stand, by kind and id."""
    query = "SELECT kind, object_id, price FROM coin_price WHERE network_id = %s ORDER BY kind, object_id"
    return await uow.rows(CoinPrice, query, (uow.network_id,))
