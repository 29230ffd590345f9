"""How a command works with the installation: it attaches to the running one, or starts a server of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from ringmain.entry.installation import Installation, attached_urls, opened, owned_urls
from ringmain.kit.db import Database
from ringmain.kit.postgres import NotRunning
from ringmain.kit.settings import Settings

if TYPE_CHECKING:
    from ringmain.entry.verify import Check

Result = TypeVar("Result")


def act_on(work: Callable[[Installation], Awaitable[Result]], *, own: bool = False) -> Result:
    """Run something with the installation open: attached to the running one, or (`own`) with its own server."""
    settings = Settings()

    async def open_and_work() -> Result:
        async with opened(settings, urls) as installation:
            return await work(installation)

    try:
        urls = attached_urls(settings)
    except NotRunning:
        if not own:
            raise
        with owned_urls(settings) as urls:
            return asyncio.run(open_and_work())
    return asyncio.run(open_and_work())


async def verify_network(database: Database, network_id: UUID) -> list["Check"]:
    """Return every check of a network; for commands of slices below, which only the doors may give this to."""
    from ringmain.entry.verify import verify  # noqa: PLC0415 (every command would wait for what it brings along)

    return await verify(database, network_id)
