"""Migrations: found, applied once and whole, on servers of every kind."""

import uuid
import zipfile
from contextlib import nullcontext
from functools import partial
from importlib.resources import files
from pathlib import Path

import procrastinate
import psycopg
import pytest

from ringmain.kit import migrate as migrate_module
from ringmain.kit.migrate import (
    Migration,
    MigrationsDisagree,
    Urls,
    all_migrations,
    migrate,
    pending,
    prepare_database,
    refuse_powerful_login,
    refuse_powerful_role,
)
from ringmain.kit.postgres import APPLICATION_USER, EmbeddedServer
from ringmain.kit.postgres.binaries import find_major
from tests.kit.databases import KIT, NETWORK, as_role, ask, ask_outside, at_once, audit, migration
from tests.kit.homes import FAST

# --------------------------------------------------------------------------------------------------- finding the files


def test_files_of_all_slices_are_found_in_order_of_their_numbers(tmp_path: Path) -> None:
    """Files come from the schema folder of every slice, ordered by number across slices; other files do not."""
    for slice_name, file in (("b", "0001_one.sql"), ("a", "0002_two.sql"), ("a", "notes.txt"), ("c", "0010_ten.sql")):
        folder = tmp_path / slice_name / "schema"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(f"-- {file}")
    (tmp_path / "d").mkdir()
    assert all_migrations(tmp_path) == [
        Migration("0001_one", "-- 0001_one.sql"),
        Migration("0002_two", "-- 0002_two.sql"),
        Migration("0010_ten", "-- 0010_ten.sql"),
    ]


def test_two_files_with_one_number_are_refused(tmp_path: Path) -> None:
    """Two slices that took the same number are both named."""
    for slice_name in ("a", "b"):
        (tmp_path / slice_name / "schema").mkdir(parents=True)
        (tmp_path / slice_name / "schema" / f"0003_{slice_name}.sql").touch()
    with pytest.raises(MigrationsDisagree, match="0003_a and 0003_b share a number"):
        all_migrations(tmp_path)


def test_file_without_number_is_refused(tmp_path: Path) -> None:
    """A file whose name does not say its place is named."""
    (tmp_path / "a" / "schema").mkdir(parents=True)
    (tmp_path / "a" / "schema" / "later.sql").touch()
    with pytest.raises(MigrationsDisagree, match=r"later\.sql"):
        all_migrations(tmp_path)


def test_files_are_found_inside_an_archive(tmp_path: Path) -> None:
    """The files are read as resources of the package, so that no source tree is needed."""
    archive = tmp_path / "package.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for found in all_migrations():
            file.writestr(f"ringmain/kit/schema/{found.name}.sql", found.text)
    with zipfile.ZipFile(archive) as file:
        assert all_migrations(zipfile.Path(file, "ringmain/")) == all_migrations()


# ------------------------------------------------------------------------------------------------------------- applying


def test_everything_is_applied_once(empty_database: str) -> None:
    """The first call applies all files in order, the second none; Alembic's version is the last."""
    names = [migration.name for migration in all_migrations()]
    assert pending(empty_database) == names
    assert migrate(empty_database) == names
    assert (migrate(empty_database), pending(empty_database)) == ([], [])
    assert ask(empty_database, "SELECT version_num FROM alembic_version") == [(names[-1],)]
    assert ask(empty_database, "SELECT name FROM applied_migration ORDER BY name") == [(name,) for name in names]


def test_what_was_said_of_sales_gets_their_merchants(empty_database: str) -> None:
    """A database in which people have disputed sales already: each word is given the merchant of its sale."""
    before = [one for one in all_migrations() if one.name < "0024"]
    migrate(empty_database, before)
    merchant, sale = uuid.uuid4(), uuid.uuid4()
    with psycopg.connect(empty_database) as connection:
        # Rows of these two tables alone: what they refer to is not looked at here.
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "INSERT INTO sale (network_id, id, merchant_id, shop_id, minimal, total_minor, currency, sold_at)"
            " VALUES (%s, %s, %s, %s, false, 900, 'EUR', now())",
            [NETWORK, sale, merchant, uuid.uuid4()],
        )
        connection.execute(
            "INSERT INTO sale_dispute VALUES (%s, %s, %s, %s, true, now())",
            [NETWORK, uuid.uuid4(), sale, uuid.uuid4()],
        )
    assert "0024_disputes_of_own_sales" in migrate(empty_database)
    assert ask(empty_database, "SELECT sale_id, merchant_id FROM sale_dispute") == [(sale, merchant)]


