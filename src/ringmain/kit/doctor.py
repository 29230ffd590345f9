"""Examines an installation and says what is wrong and how to mend it; changes nothing."""

import locale
import os
import shutil
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ringmain.kit.migrate import pending, refuse_powerful_login
from ringmain.kit.postgres import APPLICATION_USER, Binaries, Trouble, attach, find_binaries
from ringmain.kit.postgres.binaries import OLDEST_MAJOR, find_major
from ringmain.kit.postgres.cluster import data_version
from ringmain.kit.postgres.errors import NEEDED_MB, DataFolderNewer, OldBinariesMissing
from ringmain.kit.postgres.home import Home
from ringmain.kit.postgres.identity import choose_identity
from ringmain.kit.postgres.probe import Examination, examine
from ringmain.kit.settings import DATABASE_NAME, Settings

OLDEST_PYTHON = (3, 11)
GREATEST_SKEW_SECONDS = 2.0
"""Vouchers and one-time codes are decided by the database's clock; tills show ours: beyond this people notice."""

_COMFORTABLE_MB = 2 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what was seen, and how to mend it where it is not well ("" where it is)."""

    name: str
    ok: bool
    what: str
    mend: str = ""


def diagnose(settings: Settings) -> list[Finding]:
    """Return what is found about this machine, the home and the database, in the order in which to mend it."""
    findings = [_guarded(name, check, settings) for name, check in _MACHINE]
    if settings.is_embedded:
        findings += [_guarded(name, check, settings) for name, check in _EMBEDDED]
    return [*findings, *_database(settings)]


def _guarded(name: str, check: Callable[[Settings], Finding], settings: Settings) -> Finding:
    """Run one check; what it raises is its finding, so that one broken part does not hide the others."""
    try:
        return check(settings)
    except Trouble as trouble:
        return Finding(name, ok=False, what=trouble.sentence, mend=trouble.next_step)
    except OSError as error:
        mend = "look at the rights and the state of that file or folder."
        return Finding(name, ok=False, what=f"{error.strerror}: {error.filename}", mend=mend)


def _python(_: Settings) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info[:2] >= OLDEST_PYTHON
    return Finding("python", ok, f"Python {version}", "" if ok else "install Python 3.11 or newer.")


def _locale(_: Settings) -> Finding:
    encoding = locale.getpreferredencoding(do_setlocale=False)
    ok = encoding.lower().replace("-", "") == "utf8"
    return Finding("locale", ok, f"texts are read as {encoding}", "" if ok else "set LC_ALL=C.UTF-8 or PYTHONUTF8=1.")


def _home(settings: Settings) -> Finding:
    home = settings.home_folder
    if not home.exists():
        parent = next(folder for folder in home.parents if folder.exists())
        ok = os.access(parent, os.W_OK | os.X_OK)
        mend = "" if ok else f"make {home} as a user who may, or set RINGMAIN_HOME to another folder."
        return Finding("home", ok, f"{home} does not exist yet", mend)
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        return Finding("home", ok=False, what=f"{home} cannot be written", mend="mend its rights or set RINGMAIN_HOME.")
    if home.stat().st_mode & 0o077:
        return Finding("home", ok=False, what=f"{home} is open to other users", mend=f"`chmod 700 {home}`")
    return Finding("home", ok=True, what=f"{home} is private and writable")


def _secrets(settings: Settings) -> Finding:
    home = Home(settings.home_folder)
    kept = [path for path in (home.passwords_file, home.connection_file, settings.master_key_path) if path.exists()]
    if is_open := [path for path in kept if stat.S_IMODE(path.stat().st_mode) & 0o077]:
        names = " ".join(map(str, is_open))
        return Finding("secrets", ok=False, what=f"others may read {names}", mend=f"`chmod 600 {names}`")
    return Finding("secrets", ok=True, what=f"{len(kept)} files with secrets, all private")


def _disk(settings: Settings) -> Finding:
    place = next(folder for folder in (settings.home_folder, *settings.home_folder.parents) if folder.exists())
    free_mb = shutil.disk_usage(place).free // 2**20
    what = f"{free_mb} MB free at {place}"
    if free_mb < NEEDED_MB:
        return Finding("disk", ok=False, what=what, mend="free some space, or set RINGMAIN_HOME to a larger disk.")
    # Little space is no fault yet, so that the check does not fail where everything still works.
    return Finding("disk", ok=True, what=what, mend="think of more space soon." if free_mb < _COMFORTABLE_MB else "")


def _port(settings: Settings) -> Finding:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            if Home(settings.home_folder).owner():
                return Finding("port", ok=True, what=f"port {settings.port} is in use, and `ringmain up` is running")
            what = f"port {settings.port} of {settings.host} cannot be bound ({error.strerror})"
            return Finding(
                "port",
                ok=False,
                what=what,
                mend="stop who uses it, or set RINGMAIN_PORT; `up` takes the next free one.",
            )
    return Finding("port", ok=True, what=f"port {settings.port} of {settings.host} is free")


def _binaries(_: Settings) -> Finding:
    found = find_binaries()
    return Finding("binaries", ok=True, what=f"PostgreSQL {found.version} from {found.origin} ({found.folder})")


def _identity(settings: Settings) -> Finding:
    identity = choose_identity(find_binaries().folder / "postgres", settings.home_folder)
    how = "in a user namespace" if identity.prefix else f"as user {identity.user}" if identity.user else "as this user"
    return Finding("identity", ok=True, what=f"the server runs {how}")


def _data(settings: Settings) -> Finding:
    data, binaries = Home(settings.home_folder).data, find_binaries()
    version = data_version(data)
    if version is None:
        return Finding("data", ok=True, what=f"no data in {data} yet; the first `ringmain up` makes it")
    if version > binaries.major:
        raise DataFolderNewer(data, version, binaries.major)
    if version < binaries.major:
        return _older_data(data, version, binaries)
    return Finding("data", ok=True, what=f"{data} is of PostgreSQL {version}")


def _older_data(data: Path, version: int, binaries: Binaries) -> Finding:
    if find_major(version) is None:
        raise OldBinariesMissing(data, version, binaries.major)
    what = f"{data} is of PostgreSQL {version}; the next `ringmain up` dumps it and restores it into {binaries.major}"
    return Finding("data", ok=True, what=what)


def _owner(settings: Settings) -> Finding:
    home = Home(settings.home_folder)
    if owner := home.owner():
        return Finding("owner", ok=True, what=f"`ringmain up` runs as process {owner}")
    if (home.data / "postmaster.pid").exists():
        what = "the process that owned the server died and left it, or its lock file, behind"
        return Finding("owner", ok=True, what=what, mend="`ringmain up` adopts or recovers it.")
    return Finding("owner", ok=True, what="`ringmain up` is not running")


def _database(settings: Settings) -> Iterator[Finding]:
    """Yield what is found in the database; without an answer from it there is but one finding."""
    try:
        application_url, migration_url = _urls(settings)
        seen = examine(application_url)
    except Trouble as trouble:
        yield Finding("database", ok=False, what=trouble.sentence, mend=trouble.next_step)
        return
    yield _version(seen)
    yield _durability(seen)
    yield _memory(seen)
    yield _clock(seen)
    yield _guarded("role", lambda _: _role(application_url), settings)
    yield _guarded("migrations", lambda _: _migrations(migration_url), settings)


def _urls(settings: Settings) -> tuple[str, str | None]:
    if settings.database_url is None:
        address = attach(settings.home_folder)
        return address.url(DATABASE_NAME, APPLICATION_USER), address.url(DATABASE_NAME)
    migration = settings.migration_url
    return settings.database_url.get_secret_value(), migration.get_secret_value() if migration else None


def _version(seen: Examination) -> Finding:
    what = f"PostgreSQL {seen.version} answers, encoding {seen.encoding}"
    if seen.major < OLDEST_MAJOR:
        return Finding("database", ok=False, what=what, mend=f"use PostgreSQL {OLDEST_MAJOR} or newer.")
    if seen.encoding != "UTF8":
        return Finding("database", ok=False, what=what, mend="make the database with ENCODING 'UTF8'.")
    if seen.in_recovery:
        what += ", and is a replica"
        return Finding("database", ok=False, what=what, mend="point RINGMAIN_DATABASE_URL to the primary.")
    return Finding("database", ok=True, what=what)


def _durability(seen: Examination) -> Finding:
    off = [name for name in ("fsync", "synchronous_commit") if not getattr(seen, name)]
    if off:
        mend = "turn them on: without them acknowledged redemptions are lost in a crash."
        return Finding("durability", ok=False, what=f"{' and '.join(off)} off", mend=mend)
    return Finding("durability", ok=True, what="fsync and synchronous_commit are on")


def _memory(seen: Examination) -> Finding:
    """Small pages are no fault: everything works, only more slowly where the tables have grown large."""
    what = f"huge pages are {seen.huge_pages}"
    if seen.huge_pages != "off" or seen.huge_pages_wanted is None:
        return Finding("memory", ok=True, what=what)
    wanted = seen.huge_pages_wanted
    mend = f"a large network is faster with them: `sysctl -w vm.nr_hugepages={wanted}`, then start anew."
    return Finding("memory", ok=True, what=what, mend=mend)


def _clock(seen: Examination) -> Finding:
    what = f"the database's clock is {seen.clock_skew_seconds:+.2f} seconds from this machine's"
    ok = abs(seen.clock_skew_seconds) <= GREATEST_SKEW_SECONDS
    return Finding("clock", ok, what, "" if ok else "set both clocks by NTP.")


def _role(application_url: str) -> Finding:
    refuse_powerful_login(application_url)
    return Finding("role", ok=True, what="row-level security binds the application's login")


def _migrations(migration_url: str | None) -> Finding:
    if migration_url is None:
        return Finding(
            "migrations", ok=False, what="RINGMAIN_MIGRATION_URL is not set", mend="set it, then `ringmain up`."
        )
    if names := pending(migration_url):
        return Finding("migrations", ok=False, what=f"pending: {', '.join(names)}", mend="`ringmain up` applies them.")
    return Finding("migrations", ok=True, what="all migrations are applied")


_MACHINE: tuple[tuple[str, Callable[[Settings], Finding]], ...] = (
    ("python", _python),
    ("locale", _locale),
    ("home", _home),
    ("secrets", _secrets),
    ("disk", _disk),
    ("port", _port),
)
_EMBEDDED: tuple[tuple[str, Callable[[Settings], Finding]], ...] = (
    ("binaries", _binaries),
    ("identity", _identity),
    ("data", _data),
    ("owner", _owner),
)
