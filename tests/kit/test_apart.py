"""Work in a process of its own: its answer, its error, its end where nobody waits any more."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from ringmain.kit.apart import Progress, apart
from ringmain.kit.idempotency import KeyReusedWithOtherPayload
from ringmain.kit.pure.errors import Unavailable


def _add(one: int, other: int, progress: Progress) -> tuple[int, int]:
    progress("adding")
    return one + other, os.getpid()


def _refuse(progress: Progress) -> None:
    progress("refusing")
    raise ValueError("not like this")


def _break_a_rule(progress: Progress) -> None:
    progress("asking")
    raise KeyReusedWithOtherPayload(what="this")


def _die(progress: Progress) -> None:
    progress("dying")
    os._exit(9)


def _write_for_ever(path: Path, progress: Progress) -> None:
    progress("writing")
    while True:
        path.write_text(str(time.monotonic()))
        time.sleep(0.01)


async def test_work_is_done_elsewhere_and_tells_how_far_it_is() -> None:
    """The answer comes from another process, after what it said on its way."""
    said: list[str] = []
    total, process = await apart(_add, 2, 3, progress=said.append)
    assert (total, said) == (5, ["adding"])
    assert process != os.getpid()


async def test_what_goes_wrong_there_is_raised_here() -> None:
    """An error is the error of whoever asked; a process that dies says nothing, and that is told too."""
    with pytest.raises(ValueError, match="not like this"):
        await apart(_refuse, progress=lambda _: None)
    with pytest.raises(KeyReusedWithOtherPayload) as broken:
        await apart(_break_a_rule, progress=lambda _: None)
    assert broken.value.facts == {"what": "this"}
    with pytest.raises(Unavailable, match="too little memory"):
        await apart(_die, progress=lambda _: None)


async def test_who_is_interrupted_leaves_nothing_running(tmp_path: Path) -> None:
    """Cancelled, the work is ended at once: its file is not written any more."""
    began = asyncio.Event()
    file = tmp_path / "clock"
    asking = asyncio.create_task(apart(_write_for_ever, file, progress=lambda _: began.set()))
    await began.wait()
    while not file.exists():  # noqa: ASYNC110 (another process makes it)
        await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    last = file.read_text()
    await asyncio.sleep(0.1)
    assert file.read_text() == last
