"""Forecasts and trainings are jobs of the worker, for networks of the present only."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ringmain.entry.worker import jobs
from ringmain.kit.learn import registry
from ringmain.kit.learn.registry import NewModel
from ringmain.kit.migrate import Urls
from ringmain.need import api as need
from tests.need.town import PEOPLE, START, Town, learnt, open_town, rounds


async def _run(town: Town, urls: Urls, job: str) -> None:
    async with jobs(urls.application_url).open_async() as app:
        await app.configure_task(job).defer_async(timestamp=0)
        context = {"database": town.database, "lake": town.lake}
        await app.run_worker_async(wait=False, install_signal_handlers=False, additional_context=context)


async def _walked_until_today(town: Town) -> None:
    """Write the town's walks so that they end now, and let a model serve that was learnt of its first 30 days."""
    since = (datetime.now(tz=UTC) - START) / timedelta(days=1) - 60
    town.walk([(person, shop, day + since) for person, shop, day in rounds()])
    found, until = learnt(), START + timedelta(days=since + 30)
    new = NewModel(need.TASK, START, until, found.visits, found.figures, found.baselines, found.artefact)
    async with town.database.unit(town.network_id, role="worker", now=until) as uow:
        await registry.keep(uow, new, compared_with=None)


async def test_the_worker_forecasts(new_database_urls: Urls, tmp_path: Path) -> None:
    """Every consenting person of a present network gets rows; a model of four weeks ago is not trained anew for it."""
    async with open_town(new_database_urls.application_url, tmp_path, simulated=False) as town:
        await _walked_until_today(town)
        await _run(town, new_database_urls, "need:forecast")
        assert await town.value("SELECT count(DISTINCT subject_id) FROM need") == PEOPLE
        assert await town.value("SELECT count(*) FROM model") == 1


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_the_worker_trains(new_database_urls: Urls, tmp_path: Path) -> None:
    """A model is kept beside the first one; where it serves, it is too young to be followed in the same night."""
    async with open_town(new_database_urls.application_url, tmp_path, simulated=False) as town:
        await _walked_until_today(town)
        await _run(town, new_database_urls, "need:train")
        assert await town.value("SELECT count(*) FROM model") == 2
        await _run(town, new_database_urls, "need:train")
        promoted = await town.value("SELECT count(*) FROM model_event WHERE kind = 'promoted'")
        assert await town.value("SELECT count(*) FROM model") == (2 if promoted == 2 else 3)


async def test_networks_of_another_time_are_left_alone(new_database_urls: Urls, tmp_path: Path) -> None:
    """A replayed network is forecast and trained by command only."""
    async with open_town(new_database_urls.application_url, tmp_path) as town:
        await _walked_until_today(town)
        await _run(town, new_database_urls, "need:forecast")
        await _run(town, new_database_urls, "need:train")
        assert await town.value("SELECT count(*) FROM need") == 0
        assert await town.value("SELECT count(*) FROM model") == 1


async def test_a_network_of_its_first_weeks_has_no_model(new_database_urls: Urls, tmp_path: Path) -> None:
    """Nothing is kept, and the job does not fail."""
    async with open_town(new_database_urls.application_url, tmp_path, people=2, simulated=False) as town:
        await _run(town, new_database_urls, "need:train")
        await _run(town, new_database_urls, "need:forecast")
        assert await town.value("SELECT count(*) FROM model") == 0
