"""The rows of networks, merchants, shops, rivals and deposits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import msgspec

from ringmain.kit.db import UnitOfWork, pack_uuids
from ringmain.network.model import Hours, Merchant, Network, Shop

_NETWORK = """
    SELECT network_id AS id, name, currency, time_zone, opened_at, simulated FROM network WHERE network_id = %s
"""


async def insert_network(uow: UnitOfWork, network: Network) -> None:
    """Open a network; one that is open already stays as it is."""
    await uow.execute(
        "INSERT INTO network (network_id, name, currency, time_zone, opened_at, simulated)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (uow.network_id, network.name, network.currency, network.time_zone, network.opened_at, network.simulated),
    )
    await uow.execute(
        "INSERT INTO key_directory (id, network_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (uow.network_id, uow.network_id),
    )


@dataclass(frozen=True, slots=True)
class _ListedNetwork:
    id: UUID


async def all_networks(uow: UnitOfWork) -> list[UUID]:
    """Return the ids of all networks from the directory; the unit of work needs no network."""
    rows = await uow.rows(_ListedNetwork, "SELECT id FROM key_directory WHERE id = network_id ORDER BY id")
    return [row.id for row in rows]


async def network(uow: UnitOfWork) -> Network | None:
    """Return the network of this transaction."""
    return await uow.row(Network, _NETWORK, (uow.network_id,))


async def insert_merchants(uow: UnitOfWork, merchants: Sequence[Merchant]) -> None:
    """Open merchants; those that are open already stay as they are."""
    await uow.execute(
        """
        INSERT INTO merchant (network_id, id, legal_name, opened_at)
        SELECT %(network)s, t.* FROM unnest(%(ids)s, %(names)s::text[], %(opened)s::timestamptz[]) AS t
        ON CONFLICT DO NOTHING
        """,
        {
            "network": uow.network_id,
            "ids": pack_uuids([merchant.id for merchant in merchants]),
            "names": [merchant.legal_name for merchant in merchants],
            "opened": [merchant.opened_at for merchant in merchants],
        },
    )


async def rename_merchant(uow: UnitOfWork, merchant_id: UUID, legal_name: str) -> None:
    """Change the legal name."""
    await uow.execute(
        "UPDATE merchant SET legal_name = %s WHERE network_id = %s AND id = %s",
        (legal_name, uow.network_id, merchant_id),
    )


async def merchants(uow: UnitOfWork, ids: Sequence[UUID]) -> list[Merchant]:
    """Return those merchants that exist and may be seen, in no order."""
    return await uow.rows(
        Merchant,
        "SELECT id, legal_name, opened_at FROM merchant WHERE network_id = %s AND id = ANY (%s)",
        (uow.network_id, pack_uuids(ids)),
    )


async def list_merchants(
    uow: UnitOfWork, after: UUID | None, limit: int | None, only: UUID | None = None
) -> list[Merchant]:
    """Return merchants in the order of their ids, after one, `only` one where that is given."""
    return await uow.rows(
        Merchant,
        """
        SELECT id, legal_name, opened_at FROM merchant
        WHERE network_id = %(network)s AND (%(after)s::uuid IS NULL OR id > %(after)s)
          AND (%(only)s::uuid IS NULL OR id = %(only)s)
        ORDER BY id LIMIT %(limit)s
        """,
        {"network": uow.network_id, "after": after, "only": only, "limit": limit},
    )


@dataclass(frozen=True, slots=True)
class _ShopRow:
    """A shop as the driver reads it: hours come as text."""

    id: UUID
    merchant_id: UUID
    name: str
    category: str
    latitude: float
    longitude: float
    time_zone: str
    hours: str | None
    opened_at: datetime

    def shop(self) -> Shop:
        """Return the shop as the domain knows it."""
        hours = None if self.hours is None else _hours(self.hours)
        return Shop(
            self.id,
            self.merchant_id,
            self.name,
            self.category,
            self.latitude,
            self.longitude,
            self.time_zone,
            hours,
            self.opened_at,
        )


_SHOP = "SELECT id, merchant_id, name, category, latitude, longitude, time_zone, hours::text, opened_at FROM shop"


@lru_cache(maxsize=4_096)
def _hours(text: str) -> Hours:
    # Most shops of a network keep one of few hours: they are read once, and held in memory once.
    return msgspec.json.decode(text, type=Hours)


async def insert_shops(uow: UnitOfWork, shops: Sequence[Shop]) -> None:
    """Open shops; those that are open already stay as they are."""
    await uow.execute(
        """
        INSERT INTO shop (network_id, id, merchant_id, name, category, latitude, longitude, time_zone, hours, opened_at)
        SELECT %(network)s, i, m, n, c, la, lo, z, h::jsonb, o
        FROM unnest(%(ids)s, %(merchants)s, %(names)s::text[], %(categories)s::text[], %(latitudes)s::float8[],
                    %(longitudes)s::float8[], %(zones)s::text[], %(hours)s::text[], %(opened)s::timestamptz[])
             AS t (i, m, n, c, la, lo, z, h, o)
        ON CONFLICT DO NOTHING
        """,
        {
            "network": uow.network_id,
            "ids": pack_uuids([shop.id for shop in shops]),
            "merchants": pack_uuids([shop.merchant_id for shop in shops]),
            "names": [shop.name for shop in shops],
            "categories": [shop.category for shop in shops],
            "latitudes": [shop.latitude for shop in shops],
            "longitudes": [shop.longitude for shop in shops],
            "zones": [shop.time_zone for shop in shops],
            "hours": [_json(shop.hours) for shop in shops],
            "opened": [shop.opened_at for shop in shops],
        },
    )


async def update_shop(uow: UnitOfWork, shop: Shop) -> None:
    """Write a shop as it is now; its merchant never changes."""
    await uow.execute(
        """
        UPDATE shop SET name = %(name)s, category = %(category)s, latitude = %(latitude)s, longitude = %(longitude)s,
                        time_zone = %(zone)s, hours = %(hours)s::jsonb
        WHERE network_id = %(network)s AND id = %(id)s
        """,
        {
            "network": uow.network_id,
            "id": shop.id,
            "name": shop.name,
            "category": shop.category,
            "latitude": shop.latitude,
            "longitude": shop.longitude,
            "zone": shop.time_zone,
            "hours": _json(shop.hours),
        },
    )


async def shops(uow: UnitOfWork, ids: Sequence[UUID]) -> list[Shop]:
    """Return those shops that exist and may be seen, in no order."""
    rows = await uow.rows(
        _ShopRow, f"{_SHOP} WHERE network_id = %s AND id = ANY (%s)", (uow.network_id, pack_uuids(ids))
    )
    return [row.shop() for row in rows]


async def locked_shop(uow: UnitOfWork, id_: UUID) -> Shop | None:
    """Return a shop that nobody else changes until this transaction ends."""
    row = await uow.row(_ShopRow, f"{_SHOP} WHERE network_id = %s AND id = %s FOR UPDATE", (uow.network_id, id_))
    return None if row is None else row.shop()


async def list_shops(
    uow: UnitOfWork, after: UUID | None, limit: int | None, merchant_id: UUID | None = None
) -> list[Shop]:
    """Return shops in the order of their ids, after one, of one merchant where that is given."""
    pieces = uow.pieces(
        _ShopRow,
        f"""
        {_SHOP}
        WHERE network_id = %(network)s AND (%(after)s::uuid IS NULL OR id > %(after)s)
          AND (%(merchant)s::uuid IS NULL OR merchant_id = %(merchant)s)
        ORDER BY id LIMIT %(limit)s
        """,
        {"network": uow.network_id, "after": after, "merchant": merchant_id, "limit": limit},
    )
    return [row.shop() async for rows in pieces for row in rows]


@dataclass(frozen=True, slots=True)
class Rival:
    """A merchant declared a shop to be its rival."""

    merchant_id: UUID
    rival_shop_id: UUID
    declared_at: datetime


async def declare_rival(uow: UnitOfWork, rival: Rival) -> None:
    """Declare a rival; once more changes nothing."""
    await uow.execute(
        "INSERT INTO rival (network_id, merchant_id, rival_shop_id, declared_at) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (uow.network_id, rival.merchant_id, rival.rival_shop_id, rival.declared_at),
    )


async def withdraw_rival(uow: UnitOfWork, merchant_id: UUID, rival_shop_id: UUID) -> None:
    """Withdraw a declaration; where there is none, nothing changes."""
    await uow.execute(
        "DELETE FROM rival WHERE network_id = %s AND merchant_id = %s AND rival_shop_id = %s",
        (uow.network_id, merchant_id, rival_shop_id),
    )


async def rivals_of(uow: UnitOfWork, merchant_id: UUID, shop_id: UUID) -> list[Rival]:
    """Return the declarations of one merchant, and those of one shop by others."""
    return await uow.rows(
        Rival,
        """
        SELECT merchant_id, rival_shop_id, declared_at FROM rival
        WHERE network_id = %(network)s AND merchant_id = %(merchant)s
        UNION
        SELECT merchant_id, rival_shop_id, declared_at FROM rival
        WHERE network_id = %(network)s AND rival_shop_id = %(shop)s
        """,
        {"network": uow.network_id, "merchant": merchant_id, "shop": shop_id},
    )


async def rivals(uow: UnitOfWork, merchant_id: UUID | None = None) -> list[Rival]:
    """Return the declarations of one merchant, or of all."""
    return await uow.rows(
        Rival,
        """
        SELECT merchant_id, rival_shop_id, declared_at FROM rival
        WHERE network_id = %(network)s AND (%(merchant)s::uuid IS NULL OR merchant_id = %(merchant)s)
        ORDER BY merchant_id, rival_shop_id
        """,
        {"network": uow.network_id, "merchant": merchant_id},
    )


@dataclass(frozen=True, slots=True)
class Deposit:
    """Money that a merchant brought in."""

    id: UUID
    merchant_id: UUID
    amount_minor: int
    currency: str
    reference: str
    made_at: datetime


async def insert_deposit(uow: UnitOfWork, deposit: Deposit) -> bool:
    """Write a deposit; False where the merchant's reference was used before."""
    row = await uow.row(
        _Inserted,
        """
        INSERT INTO deposit (network_id, id, merchant_id, amount_minor, currency, reference, made_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT ON CONSTRAINT deposit_reference_once DO NOTHING RETURNING id
        """,
        (
            uow.network_id,
            deposit.id,
            deposit.merchant_id,
            deposit.amount_minor,
            deposit.currency,
            deposit.reference,
            deposit.made_at,
        ),
    )
    return row is not None


@dataclass(frozen=True, slots=True)
class _Inserted:
    id: UUID


def _json(hours: Hours | None) -> str | None:
    return None if hours is None else msgspec.json.encode(hours).decode()
