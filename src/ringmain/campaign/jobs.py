"""The periodic work: every hour the prices of all budgets, after the forecasts they rest on, and what is over ends."""

import structlog
from procrastinate import Blueprint, JobContext

from ringmain.campaign.plan.run import end_due_campaigns
from ringmain.campaign.pricing import price
from ringmain.kit.jobs import RETRY, database_of
from ringmain.network import api as network

_log = structlog.get_logger(__name__)


def tasks() -> Blueprint:
    """Return the jobs of this slice, anew each time: adding them to an application renames them."""
    found = Blueprint()
    job = found.task(
        name="price", queueing_lock="campaign_price", lock="campaign_price", pass_context=True, retry=RETRY
    )(price_networks)
    found.periodic(cron="38 * * * *")(job)
    ending = found.task(
        name="end_campaigns", queueing_lock="campaign_end", lock="campaign_end", pass_context=True, retry=RETRY
    )(end_campaigns)
    found.periodic(cron="7 * * * *")(ending)
    return found


async def price_networks(context: JobContext, timestamp: int) -> None:
    """Price the budgets of every network that lives in the present; `timestamp` is when the job was due."""
    del timestamp
    database = database_of(context)
    for network_id in await network.present_networks(database):
        pricing = await price(database, network_id)
        if pricing is not None:
            _log.info(
                "budgets priced",
                network_id=str(network_id),
                plays=pricing.people,
                vouchers=pricing.vouchers,
                gap=round(pricing.gap, 5),
            )


async def end_campaigns(context: JobContext, timestamp: int) -> None:
    """End the campaigns whose time is over, of every network that lives in the present."""
    del timestamp
    database = database_of(context)
    for network_id in await network.present_networks(database):
        async with database.unit(network_id) as uow:
            ended = await end_due_campaigns(uow)
        if ended:
            _log.info("campaigns ended", network_id=str(network_id), campaigns=len(ended))
