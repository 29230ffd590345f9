"""The doctor names each fault of machine, home and database, says how to mend it, and changes nothing."""

import os
import shutil
import socket
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from ringmain.kit import doctor as doctor_module
from ringmain.kit.doctor import Finding, diagnose
from ringmain.kit.migrate import Urls, prepare_database
from ringmain.kit.postgres import BinariesMissing, EmbeddedServer, ServerAddress
from ringmain.kit.postgres import probe as probe_module
from ringmain.kit.postgres.cluster import free_port
from ringmain.kit.postgres.probe import Examination
from ringmain.kit.settings import DATABASE_NAME, Settings


@pytest.fixture(scope="module")
def running_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a home in which a server with a migrated database runs."""
    home = tmp_path_factory.mktemp("doctor") / "home"
    with EmbeddedServer(home) as server:
        address = server.start()
        prepare_database(address.url("postgres"), DATABASE_NAME, address.application_password)
        yield home


def settings(home: Path, **values: Any) -> Settings:
    """Make settings that depend on nothing in the environment."""
    return Settings(home=home, **{"port": free_port(), **values})


def find(name: str, findings: list[Finding]) -> Finding:
    """Return the finding of this name."""
    (finding,) = (finding for finding in findings if finding.name == name)
    return finding


def test_sound_installation_has_only_good_findings(running_home: Path) -> None:
    """With a running server everything is well, and every check is there."""
    findings = diagnose(settings(running_home))
    assert [finding for finding in findings if not finding.ok] == []
    assert [finding.name for finding in findings] == [
        "python",
        "locale",
        "home",
        "secrets",
        "disk",
        "port",
        "binaries",
        "identity",
        "data",
        "owner",
        "database",
        "durability",
        "memory",
        "clock",
        "role",
        "migrations",
    ]
    assert f"process {os.getpid()}" in find("owner", findings).what


def test_before_the_first_start_only_the_database_is_missing(tmp_path: Path) -> None:
    """An installation that never started is told to start, and the doctor makes nothing."""
    home = tmp_path / "home"
    findings = diagnose(settings(home))
    (bad,) = [finding for finding in findings if not finding.ok]
    assert bad.name == "database"
    assert "ringmain up" in bad.mend
    assert not home.exists()


def test_open_home_and_secrets_are_named(tmp_path: Path) -> None:
    """A home or a file with secrets that others can read is named with the command that closes it."""
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    home.chmod(0o755)
    (home / "passwords.json").touch(mode=0o644)
    (home / "passwords.json").chmod(0o644)
    findings = diagnose(settings(home))
    assert find("home", findings) == Finding("home", False, f"{home} is open to other users", f"`chmod 700 {home}`")
    assert find("secrets", findings).mend == f"`chmod 600 {home}/passwords.json`"


def test_taken_port_is_named(tmp_path: Path) -> None:
    """A port that somebody else has is named."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        finding = find("port", diagnose(settings(tmp_path / "home", port=port)))
    assert not finding.ok
    assert f"port {port} of 127.0.0.1 cannot be bound" in finding.what


def test_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too little space is a fault with a figure."""
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=5 * 2**20))
    finding = find("disk", diagnose(settings(tmp_path / "home")))
    assert (finding.ok, finding.what) == (False, f"5 MB free at {tmp_path}")


def test_data_of_other_versions_is_named(tmp_path: Path) -> None:
    """Data that is newer, or older without its programs, is a fault of its own."""
    data = tmp_path / "home" / "postgres" / "data"
    data.mkdir(parents=True)
    for version in ("99", "9"):
        (data / "PG_VERSION").write_text(f"{version}\n")
        finding = find("data", diagnose(settings(tmp_path / "home")))
        assert not finding.ok
        assert f"written by PostgreSQL {version}" in finding.what
        assert f"install PostgreSQL {version}" in finding.mend


def test_missing_programs_do_not_hide_the_other_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no PostgreSQL is found, that is one finding among the others."""

    def nothing() -> None:
        raise BinariesMissing(["nowhere"])

    monkeypatch.setattr(doctor_module, "find_binaries", nothing)
    findings = diagnose(settings(tmp_path / "home"))
    assert "No PostgreSQL 15 or newer" in find("binaries", findings).what
    assert find("python", findings).ok


def test_owner_that_died_is_named(tmp_path: Path) -> None:
    """What a dead owner left behind is no fault, and the next start mends it."""
    data = tmp_path / "home" / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "postmaster.pid").touch()
    finding = find("owner", diagnose(settings(tmp_path / "home")))
    assert finding.ok
    assert "ringmain up" in finding.mend


