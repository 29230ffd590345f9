"""The nightly job finds the tribes of every network of the present, from the lake that the worker was given."""

from collections.abc import Callable
from pathlib import Path

from ringmain.entry.worker import jobs
from ringmain.kit.migrate import Urls
from ringmain.segment import api
from tests.segment.street import open_street


async def test_the_night_finds_tribes(new_database: Callable[[], Urls], tmp_path: Path) -> None:
    """Deferred, the job writes a finding for this network, of the people whom it saw in the lake.

    In a database of its own, since the job goes through all networks that there are.
    """
    url = new_database().application_url
    async with open_street(url, tmp_path) as street:
        street.write()
        context = {"database": street.database, "keyring": street.keyring, "lake": street.lake}
        async with jobs(url).open_async() as app:
            await app.configure_task("segment:tribes").defer_async(timestamp=0)
            await app.run_worker_async(wait=False, install_signal_handlers=False, additional_context=context)
        async with street.unit() as uow:
            found = await api.tribes_of_network(uow)
    assert found.finding is not None
    assert (found.finding.people, found.tribes) == (0, ())
