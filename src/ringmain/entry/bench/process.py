"""The processes of a bench: the server under test, the limits (pgbench) and the load (wrk), and what CPU they used."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from ringmain.entry.bench.errors import BenchFailed, LoadGeneratorMissing
from ringmain.entry.bench.stage import Stage
from ringmain.entry.bench.store import SCRIPTS
from ringmain.kit.memory import peak_mb
from ringmain.kit.postgres import ServerAddress
from ringmain.kit.postgres.binaries import find_binaries

_TICKS = os.sysconf("SC_CLK_TCK")
_READY_SECONDS = 30.0
_PROGRESS = re.compile(r"progress: ([0-9.]+) s, ([0-9.]+) tps")
_DONE = re.compile(r"actually processed: ([0-9]+)")
_FAILED = re.compile(r"number of failed transactions: ([0-9]+)")


@dataclass(frozen=True, slots=True)
class LimitRun:
    """What pgbench did: transactions per second after the warm-up, and how many it did in all."""

    per_second: float
    transactions: int


@dataclass(frozen=True, slots=True)
class LoadRun:
    """What the load generator saw; times of answers in milliseconds, its own cost per request in microseconds."""

    per_second: float
    answers: int
    refused: int
    p50_ms: float
    p99_ms: float
    own_us: float


@dataclass(frozen=True, slots=True)
class Server:
    """A server under test: the real application in a process of its own; `log` has a line for each request."""

    pid: int
    url: str
    log: Path

    def cpu_seconds(self) -> float:
        """Return the CPU time of its Python process."""
        return _cpu_seconds(self.pid)

    def peak_mb(self) -> float:
        """Return the peak of its memory until now, in MB of 1,048,576 bytes."""
        return peak_mb(self.pid)


@contextmanager
def serving(stage: Stage, folder: Path, *, coalesce: bool) -> Iterator[Server]:
    """Run the application on a port of its own until the block ends."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1_024)
        listener.set_inheritable(True)
        port = listener.getsockname()[1]
        environment = {
            **os.environ,
            "RINGMAIN_HOME": str(folder),
            "RINGMAIN_DATABASE_URL": stage.application_url,
            "RINGMAIN_MASTER_KEY_FILE": str(stage.key_file),
            "RINGMAIN_COALESCE": "true" if coalesce else "false",
        }
        command = [sys.executable, "-m", "ringmain.entry.bench.serve", str(listener.fileno())]
        name = "coalesced" if coalesce else "uncoalesced"
        log = folder / f"{stage.name}-{name}.log"
        with log.open("wb") as file:
            child = subprocess.Popen(command, env=environment, stderr=file, pass_fds=[listener.fileno()])
        try:
            _wait_until_ready(child, f"http://127.0.0.1:{port}/readyz", folder)
            yield Server(child.pid, f"http://127.0.0.1:{port}", log)
        finally:
            child.terminate()
            with suppress(subprocess.TimeoutExpired):
                child.wait(10)
            if child.poll() is None:
                child.kill()
                child.wait()


def _wait_until_ready(child: "subprocess.Popen[bytes]", url: str, folder: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        with suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 (our own server)
            if answer.status == HTTPStatus.OK:
                return
        time.sleep(0.05)
    raise BenchFailed(f"The server did not become ready; its log is in {folder}.")


def run_limit(
    address: ServerAddress,
    database: str,
    script: Path,
    *,
    clients: int,
    seconds: int,
    warm_up: int,
    **variables: object,
) -> LimitRun:
    """Run a script with pgbench; its first seconds do not count.

    New connections have cold caches for a moment, which would make a limit look lower than it is.
    """
    command = [find_binaries().program("pgbench"), "-n", "-M", "prepared", "-f", str(script)]
    command += ["-c", str(clients), "-j", "2", "-T", str(seconds + warm_up), "-P", "1"]
    for name, value in {**variables, "clients": clients, "i": 0}.items():
        command += ["-D", f"{name}={value}"]
    run = subprocess.run([*command, database], env=_login(address), capture_output=True, text=True, check=False)
    failed = _FAILED.search(run.stdout)
    done = _DONE.search(run.stdout)
    rates = [float(rate) for at, rate in _PROGRESS.findall(run.stderr) if float(at) > warm_up + 0.5]
    if run.returncode or failed is None or int(failed[1]) or done is None or not rates:
        raise BenchFailed(f"pgbench failed at {script.name}: {run.stderr.strip()[-400:]}")
    return LimitRun(sum(rates) / len(rates), int(done[1]))


def _login(address: ServerAddress) -> dict[str, str]:
    return {
        **os.environ,
        "PGHOST": str(address.socket_folder),
        "PGPORT": str(address.port),
        "PGUSER": address.superuser,
        "PGPASSWORD": address.password,
        # Planning once and by keys makes the limits faster, and a limit is to be as fast as it can be.
        "PGOPTIONS": "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off",
    }


def run_load(url: str, requests: Path, *, connections: int, seconds: int, pause_ms: int = 0) -> LoadRun:
    """Send the prepared requests of a file over many connections for some seconds, and count the answers.

    A connection rests for `pause_ms` after an answer. Raises `BenchFailed` where the file was too short for the time.
    """
    command = [load_generator(), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s"]
    command += ["-s", str(SCRIPTS / "load.lua"), url, "--", str(requests), str(pause_ms)]
    before = os.times()
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    after = os.times()
    found = re.search(r"^BENCH (.*)$", run.stdout, re.MULTILINE)
    if run.returncode or found is None:
        raise BenchFailed(f"wrk failed: {(run.stderr or run.stdout).strip()[-400:]}")
    seen: Mapping[str, float] = json.loads(found[1])
    if seen["ran_out"] or seen["broken"] or not seen["answers"]:
        raise BenchFailed(f"The load did not run as it should have: {dict(seen)}.")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    answers = int(seen["answers"])
    return LoadRun(
        per_second=(answers - seen["refused"]) / seen["seconds"],
        answers=answers,
        refused=int(seen["refused"]),
        p50_ms=seen["p50_ms"],
        p99_ms=seen["p99_ms"],
        own_us=cpu / max(answers, 1) * 1e6,
    )


def load_generator() -> str:
    """Return the path of wrk; installs Debian's package where it is missing and this user may. Raises."""
    if found := shutil.which("wrk"):
        return found
    if shutil.which("apt-get") and os.geteuid() == 0:
        install = ["apt-get", "install", "-y", "--no-install-recommends", "wrk"]
        for command in (install, ["apt-get", "update"], install):
            subprocess.run(command, capture_output=True, check=False)
            if found := shutil.which("wrk"):
                return found
    raise LoadGeneratorMissing


def database_cpu_seconds(postmaster: int) -> float:
    """Return the CPU time of the whole database server: living processes, and those that have ended."""
    total = _cpu_seconds(postmaster, with_ended=True)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if int(_stat(int(entry.name))[1]) == postmaster:
                    total += _cpu_seconds(int(entry.name))
    return total


def _cpu_seconds(pid: int, *, with_ended: bool = False) -> float:
    fields: Sequence[str] = _stat(pid)
    return sum(map(int, fields[11 : 15 if with_ended else 13])) / _TICKS


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/<pid>/stat from the state on (proc(5)): the name before them may hold blanks."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
