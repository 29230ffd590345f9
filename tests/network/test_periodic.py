"""Periodic work: every network of the present has its turn, whatever goes wrong in another."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from ringmain.kit.db import Database
from ringmain.kit.migrate import Urls
from ringmain.network import api as network


async def opened(database: Database, *, simulated: bool = False) -> UUID:
    """Open a network."""
    id_ = uuid4()
    async with database.unit(id_) as uow:
        await network.open_network(uow, "Street", "EUR", "UTC", simulated=simulated)
    return id_


async def test_who_fails_keeps_nobody_from_their_turn(new_database: Callable[[], Urls]) -> None:
    """All networks of the present have one turn; a replayed one has none; in the end what failed is raised."""
    turns: list[UUID] = []

    async with Database(new_database().application_url) as database:
        present = {await opened(database) for _ in range(3)}
        await opened(database, simulated=True)
        unlucky = min(present)

        async def work(network_id: UUID) -> None:
            turns.append(network_id)
            if network_id == unlucky:
                raise OSError("the lake cannot be read")

        with pytest.raises(ExceptionGroup) as failed:
            await network.in_each_network(database, work)
    assert (len(turns), set(turns)) == (3, present)
    assert [str(one) for one in failed.value.exceptions] == ["the lake cannot be read"]


async def test_what_goes_well_raises_nothing(new_database: Callable[[], Urls]) -> None:
    """Without a network there is nothing to do."""
    turns: list[UUID] = []

    async def work(network_id: UUID) -> None:
        turns.append(network_id)

    async with Database(new_database().application_url) as database:
        await network.in_each_network(database, work)
        only = await opened(database)
        await network.in_each_network(database, work)
    assert turns == [only]
