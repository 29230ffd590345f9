"""The periodic work of segments: tribes are found anew each night."""

import structlog
from procrastinate import Blueprint, JobContext

from ringmain.kit.jobs import database_of, every, keyring_of, lake_of
from ringmain.network import api as network
from ringmain.segment.find import find_in_network

_log = structlog.get_logger(__name__)


def tasks() -> Blueprint:
    """Return the jobs of this slice, anew each time: adding them to an application renames them."""
    found = Blueprint()
    every(found, "23 2 * * *", tribes, queueing_lock="segment_tribes")
    return found


async def tribes(context: JobContext, timestamp: int) -> None:
    """Find the tribes of every network that lives in the present; `timestamp` is when the job was due."""
    del timestamp
    database, keyring, lake = database_of(context), keyring_of(context), lake_of(context)
    for network_id in await network.present_networks(database):
        try:
            found = await find_in_network(database, keyring, lake, network_id)
        except Exception as error:  # noqa: BLE001 (one network's data must not keep the others from their tribes)
            _log.warning("tribes_not_found", network_id=str(network_id), kind=type(error).__qualname__)
        else:
            _log.info("tribes_found", network_id=str(network_id), people=found.people, tribes=found.tribes)
