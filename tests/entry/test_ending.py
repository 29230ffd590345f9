"""A command that is asked to end stops the server it started, whoever asks."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ringmain.kit.postgres import postmaster, stop_orphan

MAIN = "from ringmain.entry.cli import main; main()"
# The control: the same command without its listener.
DEAF = "from ringmain.entry.cli import app; app()"
_PATIENCE_SECONDS = 120


_IN_BACKGROUND = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN);"
_SLEEPER = """
import asyncio
from ringmain.entry.ending import terminated_as_interrupted

async def sleep():
    try:
        print("asleep", flush=True)
        await asyncio.sleep(600)
    finally:
        await asyncio.sleep(0.01)
        print("cleaned up", flush=True)

with terminated_as_interrupted():
    asyncio.run(sleep())
"""


@pytest.mark.parametrize("first", ["", _IN_BACKGROUND])
def test_sigterm_interrupts_what_runs_and_lets_it_clean_up(first: str) -> None:
    """As Ctrl-C does, also where a shell started the command with `&`, which hears no Ctrl-C; the status says so."""
    argv = [sys.executable, "-c", first + _SLEEPER]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as sleeper:
        assert sleeper.stdout is not None
        assert sleeper.stdout.readline() == "asleep\n"
        sleeper.send_signal(signal.SIGTERM)
        assert sleeper.stdout.read() == "cleaned up\n"
        assert sleeper.wait(_PATIENCE_SECONDS) == 143


def _ended(home: Path, program: str, number: int) -> tuple[int, bool]:
    """Send a signal to `verify` while its own server runs; return its status, and whether the server still runs."""
    words = f"import sys; sys.argv = ['ringmain', 'verify']; {program}"
    path = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, "PYTHONPATH": path, "RINGMAIN_HOME": str(home)}
    environment.pop("RINGMAIN_DATABASE_URL", None)
    with subprocess.Popen([sys.executable, "-c", words], env=environment) as command:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        # It is written when the server answers; migrations take longer than it takes to see it.
        while not (home / "connection.json").exists():
            assert command.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        server = postmaster.read_postmaster(home / "postgres" / "data")
        assert server is not None
        command.send_signal(number)
        status = command.wait(_PATIENCE_SECONDS)
    return status, postmaster.holds_data_folder(server.pid, home / "postgres" / "data")


@pytest.mark.long
@pytest.mark.parametrize(
    ("program", "number", "status"),
    [
        (MAIN, signal.SIGTERM, 143),
        (_IN_BACKGROUND + MAIN, signal.SIGTERM, 143),
        (MAIN, signal.SIGINT, 130),
    ],
)
def test_a_command_stops_the_server_that_it_started(tmp_path: Path, program: str, number: int, status: int) -> None:
    """The server is gone when the command is, and nobody takes it for one that runs."""
    home = tmp_path / "home"
    assert _ended(home, program, number) == (status, False)
    assert not (home / "connection.json").exists()


@pytest.mark.long
def test_the_test_sees_a_server_that_is_left_behind(tmp_path: Path) -> None:
    """The control: a command that does not listen is gone at once, and its server runs on."""
    home = tmp_path / "home"
    try:
        assert _ended(home, DEAF, signal.SIGTERM) == (-signal.SIGTERM, True)
    finally:
        stop_orphan(home)
