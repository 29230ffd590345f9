"""The periodic work of vouchers: ending those whose time is over."""

import structlog
from procrastinate import Blueprint, JobContext

from ringmain.kit.jobs import RETRY, database_of
from ringmain.network import api as network
from ringmain.voucher.expire import sweep

_log = structlog.get_logger(__name__)
tasks = Blueprint()


@tasks.periodic(cron="* * * * *")
@tasks.task(name="expire", queueing_lock="voucher_expire", pass_context=True, retry=RETRY)
async def expire(context: JobContext, timestamp: int) -> None:
    """End the vouchers whose time is over, in every network that lives in the present.

    `timestamp` is when the job was due. A replay ends its vouchers itself, in its own time.
    """
    del timestamp
    database = database_of(context)
    async with database.unit(None) as uow:
        networks = await network.all_networks(uow)
    for network_id in networks:
        async with database.unit(network_id) as uow:
            if (await network.network_of(uow)).simulated:
                continue
        ended = await sweep(database, network_id)
        if ended:
            _log.info("vouchers_expired", network_id=str(network_id), vouchers=ended)
