"""The pages of a merchant on a real server: a street in which the tea house has offers, guests and money."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import uvicorn
from httpx2 import AsyncClient, Response

from ringmain.entry.http import build_app
from ringmain.entry.web import pages
from ringmain.entry.web.audiences import ACCOUNT_LIFE
from ringmain.kit.http.observe import AccessLog
from ringmain.kit.pages import open_session
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring
from ringmain.kit.settings import Settings
from tests.loop.street import Street, street

KEYRING = Keyring({1: b"k" * 32})


@dataclass(slots=True)
class MerchantSite:
    """A running server, its street, and a client that is signed in for the tea house."""

    street: Street
    url: str
    client: AsyncClient
    cookie: str
    home: Path

    async def get(self, path: str) -> Response:
        """Read a page."""
        return await self.client.get(path)

    async def press(self, path: str) -> str:
        """Return the press of the first form of a page."""
        text = (await self.get(path)).text
        return text.partition('name="once" value="')[2].partition('"')[0]

    async def send(self, path: str, page: str, **fields: str) -> Response:
        """Send a form that stands on a page."""
        return await self.client.post(path, data={"once": await self.press(page), **fields})

    async def cookie_of(self, merchant: int, role: str = "owner") -> str:
        """Open a session of a merchant's console and return its cookie."""
        async with self.street.database.unit(self.street.network_id) as uow:
            now = datetime.now(tz=UTC)
            facts = {"role": role, "name": "Mei", "merchant_id": str(self.street.merchants[merchant])}
            _, cookie = await open_session(uow, "account", uuid7(now), ACCOUNT_LIFE, facts)
        return cookie

    async def count(self, table: str, where: str = "true") -> int:
        """Return the rows of a table in the street's network."""
        async with self.street.database.unit(self.street.network_id) as uow:
            query = f"SELECT count(*) FROM {table} WHERE network_id = %s AND {where}"  # noqa: S608 (names are ours)
            row = await (await uow.connection.execute(query.encode(), (self.street.network_id,))).fetchone()
        return int(row[0]) if row else 0


@asynccontextmanager
async def merchant_site(application_url: str, home: Path) -> AsyncIterator[MerchantSite]:
    """Serve the pages of a street in the present; its clock is the real one."""
    settings = Settings(development=True, home=home)
    async with street(application_url, datetime.now(tz=UTC)) as made:
        app = build_app(
            settings,
            made.database,
            KEYRING,
            pages=pages(settings, made.database, KEYRING, replayed_network=None),
            access_log=AccessLog(lambda lines: None),
        )
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
        running = asyncio.create_task(server.serve())
        try:
            while not server.started:
                assert not running.done()
                await asyncio.sleep(0.01)
            url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
            async with AsyncClient(base_url=url, timeout=30, follow_redirects=True) as client:
                site = MerchantSite(made, url, client, "", home)
                site.cookie = await site.cookie_of(0)
                client.cookies.set("rm_account", site.cookie)
                yield site
        finally:
            server.should_exit = True
            await running


async def busy_day(site: MerchantSite) -> UUID:
    """Let the tea house have an offer, guests with and without vouchers today, and return the offer."""
    made, now = site.street, datetime.now(tz=UTC)
    # What comes first is told by the milliseconds of ids: winning, spending and coming back are seconds apart.
    earlier = now - timedelta(seconds=2)
    offer = await made.publish(now - timedelta(seconds=6))
    people = [uuid7(now) for _ in range(12)]
    won = [await made.win(offer, person, now - timedelta(seconds=4), won_at=1) for person in people]
    for place, person in enumerate(people[:6]):
        await made.buy(0, earlier, person, 2_000 + 100 * place, won[place])
    for person in people[:2]:
        await made.buy(0, now, person, 1_500)
    undone = await made.buy(0, earlier, people[6], 900, won[6])
    await made.reverse(undone, now)
    await made.buy(0, now, None, 700)
    return offer.id
