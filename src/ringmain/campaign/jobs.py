"""The periodic work: prices of budgets, the end of what is over, vouchers by message, choices that nobody made."""

import structlog
from procrastinate import Blueprint, JobContext

from ringmain.campaign.games.choose import settle_choices
from ringmain.campaign.messages.run import send_today
from ringmain.campaign.packets.share import end_due_packet
from ringmain.campaign.plan.run import end_due_campaigns
from ringmain.campaign.pricing import price
from ringmain.campaign.referrals.invite import BATCH, reward, take_back_undone, waiting_rewards
from ringmain.kit.jobs import database_of, every, keyring_of, public_base_of
from ringmain.network import api as network

_log = structlog.get_logger(__name__)


def tasks() -> Blueprint:
    """Return the jobs of this slice, anew each time: adding them to an application renames them."""
    found = Blueprint()
    for work, name, key, cron in (
        (price_networks, "price", "campaign_price", "38 * * * *"),
        (end_campaigns, "end_campaigns", "campaign_end", "7 * * * *"),
        (send_messages, "send_messages", "campaign_send", "49 * * * *"),
        (settle_all_choices, "settle_choices", "campaign_settle", "* * * * *"),
        (end_all_packets, "end_packets", "campaign_packets", "* * * * *"),
        (reward_all_referrals, "reward_referrals", "campaign_referrals", "*/5 * * * *"),
    ):
        every(found, cron, work, name=name, queueing_lock=key, lock=key)
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


async def send_messages(context: JobContext, timestamp: int) -> None:
    """Give the vouchers of the day by message, in every network that lives in the present.

    By the hour, because each network has its own morning, and what was interrupted goes on. Where no channel is
    configured nothing is chosen: nobody would be told of their voucher.
    """
    del timestamp
    database = database_of(context)
    if not context.additional_context.get("channels"):
        return
    for network_id in await network.present_networks(database):
        sent = await send_today(database, keyring_of(context), public_base_of(context), network_id)
        if sent.decided:
            _log.info("campaigns sent", network_id=str(network_id), decided=sent.decided)


async def settle_all_choices(context: JobContext, timestamp: int) -> None:
    """Give winners what they have not exchanged in time, in every network that lives in the present."""
    del timestamp
    database = database_of(context)
    for network_id in await network.present_networks(database):
        async with database.unit(network_id) as uow:
            given = await settle_choices(uow)
        if given:
            _log.info("prizes given that nobody had chosen", network_id=str(network_id), prizes=given)


async def end_all_packets(context: JobContext, timestamp: int) -> None:
    """Give the makers of red packets back what nobody has opened, in every network that lives in the present."""
    del timestamp
    database = database_of(context)
    for network_id in await network.present_networks(database):
        ended = 0
        while True:
            async with database.unit(network_id) as uow:
                if not await end_due_packet(uow):
                    break
            ended += 1
        if ended:
            _log.info("red packets ended", network_id=str(network_id), packets=ended)


async def reward_all_referrals(context: JobContext, timestamp: int) -> None:
    """Give people what friends' first visits have earned, and take back what was for visits that were undone."""
    del timestamp
    database = database_of(context)
    for network_id in await network.present_networks(database):
        async with database.unit(network_id) as uow:
            undone = await take_back_undone(uow)
        given, after = 0, None
        while True:
            async with database.unit(network_id) as uow:
                found = await waiting_rewards(uow, after)
            for one in found:
                async with database.unit(network_id) as uow:
                    given += await reward(uow, one)
            if len(found) < BATCH:
                break
            after = found[-1].referral_id
        if given or undone:
            _log.info("invitations rewarded", network_id=str(network_id), vouchers=given, undone=undone)
