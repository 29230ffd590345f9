"""The periodic work of vouchers: ending those whose time is over, making ordered codes, reminding holders."""

from datetime import UTC, datetime, timedelta

import structlog
from procrastinate import Blueprint, JobContext

from ringmain.kit.jobs import database_of, every, keyring_of, public_base_of
from ringmain.network import api as network
from ringmain.voucher import remind as reminding
from ringmain.voucher.expire import sweep
from ringmain.voucher.mint import complete_all as complete_mints

_SPAN = timedelta(hours=4)
_log = structlog.get_logger(__name__)


def tasks() -> Blueprint:
    """Return the jobs of this slice, anew each time: adding them to an application renames them."""
    found = Blueprint()
    every(found, "* * * * *", expire, queueing_lock="voucher_expire")
    every(found, "* * * * *", mint, queueing_lock="voucher_mint")
    every(found, "7 * * * *", remind, queueing_lock="voucher_remind")
    return found


async def expire(context: JobContext, timestamp: int) -> None:
    """End the vouchers whose time is over, in every network that lives in the present.

    `timestamp` is when the job was due. A replay ends its vouchers itself, in its own time.
    """
    del timestamp
    database = database_of(context)
    for network_id in await network.present_networks(database):
        ended = await sweep(database, network_id)
        if ended:
            _log.info("vouchers_expired", network_id=str(network_id), vouchers=ended)


async def remind(context: JobContext, timestamp: int) -> None:
    """Remind the holders of vouchers that end in two days; `timestamp` is when the job was due.

    It runs every hour and looks at four, so that three hours without a worker are made up for; nobody is told twice.
    """
    database, keyring, public_base = database_of(context), keyring_of(context), public_base_of(context)
    until = datetime.fromtimestamp(timestamp, tz=UTC)
    for network_id in await network.present_networks(database):
        queued = await reminding.remind(
            database, keyring, network_id, reminding.Span(until - _SPAN, until), public_base
        )
        if queued:
            _log.info("holders_reminded", network_id=str(network_id), messages=queued)


async def mint(context: JobContext, timestamp: int) -> None:
    """Make the codes that were ordered and do not exist yet; `timestamp` is when the job was due."""
    del timestamp
    database = database_of(context)
    for network_id in await network.present_networks(database):
        await complete_mints(database, network_id)
