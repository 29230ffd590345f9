"""The periodic work of images: what others pay is measured each night."""

from uuid import UUID

import structlog
from procrastinate import Blueprint, JobContext

from ringmain.kit.jobs import database_of, lake_of
from ringmain.network import api as network
from ringmain.profile.prices import measure_baskets

_log = structlog.get_logger(__name__)


def tasks() -> Blueprint:
    """Return the jobs of this slice, anew each time: adding them to an application renames them."""
    found = Blueprint()
    network.every_network(found, "53 1 * * *", baskets, queueing_lock="profile_baskets")
    return found


async def baskets(context: JobContext, network_id: UUID) -> None:
    """Measure the usual baskets of a network."""
    shops = await measure_baskets(database_of(context), lake_of(context), network_id)
    _log.info("baskets_measured", network_id=str(network_id), shops=shops)
