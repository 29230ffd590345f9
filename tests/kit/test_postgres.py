"""The embedded server: made, attached to, adopted, revived, and refused with a reason."""

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from ringmain.kit.postgres import (
    AlreadyOwned,
    BinariesMissing,
    DataFolderNewer,
    DiskFull,
    EmbeddedServer,
    HomeUnusable,
    NotRunning,
    OldBinariesMissing,
    StartFailed,
    StopFailed,
    Trouble,
    attach,
    keep_running,
    stop_orphan,
)
from ringmain.kit.postgres import postmaster as postmaster_module
from ringmain.kit.postgres import server as server_module
from ringmain.kit.postgres.cluster import free_port
from ringmain.kit.postgres.probe import Unreachable, examine
from tests.kit.homes import FAST, gone, mode, other_owner, query


def test_first_start_makes_a_private_server_that_asks_for_passwords(tmp_path: Path) -> None:
    """A new home is private, its server answers on socket and port, and only with the password."""
    home = tmp_path / "deep" / "home"
    with EmbeddedServer(home) as server:
        address = server.start()
        assert query(address, "SELECT 1") == 1
        with psycopg.connect(address.url("postgres", tcp=True)) as connection:
            assert connection.execute("SHOW password_encryption").fetchone() == ("scram-sha-256",)
        assert mode(home) == 0o700
        assert mode(home / "passwords.json") == mode(home / "connection.json") == 0o600
        assert mode(address.socket_folder) == 0o700
        assert address.password not in repr(address)
        assert address.application_password not in repr(address)
        for tcp in (False, True):
            wrong = address.url("postgres", tcp=tcp).replace(address.password, "wrong")
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(wrong)
    assert query_settings_were_safe(home)


def query_settings_were_safe(home: Path) -> bool:
    """Start the home again as it is by default and return whether commits are durable and statements unlogged."""
    wanted = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "jit": "off",
        "random_page_cost": "1.1",
        "log_min_error_statement": "panic",
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "TimeZone": "UTC",
        "listen_addresses": "127.0.0.1",
    }
    with EmbeddedServer(home) as server:
        address = server.start()
        return {name: query(address, f"SHOW {name}") for name in wanted} == wanted


def test_extra_settings_win(home: Path) -> None:
    """A setting given by the caller replaces the tuned one."""
    with EmbeddedServer(home, {"fsync": "off", "work_mem": "7MB"}) as server:
        address = server.start()
        assert (query(address, "SHOW fsync"), query(address, "SHOW work_mem")) == ("off", "7MB")


def test_stop_ends_the_server_and_start_brings_the_data_back(home: Path) -> None:
    """After a stop no process and no connection file is left; the next start finds the data."""
    server = EmbeddedServer(home, FAST)
    server.start()
    pid = server.pid
    assert pid is not None
    server.stop()
    assert (server.pid, server.is_alive(), gone(pid)) == (None, False, True)
    with pytest.raises(NotRunning, match="ringmain up"):
        attach(home)
    server.stop()
    with server:
        assert query(server.start(), "SELECT answer FROM kept") == 42


def test_server_is_out_of_reach_of_the_terminal(home: Path) -> None:
    """The server has a session of its own, so that Ctrl-C reaches the application first."""
    with EmbeddedServer(home, FAST) as server:
        server.start()
        assert server.pid is not None
        assert os.getsid(server.pid) != os.getsid(0)


def test_two_homes_run_at_once(home: Path, made_home: Path, tmp_path: Path) -> None:
    """Two servers in two homes have different ports and different data."""
    second = tmp_path / "second"
    shutil.copytree(made_home, second)
    with EmbeddedServer(home, FAST) as one, EmbeddedServer(second, FAST) as two:
        query(one.start(), "CREATE TABLE only_here ()")
        assert one.start().port != two.start().port
        assert query(two.start(), "SELECT to_regclass('only_here')") is None


def test_second_owner_is_refused_and_may_attach(home: Path) -> None:
    """While another process owns the home, a start names that process and changes nothing; attaching works."""
    with other_owner(home) as (owner, pid):
        with pytest.raises(AlreadyOwned, match=f"process {owner.pid}") as refused:
            EmbeddedServer(home).start()
        assert "RINGMAIN_HOME" in refused.value.next_step
        assert query(attach(home), "SELECT answer FROM kept") == 42
        assert postmaster_module.read_postmaster(home / "postgres" / "data") is not None
        assert postmaster_module.alive(pid, None)


def test_same_process_is_refused_too(home: Path) -> None:
    """Two objects of one process do not share a home either."""
    with EmbeddedServer(home, FAST) as server:
        with pytest.raises(AlreadyOwned):
            EmbeddedServer(home).start()
        assert server.is_alive()


