"""The pages of a street on a real server, and the phones of people: as plain forms, and in a browser."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import uvicorn
from httpx2 import AsyncClient, Response

from ringmain.entry.http import build_app
from ringmain.entry.web import pages
from ringmain.kit.http.observe import AccessLog
from ringmain.kit.settings import Settings
from tests.entry.web.journey import Journey
from tests.match.street import Street, small_street

_PRESS = re.compile(r'name="once" value="([^"]+)"')
_OFFER = re.compile(r'name="offer" value="([0-9a-f-]{36})"(?! disabled)')


@dataclass(slots=True)
class PersonSite:
    """A running server, its street, and the address under which phones reach it."""

    street: Street
    url: str
    server: uvicorn.Server

    async def code(self) -> str:
        """Return the one-time code that was sent last."""
        query = """
            SELECT d.code FROM one_time_code_development d
            JOIN member_challenge c ON c.network_id = d.network_id AND c.id = d.challenge_id
            ORDER BY c.made_at DESC, c.id DESC LIMIT 1
        """
        return str(await self.street.value(query))

    async def count(self, table: str) -> int:
        """Count the rows of a table of this network."""
        return int(await self.street.value(f"SELECT count(*) FROM {table}"))  # noqa: S608 (the names are ours)

    @asynccontextmanager
    async def phone(self, language: str = "en") -> AsyncIterator["Phone"]:
        """Give a phone without JavaScript: it opens pages and sends their forms."""
        headers = {"accept-language": language, "sec-fetch-site": "same-origin"}
        async with AsyncClient(base_url=self.url, timeout=30, headers=headers, follow_redirects=True) as client:
            yield Phone(self, client)


@dataclass(slots=True)
class Phone:
    """A phone that stands on a page."""

    site: PersonSite
    client: AsyncClient
    page: str = ""
    at: str = ""
    number: str = field(default_factory=lambda: f"138{uuid4().int % 10**8:08}")

    async def open(self, path: str) -> Response:
        """Open a page."""
        return self._on(await self.client.get(path))

    async def send(self, path: str, **fields: str) -> Response:
        """Send the form of the page, and follow to where it leads."""
        return self._on(await self.client.post(path, data=self.filled(**fields)))

    def filled(self, **fields: str) -> dict[str, str]:
        """Return the fields of the page's form with its press."""
        found = _PRESS.search(self.page)
        assert found, self.page
        return {"once": found[1], **fields}

    @property
    def offers(self) -> list[str]:
        """The prizes that can be tapped on the page."""
        return _OFFER.findall(self.page)

    async def join(self, **consents: str) -> Response:
        """Give phone and code on the pages that ask for them."""
        await self.send("/join", phone=self.number)
        return await self.send("/join/code", code=await self.site.code(), **consents)

    async def win(self, token: str) -> str:
        """Scan, choose the first prize, join, and return the id of the voucher."""
        await self.open(f"/s/{token}")
        await self.send(f"/s/{token}", offer=self.offers[0])
        await self.join()
        return self.at.split("/wallet/")[1].split("?")[0]

    def _on(self, answer: Response) -> Response:
        self.page, self.at = answer.text, f"{answer.url.path}?{answer.url.query.decode()}".rstrip("?")
        return answer


async def join(site: PersonSite, walk: Journey, number: str | None = None) -> None:
    """Give phone and code in a browser, from the page that asks for the phone."""
    await walk.page.locator("#phone").fill(number or f"138{uuid4().int % 10**8:08}")
    await walk.page.locator("main form button").click()
    await walk.page.locator("#code").wait_for()
    await walk.page.locator("#code").fill(await site.code())
    await walk.page.locator("main form button").click()


@asynccontextmanager
async def person_site(application_url: str, currency: str = "CNY", **settings: Any) -> AsyncIterator[PersonSite]:
    """Serve the pages of a street of its own."""
    async with small_street(application_url, currency) as street:
        chosen = Settings(development=True, **settings)
        app = build_app(
            chosen,
            street.database,
            street.keyring,
            pages=pages(chosen, street.database, street.keyring, replayed_network=None),
            access_log=AccessLog(lambda lines: None),
        )
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
        running = asyncio.create_task(server.serve())
        try:
            while not server.started:
                assert not running.done()
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            yield PersonSite(street, f"http://127.0.0.1:{port}", server)
        finally:
            server.should_exit = True
            await running
