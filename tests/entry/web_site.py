"""The pages on a real server: a small ring in which one voucher went from the bakery to the cafe."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import uvicorn
from httpx2 import AsyncClient

from ringmain.entry.http import build_app
from ringmain.entry.web import pages
from ringmain.kit.db import Database
from ringmain.kit.http.observe import AccessLog
from ringmain.kit.secrets import Keyring
from ringmain.kit.settings import Settings
from ringmain.voucher.api import Grant, Granted
from tests.voucher.ring import NOW, Ring, small_ring

KEYRING = Keyring({1: b"k" * 32})


@dataclass(frozen=True, slots=True)
class Site:
    """A running server, its ring, and a client of it."""

    ring: Ring
    url: str
    client: AsyncClient

    async def count(self, table: str) -> int:
        """Return the rows of a table in the ring's network."""
        return int(await self.ring.value(f"SELECT count(*) FROM {table}"))  # noqa: S608 (the names are ours)


@asynccontextmanager
async def small_site(application_url: str) -> AsyncIterator[Site]:
    """Serve the pages of a small ring as those of a replayed network, and check its books at the end."""
    async with small_ring(application_url) as ring:
        await _flow_once(ring)
        async with serving(ring.database, ring.network_id) as url, AsyncClient(base_url=url, timeout=30) as client:
            yield Site(ring, url, client)
        await ring.check()


@asynccontextmanager
async def serving(database: Database, replayed_network: UUID | None) -> AsyncIterator[str]:
    """Serve API and pages on a free port of this machine; gives the address."""
    settings = Settings()
    app = build_app(
        settings,
        database,
        KEYRING,
        pages=pages(settings, database, KEYRING, replayed_network=replayed_network),
        access_log=AccessLog(lambda lines: None),
    )
    config = uvicorn.Config(app, port=0, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    try:
        while not server.started:
            assert not running.done()
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


async def _flow_once(ring: Ring) -> None:
    """Let two vouchers be won at the bakery, and one of them be spent at the cafe."""
    offer = await ring.publish()
    grant: dict[str, Any] = {"at": NOW, "subject_id": ring.member, "sender_shop_id": ring.bakery_shop}
    granted = await ring.grant_all([Grant(offer_id=offer.id, **grant), Grant(offer_id=offer.id, **grant)])
    assert isinstance(granted[0], Granted)
    await ring.spend(granted[0])
