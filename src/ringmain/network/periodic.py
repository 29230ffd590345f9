"""Periodic work goes through the networks that live in the present; one that fails keeps no other from its turn."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol
from uuid import UUID

import structlog
from procrastinate import Blueprint, JobContext

from ringmain.kit.db import Database
from ringmain.kit.jobs import database_of, every
from ringmain.network.open import network_of
from ringmain.network.store import places

_log = structlog.get_logger(__name__)


class NetworkWork(Protocol):
    """What a job does in one network."""

    __name__: str

    def __call__(self, context: JobContext, network_id: UUID, /) -> Awaitable[None]:
        """Do it."""


def every_network(
    jobs: Blueprint,
    cron: str,
    work: NetworkWork,
    *,
    queueing_lock: str,
    lock: str | None = None,
    name: str | None = None,
) -> None:
    """Make a periodic job of what is done in one network; locks and name as in `ringmain.kit.jobs.every`."""

    async def run(context: JobContext, timestamp: int) -> None:
        del timestamp
        await in_each_network(database_of(context), partial(work, context))

    every(jobs, cron, run, queueing_lock=queueing_lock, lock=lock, name=name or work.__name__)


async def in_each_network(database: Database, work: Callable[[UUID], Awaitable[None]]) -> None:
    """Do work in every network of the present, one after the other.

    Raises an `ExceptionGroup` of what went wrong, after all had their turn: the job tries again, which is why work
    leaves alone what is done already.
    """
    failed: list[Exception] = []
    for network_id in await _present_networks(database):
        try:
            await work(network_id)
        except Exception as error:  # noqa: BLE001 (whatever it is, the other networks have their turn)
            _log.error("periodic work failed", network_id=str(network_id), kind=type(error).__qualname__)
            failed.append(error)
    if failed:
        raise ExceptionGroup("Periodic work failed in some networks.", failed)


async def _present_networks(database: Database) -> list[UUID]:
    """Return the networks that do not live in a replayed or simulated time: those that periodic work is for."""
    async with database.unit(None) as uow:
        networks = await places.all_networks(uow)
    present = []
    for network_id in networks:
        async with database.unit(network_id) as uow:
            if not (await network_of(uow)).simulated:
                present.append(network_id)
    return present
