"""The job of the minute: it answers what operators have asked about what would happen."""

from uuid import UUID

import structlog
from procrastinate import Blueprint, JobContext

from ringmain.kit.jobs import database_of, lake_of
from ringmain.network import api as network
from ringmain.simulate.what_if.asking import answer_next

_log = structlog.get_logger(__name__)


def tasks() -> Blueprint:
    """Return the jobs of this slice, anew each time: adding them to an application renames them."""
    found = Blueprint()
    key = "simulate_what_if"
    network.every_network(found, "* * * * *", answer_questions, name="what_if", queueing_lock=key, lock=key)
    return found


async def answer_questions(context: JobContext, network_id: UUID) -> None:
    """Answer every question of a network that waits."""
    while (answered := await answer_next(database_of(context), lake_of(context), network_id)) is not None:
        _log.info("what-if answered", network_id=str(network_id), what_if_id=str(answered))
