"""The periodic work of vouchers: ending those whose time is over, making ordered codes, reminding holders."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

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
    network.every_network(found, "* * * * *", expire, queueing_lock="voucher_expire")
    network.every_network(found, "* * * * *", mint, queueing_lock="voucher_mint")
    every(found, "7 * * * *", remind, queueing_lock="voucher_remind")
    return found


async def expire(context: JobContext, network_id: UUID) -> None:
    """End the vouchers of a network whose time is over. A replay ends its vouchers itself, in its own time."""
    ended = await sweep(database_of(context), network_id)
    if ended:
        _log.info("vouchers_expired", network_id=str(network_id), vouchers=ended)


async def remind(context: JobContext, timestamp: int) -> None:
    """Remind the holders of vouchers that end in two days; `timestamp` is when the job was due.

    It runs every hour and looks at four, so that three hours without a worker are made up for; nobody is told twice.
    """
    database, keyring, public_base = database_of(context), keyring_of(context), public_base_of(context)
    until = datetime.fromtimestamp(timestamp, tz=UTC)

    async def remind_holders(network_id: UUID) -> None:
        span = reminding.Span(until - _SPAN, until)
        queued = await reminding.remind(database, keyring, network_id, span, public_base)
        if queued:
            _log.info("holders_reminded", network_id=str(network_id), messages=queued)

    await network.in_each_network(database, remind_holders)


async def mint(context: JobContext, network_id: UUID) -> None:
    """Make the codes of a network that were ordered and do not exist yet."""
    await complete_mints(database_of(context), network_id)
