"""Tests of the coalescer: many callers, one call, and nobody's trouble becomes somebody else's."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from ringmain.kit.coalescer import Coalescer
from ringmain.kit.metrics import COALESCER_REFUSED
from ringmain.kit.pure.errors import Unavailable

Calls = list[tuple[str, list[int]]]


class Transient(Exception):
    """An error after which the same batch may go through."""


class Desk:
    """A `decide` that notes its calls, can be held shut, and refuses the items it is told to."""

    def __init__(self, guilty: Sequence[int] = ()) -> None:
        self.calls: Calls = []
        self.guilty = set(guilty)
        self.transient_failures = 0
        self.open = asyncio.Event()
        self.open.set()

    async def decide(self, key: str, items: Sequence[int]) -> list[str]:
        """Answer each item with its key and number."""
        self.calls.append((key, list(items)))
        await self.open.wait()
        if self.transient_failures:
            self.transient_failures -= 1
            raise Transient
        for item in items:
            if item in self.guilty:
                raise ValueError(item)
        return [f"{key}:{item}" for item in items]


def coalescer(desk: Desk, **settings: Any) -> Coalescer[str, int, str]:
    """Make a coalescer in front of a desk; one batch at a time unless told otherwise."""
    defaults: dict[str, Any] = {"in_flight": 1, "transient": lambda error: isinstance(error, Transient)}
    return Coalescer("test", desk.decide, **(defaults | settings))


async def answers_of(door: Coalescer[str, int, str], items: Sequence[int], key: str = "a") -> list[Any]:
    """Submit items at once and return answers or errors in their order; nobody may wait longer than five seconds."""
    together = asyncio.gather(*(door.submit(key, item) for item in items), return_exceptions=True)
    return await asyncio.wait_for(together, timeout=5)


# --------------------------------------------------------------------------------------------------------- together


async def test_callers_at_the_same_time_share_one_call() -> None:
    """The first caller goes at once, those who come while it is on its way are one batch, each with its own answer."""
    desk = Desk()
    assert await answers_of(coalescer(desk), range(100)) == [f"a:{n}" for n in range(100)]
    assert desk.calls == [("a", [0]), ("a", list(range(1, 100)))]


async def test_a_batch_is_no_larger_than_its_limit_and_first_come_is_first_served() -> None:
    """Callers are served in the order of their arrival, in batches of the largest size."""
    desk = Desk()
    await answers_of(coalescer(desk, max_batch=4), range(10))
    assert [items for _, items in desk.calls] == [[0], [1, 2, 3, 4], [5, 6, 7, 8], [9]]


async def test_a_lane_has_no_more_batches_on_their_way_than_allowed() -> None:
    """With two in flight, the third caller waits until one of them is back."""
    desk = Desk()
    desk.open.clear()
    door = coalescer(desk, in_flight=2)
    callers = [asyncio.create_task(door.submit("a", n)) for n in range(5)]
    await asyncio.sleep(0.02)
    assert [items for _, items in desk.calls] == [[0], [1]]
    desk.open.set()
    assert await asyncio.gather(*callers) == [f"a:{n}" for n in range(5)]
    assert [items for _, items in desk.calls] == [[0], [1], [2, 3, 4]]


# ------------------------------------------------------------------------------------------------------------ guilt


@pytest.mark.parametrize("guilty", [(1,), (17,), (63,), (1, 2), (5, 40, 41), tuple(range(64))])
async def test_halving_leaves_the_guilty_alone_with_their_errors(guilty: tuple[int, ...]) -> None:
    """Of a batch that fails, each guilty item gets its own error and every other item its answer."""
    desk = Desk(guilty)
    answers = await answers_of(coalescer(desk), range(64))
    assert [repr(answer) for answer in answers] == [
        repr(ValueError(n)) if n in guilty else repr(f"a:{n}") for n in range(64)
    ]


async def test_one_guilty_item_costs_few_calls() -> None:
    """Finding one guilty item among 64 takes two calls per halving, not one per item."""
    desk = Desk([30])
    await answers_of(coalescer(desk), [1000, *range(64)])
    assert len(desk.calls) == 1 + 1 + 2 * 6


async def test_a_lost_transaction_is_run_again_whole() -> None:
    """After a transient error the same batch is tried again; nobody is halved and nobody sees the error."""
    desk = Desk()
    desk.transient_failures = 3
    assert await answers_of(coalescer(desk), [7]) == ["a:7"]
    assert desk.calls == [("a", [7])] * 4


async def test_attempts_end() -> None:
    """An error that stays transient for ever reaches the caller after the last attempt."""
    desk = Desk()
    desk.transient_failures = 1000
    (answer,) = await answers_of(coalescer(desk, attempts=3), [7])
    assert isinstance(answer, Transient)
    assert len(desk.calls) == 3


async def test_a_closed_door_is_not_knocked_at_for_every_item() -> None:
    """Where nothing can be decided now, all callers of the batch learn it after one call."""
    calls: list[int] = []

    async def away(_: str, items: Sequence[int]) -> list[str]:
        calls.append(len(items))
        raise Unavailable("the database does not answer")

    answers = await answers_of(Coalescer("test", away, in_flight=1), range(65))
    assert calls == [1, 64]
    assert all(isinstance(answer, Unavailable) for answer in answers)


# ---------------------------------------------------------------------------------------------------- back-pressure


async def test_a_full_queue_refuses_at_once_and_counts_it() -> None:
    """With the queue full, one more caller is refused without waiting, and those who wait are served."""
    desk = Desk()
    desk.open.clear()
    door = coalescer(desk, max_waiting=3)
    callers = [asyncio.create_task(door.submit("a", n)) for n in range(4)]
    await asyncio.sleep(0.02)
    refused_before = COALESCER_REFUSED.labels("test")._value.get()
    with pytest.raises(Unavailable):
        await asyncio.wait_for(door.submit("a", 4), timeout=0.1)
    assert COALESCER_REFUSED.labels("test")._value.get() == refused_before + 1
    desk.open.set()
    assert await asyncio.gather(*callers) == ["a:0", "a:1", "a:2", "a:3"]
    assert await door.submit("a", 5) == "a:5"


async def test_who_gives_up_makes_room() -> None:
    """A queue full of callers that have gone away takes new ones, and what the others asked for is never decided."""
    desk = Desk()
    desk.open.clear()
    door = coalescer(desk, max_waiting=3)
    first = asyncio.create_task(door.submit("a", 0))
    await asyncio.sleep(0)
    gone = [asyncio.create_task(door.submit("a", n)) for n in range(1, 4)]
    await asyncio.sleep(0.02)
    for caller in gone:
        caller.cancel()
    await asyncio.gather(*gone, return_exceptions=True)
    late = asyncio.create_task(door.submit("a", 9))
    await asyncio.sleep(0.02)
    desk.open.set()
    assert [await first, await late] == ["a:0", "a:9"]
    assert [items for _, items in desk.calls] == [[0], [9]]


# ------------------------------------------------------------------------------------------------------ cancellation


async def test_a_caller_that_goes_away_leaves_its_batch_to_the_others() -> None:
    """A caller cancelled while its batch is on its way takes nobody's answer along; the batch is not run again."""
    shared: list[list[int]] = []
    gate = asyncio.Event()

    async def decide(key: str, items: Sequence[int]) -> list[str]:
        if len(items) > 1:
            shared.append(list(items))
            await gate.wait()
        return [f"{key}:{item}" for item in items]

    door: Coalescer[str, int, str] = Coalescer("test", decide, in_flight=1)
    first, gone, stays = [asyncio.create_task(door.submit("a", n)) for n in range(3)]
    assert await first == "a:0"
    await asyncio.sleep(0.02)
    gone.cancel()
    await asyncio.sleep(0.02)
    gate.set()
    assert await asyncio.wait_for(stays, 5) == "a:2"
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert shared == [[1, 2]]


