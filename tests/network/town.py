"""A network with two merchants, opened through the use cases, and a client that speaks to the API in this process."""

import json
from collections.abc import AsyncIterator, Mapping, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from ringmain.entry.http import App, build_app
from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.http import DoorLimits
from ringmain.kit.http.observe import AccessLog
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring
from ringmain.kit.settings import Settings
from ringmain.network.api import NewMerchant, NewShop, make_key, open_merchants, open_network, open_shops, token_text
from ringmain.network.keys import Minted, make_terminal_key
from ringmain.network.model import Terminal
from ringmain.network.store import people

CURRENCY = "CNY"
ZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as data."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The broken rule, or nothing."""
        return str(self.json["code"]) if self.headers["content-type"] == "application/problem+json" else ""


@dataclass(slots=True)
class Client:
    """Calls an ASGI application in this process, as one address with one key."""

    app: Any
    token: str | None = None
    address: str = "203.0.113.7"

    def using(self, token: str | None) -> "Client":
        """Return a client of the same application with another key."""
        return Client(self.app, token, self.address)

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = "",
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Answer:
        """Send one request; `key` is the idempotency key: a new one unless given, none where None."""
        path, _, query = path.partition("?")
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        sent = {"host": "localhost", "content-length": str(len(data))}
        if data:
            sent["content-type"] = "application/json"
        if self.token is not None:
            sent["authorization"] = f"Bearer {self.token}"
        if method != "GET" and key is not None:
            sent["idempotency-key"] = key or str(uuid4())
        sent |= headers or {}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "client": (self.address, 50_000),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        }
        return await _answer(self.app, scope, data)

    async def get(self, path: str) -> Answer:
        """Read."""
        return await self.call("GET", path)

    async def post(self, path: str, body: Any = None, *, key: str | None = "") -> Answer:
        """Write."""
        return await self.call("POST", path, body, key=key)


async def _answer(app: Any, scope: dict[str, Any], data: bytes) -> Answer:
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": data, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(int(sent[0]["status"]), headers, b"".join(message.get("body", b"") for message in sent[1:]))


@dataclass(slots=True)
class Town:
    """A network with two merchants of one shop and one terminal each, and a key for every role."""

    network_id: UUID
    merchants: tuple[UUID, UUID]
    shops: tuple[UUID, UUID]
    terminals: tuple[UUID, UUID]
    tokens: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Installation:
    """One database behind the application, with what a test needs to look behind the API."""

    database: Database
    keyring: Keyring
    app: App
    log: list[bytes]

    def client(self, token: str | None = None) -> Client:
        """Return a client with this key."""
        return Client(self.app, token)

    async def town(self, name: str = "Old Town") -> Town:
        """Open a network of its own with two merchants and keys of every role."""
        network_id = uuid7(datetime.now(tz=UTC))
        async with self.database.unit(network_id) as uow:
            await open_network(uow, name, CURRENCY, ZONE)
            merchants = [
                one.id for one in await open_merchants(uow, [NewMerchant("Tea Ltd"), NewMerchant("Noodle Ltd")])
            ]
            shops = [one.id for one in await open_shops(uow, [_shop(merchant) for merchant in merchants])]
            town = Town(network_id, (merchants[0], merchants[1]), (shops[0], shops[1]), (uuid4(), uuid4()))
            await self._keys(uow, town)
        return town

    async def _keys(self, uow: UnitOfWork, town: Town) -> None:
        minted: dict[str, Minted] = {
            "operator": await make_key(uow, self.keyring, "operator", "operator"),
            "analyst": await make_key(uow, self.keyring, "analyst", "analyst"),
        }
        now = await uow.now()
        for place, suffix in enumerate(("", "_2")):
            merchant_id, shop_id, terminal_id = town.merchants[place], town.shops[place], town.terminals[place]
            await people.insert_terminal(uow, Terminal(terminal_id, merchant_id, shop_id, "Till", now, None, None))
            minted[f"merchant{suffix}"] = await make_key(uow, self.keyring, "merchant", "console", merchant_id)
            minted[f"terminal{suffix}"] = await make_terminal_key(
                uow, self.keyring, merchant_id, shop_id, terminal_id, "Till"
            )
        for name, one in minted.items():
            token = token_text(self.keyring, one.key.role, one.key.id, one.key.version, one.master_version)
            assert token is not None
            town.tokens[name] = token


@asynccontextmanager
async def installation(
    application_url: str, *, limits: DoorLimits | None = None, **options: Any
) -> AsyncIterator[Installation]:
    """Open the application on a database; keys are looked up at every request unless `limits` says otherwise."""
    lines: list[bytes] = []
    keyring = Keyring({1: b"k" * 32})
    async with Database(application_url, connections=8) as database:
        app = build_app(
            Settings(development=True),
            database,
            keyring,
            limits=limits or DoorLimits(key_seconds=0.0),
            access_log=AccessLog(lines.append),
            **options,
        )
        yield Installation(database, keyring, app, lines)


def _shop(merchant_id: UUID) -> NewShop:
    return NewShop(merchant_id, "Shop", "tea", 30.25, 120.15, ZONE)
