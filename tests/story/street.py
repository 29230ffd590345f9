"""A street with a noodle shop and a tea house, run through the public doors, on the days that a story chooses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import httpx2

from ringmain.entry.http import build_app
from ringmain.entry.installation import Installation
from ringmain.entry.keys import open_network
from ringmain.entry.verify import verify
from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.http.observe import AccessLog
from ringmain.kit.migrate import Urls
from ringmain.kit.secrets import Keyring
from ringmain.kit.settings import Settings
from ringmain.ledger import api as ledger
from ringmain.network.api import MerchantAccount
from ringmain.voucher import api as voucher

ZONE = ZoneInfo("Asia/Shanghai")
PLACE = {"latitude": 30.25, "longitude": 120.16, "time_zone": ZONE.key}


def march(day: int, time: str) -> datetime:
    """Return a moment of March 2026 by the clock of the street; the second is a Monday."""
    return datetime.fromisoformat(f"2026-03-{day:02} {time}").replace(tzinfo=ZONE)


class DatedDatabase(Database):
    """The application's database, in which it is the hour that the story says: the clock is handed to each unit."""

    hour: datetime | None = None

    @asynccontextmanager
    async def unit(self, network_id: UUID | None, **options: Any) -> AsyncIterator[UnitOfWork]:
        """Open a unit of work at the hour of the story; before the story begins, by the database's clock."""
        options["now"] = options.get("now") or self.hour
        async with super().unit(network_id, **options) as uow:
            yield uow


