"""The worker: follows facts into the lake, ends vouchers whose time is over, and makes next month's partitions."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import structlog

from ringmain.entry.installation import Installation, attached_urls, opened
from ringmain.entry.lake import lake_tables
from ringmain.kit.follow import follow
from ringmain.kit.lake.export import Exporter
from ringmain.kit.logs import configure_logs
from ringmain.kit.settings import Settings
from ringmain.network import api as network
from ringmain.sale import api as sale
from ringmain.voucher import api as voucher

_log = structlog.get_logger(__name__)
_SWEEP_SECONDS = 60.0
_PARTITIONS_SECONDS = 6 * 3600.0
_MONTHS_AHEAD = timedelta(days=62)


async def run(installation: Installation, stop: asyncio.Event) -> None:
    """Do the worker's work until `stop` is set; an error of one network does not stop the others."""
    exporter = Exporter(installation.settings.lake_folder, installation.urls.application_url, lake_tables())

    async def networks() -> list[UUID]:
        async with installation.database.unit(None, role="worker") as uow:
            return await network.all_networks(uow)

    await asyncio.gather(
        follow(installation.database, exporter.follower(), networks, stop),
        _every(_SWEEP_SECONDS, stop, lambda: _sweep(installation, networks)),
        _every(_PARTITIONS_SECONDS, stop, lambda: make_partitions(installation)),
    )


async def _sweep(installation: Installation, networks: Callable[[], Awaitable[list[UUID]]]) -> None:
    """End the vouchers whose time is over, in every network."""
    for network_id in await networks():
        ended = await voucher.sweep(installation.database, network_id)
        if ended:
            _log.info("vouchers_expired", network_id=str(network_id), vouchers=ended)


async def make_partitions(installation: Installation) -> None:
    """Make the partitions of this month and the next two, so that no fact has to wait in the default one."""
    async with installation.database.unit(None, role="worker") as uow:
        now = await uow.now()
        await sale.ensure_partitions(uow, now - timedelta(days=31), now + _MONTHS_AHEAD)


async def _every(seconds: float, stop: asyncio.Event, work: Callable[[], Awaitable[None]]) -> None:
    """Do something again and again; what fails is logged and tried again the next time."""
    while not stop.is_set():
        try:
            await work()
        except Exception:  # noqa: BLE001 (whatever it is, the next round tries again, and the log says it)
            _log.exception("worker_failed")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)


async def main() -> None:
    """Run as a process of its own until SIGINT or SIGTERM."""
    settings = Settings()
    configure_logs(settings.log_level, settings.log_format)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with opened(settings, attached_urls(settings)) as installation:
        await run(installation, stop)


if __name__ == "__main__":
    asyncio.run(main())