def test_facts_that_were_compressed_are_read_beside_those_that_are_not(empty_database: str) -> None:
    """A database that has announced facts: those ids come back as they were, and new ones are written as they are."""
    before = [one for one in all_migrations() if one.name < "0051"]
    migrate(empty_database, before)
    alike, write = [uuid.UUID(int=1)] * 5_000, "INSERT INTO outbox (network_id, kind, ids) VALUES (%s, 'sale', %s)"
    with psycopg.connect(empty_database) as connection:
        connection.execute(write, [NETWORK, alike])
    assert "0051_outbox_as_it_is" in migrate(empty_database)
    with psycopg.connect(empty_database) as connection:
        connection.execute(write, [NETWORK, alike])
    rows = ask(empty_database, "SELECT ids, pg_column_size(ids) > 16 * 5000 FROM outbox ORDER BY id")
    assert rows == [(alike, False), (alike, True)]


def test_migrator_owns_what_migrations_make(empty_database: str) -> None:
    """Whoever logs in to migrate, tables belong to the role migrator, which cannot log in and bypasses RLS."""
    migrate(empty_database, [*KIT, migration("0100_more", "CREATE TABLE more ();")])
    owners = ask(
        empty_database,
        """SELECT DISTINCT relowner::regrole::text FROM pg_class
        WHERE relkind = 'r' AND relnamespace IN ('public'::regnamespace, 'jobs'::regnamespace)
        AND relname <> 'alembic_version'""",
    )
    assert owners == [("migrator",)]
    rights = "SELECT rolcanlogin, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'migrator'"
    assert ask(empty_database, rights) == [(False, False, True)]


