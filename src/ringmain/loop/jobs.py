"""The nightly look at comparison groups: an alarm where they are not dealt as they should be."""

import asyncio

import structlog
from procrastinate import Blueprint, JobContext

from ringmain.kit.jobs import RETRY, database_of, lake_of
from ringmain.loop.lift import aa_watch
from ringmain.network import api as network

_log = structlog.get_logger(__name__)


def tasks() -> Blueprint:
    """Return the jobs of this slice, anew each time: adding them to an application renames them."""
    found = Blueprint()
    job = found.task(
        name="watch_comparisons", queueing_lock="loop_watch", lock="loop_watch", pass_context=True, retry=RETRY
    )(watch_comparisons)
    found.periodic(cron="31 4 * * *")(job)
    return found


async def watch_comparisons(context: JobContext, timestamp: int) -> None:
    """Look at the comparison groups of every network that lives in the present."""
    del timestamp
    for network_id in await network.present_networks(database_of(context)):
        found = await asyncio.to_thread(aa_watch, lake_of(context), network_id)
        if found.alarm:
            _log.error(
                "comparison groups are not dealt evenly",
                network_id=str(network_id),
                campaigns=found.count,
                below_alpha=found.below_alpha,
                chance=found.chance,
                next_step="Read GET /v1/comparison-groups/watch, and believe no report of effect before it is found.",
            )
