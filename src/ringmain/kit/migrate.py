"""Brings a database to the present schema: every slice's SQL files, in order, each once, by Alembic."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import ModuleType
from typing import Any, cast
from urllib.parse import quote, urlencode

import psycopg
from alembic.migration import MigrationContext
from alembic.runtime.migration import RevisionStep
from alembic.script.base import Script
from alembic.script.revision import RevisionMap
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import tuple_row
from sqlalchemy import Connection, NullPool, create_engine

from ringmain.kit.postgres.address import APPLICATION_USER
from ringmain.kit.postgres.errors import Trouble

APPLICATION_ROLES = ("app_network", "app_merchant", "worker")
_FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
# Any constants will do, as long as nobody else locks the same: "ring" and "main" in ASCII.
_MIGRATION_LOCK = 0x72696E67
_PREPARATION_LOCK = 0x6D61696E


class MigrationsDisagree(Trouble):
    """The files of this program and what was applied to the database do not fit together."""


class PowerfulRole(Trouble):
    """The application would run with a role that row-level security does not bind."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One SQL file: its name without ".sql", such as "0001_kit", and its text."""

    name: str
    text: str

    @property
    def sha256(self) -> str:
        """Return the hash by which a later edit of the file is noticed."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Urls:
    """The two ways into a database: for migrations (owner) and for the application (bound by row-level security)."""

    migration_url: str
    application_url: str

    def __repr__(self) -> str:
        """Return a text without the URLs, which contain passwords."""
        return "Urls(...)"


def all_migrations(root: Traversable | None = None) -> list[Migration]:
    """Return the SQL files in the `schema` folder of every slice and of the kit, in order of their numbers.

    `root` is the package's folder. Raises MigrationsDisagree where two files share a number or a name has none.
    """
    found: dict[str, Migration] = {}
    for file in _schema_files(root or files("ringmain")):
        match = _FILE_NAME.fullmatch(file.name)
        if not match:
            raise MigrationsDisagree(f"The migration {file.name} is not named like 0001_words.sql.", "rename the file.")
        migration = Migration(file.name.removesuffix(".sql"), file.read_text(encoding="utf-8"))
        other = found.setdefault(match[1], migration)
        if other is not migration:
            raise MigrationsDisagree(
                f"The migrations {other.name} and {migration.name} share a number.",
                "give one of them the next free number.",
            )
    return [found[number] for number in sorted(found)]


def migrate(migration_url: str, migrations: Sequence[Migration] | None = None) -> list[str]:
    """Apply what is pending, each file in its own transaction, and return the names of what was applied.

    Two callers at once are safe: the second waits and then finds nothing to do. Raises MigrationsDisagree where an
    applied file was edited, is unknown to this program, or a new one has a lower number than an applied one.
    """
    wanted = list(all_migrations() if migrations is None else migrations)
    with _connected(migration_url) as connection, _locked(connection):
        todo = _pending(connection, wanted)
        _run(connection, wanted, todo)
    return [migration.name for migration in todo]


def pending(migration_url: str, migrations: Sequence[Migration] | None = None) -> list[str]:
    """Return the names of the migrations that this database lacks; changes nothing. Raises as `migrate` does."""
    wanted = list(all_migrations() if migrations is None else migrations)
    with _connected(migration_url) as connection:
        return [migration.name for migration in _pending(connection, wanted)]


def prepare_database(
    superuser_url: str, database: str, application_password: str, migrations: Sequence[Migration] | None = None
) -> Urls:
    """Make the database and the application's login where they are missing, migrate, and return both URLs.

    `superuser_url` points to any database of the server with a login that may create databases and roles.
    The login `ringmain_app` is neither superuser nor owner, and inherits nothing: it acts through `SET ROLE`.
    """
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        # Roles and databases belong to the whole server, and so does this lock, taken in one and the same database.
        connection.execute("SELECT pg_advisory_lock(%s)", [_PREPARATION_LOCK])
        _create_database(connection, database)
        migration_url = _with_database(superuser_url, database)
        migrate(migration_url, migrations)
        _create_login(connection, database, application_password)
    return Urls(migration_url, _with_database(superuser_url, database, APPLICATION_USER, application_password))


_POWERFUL = """
SELECT session_user::text, rolname::text, CASE WHEN rolsuper THEN 'is a superuser' ELSE 'has BYPASSRLS' END
FROM pg_roles
WHERE (rolsuper OR rolbypassrls) AND (rolname = current_user OR pg_has_role(session_user, oid, 'MEMBER'))
UNION ALL
SELECT DISTINCT session_user::text, relowner::regrole::text, 'owns tables'
FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND pg_has_role(session_user, relowner, 'MEMBER')
"""


def refuse_powerful_role(connection: "psycopg.Connection[Any]") -> None:
    """Raise PowerfulRole where this connection's login is, or may become, a role that row-level security does not bind.

    Such are superusers, roles with BYPASSRLS, and the owners of tables, who could switch their protection off.
    """
    with connection.cursor(row_factory=tuple_row) as cursor:
        found = cursor.execute(_POWERFUL).fetchall()
    if not found:
        return
    login, role, reason = min(found, key=lambda row: row[1] != row[0])
    who = f"as {login}, which {reason}" if role == login else f"as {login}, which may become {role}, which {reason}"
    raise PowerfulRole(
        f"The application must not connect {who}: row-level security would not bind it.",
        f"give RINGMAIN_DATABASE_URL a login such as {APPLICATION_USER} (member of {', '.join(APPLICATION_ROLES)}), "
        "and RINGMAIN_MIGRATION_URL the powerful one.",
    )


def refuse_powerful_login(application_url: str) -> None:
    """Connect as the application does and raise PowerfulRole where row-level security would not bind it."""
    with psycopg.connect(application_url, options="-c role=app_network", connect_timeout=5) as connection:
        refuse_powerful_role(connection)


def _schema_files(root: Traversable) -> Iterator[Traversable]:
    for slice_folder in sorted(root.iterdir(), key=lambda entry: entry.name):
        schema = slice_folder / "schema"
        if slice_folder.is_dir() and schema.is_dir():
            yield from (file for file in schema.iterdir() if file.name.endswith(".sql"))


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


@contextmanager
def _locked(connection: Connection) -> Iterator[None]:
    # The lock is the session's, because every migration has a transaction of its own; it ends with the connection.
    _driver(connection).execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
    _driver(connection).commit()
    yield


def _driver(connection: Connection) -> "psycopg.Connection[Any]":
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)


def _pending(connection: Connection, wanted: Sequence[Migration]) -> list[Migration]:
    applied = _applied(connection)
    known = {migration.name: migration for migration in wanted}
    if unknown := [name for name in applied if name not in known]:
        raise MigrationsDisagree(
            f"The database has migrations that this program does not know: {', '.join(unknown)}.",
            "run the newer version of Ringmain that applied them.",
        )
    if edited := [name for name, sha256 in applied.items() if known[name].sha256 != sha256]:
        raise MigrationsDisagree(
            f"Migrations were edited after they had been applied: {', '.join(edited)}.",
            "put the files back and add a new migration; before a first release, drop the database instead.",
        )
    todo = [migration for migration in wanted if migration.name not in applied]
    if late := [migration.name for migration in todo if applied and migration.name < max(applied)]:
        raise MigrationsDisagree(
            f"Migrations come after {max(applied)} was applied, but have lower numbers: {', '.join(late)}.",
            "give them the next free numbers; before a first release, drop the database instead.",
        )
    return todo


def _applied(connection: Connection) -> dict[str, str]:
    """Return the applied migrations with their hashes, checked against Alembic's version."""
    driver = _driver(connection)
    try:
        row = driver.execute("SELECT to_regclass('public.applied_migration')").fetchone()
        if row is None or row[0] is None:
            return {}
        applied = dict(driver.execute("SELECT name, sha256 FROM applied_migration ORDER BY name").fetchall())
        heads = [name for (name,) in driver.execute("SELECT version_num FROM alembic_version").fetchall()]
    finally:
        driver.rollback()
    if heads != [max(applied)]:
        raise MigrationsDisagree(
            f"Alembic's version is {heads}, but the last applied migration is {max(applied)}.",
            "somebody changed one of the tables alembic_version and applied_migration by hand: put it right.",
        )
    return applied


