"""How far a replay has come, and when the disk has to have it."""

from dataclasses import dataclass
from uuid import uuid4

from ringmain.kit.db import Database
from ringmain.kit.migrate import Urls
from ringmain.simulate import store

_WAITS = "SELECT current_setting('synchronous_commit') AS waits"


@dataclass
class _Setting:
    waits: str


async def test_only_the_batch_that_says_so_does_not_wait_for_the_disk(database_urls: Urls) -> None:
    """What one transaction allows itself ends with it: the next on the same connection waits again."""
    async with Database(database_urls.application_url, connections=1) as database:
        async with database.unit(uuid4()) as uow:
            # The servers of tests never wait.
            await uow.execute("SET synchronous_commit = on")
        async with database.unit(uuid4()) as uow:
            await store.commit_without_waiting(uow)
            assert await uow.row(_Setting, _WAITS) == _Setting("off")
        async with database.unit(uuid4()) as uow:
            assert await uow.row(_Setting, _WAITS) == _Setting("on")
