"""The periodic work of sales: the partitions of the months ahead."""

from datetime import timedelta

from procrastinate import Blueprint, JobContext

from ringmain.kit.db import Database
from ringmain.kit.jobs import database_of, every
from ringmain.sale.store import ensure_partitions

_BACK, _AHEAD = timedelta(days=31), timedelta(days=62)


def tasks() -> Blueprint:
    """Return the jobs of this slice, anew each time: adding them to an application renames them."""
    found = Blueprint()
    every(found, "17 */6 * * *", partitions, queueing_lock="sale_partitions")
    return found


async def partitions(context: JobContext, timestamp: int) -> None:
    """Make the partitions of the months around the present; `timestamp` is when the job was due."""
    del timestamp
    await make_partitions(database_of(context))


async def make_partitions(database: Database) -> None:
    """Make the partitions of last month, this one and the next two, so that no fact waits in the default one."""
    async with database.unit(None) as uow:
        now = await uow.now()
        await ensure_partitions(uow, now - _BACK, now + _AHEAD)
