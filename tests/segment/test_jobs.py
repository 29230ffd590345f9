"""The nightly job finds the tribes of every network of the present, from the lake that the worker was given."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from ringmain.entry.worker import jobs
from ringmain.kit.migrate import Urls
from ringmain.network import api as network
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


async def test_a_network_that_fails_does_not_keep_others_from_their_tribes(
    new_database: Callable[[], Urls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes wrong in one network is logged, whichever comes first; the others get their finding that night."""
    url = new_database().application_url
    seen: list[UUID] = []

    async def finding(database: Any, keyring: Any, lake: Path, network_id: UUID) -> Any:
        seen.append(network_id)
        if len(seen) == 1:
            raise OSError("the lake cannot be read")
        return await api.find_in_network(database, keyring, lake, network_id)

    monkeypatch.setattr("ringmain.segment.jobs.find_in_network", finding)
    async with open_street(url, tmp_path) as street:
        street.write()
        other = uuid4()
        async with street.database.unit(other) as uow:
            await network.open_network(uow, "Other", "CNY", "Asia/Shanghai")
        context = {"database": street.database, "keyring": street.keyring, "lake": street.lake}
        async with jobs(url).open_async() as app:
            await app.configure_task("segment:tribes").defer_async(timestamp=0)
            await app.run_worker_async(wait=False, install_signal_handlers=False, additional_context=context)
        assert set(seen) == {street.network_id, other}
        async with street.database.unit(seen[1]) as uow:
            assert (await api.tribes_of_network(uow)).finding is not None
        async with street.database.unit(seen[0]) as uow:
            assert (await api.tribes_of_network(uow)).finding is None
