"""Analyses take their turn, whoever asks for them."""

import asyncio
import threading
import time

import pytest

from ringmain.loop.api import in_turn


async def test_one_runs_at_a_time_and_nobody_else_has_to_wait() -> None:
    """Of ten that are asked for at once no two overlap; meanwhile the loop goes on, and each answer is its own."""
    running, most, ticks = 0, 0, 0

    def analysis(number: int, *, add: int) -> tuple[int, str]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        time.sleep(0.02)
        running -= 1
        return number + add, threading.current_thread().name

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    ticking = asyncio.create_task(tick())
    found = await asyncio.gather(*(in_turn(analysis, number, add=100) for number in range(10)))
    ticking.cancel()
    assert [number for number, _ in found] == list(range(100, 110))
    assert len({name for _, name in found} | {threading.main_thread().name}) == 2
    assert most == 1
    assert ticks > 10


async def test_what_goes_wrong_is_told_and_the_next_one_runs() -> None:
    """An analysis that fails holds up nobody."""

    def fails() -> None:
        raise ValueError("no such file")

    with pytest.raises(ValueError, match="no such file"):
        await in_turn(fails)
    assert await in_turn(str, 7) == "7"