def test_file_with_an_error_leaves_nothing(empty_database: str) -> None:
    """A file that fails half-way is undone as a whole; those before it stay, and a mended one goes on from there."""
    broken = migration("0101_broken", "CREATE TABLE half (); SELECT 1/0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty_database, [*KIT, migration("0100_whole", "CREATE TABLE whole ();"), broken])
    assert ask(empty_database, "SELECT to_regclass('whole')::text, to_regclass('half')::text") == [("whole", None)]
    mended = [*KIT, migration("0100_whole", "CREATE TABLE whole ();"), migration("0101_broken", "SELECT 1;")]
    assert migrate(empty_database, mended) == ["0101_broken"]


def test_text_goes_to_the_server_as_it_is(empty_database: str) -> None:
    """Percent signs, semicolons in strings and settings made on the way harm neither the file nor its followers."""
    first = migration(
        "0100_odd", "SET LOCAL search_path = jobs; CREATE TABLE odd AS SELECT '%s; 100%' AS text, 7 % 4 AS n;"
    )
    migrate(empty_database, [*KIT, first, migration("0101_next", "CREATE TABLE next_one ();")])
    assert ask(empty_database, "SELECT text, n FROM jobs.odd") == [("%s; 100%", 3)]
    assert ask(empty_database, "SELECT to_regclass('public.next_one')::text") == [("next_one",)]


def test_two_starts_at_once_apply_everything_once(empty_database: str) -> None:
    """Of callers at the same time one applies a file, and the others wait and find nothing to do."""
    slow = [*KIT, migration("0100_slow", "SELECT pg_sleep(0.3); CREATE TABLE slow ();")]
    applied: list[str] = []
    assert at_once([lambda: applied.extend(migrate(empty_database, slow))] * 4) == [None] * 4
    assert sorted(applied) == ["0001_kit", "0008_jobs", "0100_slow"]


def test_two_starts_at_once_collide_without_the_lock(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: without the lock at least one of the callers fails."""
    slow = [*KIT, migration("0100_slow", "SELECT pg_sleep(0.3); CREATE TABLE slow ();")]
    monkeypatch.setattr(migrate_module, "_locked", nullcontext)
    assert any(at_once([lambda: migrate(empty_database, slow)] * 4))


def test_edited_file_is_noticed(empty_database: str) -> None:
    """A file that was changed after it was applied is named, and nothing further is applied."""
    migrate(empty_database, [*KIT, migration("0100_x", "SELECT 1;")])
    edited = [*KIT, migration("0100_x", "SELECT 2;"), migration("0101_y", "CREATE TABLE y ();")]
    for call in (migrate, pending):
        with pytest.raises(MigrationsDisagree, match="edited after they had been applied: 0100_x"):
            call(empty_database, edited)
    assert ask(empty_database, "SELECT to_regclass('y')") == [(None,)]


def test_database_of_a_newer_program_is_refused(empty_database: str) -> None:
    """A database that has a migration which this program lacks is not touched."""
    migrate(empty_database, [*KIT, migration("0100_x", "SELECT 1;")])
    with pytest.raises(MigrationsDisagree, match="does not know: 0100_x"):
        migrate(empty_database, KIT)


def test_file_that_comes_too_late_is_refused(empty_database: str) -> None:
    """A new file with a lower number than an applied one is named instead of being skipped or applied out of order."""
    migrate(empty_database, [*KIT, migration("0100_x", "SELECT 1;")])
    late = [*KIT, migration("0099_late", "CREATE TABLE late ();"), migration("0100_x", "SELECT 1;")]
    with pytest.raises(MigrationsDisagree, match="lower numbers: 0099_late"):
        migrate(empty_database, late)
    assert ask(empty_database, "SELECT to_regclass('late')") == [(None,)]


def test_version_changed_by_hand_is_noticed(empty_database: str) -> None:
    """Alembic's version and the list of files must agree."""
    migrate(empty_database, KIT)
    ask(empty_database, "UPDATE alembic_version SET version_num = '0001_kit'")
    with pytest.raises(MigrationsDisagree, match="by hand"):
        migrate(empty_database, KIT)


# -------------------------------------------------------------------------------------------- servers of other kinds


def test_databases_prepared_at_once_share_their_roles(tmp_path: Path) -> None:
    """On a new server several databases are prepared at the same time, although roles belong to all of them."""
    with EmbeddedServer(tmp_path / "home", FAST) as server:
        address = server.start()

        def prepare(name: str) -> None:
            prepare_database(address.url("postgres"), name, address.application_password, KIT)

        assert at_once([partial(prepare, name) for name in ("one", "one", "two", "three")]) == [None] * 4
        for name in ("one", "two", "three"):
            refuse_powerful_login(address.url(name, APPLICATION_USER))


def test_roles_made_at_the_same_moment_are_no_error(tmp_path: Path) -> None:
    """Migrations of two databases that only meet in the server's roles both succeed, also without prepare_database."""
    with EmbeddedServer(tmp_path / "home", FAST) as server:
        address = server.start()
        names = [f"d{number}" for number in range(4)]
        for name in names:
            ask_outside(address.url("postgres"), f"CREATE DATABASE {name}")
        assert at_once([partial(migrate, address.url(name), KIT) for name in names]) == [None] * 4


@pytest.mark.parametrize("major", [15, None])
def test_login_without_superuser_can_migrate(tmp_path: Path, major: int | None) -> None:
    """On a server of somebody else a login that may make databases and roles is enough."""
    binaries = find_major(major) if major else None
    if major and binaries is None:
        pytest.skip("PostgreSQL 15 is not installed here (Debian 12: apt-get install postgresql)")
    with EmbeddedServer(tmp_path / "home", FAST, binaries=binaries) as server:
        address = server.start()
        ask(address.url("postgres"), "CREATE ROLE boss LOGIN CREATEDB CREATEROLE PASSWORD 'b'")
        boss = address.url("postgres").replace("postgres:", "boss:").replace(address.password, "b")
        urls = prepare_database(boss, "ringmain", "a", KIT)
        assert pending(urls.migration_url, KIT) == []
        with as_role(urls, "app_network", NETWORK) as connection:
            refuse_powerful_role(connection)
            connection.execute("INSERT INTO outbox (network_id, kind, ids) VALUES (%s, 'x', %s)", [NETWORK, [NETWORK]])


def test_postgres_15_takes_every_migration(tmp_path: Path) -> None:
    """The oldest supported server takes all files of all slices."""
    binaries = find_major(15)
    if binaries is None:
        pytest.skip("PostgreSQL 15 is not installed here (Debian 12: apt-get install postgresql)")
    with EmbeddedServer(tmp_path / "home", FAST, binaries=binaries) as server:
        address = server.start()
        urls = prepare_database(address.url("postgres"), "ringmain", address.application_password)
        assert pending(urls.migration_url) == []
        assert audit(urls.migration_url) == []


# ---------------------------------------------------------------------------------------------------------------- jobs


def test_job_tables_are_those_of_the_installed_package() -> None:
    """The schema in the migration is that of the installed procrastinate; a newer one needs a migration of its own."""
    (text,) = (migration.text for migration in KIT if migration.name == "0008_jobs")
    inner = text.split("-- begin of procrastinate's schema\n")[1].split("-- end of procrastinate's schema\n")[0]
    assert inner == (files("procrastinate") / "sql" / "schema.sql").read_text(encoding="utf-8")


async def test_jobs_are_deferred_and_done_by_the_application(kit_urls: Urls) -> None:
    """The worker's role defers and runs a job; one deferred by SQL in a transaction of the network is run as well."""
    done: list[int] = []
    connector = procrastinate.PsycopgConnector(
        conninfo=kit_urls.application_url, kwargs={"options": "-c role=worker -c search_path=jobs"}
    )
    app = procrastinate.App(connector=connector)

    @app.task(name="count")
    def count(number: int) -> None:
        done.append(number)

    with as_role(kit_urls, "app_network", NETWORK) as connection:
        connection.execute(
            """SELECT jobs.procrastinate_defer_jobs_v1(ARRAY[
            ROW('default', 'count', 0, NULL, NULL, '{"number": 1}', NULL)]::jobs.procrastinate_job_to_defer_v1[])"""
        )
    async with app.open_async():
        await count.defer_async(number=2)
        await app.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)
    assert done == [1, 2]
    assert ask(kit_urls.migration_url, "SELECT DISTINCT status::text FROM jobs.procrastinate_jobs") == [("succeeded",)]
