"""The worker: a process that follows facts into the lake and runs the jobs of all slices."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import procrastinate

from ringmain.campaign import api as campaign
from ringmain.campaign import jobs as campaign_jobs
from ringmain.entry.installation import Installation, attached_urls, opened
from ringmain.entry.lake import lake_tables
from ringmain.entry.webhook_events import sources
from ringmain.kit.audit import sealer
from ringmain.kit.follow import Follower, follow
from ringmain.kit.jobs import connector
from ringmain.kit.lake.export import Exporter
from ringmain.kit.logs import configure_logs
from ringmain.kit.settings import Settings
from ringmain.kit.webhooks import Courier, Guard, teller
from ringmain.loop import jobs as loop_jobs
from ringmain.match import jobs as match_jobs
from ringmain.message import jobs as message_jobs
from ringmain.message.api import Doors, configured, keep_delivering, open_channels
from ringmain.need import jobs as need_jobs
from ringmain.network import api as network
from ringmain.profile import jobs as profile_jobs
from ringmain.sale import api as sale
from ringmain.sale import jobs as sale_jobs
from ringmain.segment import api as segment
from ringmain.segment import jobs as segment_jobs
from ringmain.simulate import jobs as simulate_jobs
from ringmain.simulate.api import street
from ringmain.voucher import jobs as voucher_jobs

_SECONDS_TO_FINISH_A_JOB = 15.0
_LOOK_FOR_PARENT_SECONDS = 2.0
# Learning takes minutes, and one lock lets only one job do it at a time: vouchers end on time beside it.
_JOBS_AT_ONCE = 2


def jobs(application_url: str) -> procrastinate.App:
    """Return the jobs of all slices, each under its slice's name."""
    app = procrastinate.App(connector=connector(application_url))
    app.add_tasks_from(campaign_jobs.tasks(), namespace="campaign")
    app.add_tasks_from(loop_jobs.tasks(), namespace="loop")
    app.add_tasks_from(match_jobs.tasks(), namespace="match")
    app.add_tasks_from(message_jobs.tasks(), namespace="message")
    app.add_tasks_from(need_jobs.tasks(), namespace="need")
    app.add_tasks_from(profile_jobs.tasks(), namespace="profile")
    app.add_tasks_from(sale_jobs.tasks(), namespace="sale")
    app.add_tasks_from(segment_jobs.tasks(), namespace="segment")
    app.add_tasks_from(simulate_jobs.tasks(), namespace="simulate")
    app.add_tasks_from(voucher_jobs.tasks(), namespace="voucher")
    return app


async def run(installation: Installation, stop: asyncio.Event) -> None:
    """Do the worker's work until `stop` is set."""
    exporter = Exporter(installation.settings.lake_folder, installation.urls.application_url, lake_tables())

    async def networks() -> Sequence[UUID]:
        async with installation.database.unit(None, role="worker") as uow:
            return await network.all_networks(uow)

    told = sources()
    guard = Guard(development=installation.settings.development)
    courier = Courier(installation.database, installation.keyring, told, guard=guard)

    async with asyncio.TaskGroup() as group:
        group.create_task(follow(installation.database, exporter.follower(), networks, stop))
        group.create_task(follow(installation.database, sealer(), networks, stop))
        group.create_task(_send_messages(installation, networks, stop))
        for telling in _tellers(installation):
            group.create_task(follow(installation.database, telling, networks, stop))
        group.create_task(follow(installation.database, campaign.breach_recorder(), networks, stop))
        group.create_task(follow(installation.database, segment.follower(installation.keyring), networks, stop))
        group.create_task(segment.keep_current(installation.database, installation.keyring, networks, stop))
        group.create_task(follow(installation.database, teller(told), networks, stop))
        group.create_task(courier.run(networks, stop))
        group.create_task(_run_jobs(installation, stop))


def _tellers(installation: Installation) -> Sequence[Follower]:
    """Return those who make messages of facts; none where there is no way to send any."""
    if not configured(installation.settings):
        return ()
    keyring, base = installation.keyring, installation.settings.public_base
    return (campaign.winners(keyring, base), sale.receipts(keyring, base))


async def _send_messages(
    installation: Installation, networks: Callable[[], Awaitable[Sequence[UUID]]], stop: asyncio.Event
) -> None:
    settings, database = installation.settings, installation.database
    async with open_channels(settings, database, installation.keyring) as ports:
        doors = Doors(installation.keyring, ports, settings.public_base, frozenset({street.NETWORK_ID}))
        await keep_delivering(database, doors, networks, stop)


async def _run_jobs(installation: Installation, stop: asyncio.Event) -> None:
    async with jobs(installation.urls.application_url).open_async() as app:
        working = asyncio.create_task(
            app.run_worker_async(
                additional_context={
                    "database": installation.database,
                    "keyring": installation.keyring,
                    "public_base": installation.settings.public_base,
                    "lake": installation.settings.lake_folder,
                    # Whoever would hear by none of these is given nothing by message.
                    "channels": configured(installation.settings),
                },
                concurrency=_JOBS_AT_ONCE,
                install_signal_handlers=False,
                shutdown_graceful_timeout=_SECONDS_TO_FINISH_A_JOB,
            )
        )
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        # Cancelling asks procrastinate to finish what it runs; an error of its own is raised here.
        working.cancel()
        try:
            await working
        except asyncio.CancelledError:
            return


async def main(*, with_parent: bool = False) -> None:
    """Run as a process of its own until SIGINT or SIGTERM; `with_parent`: or until its parent is gone."""
    settings = Settings()
    configure_logs(settings.log_level, settings.log_format)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    watching = asyncio.create_task(_stop_without(os.getppid(), stop)) if with_parent else None
    async with opened(settings, attached_urls(settings)) as installation:
        await run(installation, stop)
    if watching is not None:
        watching.cancel()


async def _stop_without(parent: int, stop: asyncio.Event) -> None:
    """Stop when the parent is gone, also after a `kill -9` of it: nobody else would end this process."""
    while os.getppid() == parent:  # noqa: ASYNC110 (the kernel tells nobody when a parent dies)
        await asyncio.sleep(_LOOK_FOR_PARENT_SECONDS)
    stop.set()
