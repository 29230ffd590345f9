"""Lantern Street on a real server, in a thread of its own, as `make up` serves it: API, pages, demo logins."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import uvicorn

from ringmain.entry.http import build_app
from ringmain.entry.web import pages
from ringmain.kit.db import Database
from ringmain.kit.http.observe import AccessLog
from ringmain.kit.secrets import Keyring
from ringmain.kit.settings import Settings
from ringmain.sale.api import TillDoor
from ringmain.simulate.api import street

T = TypeVar("T")
KEYRING = Keyring({1: b"k" * 32})
DAYS = 7


@dataclass(frozen=True, slots=True)
class Served:
    """A running server; its database belongs to its own loop, in which `call` and `acall` run what tests want of it."""

    url: str
    database: Database
    keyring: Keyring
    loop: asyncio.AbstractEventLoop

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something in the server's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    async def acall(self, work: Coroutine[Any, Any, T]) -> T:
        """As `call`, from an asynchronous test."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))


@contextmanager
def serving_street(application_url: str) -> Iterator[Served]:
    """Open the street in a database and serve it on a free port of this machine."""
    ready: list[Served] = []
    failed: list[BaseException] = []
    started, stop = threading.Event(), threading.Event()

    async def run() -> None:
        # A home of its own: the lake of this machine's installation is none of the tests' business.
        with TemporaryDirectory() as home:
            async with Database(application_url) as database:
                await street.open_street(database, KEYRING, datetime.now(tz=UTC), days=DAYS)
                await serve(database, _server(database, Path(home)))

    async def serve(database: Database, server: uvicorn.Server) -> None:
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 (uvicorn tells nobody)
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        ready.append(Served(f"http://127.0.0.1:{port}", database, KEYRING, asyncio.get_running_loop()))
        started.set()
        while not stop.is_set():  # noqa: ASYNC110 (the stop comes from another thread)
            await asyncio.sleep(0.05)
        server.should_exit = True
        await serving

    def live() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:  # noqa: BLE001 (whatever it is, the test that waits has to hear of it)
            failed.append(error)
            started.set()

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    started.wait(90)
    if failed or not ready:
        raise RuntimeError("the street could not be served") from (failed[0] if failed else None)
    try:
        yield ready[0]
    finally:
        stop.set()
        thread.join(15)


class _Server(uvicorn.Server):
    """The server without signals: those belong to the test run, and this is not its main thread."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(database: Database, home: Path) -> uvicorn.Server:
    settings = Settings(development=True, home=home)
    door = TillDoor(database, KEYRING, coalesce=True)
    site = pages(settings, database, KEYRING, replayed_network=None, demo_network=street.NETWORK_ID, door=door)
    app = build_app(settings, database, KEYRING, door=door, pages=site, access_log=AccessLog(lambda _: None))
    return _Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
