"""`ringmain up`: database, first data, server and worker, until somebody presses Ctrl-C."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from uuid import UUID

import uvicorn
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from ringmain.entry import web
from ringmain.entry.http import build_app
from ringmain.entry.installation import Installation, opened, owned_urls
from ringmain.entry.replay.run import replay_with_progress
from ringmain.entry.web.demo.first_run import first_run_token, is_unfounded
from ringmain.kit.logs import configure_logs
from ringmain.kit.migrate import Urls
from ringmain.kit.settings import Settings
from ringmain.network import api as network
from ringmain.sale.api import TillDoor
from ringmain.sale.jobs import make_partitions
from ringmain.simulate import api as simulate
from ringmain.simulate.errors import DataMissing

# The opening weeks: enough for a living ring, and replayed in well under a minute.
OPENING_WEEKS_UNTIL = date(2017, 1, 29)
_WORKER_SECONDS_TO_STOP = 20.0


def up(settings: Settings, console: Console, *, demo: bool) -> None:
    """Run everything in this process and one worker process. Raises `Trouble` where the database cannot be started."""
    configure_logs(settings.log_level, settings.log_format)
    console.print("[bold]Ringmain[/bold] starts its database ...")
    with owned_urls(settings) as urls:
        asyncio.run(_serve(settings, urls, console, demo=demo))


async def _serve(settings: Settings, urls: Urls, console: Console, *, demo: bool) -> None:
    async with opened(settings, urls) as installation:
        if demo:
            await _first_data(installation, console)
        await make_partitions(installation.database)
        with _listening(settings) as listener:
            address = f"http://{settings.host}:{listener.getsockname()[1]}"
            database, keyring = installation.database, installation.keyring
            door = TillDoor(database, keyring, coalesce=settings.coalesce)
            demo_network = simulate.street.NETWORK_ID if demo else None
            pages = web.pages(
                settings,
                database,
                keyring,
                replayed_network=simulate.NETWORK_ID,
                demo_network=demo_network,
                door=door,
            )
            app = build_app(settings, database, keyring, door=door, pages=pages)
            server = _Server(
                uvicorn.Config(app, loop="uvloop", http="httptools", log_config=None, access_log=False, lifespan="on")
            )
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, server.stop)
            async with _worker():
                console.print(f"\nRingmain runs at [bold]{address}[/bold]   (stop it with Ctrl-C)")
                await _say_what_next(installation, console, address, demo_network)
                await server.serve(sockets=[listener])


async def _say_what_next(installation: Installation, console: Console, address: str, demo_network: UUID | None) -> None:
    # Passkeys belong to a name, and a number is none.
    address = address.replace("//127.0.0.1:", "//localhost:")
    if demo_network is not None:
        console.print(f"Be a guest, a cashier, an owner, the operator:  {address}/demo")
    if await is_unfounded(installation.database, demo_network):
        console.print(f"Open a network of your own:  {address}/first-run/{first_run_token(installation.keyring)}/found")
    console.print()


class _Server(uvicorn.Server):
    """The server without signals of its own: uvicorn raises them again when it ends, before our worker has ended."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to whoever runs the server."""
        yield

    def stop(self) -> None:
        """Answer what is on its way, then end; asked twice, end at once."""
        self.force_exit = self.should_exit
        self.should_exit = True


async def _first_data(installation: Installation, console: Console) -> None:
    """Replay the opening weeks of the recorded year where the installation has no network, or only part of them."""
    await _open_street(installation, console)
    async with installation.database.unit(None) as uow:
        is_empty = not set(await network.all_networks(uow)) - {simulate.street.NETWORK_ID}
    if not is_empty and not await simulate.is_unfinished(installation.database):
        return
    try:
        await replay_with_progress(installation, console, until=OPENING_WEEKS_UNTIL)
    except DataMissing as error:
        console.print(f"No first data: the recorded year is not installed. {error.next_step}")


async def _open_street(installation: Installation, console: Console) -> None:
    """Open the demo street, or let it live the days since it was opened."""
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=console, transient=True
    ) as bar:
        days = simulate.street.DAYS + 1
        task = bar.add_task("Opening Lantern Street, the demo network", total=days)
        await simulate.street.open_street(
            installation.database, installation.keyring, datetime.now(tz=UTC), progress=lambda: bar.advance(task)
        )


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """Listen on the wanted port, or on the next free one, and keep the socket: nobody can take it in between."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    last: OSError | None = None
    for port in range(settings.port, settings.port + 100 if settings.port else 1):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, port))
        except OSError as error:
            listener.close()
            last = error
            continue
        with listener:
            listener.listen(2048)
            yield listener
            return
    raise SystemExit(f"No free port from {settings.port} on at {settings.host}: {last}. Set RINGMAIN_PORT.")


@asynccontextmanager
async def _worker() -> AsyncIterator[None]:
    """Run the worker as a process of its own, so that its set work never delays a till."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "ringmain.entry",
        "worker",
        "--with-parent",
        env=os.environ.copy(),
        # Ctrl-C reaches the whole foreground group; the worker is stopped by us, after the server.
        start_new_session=True,
    )
    try:
        yield
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), _WORKER_SECONDS_TO_STOP)
            except TimeoutError:
                process.kill()
                await process.wait()