def test_killed_server_comes_up_again_with_everything_acknowledged(home: Path) -> None:
    """After `kill -9` of the postmaster the same call recovers it, at the same port."""
    with EmbeddedServer(home) as server:
        address = server.start()
        query(address, "INSERT INTO kept VALUES (43)")
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        assert gone(server.pid)
        assert not server.is_alive()
        again = server.start()
        assert again == address
        assert query(again, "SELECT array_agg(answer ORDER BY answer) FROM kept") == [42, 43]


def test_orphan_of_a_killed_owner_is_adopted(home: Path) -> None:
    """After `kill -9` of the owner its server still runs, and the next owner takes it over without a restart."""
    with other_owner(home) as (owner, pid):
        owner.kill()
        owner.wait()
        assert query(attach(home), "SELECT answer FROM kept") == 42
        server = EmbeddedServer(home)
        address = server.start()
        assert server.pid == pid
        assert query(address, "SELECT answer FROM kept") == 42
        server.stop()
        assert gone(pid)


def test_owner_and_server_killed_together_come_back(home: Path) -> None:
    """After `kill -9` of both the next owner recovers the data."""
    with other_owner(home) as (owner, pid):
        query(attach(home), "INSERT INTO kept VALUES (43)")
        os.kill(pid, signal.SIGKILL)
        owner.kill()
        owner.wait()
        with EmbeddedServer(home, FAST) as server:
            assert query(server.start(), "SELECT count(*) FROM kept") == 2
            assert server.pid != pid


@contextmanager
def stranger_in_lock_file(home: Path) -> Iterator[int]:
    """Kill the server and write another living process into its lock file, as the restart of a container may."""
    server = EmbeddedServer(home, FAST)
    server.start()
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    assert gone(server.pid)
    server.release()
    with subprocess.Popen(["sleep", "600"]) as stranger:
        lock_file = home / "postgres" / "data" / "postmaster.pid"
        lines = lock_file.read_text().splitlines()
        lock_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        try:
            yield stranger.pid
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_lock_file_that_names_a_stranger_is_seen_through(home: Path) -> None:
    """A dead server's process id that belongs to somebody else by now neither stops the start nor gets a signal."""
    with stranger_in_lock_file(home) as stranger:
        assert stop_orphan(home) is False
        with EmbeddedServer(home, FAST) as server:
            assert query(server.start(), "SELECT answer FROM kept") == 42
            assert server.pid != stranger


