"""The home folder: private, locked by its one owner, with the passwords and the file by which others attach."""

import fcntl
import json
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ringmain.kit.postgres.address import ServerAddress
from ringmain.kit.postgres.errors import AlreadyOwned, HomeUnusable

# The kernel takes at most 107 bytes for a socket's path; the name ".s.PGSQL.65535.lock" is added to the folder.
_LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.65535.lock")
# TMPDIR may be as long as the home (on macOS it is); the folder made here is private and has a random name.
_SHORT_FOLDER = Path("/tmp")  # noqa: S108


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that holds one embedded server."""

    folder: Path

    @property
    def data(self) -> Path:
        """Return the data folder (PGDATA)."""
        return self.folder / "postgres" / "data"

    @property
    def log(self) -> Path:
        """Return the folder of the server's log: a file per weekday, each overwritten a week later."""
        return self.folder / "log"

    @property
    def start_log(self) -> Path:
        """Return the file with what the server says before its own log begins."""
        return self.log / "start.log"

    @property
    def connection_file(self) -> Path:
        """Return the file by which other commands find the server."""
        return self.folder / "connection.json"

    @property
    def passwords_file(self) -> Path:
        """Return the file with the passwords of the server's logins."""
        return self.folder / "passwords.json"

    @property
    def lock_file(self) -> Path:
        """Return the file whose lock its owner holds for as long as it lives."""
        return self.folder / "owner.lock"

    def prepare(self) -> None:
        """Make the folder and its parts, private to this user; refuse one that others can look into."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self.folder.stat().st_mode & 0o077:
                self._close_to_others()
            for part in (self.data.parent, self.log):
                part.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise HomeUnusable(
                f"The home folder {self.folder} cannot be used ({error.strerror}).",
                "mend its rights or free its disk, or set RINGMAIN_HOME to a folder this user may write.",
            ) from error

    def _close_to_others(self) -> None:
        # A folder that already holds something else is not ours to change.
        if any(self.folder.iterdir()):
            raise HomeUnusable(
                f"The home folder {self.folder} is open to other users of this machine.",
                f"`chmod 700 {self.folder}` if it is Ringmain's alone, else set RINGMAIN_HOME to another folder.",
            )
        self.folder.chmod(0o700)

    def lock(self) -> int:
        """Take the owner's lock and return its descriptor; raise AlreadyOwned while another process holds it.

        The kernel drops the lock with the process, however that dies.
        """
        descriptor = os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise AlreadyOwned(self.folder, owner) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        return descriptor

    def owner(self) -> str | None:
        """Return the process id of the living owner, or None where nobody holds the lock."""
        if not self.lock_file.exists():
            return None
        try:
            os.close(self.lock())
        except AlreadyOwned as owned:
            return owned.owner
        return None

    def passwords(self) -> dict[str, str]:
        """Return the passwords of the superuser and of the application, made at random on the first call."""
        kept = read_json(self.passwords_file)
        if {"superuser", "application"} <= kept.keys():
            return {name: str(value) for name, value in kept.items()}
        made = {name: secrets.token_urlsafe(32) for name in ("superuser", "application")}
        write_private(self.passwords_file, json.dumps(made))
        return made

    def socket_folder(self) -> Path:
        """Return the folder of the unix socket: in the home, or a short private one where that path is too long."""
        folder = self.folder / "run"
        if len(os.fsencode(folder)) <= _LONGEST_SOCKET_FOLDER:
            folder.mkdir(mode=0o700, exist_ok=True)
            return folder
        earlier = Path(str(read_json(self.connection_file).get("socket_folder", "")))
        if earlier.is_absolute() and earlier.is_dir() and earlier.stat().st_uid == self.folder.stat().st_uid:
            return earlier
        return Path(tempfile.mkdtemp(prefix="ringmain-", dir=_SHORT_FOLDER))

    def forget_socket_folder(self) -> None:
        """Remove a socket folder that lies outside the home, once the server has ended."""
        folder = Path(str(read_json(self.connection_file).get("socket_folder", "")))
        if folder.parent == _SHORT_FOLDER and folder.name.startswith("ringmain-"):
            shutil.rmtree(folder, ignore_errors=True)

    def address(self, socket_folder: Path, port: int) -> ServerAddress:
        """Return the address of a server in this home."""
        passwords = self.passwords()
        return ServerAddress(socket_folder, port, passwords["superuser"], passwords["application"])

    def write_connection(self, address: ServerAddress, server_pid: int) -> None:
        """Publish where the server is, for the commands that attach."""
        content = {"socket_folder": str(address.socket_folder), "port": address.port, "server_pid": server_pid}
        write_private(self.connection_file, json.dumps(content))


def write_private(path: Path, content: str) -> None:
    """Write a file that only this user can read, in one step: a reader sees the old content or the new."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file, empty where the file is missing or broken."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
