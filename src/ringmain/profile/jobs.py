"""The periodic work of images: what others pay is measured each night."""

import structlog
from procrastinate import Blueprint, JobContext

from ringmain.kit.jobs import database_of, every, lake_of
from ringmain.network import api as network
from ringmain.profile.prices import measure_baskets

_log = structlog.get_logger(__name__)


def tasks() -> Blueprint:
    """Return the jobs of this slice, anew each time: adding them to an application renames them."""
    found = Blueprint()
    every(found, "53 1 * * *", baskets, queueing_lock="profile_baskets")
    return found


async def baskets(context: JobContext, timestamp: int) -> None:
    """Measure the usual baskets of every network that lives in the present; `timestamp` is when the job was due."""
    del timestamp
    database, lake = database_of(context), lake_of(context)
    for network_id in await network.present_networks(database):
        shops = await measure_baskets(database, lake, network_id)
        _log.info("baskets_measured", network_id=str(network_id), shops=shops)
