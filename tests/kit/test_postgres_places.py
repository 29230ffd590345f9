"""The embedded server on full disks and under other identities."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ringmain.kit.postgres import (
    DiskFull,
    EmbeddedServer,
    RootRefused,
)
from ringmain.kit.postgres import identity as identity_module
from ringmain.kit.postgres.identity import Identity
from tests.kit.homes import AS_ROOT, FAST, gone, mode, other_owner, query


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """Mount a disk of so many megabytes at the folder, or skip."""
    folder.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "none", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine does not let us mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Write a file until the disk is full."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return ballast


@AS_ROOT
def test_new_server_on_too_small_a_disk_is_refused(tmp_path: Path) -> None:
    """Where the disk cannot hold a new database, the error names the folder and nothing is half made."""
    home = tmp_path / "home"
    with small_disk(home, 20):
        with pytest.raises(DiskFull, match="is full") as full:
            EmbeddedServer(home).start()
        assert full.value.folder == home
        assert "RINGMAIN_HOME" in full.value.next_step
        assert list((home / "postgres").iterdir()) == []


@AS_ROOT
def test_full_disk_is_named_and_nothing_is_lost(tmp_path: Path, made_home: Path) -> None:
    """A server that cannot start because its disk is full says so; with space again the data is there."""
    home = tmp_path / "home"
    with small_disk(home, 200):
        shutil.copytree(made_home, home, dirs_exist_ok=True)
        ballast = fill(home)
        with pytest.raises(DiskFull) as full:
            EmbeddedServer(home, FAST).start()
        assert full.value.folder == home
        ballast.unlink()
        with EmbeddedServer(home, FAST) as server:
            assert query(server.start(), "SELECT answer FROM kept") == 42


@AS_ROOT
def test_disk_that_fills_up_under_load_loses_nothing_acknowledged(tmp_path: Path, made_home: Path) -> None:
    """When the disk fills while rows are written, the client gets an error, and all acknowledged rows survive."""
    home = tmp_path / "home"
    with small_disk(home, 250):
        shutil.copytree(made_home, home, dirs_exist_ok=True)
        server = EmbeddedServer(home)
        address = server.start()
        ballast = fill(home)
        acknowledged = 0
        with (
            suppress(psycopg.Error),
            closing(psycopg.connect(address.url("postgres"), autocommit=True)) as connection,
        ):
            for number in range(100, 100_000):
                connection.execute("INSERT INTO kept SELECT %s FROM generate_series(1, 2000)", [number])
                acknowledged += 1
        assert acknowledged < 99_900, "the disk did not fill up"
        ballast.unlink()
        if not server.is_alive():
            server.start()
        survived = query(server.start(), "SELECT count(*) / 2000 FROM kept WHERE answer >= 100")
        server.stop()
        assert survived == acknowledged


def nameless() -> int:
    """Return a user id that has no name on this machine."""
    known = {user.pw_uid for user in pwd.getpwall()}
    return next(uid for uid in range(54_321, 60_000) if uid not in known)


def python_for(identity: dict[str, Any]) -> str:
    """Return a Python that this identity can run with our packages, or skip."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    environment = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    for python in (sys.executable, f"/usr/bin/python{version}", f"/usr/local/bin/python{version}"):
        attempt = [python, "-c", "import psycopg, ringmain"]
        with suppress(OSError):
            if subprocess.run(attempt, env=environment, capture_output=True, check=False, **identity).returncode == 0:
                return python
    pytest.skip("another user cannot reach this environment's packages")


@AS_ROOT
@pytest.mark.parametrize("uid", [pwd.getpwnam("nobody").pw_uid, nameless()], ids=["named", "nameless"])
def test_ordinary_user_runs_a_server(uid: int) -> None:
    """A user with a name, and a user id without one as containers have, each run a server as themselves."""
    folder = Path(tempfile.mkdtemp(prefix="rm", dir="/tmp"))
    try:
        os.chown(folder, uid, uid)
        identity: dict[str, Any] = {"user": uid, "group": uid, "extra_groups": [], "cwd": "/"}
        with other_owner(folder / "home", python_for(identity), **identity) as (owner, pid):
            assert Path(f"/proc/{pid}").stat().st_uid == uid
            assert (folder / "home").stat().st_uid == uid
            os.kill(pid, signal.SIGINT)
            assert gone(pid)
            owner.kill()
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def without_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let user namespaces be refused."""
    monkeypatch.setattr(identity_module, "_namespace_prefix", lambda: ())


@AS_ROOT
@pytest.mark.usefixtures("without_namespaces")
def test_root_without_namespaces_drops_to_another_user() -> None:
    """Where user namespaces are refused, root's server runs as an ordinary user, still in a private home."""
    folder = Path(tempfile.mkdtemp(prefix="rm", dir="/tmp"))
    try:
        folder.chmod(0o755)
        with EmbeddedServer(folder / "home", FAST) as server:
            assert query(server.start(), "SELECT 1") == 1
            uid = Path(f"/proc/{server.pid}").stat().st_uid
            assert uid != 0
            assert (mode(folder / "home"), (folder / "home").stat().st_uid) == (0o700, uid)
            assert (folder / "home" / "passwords.json").stat().st_uid == 0
    except RootRefused as refused:
        pytest.skip(refused.sentence)
    finally:
        shutil.rmtree(folder)


@AS_ROOT
@pytest.mark.usefixtures("without_namespaces")
def test_root_without_namespaces_is_told_where_to_go(tmp_path: Path) -> None:
    """Where the other user cannot reach the home, the error says which folder, and which would do."""
    tmp_path.chmod(0o700)
    with pytest.raises(RootRefused, match="cannot reach") as refused:
        EmbeddedServer(tmp_path / "home").start()
    assert "/var/lib/ringmain" in refused.value.next_step


def test_identity_of_an_ordinary_user_is_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A user with a name needs no namespace."""
    monkeypatch.setattr(os, "geteuid", lambda: pwd.getpwnam("nobody").pw_uid)
    assert identity_module.choose_identity(tmp_path, tmp_path) == Identity()
