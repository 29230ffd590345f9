"""Long computations in a process of their own: what asks goes on answering, and being interrupted ends them at once."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from ringmain.kit.pure.errors import Unavailable

Result = TypeVar("Result")
Progress = Callable[[str], None]

# Training in the night must not keep a till waiting that pays at midnight.
_NICER = 10


async def apart(work: Callable[..., Result], *given: Any, progress: Progress) -> Result:
    """Return `work(*given, progress)`, computed in another process at low priority; work and data must be picklable.

    What `work` raises is raised here. Where this is cancelled the process is ended, and nothing of it is left. Raises
    `Unavailable` where the process ended without an answer, such as for want of memory.
    """
    # A fork would take along connections and threads in the middle of their work.
    spawning = multiprocessing.get_context("spawn")
    here, there = spawning.Pipe(duplex=False)
    process = spawning.Process(target=_work, args=(there, work, given), daemon=True)
    try:
        # The data go through a pipe, which is read when the other side has loaded what it needs.
        await asyncio.to_thread(process.start)
        there.close()
        while True:
            kind, value = await asyncio.to_thread(here.recv)
            if kind == "stage":
                progress(value)
            elif kind == "error":
                raise value
            else:
                answer: Result = value
                return answer
    except EOFError as error:
        raise Unavailable("a computation ended before it was done: there may be too little memory") from error
    finally:
        with suppress(AttributeError):
            process.kill()
            await asyncio.shield(asyncio.to_thread(process.join))
        here.close()


def _work(answer: Connection, work: Callable[..., Any], given: tuple[Any, ...]) -> None:
    # Ctrl-C reaches every process of a terminal; the one that asked ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):
        os.nice(_NICER)

    def say(stage: str) -> None:
        answer.send(("stage", stage))

    try:
        done: tuple[str, Any] = ("result", work(*given, say))
    except Exception as error:  # noqa: BLE001 (it is raised where the work was asked for)
        done = ("error", error)
    answer.send(done)
