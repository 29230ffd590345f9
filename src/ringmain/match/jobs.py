"""The periodic work of matching: what was shown on a day is counted when the day is over."""

from uuid import UUID

from procrastinate import Blueprint, JobContext

from ringmain.kit.jobs import database_of
from ringmain.match.show import count_exposures
from ringmain.network import api as network


def tasks() -> Blueprint:
    """Return the jobs of this slice, anew each time: adding them to an application renames them."""
    found = Blueprint()
    network.every_network(found, "7 0 * * *", exposures, queueing_lock="match_exposures")
    return found


async def exposures(context: JobContext, network_id: UUID) -> None:
    """Count what was shown in a network."""
    async with database_of(context).unit(network_id, role="worker") as uow:
        await count_exposures(uow)
