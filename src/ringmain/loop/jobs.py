"""The nightly look at comparison groups, Monday's drafts to dead ends, and each hour's standing top-ups."""

import asyncio
from uuid import UUID

import structlog
from procrastinate import Blueprint, JobContext

from ringmain.kit.jobs import database_of, lake_of
from ringmain.loop.lift import aa_watch
from ringmain.loop.notes import draft_notes, shop_balances
from ringmain.loop.top_up import keep_topped_up, with_order
from ringmain.network import api as network

_log = structlog.get_logger(__name__)


def tasks() -> Blueprint:
    """Return the jobs of this slice, anew each time: adding them to an application renames them."""
    found = Blueprint()
    for work, name, key, cron in (
        (watch_comparisons, "watch_comparisons", "loop_watch", "31 4 * * *"),
        (draft_notes_of_network, "draft_notes", "loop_notes", "11 5 * * 1"),
        (top_up_merchants, "top_up", "loop_top_up", "17 * * * *"),
    ):
        network.every_network(found, cron, work, name=name, queueing_lock=key, lock=key)
    return found


async def draft_notes_of_network(context: JobContext, network_id: UUID) -> None:
    """Draft notes to the dead ends of a network; nothing is sent."""
    database = database_of(context)
    async with database.unit(network_id) as uow:
        now = await uow.now()
    balances = await asyncio.to_thread(shop_balances, lake_of(context), network_id, now)
    async with database.unit(network_id) as uow:
        drafts = await draft_notes(uow, balances)
    if drafts:
        _log.info("notes drafted", network_id=str(network_id), notes=len(drafts))


async def top_up_merchants(context: JobContext, network_id: UUID) -> None:
    """Make and announce standing top-ups, each merchant in a transaction of its own."""
    database = database_of(context)
    async with database.unit(network_id) as uow:
        merchants = await with_order(uow)
    for merchant_id in merchants:
        async with database.unit(network_id) as uow:
            found = await keep_topped_up(uow, merchant_id)
        if found is not None:
            facts = {"network_id": str(network_id), "merchant_id": str(merchant_id), "top_up_id": str(found.id)}
            _log.info("top-up", **facts, state=found.state)


async def watch_comparisons(context: JobContext, network_id: UUID) -> None:
    """Look at the comparison groups of a network."""
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
