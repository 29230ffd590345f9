"""Opening a network, its merchants and their shops, each with its accounts in the ledger; and changing them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.ledger.api import Account, open_accounts
from ringmain.network.errors import HoursInvalid, MerchantNotFound, RivalIsOwnShop, ShopNotFound, TimeZoneUnknown
from ringmain.network.model import (
    DAY_MINUTES,
    Hours,
    Merchant,
    MerchantAccount,
    Network,
    NewMerchant,
    NewShop,
    Shop,
    known_time_zone,
    merchant_accounts,
    network_accounts,
)
from ringmain.network.store import places

_DAYS = 7


async def open_network(
    uow: UnitOfWork, name: str, currency: str, time_zone: str, *, simulated: bool = False
) -> Network:
    """Open the network of this transaction with the accounts that it holds itself; once more changes nothing."""
    _check_time_zone(time_zone)
    network = Network(uow.network_id, name, currency, time_zone, await uow.now(), simulated)
    await places.insert_network(uow, network)
    await open_accounts(
        uow, [_account(network.id, code, network.currency, credit_limit_minor=0) for code in network_accounts()]
    )
    return network


async def network_of(uow: UnitOfWork) -> Network:
    """Return the network of this transaction."""
    network = await places.network(uow)
    if network is None:
        raise RuntimeError("the network of this transaction was never opened")
    return network


async def open_merchants(uow: UnitOfWork, items: Sequence[NewMerchant]) -> list[Merchant]:
    """Open merchants and their accounts in the network's currency; ids that are open already change nothing."""
    if not items:
        return []
    network, now = await network_of(uow), await uow.now()
    merchants = [Merchant(item.id or uuid7(now), item.legal_name, now) for item in items]
    await places.insert_merchants(uow, merchants)
    await open_accounts(
        uow,
        [
            _account(merchant.id, code, network.currency, item.credit_limit_minor)
            for merchant, item in zip(merchants, items, strict=True)
            for code in merchant_accounts()
        ],
    )
    uow.record("merchant_opened", [merchant.id for merchant in merchants])
    return merchants


async def rename_merchant(uow: UnitOfWork, merchant_id: UUID, legal_name: str) -> Merchant:
    """Change a merchant's legal name."""
    merchant = await merchant_of(uow, merchant_id)
    await places.rename_merchant(uow, merchant_id, legal_name)
    return replace(merchant, legal_name=legal_name)


async def merchant_of(uow: UnitOfWork, merchant_id: UUID) -> Merchant:
    """Return a merchant. Raises `MerchantNotFound`."""
    found = await places.merchants(uow, [merchant_id])
    if not found:
        raise MerchantNotFound(merchant_id=merchant_id)
    return found[0]


async def open_shops(uow: UnitOfWork, items: Sequence[NewShop]) -> list[Shop]:
    """Open shops; ids that are open already change nothing.

    Raises `MerchantNotFound`, `TimeZoneUnknown` or `HoursInvalid`; then none is opened.
    """
    if not items:
        return []
    now = await uow.now()
    wanted = {item.merchant_id for item in items}
    missing = wanted - {merchant.id for merchant in await places.merchants(uow, sorted(wanted))}
    if missing:
        raise MerchantNotFound(merchant_id=min(missing))
    shops = [
        Shop(
            item.id or uuid7(now),
            item.merchant_id,
            item.name,
            item.category,
            item.latitude,
            item.longitude,
            item.time_zone,
            item.hours,
            now,
        )
        for item in items
    ]
    for shop in shops:
        _check(shop)
    await places.insert_shops(uow, shops)
    uow.record("shop_opened", [shop.id for shop in shops])
    return shops


async def change_shop(uow: UnitOfWork, shop_id: UUID, merchant_id: UUID | None, changes: dict[str, Any]) -> Shop:
    """Change the named fields of a shop, of one merchant where that is given. Raises as `open_shops`."""
    shop = await places.locked_shop(uow, shop_id)
    if shop is None or merchant_id not in (None, shop.merchant_id):
        raise ShopNotFound(shop_id=shop_id)
    shop = replace(shop, **changes)
    _check(shop)
    await places.update_shop(uow, shop)
    uow.record("shop_changed", [shop.id])
    return shop


async def shop_of(uow: UnitOfWork, shop_id: UUID, merchant_id: UUID | None = None) -> Shop:
    """Return a shop, of one merchant where that is given. Raises `ShopNotFound`."""
    found = await places.shops(uow, [shop_id])
    if not found or merchant_id not in (None, found[0].merchant_id):
        raise ShopNotFound(shop_id=shop_id)
    return found[0]


async def declare_rival(uow: UnitOfWork, merchant_id: UUID, shop_id: UUID) -> places.Rival:
    """Declare a shop of another merchant to be a rival; it then holds in both directions."""
    await merchant_of(uow, merchant_id)
    shop = await shop_of(uow, shop_id)
    if shop.merchant_id == merchant_id:
        raise RivalIsOwnShop(shop_id=shop_id)
    rival = places.Rival(merchant_id, shop_id, await uow.now())
    await places.declare_rival(uow, rival)
    return rival


async def withdraw_rival(uow: UnitOfWork, merchant_id: UUID, shop_id: UUID) -> None:
    """Withdraw a merchant's declaration; where there is none, nothing changes."""
    await merchant_of(uow, merchant_id)
    await places.withdraw_rival(uow, merchant_id, shop_id)


def _account(holder_id: UUID, code: MerchantAccount, currency: str, credit_limit_minor: int) -> Account:
    guarded = code is MerchantAccount.AVAILABLE
    return Account(holder_id, code, currency, guarded, credit_limit_minor if guarded else 0)


def _check(shop: Shop) -> None:
    _check_time_zone(shop.time_zone)
    if shop.hours is not None:
        check_hours(shop.hours)


def _check_time_zone(name: str) -> None:
    if not known_time_zone(name):
        raise TimeZoneUnknown(time_zone=name)


def check_hours(hours: Hours) -> None:
    """Raise where times of a day are empty, out of order, or reach into the next opening, the next day's included."""
    if len(hours) != _DAYS:
        raise HoursInvalid(reason="Seven days are needed.")
    for day, spans in enumerate(hours):
        if not spans:
            continue
        next_day = hours[(day + 1) % _DAYS]
        ends = [opens for opens, _ in spans[1:]]
        ends.append(next_day[0][0] + DAY_MINUTES if next_day else 2 * DAY_MINUTES)
        for (opens, closes), end in zip(spans, ends, strict=True):
            if not 0 <= opens < DAY_MINUTES or not opens < closes <= min(end, opens + DAY_MINUTES):
                raise HoursInvalid(day=day)