@dataclass(frozen=True, slots=True)
class Door:
    """Whoever holds one API key: an operator, or the till of a shop."""

    http: httpx2.AsyncClient
    token: str

    async def send(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> httpx2.Response:
        """Send one request and return whatever is answered; a write has a key of its own unless one is given."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key or str(uuid4())}
        return await self.http.request(method, f"/v1/{path}", json=body, headers=headers)

    async def get(self, path: str) -> Any:
        """Read what must be there."""
        return _good(await self.send("GET", path))

    async def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """Write what must be accepted."""
        return _good(await self.send("POST", path, body, key=key))

    async def refused(self, path: str, body: Any = None, *, key: str | None = None) -> tuple[int, str]:
        """Write what must be refused; return status and rule."""
        answer = await self.send("POST", path, body, key=key)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        return answer.status_code, answer.json()["code"]


def _good(answer: httpx2.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()


@dataclass(slots=True)
class House:
    """One merchant with its shop, its till, and the offer that it pays for."""

    merchant: str
    shop: str
    till: Door
    offer: str = ""


class Street:
    """One network behind the API; `noodles` and `tea` are its houses."""

    noodles: House
    tea: House

    def __init__(self, installation: Installation, database: DatedDatabase) -> None:
        self._installation = installation
        self.database = database
        self.network_id = UUID(int=0)
        self.http = self.client()
        self.operator = Door(self.http, "")

    def client(self) -> httpx2.AsyncClient:
        """Return a client of an application of its own on the same database: what a restarted server is."""
        one = self._installation
        app = build_app(one.settings, self.database, one.keyring, access_log=AccessLog(lambda _: None))
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://ring.example")

    @property
    def hour(self) -> datetime:
        """The hour of the story."""
        assert self.database.hour is not None
        return self.database.hour

    def it_is(self, moment: datetime) -> None:
        """Let time pass until this moment."""
        self.database.hour = moment

    async def open(self) -> None:
        """Open the network and its two houses."""
        self.network_id, token = await open_network(self._installation, "West Lake", "CNY", ZONE.key)
        self.operator = Door(self.http, token)
        self.noodles = await self._house("Noodle Shop")
        self.tea = await self._house("Tea House")

    async def _house(self, name: str) -> House:
        merchant = (await self.operator.post("merchants", {"legal_name": f"{name} Ltd"}))["id"]
        shop = {"merchant_id": merchant, "name": name, "category": "food", **PLACE}
        shop_id = (await self.operator.post("shops", shop))["id"]
        code = (await self.operator.post("terminals", {"shop_id": shop_id, "name": "Till"}))["code"]
        paired = await self.operator.post("terminals/pair", {"code": code})
        return House(merchant, shop_id, Door(self.http, paired["token"]))

    async def deposit(self, house: House, amount_minor: int, reference: str) -> None:
        """Let a merchant bring in money."""
        body = {"amount_minor": amount_minor, "currency": "CNY", "reference": reference}
        await self.operator.post(f"merchants/{house.merchant}/deposits", body)

    async def publish(self, house: House, face_minor: int, minimum_minor: int, **terms: Any) -> str:
        """Publish an offer of a house, spent and paid for there; return its id."""
        body = {
            "merchant_id": house.merchant,
            "name": f"{face_minor / 100:.2f} off",
            "kind": "cash",
            "currency": "CNY",
            "face_minor": face_minor,
            "minimum_minor": minimum_minor,
            "shop_ids": [house.shop],
            **terms,
        }
        return str((await self.operator.post("offers", body))["id"])

    async def grant(self, offer: str, member: str, won_at: House, origin: str, origin_id: str) -> str:
        """Issue a voucher to a member who won it at a house; return its id."""
        body = {
            "offer_id": offer,
            "member_id": member,
            "sender_shop_id": won_at.shop,
            "origin": {"kind": origin, "id": origin_id},
        }
        return str((await self.operator.post("grants", body))["voucher_id"])

    def sale(self, total_minor: int, token: str, **more: Any) -> dict[str, Any]:
        """Return what a till sends for a payment by card, now; the best voucher is to come off by itself."""
        return {
            "total_minor": total_minor,
            "currency": "CNY",
            "sold_at": self.hour.isoformat(),
            "payment": {"kind": "card_token", "token": token},
            "apply_best": True,
            **more,
        }

    async def join_at(self, house: House, token: str, phone: str) -> str:
        """Let somebody who pays with an unknown card say their phone at a till; return the new member."""
        tokens = {"tokens": [{"kind": "card_token", "value": token}]}
        asked = (await house.till.post("members/recognitions", tokens))["ask_for_phone"]
        given = await house.till.post(f"members/recognitions/{asked['challenge_id']}/phone", {"phone": phone})
        return str(given["member_id"])

    async def money(self, house: House) -> tuple[int, int, int]:
        """Return what a merchant can spend, what is set aside for its vouchers, and what it is owed, in fen."""
        found = await self.operator.get(f"merchants/{house.merchant}/balance")
        return found["available_minor"], found["held_minor"], found["payable_minor"]

    async def evening(self) -> dict[str, Any]:
        """Return the statement of the day, after checking that all money sums to zero and every book agrees."""
        checks = await verify(self.database, self.network_id)
        assert [(check.name, check.faults) for check in checks if check.faults] == []
        codes = (MerchantAccount.FEES, MerchantAccount.CASH)
        ids = [ledger.account_id(self.network_id, self.network_id, code, "CNY") for code in codes]
        async with self.database.unit(self.network_id) as uow:
            assert [(one.currency, one.sum_minor) for one in await ledger.sums(uow)] == [("CNY", 0)]
            found = {one.account_id: one.balance_minor for one in await ledger.balances(uow, ids)}
        return {
            "noodles": await self.money(self.noodles),
            "tea": await self.money(self.tea),
            "fees": found.get(ids[0], 0),
            "cash": found.get(ids[1], 0),
        }

    async def sweep(self) -> int:
        """Do what the worker does every minute: end the vouchers whose time is over; return how many."""
        return await voucher.sweep(self.database, self.network_id)


@asynccontextmanager
async def street(urls: Urls, begins: datetime) -> AsyncIterator[Street]:
    """Open a street on a migrated database; its story begins when everything is in place."""
    async with DatedDatabase(urls.application_url, connections=8) as database:
        here = Street(Installation(Settings(development=True), urls, database, Keyring({1: b"k" * 32})), database)
        async with here.http:
            await here.open()
            here.it_is(begins)
            yield here
