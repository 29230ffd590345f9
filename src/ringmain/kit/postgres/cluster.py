"""The data folder: made once with initdb, read for its version, launched as a foreground child."""

import shutil
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ringmain.kit.postgres.binaries import Binaries
from ringmain.kit.postgres.errors import NEEDED_MB, DiskFull, StartFailed
from ringmain.kit.postgres.home import Home, write_private
from ringmain.kit.postgres.identity import Identity
from ringmain.kit.postgres.tuning import settings_for

_TOO_LITTLE_BYTES = 1 << 20
_NO_SPACE = ("No space left on device", "Disk quota exceeded")


@dataclass(frozen=True, slots=True)
class Cluster:
    """One data folder with the programs and the identity that serve it."""

    home: Home
    binaries: Binaries
    identity: Identity
    extra_settings: Mapping[str, str]
    _log_sizes: dict[Path, int] = field(default_factory=dict)

    def create(self, data: Path) -> None:
        """Make a new data folder, whole or not at all; raise DiskFull or StartFailed."""
        free = shutil.disk_usage(self.home.folder).free
        if free < NEEDED_MB * 2**20:
            raise DiskFull(self.home.folder, free)
        draft = data.with_name(data.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        password_file = data.with_name("password.new")
        write_private(password_file, self.home.passwords()["superuser"])
        for path in (self.home.folder, data.parent, self.home.log, password_file):
            self.identity.own(path)
        try:
            run = self._run(self._initdb(draft, password_file))
        finally:
            password_file.unlink()
        if run.returncode != 0:
            shutil.rmtree(draft, ignore_errors=True)
            raise self.failure(f"The database could not be made in {data}.", run.stderr)
        draft.rename(data)

    def _initdb(self, data: Path, password_file: Path) -> list[str]:
        # The C locale is the same on every machine and version; words are sorted for people where people see them.
        options = ["--encoding=UTF8", "--no-locale", "--data-checksums", "--username=postgres"]
        options += ["--auth=scram-sha-256", f"--pwfile={password_file}", f"--pgdata={data}"]
        if self.extra_settings.get("fsync") == "off":
            options.append("--no-sync")
        return [self.binaries.program("initdb"), *options]

    def launch(self, data: Path, socket_folder: Path, port: int) -> "subprocess.Popen[bytes]":
        """Start the server as a child in the foreground and return it; it may not be ready yet."""
        self.identity.own(socket_folder)
        settings = {
            **settings_for(self.binaries, data, self.extra_settings),
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": str(socket_folder),
            "unix_socket_permissions": "0700",
            "log_directory": str(self.home.log),
        }
        argv = [self.binaries.program("postgres"), "-D", str(data)]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        self._log_sizes.update({path: path.stat().st_size for path in self.home.log.glob("postgres-*.log")})
        with self.home.start_log.open("wb") as log:
            self.home.start_log.chmod(0o600)
            # A session of its own keeps the terminal's Ctrl-C from the server: the application drains first.
            return subprocess.Popen(
                self.identity.command(argv),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                **self.identity.process_arguments,
            )

    def _run(self, argv: list[str]) -> "subprocess.CompletedProcess[str]":
        arguments = self.identity.process_arguments
        argv = self.identity.command(argv)
        return subprocess.run(argv, capture_output=True, text=True, cwd="/", check=False, **arguments)

    def last_words(self) -> str:
        """Return what the server has said since the last launch: before its own log begins, and in that log."""
        said = [self.home.start_log.read_bytes()]
        for path in sorted(self.home.log.glob("postgres-*.log"), key=lambda path: path.stat().st_mtime):
            content = path.read_bytes()
            earlier = self._log_sizes.get(path, 0)
            # A week-old file of the same name is emptied before it is written again.
            said.append(content[earlier if earlier <= len(content) else 0 :])
        return b"\n".join(said).decode(errors="replace")

    def failure(self, sentence: str, words: str) -> DiskFull | StartFailed:
        """Return the error that fits what the server or initdb said."""
        free = shutil.disk_usage(self.home.folder).free
        if free < _TOO_LITTLE_BYTES or any(phrase in words for phrase in _NO_SPACE):
            return DiskFull(self.home.folder, free)
        said = next((line for line in reversed(words.splitlines()) if "FATAL" in line or "error" in line), "nothing")
        return StartFailed(
            f"{sentence} It said: {said.strip()}",
            f"read {self.home.start_log} and the newest file in {self.home.log}, or ask `ringmain doctor`.",
        )


def data_version(data: Path) -> int | None:
    """Return the major version that wrote the data folder, or None where there is none yet."""
    try:
        return int((data / "PG_VERSION").read_text().strip())
    except FileNotFoundError:
        return None


def free_port() -> int:
    """Return a port of 127.0.0.1 that the kernel says is free now; somebody else may still take it first."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Return whether this port of 127.0.0.1 can be bound."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
