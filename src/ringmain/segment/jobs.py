"""The periodic work of segments: tribes are found anew each night."""

from uuid import UUID

import structlog
from procrastinate import Blueprint, JobContext

from ringmain.kit.jobs import database_of, keyring_of, lake_of
from ringmain.network import api as network
from ringmain.segment.find import find_in_network

_log = structlog.get_logger(__name__)


def tasks() -> Blueprint:
    """Return the jobs of this slice, anew each time: adding them to an application renames them."""
    found = Blueprint()
    network.every_network(found, "23 2 * * *", tribes, queueing_lock="segment_tribes")
    return found


async def tribes(context: JobContext, network_id: UUID) -> None:
    """Find the tribes of a network."""
    found = await find_in_network(database_of(context), keyring_of(context), lake_of(context), network_id)
    _log.info("tribes_found", network_id=str(network_id), people=found.people, tribes=found.tribes)
