"""The supervisor: makes, adopts, launches, revives and stops the embedded server of one home."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import psycopg

from ringmain.kit.postgres import postmaster
from ringmain.kit.postgres.address import ServerAddress
from ringmain.kit.postgres.binaries import Binaries, find_binaries
from ringmain.kit.postgres.cluster import Cluster, data_version, free_port, is_free
from ringmain.kit.postgres.errors import DataFolderNewer, NotRunning, StartFailed, Trouble
from ringmain.kit.postgres.home import Home, read_json
from ringmain.kit.postgres.identity import choose_identity
from ringmain.kit.postgres.upgrade import dump_and_restore, finish_interrupted

_SILENT_SECONDS = 60.0
_RECOVERY_SECONDS = 1800.0
_SURVIVOR_SECONDS = 20.0
_PORT_ATTEMPTS = 5
# Children that were let go but still run: who drops the handle of a living child is warned of a leak.
_LET_GO: list["subprocess.Popen[bytes]"] = []
_NOTHING: Mapping[str, str] = MappingProxyType({})


class EmbeddedServer:
    """The PostgreSQL server of one home folder, owned by this process from `start` until `stop` or its death.

    `extra_settings` are server settings that win over the tuned ones; `binaries` overrides the search for programs.
    Methods block; call them from a thread where an event loop runs.
    """

    def __init__(
        self, home: Path, extra_settings: Mapping[str, str] = _NOTHING, *, binaries: Binaries | None = None
    ) -> None:
        self._home = Home(home.expanduser().absolute())
        self._extra_settings = extra_settings
        self._binaries = binaries
        self._lock: int | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._pid: int | None = None
        self._address: ServerAddress | None = None
        # One thread revives while another may stop.
        self._busy = threading.RLock()

    @property
    def pid(self) -> int | None:
        """Return the process id of the server, or None before the start and after the end."""
        return self._pid

    def start(self) -> ServerAddress:
        """Make sure the server runs and return its address; raise a Trouble that says why it cannot.

        Makes the data folder on the first call, adopts a living server whose owner died, recovers one that was killed.
        """
        with self._busy:
            if self._address and self.is_alive():
                return self._address
            self._home.prepare()
            if self._lock is None:
                self._lock = self._home.lock()
            try:
                self._address = self._start()
            except BaseException:
                self.release()
                raise
            return self._address

    def is_alive(self) -> bool:
        """Return whether the server's process lives."""
        return self._pid is not None and postmaster.alive(self._pid, self._child)

    def stop(self) -> None:
        """End the server cleanly (fast shutdown, then an immediate one) and give the home up; harmless when stopped."""
        with self._busy:
            if self._pid is not None and self.is_alive():
                postmaster.end(self._pid, self._child)
            if self._lock is not None:
                self._home.forget_socket_folder()
                self._home.connection_file.unlink(missing_ok=True)
            self.release()

    def release(self) -> None:
        """Give the home up but let the server run: the next `start` on this home, here or elsewhere, adopts it."""
        with self._busy:
            if self._child is not None and self.is_alive():
                _LET_GO.append(self._child)
            self._pid = self._child = self._address = None
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server."""
        self.stop()

    def _start(self) -> ServerAddress:
        binaries = self._binaries or find_binaries()
        identity = choose_identity(binaries.folder / "postgres", self._home.folder)
        cluster = Cluster(self._home, binaries, identity, self._extra_settings)
        data = self._home.data
        finish_interrupted(data)
        version = data_version(data)
        if version is not None and version > binaries.major:
            raise DataFolderNewer(data, version, binaries.major)
        if adopted := self._adopt(same_version=version == binaries.major):
            return adopted
        self._clear_the_dead()
        if version is None:
            cluster.create(data)
        elif version < binaries.major:
            dump_and_restore(cluster, version)
        return self._launch(cluster)

    def _adopt(self, *, same_version: bool) -> ServerAddress | None:
        """Take over a living server whose owner died; end it first where its data must go to a newer version."""
        found = postmaster.read_postmaster(self._home.data)
        if found is None or not postmaster.holds_data_folder(found.pid, self._home.data):
            return None
        if not same_version:
            postmaster.end(found.pid, None)
            return None
        address = self._home.address(found.socket_folder, found.port)
        if not self._wait_until_ready(address, found.pid, None):
            return None
        self._pid, self._child = found.pid, None
        self._home.write_connection(address, found.pid)
        return address

    def _clear_the_dead(self) -> None:
        """Wait for what a killed server left behind, then remove its lock files.

        Its process id may belong to a stranger by now (after a restart of a container it often does), and PostgreSQL
        would take that stranger for itself. The files go only when no process stands in the data folder.
        """
        data = self._home.data
        lock_file = data / "postmaster.pid"
        if not lock_file.exists():
            return
        deadline = time.monotonic() + _SURVIVOR_SECONDS
        while left := postmaster.survivors(data):
            if time.monotonic() > deadline:
                raise StartFailed(
                    f"Processes of a killed server still hold {data}: {', '.join(map(str, left))}.",
                    f"end them (`kill {' '.join(map(str, left))}`) and start again.",
                )
            time.sleep(0.05)
        if not Path("/proc/self").exists():
            return
        lock_file.unlink(missing_ok=True)
        for socket_lock in self._home.socket_folder().glob(".s.PGSQL.*"):
            socket_lock.unlink(missing_ok=True)

    def _launch(self, cluster: Cluster) -> ServerAddress:
        words = ""
        earlier = int(read_json(self._home.connection_file).get("port", 0))
        for attempt in range(_PORT_ATTEMPTS):
            # The port of the last time lets pools in other processes find the server again.
            port = earlier if attempt == 0 and earlier and is_free(earlier) else free_port()
            address = self._home.address(self._home.socket_folder(), port)
            child = cluster.launch(self._home.data, address.socket_folder, port)
            self._pid, self._child = child.pid, child
            try:
                ready = self._wait_until_ready(address, child.pid, child)
            except BaseException:
                postmaster.end(child.pid, child)
                raise
            if ready:
                self._home.write_connection(address, child.pid)
                return address
            words = cluster.last_words()
            # Its words may still be on their way to the log; who holds the port now says the same.
            if "could not create any TCP/IP sockets" not in words and is_free(port):
                break
        raise cluster.failure("The database ended while starting.", words)

    def _wait_until_ready(self, address: ServerAddress, pid: int, child: "subprocess.Popen[bytes] | None") -> bool:
        """Wait until the server lets us in; return False where its process ends first, raise where it stays silent."""
        began = time.monotonic()
        patience, pause = _SILENT_SECONDS, 0.01
        while postmaster.alive(pid, child):
            try:
                return postmaster.answers(address, self._home.data)
            except psycopg.Error as error:
                words = str(error)
            if "password authentication failed" in words:
                raise StartFailed(
                    f"The server in {self._home.folder} does not accept the password in {self._home.passwords_file}.",
                    "put that file back from a backup; without it the data cannot be opened.",
                )
            if "starting up" in words or "shutting down" in words or "not yet accepting" in words:
                patience = _RECOVERY_SECONDS
            if time.monotonic() - began > patience:
                raise StartFailed(
                    f"The database process {pid} has not let us in for {patience:.0f} seconds.",
                    f"read the newest file in {self._home.log}; `kill -9 {pid}` ends it, and the next start recovers.",
                )
            time.sleep(pause)
            pause = min(pause * 1.5, 0.25)
        return False


def attach(home: Path) -> ServerAddress:
    """Return the address of the server that `ringmain up` runs in this home; raise NotRunning where none answers."""
    folder = Home(home.expanduser().absolute())
    known = read_json(folder.connection_file)
    if not known or not folder.passwords_file.exists():
        raise NotRunning(folder.folder, "it has no connection file")
    address = folder.address(Path(str(known["socket_folder"])), int(known["port"]))
    try:
        if postmaster.answers(address, folder.data):
            return address
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise NotRunning(folder.folder, reason) from None
    raise NotRunning(folder.folder, "another database answers at its address")


def stop_orphan(home: Path) -> bool:
    """End the server of this home whose owner died; return whether there was one. Raises AlreadyOwned."""
    folder = Home(home.expanduser().absolute())
    if not folder.data.exists():
        return False
    lock = folder.lock()
    try:
        found = postmaster.read_postmaster(folder.data)
        if found is None or not postmaster.holds_data_folder(found.pid, folder.data):
            return False
        postmaster.end(found.pid, None)
        folder.forget_socket_folder()
        folder.connection_file.unlink(missing_ok=True)
        return True
    finally:
        os.close(lock)


def keep_running(server: EmbeddedServer, until: threading.Event, report: Callable[[str], None]) -> None:
    """Start the server again whenever it dies, until the event is set; for a thread of the owner.

    `report` is told each death and each failed attempt in a sentence; attempts are 0.1 to 10 seconds apart.
    Set the event and join the thread before `stop`, which this would otherwise take for a death.
    """
    pause = 0.1
    while not until.wait(pause):
        if server.is_alive():
            pause = 0.1
            continue
        report("The database process ended unexpectedly; it is started again.")
        try:
            server.start()
        except Trouble as trouble:
            report(str(trouble))
            pause = min(pause * 2, 10.0)