def _run(connection: Connection, wanted: Sequence[Migration], todo: Sequence[Migration]) -> None:
    scripts = {script.revision: script for script in _scripts(connection, wanted)}
    chain = RevisionMap(lambda: list(scripts.values()))
    # The map links its revisions when it is first asked something.
    chain.get_revisions("heads")

    def steps(_heads: Any, _context: MigrationContext) -> list[RevisionStep]:
        return [RevisionStep(chain, scripts[migration.name], is_upgrade=True) for migration in todo]

    options = {"fn": steps, "transaction_per_migration": True}
    MigrationContext.configure(connection, opts=options).run_migrations()


def _scripts(connection: Connection, wanted: Sequence[Migration]) -> Iterator[Script]:
    """Yield each file as a revision of Alembic whose upgrade executes its text."""
    before: str | None = None
    for migration in wanted:
        module = ModuleType(migration.name, f"The file {migration.name}.sql.")
        vars(module).update(
            revision=migration.name,
            down_revision=before,
            upgrade=lambda migration=migration: _execute(_driver(connection), migration),
        )
        yield Script(module, migration.name, f"{migration.name}.sql")
        before = migration.name


def _execute(driver: "psycopg.Connection[Any]", migration: Migration) -> None:
    """Execute the file as the migrator, who exists since the first one, and note it; what it set ends with it."""
    if driver.execute("SELECT 1 FROM pg_roles WHERE rolname = 'migrator'").fetchone() and not _is_first(migration):
        driver.execute("SET LOCAL ROLE migrator")
    # Without parameters the text goes as it is: many statements, and a percent sign is a percent sign.
    driver.execute(migration.text.encode())
    driver.execute("RESET search_path")
    driver.execute("INSERT INTO applied_migration (name, sha256) VALUES (%s, %s)", [migration.name, migration.sha256])
    driver.execute("RESET ROLE")


