"""The periodic work of needs: a forecast every hour with the model that serves; a training and traffic every night."""

from uuid import UUID

import structlog
from procrastinate import Blueprint, JobContext

from ringmain.kit.jobs import database_of, lake_of
from ringmain.kit.learn import registry
from ringmain.kit.pure.errors import RuleBroken
from ringmain.need.errors import HistoryTooShort
from ringmain.need.expected import forecast_traffic
from ringmain.need.forecast import TASKS, forecast_needs
from ringmain.need.train import is_due
from ringmain.need.train import train as train_task
from ringmain.network import api as network

_log = structlog.get_logger(__name__)


def tasks() -> Blueprint:
    """Return the jobs of this slice, anew each time: adding them to an application renames them.

    One lock for all: a forecast does not begin while a training, which ends with one, is under way.
    """
    found = Blueprint()
    for work, cron in ((forecast, "23 * * * *"), (train, "47 2 * * *"), (traffic, "11 4 * * *")):
        network.every_network(found, cron, work, queueing_lock=f"need_{work.__name__}", lock="need")
    return found


async def forecast(context: JobContext, network_id: UUID) -> None:
    """Forecast what the people of a network need."""
    try:
        people = await forecast_needs(database_of(context), lake_of(context), network_id, _silent)
    except RuleBroken as rule:
        # The model will not be better in a minute: the job is not tried again for it.
        _log.warning("forecast refused", network_id=str(network_id), reason=rule.code, next_step=rule.next_step)
    else:
        if people is not None:
            _log.info("needs forecast", network_id=str(network_id), people=people)


async def train(context: JobContext, network_id: UUID) -> None:
    """Train every task of a network, where enough has come since the last model to judge another one."""
    for task in TASKS:
        await _train(context, network_id, task)


async def traffic(context: JobContext, network_id: UUID) -> None:
    """Forecast the payments of every shop of a network, with what did best at moments of the past."""
    shops = await forecast_traffic(database_of(context), lake_of(context), network_id, _silent)
    _log.info("traffic forecast", network_id=str(network_id), shops=shops)


async def _train(context: JobContext, network_id: UUID, task: str) -> None:
    database = database_of(context)
    async with database.unit(network_id, role="worker") as uow:
        due = is_due(await registry.serving(uow, task), await uow.now())
    if not due:
        return
    try:
        done = await train_task(database, lake_of(context), network_id, task, _silent)
    except HistoryTooShort:
        # The first weeks of every network: nothing is wrong.
        return
    except RuleBroken as rule:
        _log.warning("training refused", network_id=str(network_id), task=task, reason=rule.code)
    else:
        _log.info(
            "model trained",
            network_id=str(network_id),
            task=task,
            model_id=str(done.model.id),
            state=done.model.state,
            reasons=list(done.model.reasons),
        )


def _silent(stage: str) -> None:
    del stage