async def test_a_cancelled_batch_answers_everybody() -> None:
    """Where `decide` itself is cancelled, each of its callers learns that nothing is known, and the next are served."""
    cancelled: list[int] = []

    async def decide(key: str, items: Sequence[int]) -> list[str]:
        await asyncio.sleep(0)
        if not cancelled and len(items) > 1:
            cancelled.extend(items)
            raise asyncio.CancelledError
        return [f"{key}:{item}" for item in items]

    door: Coalescer[str, int, str] = Coalescer("test", decide, in_flight=1)
    answers = await answers_of(door, range(5))
    assert answers[0] == "a:0"
    assert all(isinstance(answer, Unavailable) for answer in answers[1:])
    assert await asyncio.wait_for(door.submit("a", 6), 5) == "a:6"


@pytest.mark.parametrize("count", [0, 2, 9])
async def test_a_wrong_number_of_answers_is_nobodys_answer(count: int) -> None:
    """Answers that cannot be told apart are given to no caller, and the batch, which may be done, is not run again."""
    calls: list[int] = []

    async def decide(_: str, items: Sequence[int]) -> list[str]:
        calls.append(len(items))
        return ["answer"] * (len(items) if len(items) == 1 else count)

    answers = await answers_of(Coalescer("test", decide, in_flight=1), range(5))
    assert answers[0] == "answer"
    assert [str(answer) for answer in answers[1:]] == [f"test: {count} answers to 4 items"] * 4
    assert calls == [1, 4]


