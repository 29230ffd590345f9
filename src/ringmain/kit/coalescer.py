"""The coalescer: many callers, one set-based call; requests that arrive while a batch is in flight become the next."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ringmain.kit.metrics import COALESCED_BATCH, COALESCER_REFUSED, COALESCER_WAITING
from ringmain.kit.pure.errors import Unavailable

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")
Answer = TypeVar("Answer")

# How long a few callers wait at most for more of them while a larger batch is in flight.
_PATIENCE_SECONDS = 0.05
# Rounds of the event loop between two batches: one reads the sockets, one runs the requests' tasks as far as here.
_ROUNDS = 3
# So many callers go together rather than in two batches.
_FEW = 16


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Item, Answer]):
    item: Item
    answer: "asyncio.Future[Answer]"


@dataclass(slots=True)
class _Lane(Generic[Item, Answer]):
    """The queue of one key, how many of its batches are in flight, and how many items are in those together."""

    # In order of arrival; a mapping, so that a caller who gives up leaves from the middle at no cost.
    waiting: "OrderedDict[_Waiting[Item, Answer], None]" = field(default_factory=OrderedDict)
    in_flight: int = 0
    on_the_way: int = 0
    timer: asyncio.TimerHandle | None = None
    gathering: bool = False


class Coalescer(Generic[Key, Item, Answer]):
    """Runs `decide(key, items)` for many callers at once; keys (networks) never wait for each other.

    `decide` returns one answer per item, in order, and is all or nothing: where it raises, the batch is run again in
    halves until only the guilty items fail, each with its own error. `transient` says which errors are worth the same
    batch again (deadlocks, a key committed meanwhile).

    A batch starts at once where none is in flight; beside others it starts when at least as many callers wait as are
    on their way, or after a twentieth of a second. Without that, callers would go by ones and twos beside one large
    batch, and nobody would share the cost of their transactions.

    A lane has at most `in_flight` batches on their way and `max_waiting` callers queued; one more is refused with
    `Unavailable`, so that an overload is felt at the door and not as an endless wait. A caller that is cancelled leaves
    the queue; once its batch has started, the batch goes on for the others.
    """

    def __init__(
        self,
        name: str,
        decide: Callable[[Key, Sequence[Item]], Awaitable[Sequence[Answer]]],
        *,
        transient: Callable[[Exception], bool] = lambda error: False,
        max_batch: int = 256,
        max_waiting: int = 4_096,
        in_flight: int = 2,
        attempts: int = 6,
    ) -> None:
        self._name = name
        self._decide = decide
        self._transient = transient
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._in_flight = in_flight
        self._attempts = attempts
        self._lanes: dict[Key, _Lane[Item, Answer]] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def submit(self, key: Key, item: Item) -> Answer:
        """Return the answer to one item; raises the item's own error, or `Unavailable` where the queue is full."""
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane()
        if len(lane.waiting) >= self._max_waiting:
            COALESCER_REFUSED.labels(self._name).inc()
            raise Unavailable("too many requests are waiting")
        waiting = _Waiting(item, asyncio.get_running_loop().create_future())
        lane.waiting[waiting] = None
        self._start_batches(key, lane)
        try:
            answer: Answer = await waiting.answer
            return answer
        except asyncio.CancelledError:
            # Whoever gives up makes room for another; if its batch has started, it is not in the queue any more.
            lane.waiting.pop(waiting, None)
            raise

    async def close(self) -> None:
        """Wait until every batch on its way has answered."""
        while self._running or self._lanes:
            await (asyncio.wait(self._running) if self._running else asyncio.sleep(0))

    def _gather(self, key: Key, lane: _Lane[Item, Answer], rounds: int = _ROUNDS) -> None:
        """Let the event loop read the requests that have arrived already before the next batch starts."""
        lane.gathering = rounds > 0
        if lane.gathering:
            asyncio.get_running_loop().call_soon(self._gather, key, lane, rounds - 1)
        else:
            self._start_batches(key, lane)

    def _start_batches(self, key: Key, lane: _Lane[Item, Answer]) -> None:
        if lane.gathering:
            return
        while lane.in_flight < self._in_flight and self._enough(lane):
            self._start_batch(key, lane)
        if not lane.waiting and not lane.in_flight:
            self._lanes.pop(key, None)
        elif lane.waiting and lane.in_flight < self._in_flight and lane.timer is None:
            lane.timer = asyncio.get_running_loop().call_later(_PATIENCE_SECONDS, self._lose_patience, key, lane)

    def _lose_patience(self, key: Key, lane: _Lane[Item, Answer]) -> None:
        lane.timer = None
        if lane.waiting and lane.in_flight < self._in_flight:
            self._start_batch(key, lane)

    def _start_batch(self, key: Key, lane: _Lane[Item, Answer]) -> None:
        # Callers are divided among the batches that may be in flight: then one is decided here while another is there.
        share = -(-(len(lane.waiting) + lane.on_the_way) // self._in_flight)
        most = min(max(share, _FEW), self._max_batch)
        batch: list[_Waiting[Item, Answer]] = []
        while lane.waiting and len(batch) < most:
            waiting, _ = lane.waiting.popitem(last=False)
            if not waiting.answer.cancelled():
                batch.append(waiting)
        if batch:
            lane.in_flight += 1
            lane.on_the_way += len(batch)
            task = asyncio.create_task(self._run(key, lane, batch))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    def _enough(self, lane: _Lane[Item, Answer]) -> bool:
        waiting = len(lane.waiting)
        return waiting > 0 and (waiting >= lane.on_the_way or waiting >= self._max_batch)

    async def _run(self, key: Key, lane: _Lane[Item, Answer], batch: list[_Waiting[Item, Answer]]) -> None:
        COALESCED_BATCH.labels(self._name).observe(len(batch))
        try:
            await self._settle(key, batch)
        finally:
            # A batch that was cancelled has no answers for those who still wait: nobody waits for ever.
            _fail(batch, Unavailable("the batch was interrupted"))
            lane.in_flight -= 1
            lane.on_the_way -= len(batch)
            COALESCER_WAITING.labels(self._name).set(len(lane.waiting))
            if not lane.gathering:
                self._gather(key, lane)

    async def _settle(self, key: Key, batch: list[_Waiting[Item, Answer]]) -> None:
        """Answer every caller of the batch, halving it where it fails."""
        try:
            answers = await self._decided(key, [waiting.item for waiting in batch])
        except Unavailable as error:
            # Nobody is guilty: halving would only knock at a closed door more often.
            _fail(batch, error)
        except Exception as error:  # noqa: BLE001 (whatever it is, it belongs to the callers)
            if len(batch) == 1:
                _fail(batch, error)
                return
            middle = len(batch) // 2
            await self._settle(key, batch[:middle])
            await self._settle(key, batch[middle:])
        else:
            if len(answers) != len(batch):
                # A fault of `decide`, which has committed: nobody can tell whose answers these are, and no half is run.
                _fail(batch, RuntimeError(f"{self._name}: {len(answers)} answers to {len(batch)} items"))
                return
            for waiting, answer in zip(batch, answers, strict=True):
                if not waiting.answer.done():
                    waiting.answer.set_result(answer)

    async def _decided(self, key: Key, items: list[Item]) -> Sequence[Answer]:
        for _ in range(self._attempts - 1):
            try:
                return await self._decide(key, items)
            except Exception as error:
                if not self._transient(error):
                    raise
        return await self._decide(key, items)


def _fail(batch: Sequence[_Waiting[Item, Answer]], error: Exception) -> None:
    for waiting in batch:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)
