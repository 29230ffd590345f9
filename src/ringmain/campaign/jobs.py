"""The periodic work: prices of budgets, the end of what is over, vouchers by message, choices that nobody made."""

from uuid import UUID

import structlog
from procrastinate import Blueprint, JobContext

from ringmain.campaign.games.choose import settle_choices
from ringmain.campaign.messages.run import send_today
from ringmain.campaign.packets.share import end_due_packet
from ringmain.campaign.plan.run import end_due_campaigns
from ringmain.campaign.pricing import price
from ringmain.campaign.referrals.invite import BATCH, reward, take_back_undone, waiting_rewards
from ringmain.kit.jobs import database_of, keyring_of, public_base_of
from ringmain.network import api as network

_log = structlog.get_logger(__name__)


def tasks() -> Blueprint:
    """Return the jobs of this slice, anew each time: adding them to an application renames them."""
    found = Blueprint()
    for work, name, key, cron in (
        (price_network, "price", "campaign_price", "38 * * * *"),
        (end_campaigns, "end_campaigns", "campaign_end", "7 * * * *"),
        (send_messages, "send_messages", "campaign_send", "49 * * * *"),
        (settle_waiting_choices, "settle_choices", "campaign_settle", "* * * * *"),
        (end_packets, "end_packets", "campaign_packets", "* * * * *"),
        (reward_referrals, "reward_referrals", "campaign_referrals", "*/5 * * * *"),
    ):
        network.every_network(found, cron, work, name=name, queueing_lock=key, lock=key)
    return found


async def price_network(context: JobContext, network_id: UUID) -> None:
    """Price the budgets of a network."""
    pricing = await price(database_of(context), network_id)
    if pricing is not None:
        _log.info(
            "budgets priced",
            network_id=str(network_id),
            plays=pricing.people,
            vouchers=pricing.vouchers,
            gap=round(pricing.gap, 5),
        )


async def end_campaigns(context: JobContext, network_id: UUID) -> None:
    """End the campaigns of a network whose time is over."""
    async with database_of(context).unit(network_id) as uow:
        ended = await end_due_campaigns(uow)
    if ended:
        _log.info("campaigns ended", network_id=str(network_id), campaigns=len(ended))


async def send_messages(context: JobContext, network_id: UUID) -> None:
    """Give the vouchers of the day by message in a network.

    By the hour, because each network has its own morning, and what was interrupted goes on. Where no channel is
    configured nothing is chosen: nobody would be told of their voucher.
    """
    channels = frozenset(context.additional_context.get("channels") or ())
    if not channels:
        return
    database, keyring, base = database_of(context), keyring_of(context), public_base_of(context)
    sent = await send_today(database, keyring, base, network_id, channels)
    if sent.decided:
        _log.info("campaigns sent", network_id=str(network_id), decided=sent.decided)


async def settle_waiting_choices(context: JobContext, network_id: UUID) -> None:
    """Give the winners of a network what they have not exchanged in time."""
    async with database_of(context).unit(network_id) as uow:
        given = await settle_choices(uow)
    if given:
        _log.info("prizes given that nobody had chosen", network_id=str(network_id), prizes=given)


async def end_packets(context: JobContext, network_id: UUID) -> None:
    """Give the makers of red packets back what nobody has opened."""
    database, ended = database_of(context), 0
    while True:
        async with database.unit(network_id) as uow:
            if not await end_due_packet(uow):
                break
        ended += 1
    if ended:
        _log.info("red packets ended", network_id=str(network_id), packets=ended)


async def reward_referrals(context: JobContext, network_id: UUID) -> None:
    """Give people what friends' first visits have earned, and take back what was for visits that were undone."""
    database = database_of(context)
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
