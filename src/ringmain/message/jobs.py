"""The periodic work of messages: clearing the sink of development."""

from datetime import timedelta

from procrastinate import Blueprint, JobContext

from ringmain.kit.jobs import database_of, every
from ringmain.message.show import tidy_sink
from ringmain.network import api as network

_KEPT = timedelta(days=7)


def tasks() -> Blueprint:
    """Return the jobs of this slice, anew each time: adding them to an application renames them."""
    found = Blueprint()
    every(found, "41 * * * *", tidy, queueing_lock="message_tidy")
    return found


async def tidy(context: JobContext, timestamp: int) -> None:
    """Delete what has lain in the sink of development for a week; `timestamp` is when the job was due."""
    del timestamp
    database = database_of(context)
    async with database.unit(None) as uow:
        networks = await network.all_networks(uow)
    for network_id in networks:
        async with database.unit(network_id) as uow:
            await tidy_sink(uow, await uow.now() - _KEPT)
