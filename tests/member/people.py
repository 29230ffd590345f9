"""A small town for the tests of people and scenes: one network, two merchants with a shop each, and a keyring."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg import sql

from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.secrets import Keyring
from ringmain.member import api
from ringmain.network.api import NewMerchant, NewShop, open_merchants, open_network, open_shops

NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
CONNECTIONS = 8
KEYS = {1: bytes(range(32))}
PHONE = "+8613800138000"
OTHER_PHONE = "+14155552671"
OPERATOR = UUID("018f4e3a-7c00-7a10-8000-0000000000aa")


@dataclass(slots=True)
class Town:
    """One network of its own for one test."""

    database: Database
    keyring: Keyring
    network_id: UUID
    merchant_id: UUID
    other_merchant_id: UUID
    shop_id: UUID
    other_shop_id: UUID

    def unit(self, at: datetime = NOW) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a unit of work of this network at a moment."""
        return self.database.unit(self.network_id, now=at)

    async def warm(self) -> None:
        """Open every connection of the pool, so that what a test starts at once really runs at once."""
        together = asyncio.Barrier(CONNECTIONS)

        async def hold() -> None:
            async with self.unit():
                await together.wait()

        await asyncio.gather(*(hold() for _ in range(CONNECTIONS)))

    async def dump(self, table: str) -> list[str]:
        """Return the rows of a table that this network sees, each as text, sorted."""
        query = sql.SQL("SELECT t::text FROM {} t ORDER BY 1").format(sql.Identifier(table))
        return [row[0] for row in await self.rows(query)]

    async def count(self, table: str) -> int:
        """Count the rows of a table that this network sees."""
        return len(await self.dump(table))

    async def rows(self, query: LiteralString | sql.Composed, *params: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query that this network sees."""
        async with self.unit() as uow:
            cursor = await uow.connection.execute(query, params)
            return list(await cursor.fetchall())

    async def facts(self, kind: str) -> list[UUID]:
        """Return the ids announced under a kind, in commit order."""
        rows = await self.rows("SELECT ids FROM outbox WHERE kind = %s ORDER BY txid, id", kind)
        return [id_ for (ids,) in rows for id_ in ids]

    async def person(self, kind: api.IdentifierKind, value: str, **more: Any) -> api.Known:
        """Make a member with one identifier."""
        async with self.unit() as uow:
            item = api.Enrolment(api.identifier(kind, value), verified=True, **more)
            return (await api.enrol(uow, self.keyring, [item]))[0].known

    async def known(self, kind: api.IdentifierKind, value: str) -> api.Known | None:
        """Say who is known by a value."""
        async with self.unit() as uow:
            return (await api.identify(uow, self.keyring, kind, [value]))[0]


@asynccontextmanager
async def small_town(application_url: str) -> AsyncIterator[Town]:
    """Open a network with two merchants and a shop each."""
    async with Database(application_url, connections=CONNECTIONS) as database:
        network_id = uuid.uuid4()
        async with database.unit(network_id, now=NOW) as uow:
            await open_network(uow, "Test street", "CNY", "Asia/Shanghai")
            first, second = await open_merchants(uow, [NewMerchant("Bakery Ltd"), NewMerchant("Flowers Ltd")])
            shops = await open_shops(
                uow,
                [
                    NewShop(first.id, "Bakery", "bakery", 31.2, 121.5, "Asia/Shanghai"),
                    NewShop(second.id, "Flowers", "florist", 31.2, 121.5, "Asia/Shanghai"),
                ],
            )
        yield Town(database, Keyring(KEYS), network_id, first.id, second.id, shops[0].id, shops[1].id)


class Postbox:
    """A way of sending codes that keeps them for the test."""

    def __init__(self) -> None:
        self.sent: list[tuple[UUID, str, str]] = []

    async def send(self, uow: UnitOfWork, challenge_id: UUID, phone: str, code: str) -> None:
        """Keep what would have been sent."""
        self.sent.append((challenge_id, phone, code))

    @property
    def code(self) -> str:
        """The last code."""
        return self.sent[-1][2]


def other_code(code: str) -> str:
    """Return six digits that are not the code."""
    return f"{(int(code) + 1) % 1_000_000:06}"