def external(urls: Urls, tmp_path: Path, **values: Any) -> list[Finding]:
    """Diagnose an installation that uses a database of somebody else."""
    given = {"database_url": SecretStr(urls.application_url), "migration_url": SecretStr(urls.migration_url), **values}
    return diagnose(settings(tmp_path / "home", **given))


def test_database_of_somebody_else_is_examined_too(database_urls: Urls, tmp_path: Path) -> None:
    """With RINGMAIN_DATABASE_URL nothing is said of embedded programs; the test server's lack of fsync is found."""
    findings = external(database_urls, tmp_path)
    assert [finding.name for finding in findings if not finding.ok] == ["durability"]
    assert find("durability", findings).what == "fsync and synchronous_commit off"
    assert "binaries" not in {finding.name for finding in findings}


def test_powerful_application_login_is_named(database_urls: Urls, tmp_path: Path) -> None:
    """A superuser as the application's login is a fault."""
    findings = external(database_urls, tmp_path, database_url=SecretStr(database_urls.migration_url))
    assert "is a superuser" in find("role", findings).what


def test_pending_migrations_are_named(server_address: ServerAddress, tmp_path: Path) -> None:
    """A database that lacks migrations gets their names."""
    name = f"bare_{uuid.uuid4().hex}"
    with psycopg.connect(server_address.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    urls = Urls(server_address.url(name), server_address.url(name))
    finding = find("migrations", external(urls, tmp_path))
    assert not finding.ok
    assert "0001_kit" in finding.what


def test_missing_migration_url_is_named(database_urls: Urls, tmp_path: Path) -> None:
    """Without the powerful login nobody can migrate."""
    assert find("migrations", external(database_urls, tmp_path, migration_url=None)).mend.startswith("set it")


def test_password_is_in_no_finding(database_urls: Urls, tmp_path: Path) -> None:
    """Whether the database answers or not, no finding shows a password."""
    unreachable = f"postgresql://somebody:hidden-word@127.0.0.1:{free_port()}/nothing"
    findings = external(database_urls, tmp_path, database_url=SecretStr(unreachable))
    assert not find("database", findings).ok
    assert "hidden-word" not in repr(findings)


@pytest.mark.parametrize(
    ("change", "name", "what"),
    [
        ({"clock_skew_seconds": -3.5}, "clock", "-3.50 seconds"),
        ({"major": 14, "version": "14.1"}, "database", "PostgreSQL 14.1"),
        ({"encoding": "SQL_ASCII"}, "database", "encoding SQL_ASCII"),
        ({"in_recovery": True}, "database", "is a replica"),
    ],
)
def test_faults_of_a_database_are_named(
    database_urls: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], name: str, what: str
) -> None:
    """A clock that is off, an old version, another encoding and a replica are each found."""
    sound: dict[str, Any] = {
        "major": 18,
        "version": "18.6",
        "encoding": "UTF8",
        "clock_skew_seconds": 0.0,
        "in_recovery": False,
        "fsync": True,
        "synchronous_commit": True,
        "huge_pages": "on",
        "huge_pages_wanted": 1_100,
    }
    monkeypatch.setattr(doctor_module, "examine", lambda url: Examination(**{**sound, **change}))
    findings = external(database_urls, tmp_path)
    assert [finding.name for finding in findings if not finding.ok] == [name]
    assert what in find(name, findings).what


@pytest.mark.parametrize(
    ("huge_pages", "wanted", "mend"),
    [("on", 1_100, ""), ("off", 1_100, "`sysctl -w vm.nr_hugepages=1100`"), ("off", None, ""), ("unknown", None, "")],
)
def test_small_pages_are_no_fault_and_a_hint(
    database_urls: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, huge_pages: str, wanted: int, mend: str
) -> None:
    """Whose memory is in small pages is told what would make a large network faster, where the server can tell."""
    seen = replace(probe_module.examine(database_urls.application_url), huge_pages=huge_pages, huge_pages_wanted=wanted)
    monkeypatch.setattr(doctor_module, "examine", lambda url: seen)
    finding = find("memory", external(database_urls, tmp_path))
    assert finding.ok
    assert huge_pages in finding.what
    assert bool(finding.mend) == bool(mend)
    assert mend in finding.mend


def test_clock_skew_is_measured(database_urls: Urls) -> None:
    """Against a server on the same machine the measured skew is next to nothing."""
    assert abs(probe_module.examine(database_urls.application_url).clock_skew_seconds) < 0.5