def _is_first(migration: Migration) -> bool:
    return migration.name.startswith("0001_")


def _create_database(connection: "psycopg.Connection[Any]", database: str) -> None:
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
        return
    statement = "CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0"
    connection.execute(sql.SQL(statement).format(sql.Identifier(database)))


def _create_login(connection: "psycopg.Connection[Any]", database: str, password: str) -> None:
    login, roles = sql.Identifier(APPLICATION_USER), sql.SQL(", ").join(map(sql.Identifier, APPLICATION_ROLES))
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APPLICATION_USER]).fetchone():
        rights = "CREATE ROLE {} NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION"
        connection.execute(sql.SQL(rights).format(login))
    # Only a superuser may so much as mention the other rights here; the start-up check refuses a powerful login.
    connection.execute(sql.SQL("ALTER ROLE {} LOGIN NOINHERIT PASSWORD {}").format(login, sql.Literal(password)))
    connection.execute(sql.SQL("GRANT {} TO {}").format(roles, login))
    names = {"database": sql.Identifier(database), "login": login}
    connection.execute(sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {database} FROM PUBLIC").format(**names))
    connection.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {login}").format(**names))


def _with_database(url: str, database: str, user: str | None = None, password: str | None = None) -> str:
    parts = {name: str(value) for name, value in conninfo_to_dict(url).items() if name != "dbname"}
    if user and password:
        parts |= {"user": user, "password": password}
    return f"postgresql:///{quote(database, safe='')}?{urlencode(parts, quote_via=quote)}"