def test_lock_file_that_names_a_stranger_would_stop_postgres(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: without our look at the process, PostgreSQL takes the stranger for itself, and the error says so."""
    monkeypatch.setattr(EmbeddedServer, "_clear_the_dead", lambda server: None)
    with stranger_in_lock_file(home), pytest.raises(StartFailed, match=r'lock file "postmaster\.pid" already exists'):
        EmbeddedServer(home, FAST).start()


def test_empty_lock_file_is_no_obstacle(home: Path) -> None:
    """A lock file that a full disk left empty is removed."""
    (home / "postgres" / "data" / "postmaster.pid").touch()
    with EmbeddedServer(home, FAST) as server:
        assert query(server.start(), "SELECT answer FROM kept") == 42


def test_keeper_revives_a_killed_server(home: Path) -> None:
    """The keeper's thread starts the server again after each death and reports it in a sentence."""
    said: list[str] = []
    until = threading.Event()
    with EmbeddedServer(home, FAST) as server:
        address = server.start()
        keeper = threading.Thread(target=keep_running, args=(server, until, said.append))
        keeper.start()
        try:
            for _ in range(2):
                first = server.pid
                assert first is not None
                os.kill(first, signal.SIGKILL)
                deadline = time.monotonic() + 20
                while not (server.pid not in (None, first) and server.is_alive()) and time.monotonic() < deadline:
                    time.sleep(0.05)
                assert server.start() == address
                assert query(address, "SELECT answer FROM kept") == 42
        finally:
            until.set()
            keeper.join()
    assert said == ["The database process ended unexpectedly; it is started again."] * 2


def test_port_taken_since_last_time_is_replaced(home: Path) -> None:
    """Where somebody else has the port of the last time, another one is used."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        (home / "connection.json").write_text(json.dumps({"port": taken}))
        with EmbeddedServer(home, FAST) as server:
            address = server.start()
            assert address.port != taken
            assert query(address, "SELECT 1") == 1


def test_port_lost_in_a_race_is_replaced(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a port is taken between choosing it and binding it, the start tries the next."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        # Somebody else may take a free one meanwhile, so there are more of them.
        ports = [other.getsockname()[1], *(free_port() for _ in range(8))]
        chosen = iter(ports)
        monkeypatch.setattr(server_module, "free_port", lambda: next(chosen))
        with EmbeddedServer(home, FAST) as server:
            assert server.start().port in ports[1:]


def test_long_home_gets_a_short_socket_folder(tmp_path: Path, made_home: Path) -> None:
    """A home whose path is too long for a socket works; the folder outside is private and is removed at the end."""
    home = tmp_path / ("long" * 20) / "home"
    home.parent.mkdir()
    shutil.copytree(made_home, home)
    server = EmbeddedServer(home, FAST)
    folder = server.start().socket_folder
    assert folder.parent == Path("/tmp")  # noqa: S108
    assert mode(folder) == 0o700
    assert query(attach(home), "SELECT answer FROM kept") == 42
    server.stop()
    assert not folder.exists()


def test_home_open_to_others_is_refused_unchanged(home: Path) -> None:
    """A home that others can look into is not used, and its mode is not changed behind the operator's back."""
    home.chmod(0o755)
    with pytest.raises(HomeUnusable, match="open to other users") as refused:
        EmbeddedServer(home).start()
    assert "chmod 700" in refused.value.next_step
    assert mode(home) == 0o755


def test_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """A home that cannot be a folder gives an error that names it."""
    (tmp_path / "home").touch()
    with pytest.raises(HomeUnusable, match="home cannot be used"):
        EmbeddedServer(tmp_path / "home").start()


def test_lost_passwords_are_named(home: Path) -> None:
    """Where the file with the passwords was lost, the error names it, and no server is left running."""
    (home / "passwords.json").unlink()
    server = EmbeddedServer(home, FAST)
    with pytest.raises(StartFailed, match=r"passwords\.json"):
        server.start()
    assert server.pid is None
    assert not (home / "postgres" / "data" / "postmaster.pid").exists()


def test_broken_setting_is_named(home: Path) -> None:
    """What the server says when it refuses a setting is in the error, and the home is free again."""
    with pytest.raises(StartFailed, match="no_such_setting"):
        EmbeddedServer(home, {"no_such_setting": "1"}).start()
    with EmbeddedServer(home, FAST) as server:
        assert server.is_alive()


def test_trouble_of_earlier_days_is_not_taken_for_todays(home: Path) -> None:
    """What stands in the log from before this start does not get into the error."""
    for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"):
        (home / "log" / f"postgres-{day}.log").write_text("FATAL: could not write: No space left on device\n")
    with pytest.raises(StartFailed, match="no_such_setting"):
        EmbeddedServer(home, {"no_such_setting": "1"}).start()


def test_server_that_does_not_end_is_reported(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that reacts to neither shutdown gives an error with its process id."""
    monkeypatch.setattr(postmaster_module, "_FAST_SECONDS", 0.2)
    monkeypatch.setattr(postmaster_module, "_IMMEDIATE_SECONDS", 0.2)
    server = EmbeddedServer(home, FAST)
    server.start()
    assert server.pid is not None
    os.kill(server.pid, signal.SIGSTOP)
    try:
        with pytest.raises(StopFailed, match=f"process {server.pid} "):
            server.stop()
    finally:
        os.kill(server.pid, signal.SIGCONT)
        monkeypatch.undo()
        server.stop()


def test_busy_server_stops_without_waiting(home: Path) -> None:
    """A client in the midst of a transaction does not hold the stop up."""
    server = EmbeddedServer(home, FAST)
    with closing(psycopg.connect(server.start().url("postgres"))) as connection:
        connection.execute("INSERT INTO kept VALUES (43)")
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 10
    with server:
        assert query(server.start(), "SELECT count(*) FROM kept") == 1


def test_unreachable_database_is_reported_without_its_password() -> None:
    """What is said of a database that does not answer does not contain the password."""
    with pytest.raises(Unreachable) as unreachable:
        examine(f"postgresql://somebody:hidden-word@127.0.0.1:{free_port()}/nothing")
    assert "hidden-word" not in str(unreachable.value)


def test_every_trouble_says_what_to_do_next() -> None:
    """Each error is a sentence and a next step."""
    troubles: list[Callable[[], Trouble]] = [
        lambda: BinariesMissing(["here"]),
        lambda: AlreadyOwned(Path("/h"), "1"),
        lambda: NotRunning(Path("/h"), "no file"),
        lambda: DiskFull(Path("/h"), 0),
        lambda: DataFolderNewer(Path("/h"), 19, 18),
        lambda: OldBinariesMissing(Path("/h"), 15, 18),
    ]
    for make in troubles:
        trouble = make()
        assert trouble.sentence.endswith(".")
        assert trouble.next_step.endswith(".")
        assert str(trouble) == f"{trouble.sentence} Next: {trouble.next_step}"
