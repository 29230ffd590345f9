"""What takes seconds to count: made in the background, kept for five minutes, and no page waits long for it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar
from uuid import UUID

import structlog

_log = structlog.get_logger(__name__)
_FRESH_SECONDS = 300.0
_PATIENCE_SECONDS = 8.0

Found = TypeVar("Found")


class Kept(Generic[Found]):
    """The newest figures of each network."""

    def __init__(self) -> None:
        self._found: dict[UUID, tuple[float, Found]] = {}
        self._making: dict[UUID, asyncio.Task[None]] = {}

    async def of(self, network_id: UUID, make: Callable[[], Awaitable[Found]]) -> Found | None:
        """Return the figures; None while the first ones take longer than people wait."""
        made_at, found = self._found.get(network_id, (0.0, None))
        if found is not None and time.monotonic() - made_at < _FRESH_SECONDS:
            return found
        if network_id not in self._making:
            task = asyncio.create_task(self._make(network_id, make))
            self._making[network_id] = task
            task.add_done_callback(lambda _: self._making.pop(network_id, None))
        if found is None:
            await asyncio.wait([self._making[network_id]], timeout=_PATIENCE_SECONDS)
            found = self._found.get(network_id, (0.0, None))[1]
        return found

    async def _make(self, network_id: UUID, make: Callable[[], Awaitable[Found]]) -> None:
        try:
            found = await make()
        except Exception as error:  # noqa: BLE001 (the page stands without it; the next visitor tries again)
            _log.exception("figures_not_made", kind=type(error).__qualname__, exc_info=False)
        else:
            self._found[network_id] = time.monotonic(), found
