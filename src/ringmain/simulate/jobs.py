"""The job of the minute: it answers what operators have asked about what would happen."""

import structlog
from procrastinate import Blueprint, JobContext

from ringmain.kit.jobs import database_of, every, lake_of
from ringmain.network import api as network
from ringmain.simulate.what_if.asking import answer_next

_log = structlog.get_logger(__name__)


def tasks() -> Blueprint:
    """Return the jobs of this slice, anew each time: adding them to an application renames them."""
    found = Blueprint()
    every(
        found, "* * * * *", answer_questions, name="what_if", queueing_lock="simulate_what_if", lock="simulate_what_if"
    )
    return found


async def answer_questions(context: JobContext, timestamp: int) -> None:
    """Answer every question that waits, of every network that lives in the present."""
    del timestamp
    for network_id in await network.present_networks(database_of(context)):
        while (answered := await answer_next(database_of(context), lake_of(context), network_id)) is not None:
            _log.info("what-if answered", network_id=str(network_id), what_if_id=str(answered))
