"""What other slices may ask of the network."""

from collections.abc import Sequence
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.network.authenticate import Authenticator
from ringmain.network.deposit import MerchantBalance, make_deposit, merchant_balance
from ringmain.network.keys import Minted, make_key, revoke_key, rotate_key, token_text
from ringmain.network.model import (
    Hours,
    KeyRole,
    Merchant,
    MerchantAccount,
    Network,
    NetworkTransfer,
    NewMerchant,
    NewShop,
    Shop,
)
from ringmain.network.open import merchant_of, network_of, open_merchants, open_network, open_shops, shop_of
from ringmain.network.staff import add_staff
from ringmain.network.store import places
from ringmain.network.store.export import EXPORT_TABLES
from ringmain.network.store.keys import list_keys

__all__ = [
    "EXPORT_TABLES",
    "Authenticator",
    "Hours",
    "KeyRole",
    "Merchant",
    "MerchantAccount",
    "MerchantBalance",
    "Minted",
    "Network",
    "NetworkTransfer",
    "NewMerchant",
    "NewShop",
    "Shop",
    "add_staff",
    "all_merchants",
    "all_networks",
    "all_shops",
    "list_keys",
    "make_deposit",
    "make_key",
    "merchant_balance",
    "merchant_of",
    "merchants",
    "network_of",
    "open_merchants",
    "open_network",
    "open_shops",
    "revoke_key",
    "rival_shops",
    "rotate_key",
    "shop_of",
    "shops",
    "shops_of",
    "token_text",
]


async def all_networks(uow: UnitOfWork) -> list[UUID]:
    """Return the ids of all networks of this installation; the unit of work needs no network."""
    return await places.all_networks(uow)


async def merchants(uow: UnitOfWork, ids: Sequence[UUID]) -> list[Merchant]:
    """Return those of these merchants that exist in the network, in no order."""
    return await places.merchants(uow, ids)


async def shops(uow: UnitOfWork, ids: Sequence[UUID]) -> list[Shop]:
    """Return those of these shops that exist in the network, in no order."""
    return await places.shops(uow, ids)


async def all_merchants(uow: UnitOfWork) -> list[Merchant]:
    """Return every merchant of the network in the order of their ids."""
    return await places.list_merchants(uow, None, None)


async def all_shops(uow: UnitOfWork) -> list[Shop]:
    """Return every shop of the network in the order of their ids."""
    return await places.list_shops(uow, None, None)


async def shops_of(uow: UnitOfWork, merchant_id: UUID) -> list[Shop]:
    """Return every shop of a merchant in the order of their ids."""
    return await places.list_shops(uow, None, None, merchant_id)


async def rival_shops(uow: UnitOfWork) -> set[tuple[UUID, UUID]]:
    """Return every declaration as (merchant, shop): this shop and the shops of that merchant are rivals, both ways."""
    return {(rival.merchant_id, rival.rival_shop_id) for rival in await places.rivals(uow)}
