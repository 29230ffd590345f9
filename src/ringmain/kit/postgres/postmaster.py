"""The running server as a process: found through postmaster.pid, proved by connecting, signalled and waited for."""

import contextlib
import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from ringmain.kit.postgres.address import ServerAddress
from ringmain.kit.postgres.errors import StopFailed

_FAST_SECONDS = 60.0
_IMMEDIATE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What postmaster.pid says: process id, port and socket folder of the server that holds a data folder."""

    pid: int
    port: int
    socket_folder: Path


def read_postmaster(data: Path) -> Postmaster | None:
    """Return what the data folder's postmaster.pid says, or None where there is no complete one.

    Its lines: process id, data folder, start time, port, socket folder, listen address, shared memory key, status.
    """
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        return Postmaster(abs(int(lines[0])), int(lines[3]), Path(lines[4]))
    except (OSError, ValueError, IndexError):
        return None


def holds_data_folder(pid: int, data: Path) -> bool:
    """Return whether process `pid` lives and is the server of `data`, not a stranger that got the same number.

    A postmaster stands in its data folder. Where /proc is missing the program's name has to do.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    if not Path("/proc/self").exists():
        argv = ["/bin/ps", "-o", "stat=,comm=", "-p", str(pid)]
        run = subprocess.run(argv, capture_output=True, text=True, check=False)
        return "postgres" in run.stdout and not run.stdout.startswith("Z")
    try:
        return Path(f"/proc/{pid}/cwd").samefile(data)
    except OSError:
        # A zombie stands nowhere.
        return False


def survivors(data: Path) -> list[int]:
    """Return the processes that stand in the data folder: what a killed postmaster has left for a moment."""
    return [int(path.name) for path in Path("/proc").glob("[0-9]*") if holds_data_folder(int(path.name), data)]


def answers(address: ServerAddress, data: Path) -> bool:
    """Return whether the server at `address` lets us in and serves `data`; raise psycopg.Error where it does not."""
    with psycopg.connect(address.url("postgres"), connect_timeout=3, autocommit=True) as connection:
        row = connection.execute("SELECT current_setting('data_directory')").fetchone()
    return row is not None and Path(row[0]).samefile(data)


def alive(pid: int, child: "subprocess.Popen[bytes] | None") -> bool:
    """Return whether the process lives; a child that has ended is reaped."""
    if child is not None:
        return child.poll() is None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def end(pid: int, child: "subprocess.Popen[bytes] | None") -> None:
    """Ask the server to end: fast shutdown first, an immediate one if that takes longer than a minute."""
    for sign, seconds in ((signal.SIGINT, _FAST_SECONDS), (signal.SIGQUIT, _IMMEDIATE_SECONDS)):
        with contextlib.suppress(ProcessLookupError):
            if alive(pid, child):
                os.kill(pid, sign)
        if wait_for_end(pid, child, seconds):
            return
    raise StopFailed(
        f"The database process {pid} did not end when asked to.",
        f"look at its log; `kill -9 {pid}` ends it, and the next start recovers by itself.",
    )


def wait_for_end(pid: int, child: "subprocess.Popen[bytes] | None", seconds: float) -> bool:
    """Wait until the process has ended, at most `seconds`; return whether it has."""
    if child is not None:
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True
    deadline = time.monotonic() + seconds
    _wait_by_descriptor(pid, seconds)
    while alive(pid, None):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _wait_by_descriptor(pid: int, seconds: float) -> None:
    """Sleep until a process that is not our child ends, where the kernel offers that."""
    if not hasattr(os, "pidfd_open"):
        return
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll(seconds * 1000)
    finally:
        os.close(descriptor)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False
