"""Brings data of an older major version to the present one: dump with the old server, restore into a new one."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psycopg

from ringmain.kit.postgres import postmaster
from ringmain.kit.postgres.address import ServerAddress
from ringmain.kit.postgres.binaries import find_major
from ringmain.kit.postgres.cluster import Cluster, free_port
from ringmain.kit.postgres.errors import OldBinariesMissing, UpgradeFailed

_START_SECONDS = 600.0


def dump_and_restore(cluster: Cluster, version: int) -> None:
    """Replace the data folder by one of the present version with the same content; keep the old one beside it.

    The old data is only read: until the last two renames everything happens beside it, so that an interruption at any
    moment leaves either the old data or the new in place. Raises OldBinariesMissing, UpgradeFailed or DiskFull.
    """
    data = cluster.home.data
    old = find_major(version)
    if old is None:
        raise OldBinariesMissing(data, version, cluster.binaries.major)
    restored, dump = data.with_name("data.restored"), data.with_name("dump.sql")
    _clear_earlier_attempt(restored)
    old_cluster = Cluster(cluster.home, old, cluster.identity, {})
    try:
        with _serving(old_cluster, data) as address:
            _dump(cluster, address, dump)
        cluster.create(restored)
        with _serving(cluster, restored) as address:
            _restore(cluster, address, dump)
    finally:
        dump.unlink(missing_ok=True)
    kept = data.with_name(f"data-{version}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
    data.rename(kept)
    restored.rename(data)


def finish_interrupted(data: Path) -> None:
    """Put the restored data in place where an interruption fell between the last two renames."""
    restored = data.with_name("data.restored")
    if not data.exists() and (restored / "PG_VERSION").exists():
        restored.rename(data)


@contextmanager
def _serving(cluster: Cluster, data: Path) -> Iterator[ServerAddress]:
    address = cluster.home.address(cluster.home.socket_folder(), free_port())
    child = cluster.launch(data, address.socket_folder, address.port)
    try:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                postmaster.answers(address, data)
                break
            except psycopg.Error as error:
                if child.poll() is not None:
                    raise cluster.failure("The database ended while being upgraded.", cluster.last_words()) from error
                if time.monotonic() > deadline:
                    raise UpgradeFailed(
                        f"PostgreSQL {cluster.binaries.major} did not become ready on {data}.",
                        f"read the newest file in {cluster.home.log}; the old data was not touched.",
                    ) from error
                time.sleep(0.05)
        yield address
    finally:
        postmaster.end(child.pid, child)


def _dump(cluster: Cluster, address: ServerAddress, dump: Path) -> None:
    with dump.open("wb") as file:
        dump.chmod(0o600)
        # The newer pg_dumpall reads the older server and writes what the newer server understands.
        _run([cluster.binaries.program("pg_dumpall"), "--dbname", _conninfo(address)], address, stdout=file)


def _restore(cluster: Cluster, address: ServerAddress, dump: Path) -> None:
    psql = [cluster.binaries.program("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
    argv = [*psql, "--dbname", _conninfo(address), "--output", os.devnull]
    with tempfile.TemporaryFile() as words:
        child = subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=words, env=_environment(address))
        assert child.stdin is not None
        # A broken pipe means that psql has stopped at an error, and it says at which.
        with contextlib.suppress(BrokenPipeError), child.stdin as pipe:
            pipe.writelines(_without_superuser(dump))
        return_code = child.wait()
        words.seek(0)
        _check(return_code, words.read().decode(errors="replace"))


def _without_superuser(dump: Path) -> Iterator[bytes]:
    """Yield the dump without the statement that makes the superuser, whom the new data folder already has."""
    roles = True
    with dump.open("rb") as file:
        for line in file:
            roles = roles and not line.startswith(b"\\connect")
            if not (roles and line == b"CREATE ROLE postgres;\n"):
                yield line


def _run(argv: list[str], address: ServerAddress, stdout: IO[bytes]) -> None:
    run = subprocess.run(argv, stdout=stdout, stderr=subprocess.PIPE, env=_environment(address), check=False)
    _check(run.returncode, run.stderr.decode(errors="replace"))


def _check(return_code: int, words: str) -> None:
    if return_code != 0:
        raise UpgradeFailed(
            f"The data could not be brought to the newer PostgreSQL: {words.strip()[-500:]}",
            "the old data was not touched; keep the older binaries (RINGMAIN_POSTGRES_BIN) and report this.",
        )


def _conninfo(address: ServerAddress) -> str:
    return f"host={address.socket_folder} port={address.port} user={address.superuser} dbname=postgres"


def _environment(address: ServerAddress) -> dict[str, str]:
    return {**os.environ, "PGPASSWORD": address.password}


def _clear_earlier_attempt(restored: Path) -> None:
    """Remove what an attempt left that was killed, after the server that may still run in it."""
    found = postmaster.read_postmaster(restored)
    if found is not None and postmaster.holds_data_folder(found.pid, restored):
        postmaster.end(found.pid, None)
    shutil.rmtree(restored, ignore_errors=True)
