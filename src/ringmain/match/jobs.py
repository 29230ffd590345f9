"""The periodic work of matching: what was shown on a day is counted when the day is over."""

from procrastinate import Blueprint, JobContext

from ringmain.kit.jobs import database_of, every
from ringmain.match.show import count_exposures
from ringmain.network import api as network


def tasks() -> Blueprint:
    """Return the jobs of this slice, anew each time: adding them to an application renames them."""
    found = Blueprint()
    every(found, "7 0 * * *", exposures, queueing_lock="match_exposures")
    return found


async def exposures(context: JobContext, timestamp: int) -> None:
    """Count in every network that lives in the present; `timestamp` is when the job was due."""
    del timestamp
    database = database_of(context)
    for network_id in await network.present_networks(database):
        async with database.unit(network_id, role="worker") as uow:
            await count_exposures(uow)