# ------------------------------------------------------------------------------------------------------------ lanes


async def test_networks_never_wait_for_each_other() -> None:
    """While one network's batch hangs and its queue grows, another network is answered."""
    stuck = asyncio.Event()

    async def decide(key: str, items: Sequence[int]) -> list[str]:
        if key == "stuck":
            await stuck.wait()
        return [f"{key}:{item}" for item in items]

    door: Coalescer[str, int, str] = Coalescer("test", decide, max_waiting=50, in_flight=2)
    waiting = [asyncio.create_task(door.submit("stuck", n)) for n in range(50)]
    await asyncio.sleep(0.02)
    assert await answers_of(door, range(20), key="free") == [f"free:{n}" for n in range(20)]
    assert not any(caller.done() for caller in waiting)
    stuck.set()
    assert await asyncio.gather(*waiting) == [f"stuck:{n}" for n in range(50)]


async def test_a_busy_network_does_not_push_a_quiet_one_aside() -> None:
    """One caller of a quiet network is answered while a busy one has most of its thousand requests before it."""
    done: list[str] = []

    async def decide(key: str, items: Sequence[int]) -> list[str]:
        await asyncio.sleep(0.001)
        done.extend([key] * len(items))
        return [key] * len(items)

    door: Coalescer[str, int, str] = Coalescer("test", decide, max_batch=10)
    busy = [asyncio.create_task(door.submit("busy", n)) for n in range(1000)]
    await asyncio.sleep(0)
    assert await door.submit("quiet", 0) == "quiet"
    assert done.index("quiet") < 100
    await asyncio.gather(*busy)


async def test_quiet_networks_leave_nothing_behind() -> None:
    """After their answers, no lane is kept: millions of keys do not fill the memory."""
    desk = Desk(guilty=[13])
    door = coalescer(desk)
    for number in range(20):
        await answers_of(door, [number], key=f"network {number}")
    await asyncio.sleep(0)
    assert door._lanes == {}
    assert door._running == set()


# ------------------------------------------------------------------------------------------------------------ close


async def test_closing_waits_for_everything_on_its_way_and_in_the_queue() -> None:
    """When `close` returns, every caller that was let in has its answer."""
    desk = Desk()
    desk.open.clear()
    door = coalescer(desk, max_batch=2)
    callers = [asyncio.create_task(door.submit("a", n)) for n in range(7)]
    await asyncio.sleep(0.02)
    closing = asyncio.create_task(door.close())
    await asyncio.sleep(0.02)
    assert not closing.done()
    desk.open.set()
    await asyncio.wait_for(closing, 5)
    assert all(caller.done() for caller in callers)
    assert [caller.result() for caller in callers] == [f"a:{n}" for n in range(7)]
