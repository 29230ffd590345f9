"""The stage of a bench: a database with a network, merchants, tills that hold real keys, offers, and vouchers."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2

from ringmain.entry.bench import store
from ringmain.entry.bench.store import CURRENCY, FACE_MINOR, Till
from ringmain.entry.http import build_app
from ringmain.kit.db import Database
from ringmain.kit.http.observe import AccessLog
from ringmain.kit.migrate import prepare_database
from ringmain.kit.postgres import ServerAddress
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring
from ringmain.kit.settings import Settings
from ringmain.ledger import api as ledger
from ringmain.network import api as network
from ringmain.network.api import MerchantAccount
from ringmain.sale import api as sale
from ringmain.voucher import api as voucher

MERCHANTS = 16
TILLS = 64
_DEPOSIT_MINOR = 10**12


@dataclass(frozen=True, slots=True)
class Stage:
    """A database that is ready to be measured."""

    name: str
    superuser_url: str
    application_url: str
    key_file: Path
    network_id: UUID
    operator_token: str
    tills: tuple[Till, ...]
    tokens: tuple[str, ...]


async def build(address: ServerAddress, name: str, folder: Path) -> Stage:
    """Make a database with everything but vouchers, through the use cases and the doors that everybody uses."""
    urls = await asyncio.to_thread(prepare_database, address.url("postgres"), name, address.application_password)
    superuser_url = address.url(name)
    await asyncio.to_thread(store.prepare, superuser_url)
    key_file = folder / f"{name}.key"
    keyring = Keyring.open_or_create(key_file, encrypted_data_exists=False)
    async with Database(urls.application_url) as database:
        network_id = uuid7(datetime.now(tz=UTC))
        async with database.unit(network_id) as uow:
            await network.open_network(uow, "Bench", CURRENCY, "UTC")
            minted = await network.make_key(uow, keyring, "operator", "bench")
        token = network.token_text(keyring, "operator", minted.key.id, minted.key.version, minted.master_version)
        assert token is not None
        offers = await _open(database, network_id)
        tills, tokens = await _pair_tills(database, keyring, network_id, token, offers)
    await asyncio.to_thread(store.place_tills, superuser_url, tills)
    return Stage(name, superuser_url, urls.application_url, key_file, network_id, token, tuple(tills), tuple(tokens))


@dataclass(frozen=True, slots=True)
class _Place:
    merchant_id: UUID
    shop_id: UUID
    offer_id: UUID


async def _open(database: Database, network_id: UUID) -> list[_Place]:
    """Open the merchants with their shops and money, and publish one offer each."""
    async with database.unit(network_id) as uow:
        merchants = await network.open_merchants(
            uow, [network.NewMerchant(f"Merchant {number}") for number in range(MERCHANTS)]
        )
        shops = await network.open_shops(
            uow, [network.NewShop(one.id, "Shop", "cafe", 0.0, 0.0, "UTC") for one in merchants]
        )
        for one in merchants:
            await network.make_deposit(uow, one.id, _DEPOSIT_MINOR, CURRENCY, "bench")
        await sale.ensure_partitions(uow, await uow.now(), await uow.now() + timedelta(days=31))
        terms = voucher.Terms(kind="cash", currency=CURRENCY, face_minor=FACE_MINOR, valid_days=30)
        offers = await voucher.publish(
            uow,
            [
                voucher.NewOffer(creator_merchant_id=one.id, funder_id=one.id, name="2.00 off", terms=terms)
                for one in merchants
            ],
        )
    return [
        _Place(shop.merchant_id, shop.id, offer.id)
        for shop, offer in zip(shops, offers, strict=True)
        if isinstance(offer, voucher.PublishedOffer)
    ]


async def _pair_tills(
    database: Database, keyring: Keyring, network_id: UUID, operator: str, places: list[_Place]
) -> tuple[list[Till], list[str]]:
    """Make and pair the terminals through the API, as devices do; each from an address of its own."""
    app: Any = build_app(Settings(), database, keyring, access_log=AccessLog(lambda _: None))
    tills: list[Till] = []
    tokens: list[str] = []
    for client in range(TILLS):
        place = places[client % len(places)]
        transport = httpx2.ASGITransport(app=app, client=(f"10.0.0.{client}", 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://bench") as http:
            made = await _post(http, "/v1/terminals", {"shop_id": str(place.shop_id), "name": "till"}, operator)
            paired = await _post(http, "/v1/terminals/pair", {"code": made["code"]}, None)
        tokens.append(paired["token"])
        tills.append(_till(client, network_id, place, UUID(paired["terminal_id"])))
    return tills, tokens


async def _post(http: Any, path: str, body: dict[str, Any], token: str | None) -> dict[str, Any]:
    headers = {"idempotency-key": secrets.token_hex(16)}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    answer = await http.post(path, json=body, headers=headers)
    if not answer.is_success:
        raise RuntimeError(f"{path} answered {answer.status_code}: {answer.text}")
    return dict(answer.json())


def _till(client: int, network_id: UUID, place: _Place, terminal_id: UUID) -> Till:
    def account(code: MerchantAccount) -> UUID:
        return ledger.account_id(network_id, place.merchant_id, code, CURRENCY)

    return Till(
        client=client,
        network_id=network_id,
        merchant_id=place.merchant_id,
        shop_id=place.shop_id,
        terminal_id=terminal_id,
        held_id=account(MerchantAccount.HELD),
        payable_id=account(MerchantAccount.PAYABLE),
        spendable_id=account(MerchantAccount.AVAILABLE),
        offer_id=place.offer_id,
    )
