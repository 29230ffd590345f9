"""One embedded server per test session, shared by all workers; every worker has a database cloned from a migrated one.

Tests do not clean up: each makes its own network, whose rows nobody else sees. RINGMAIN_POSTGRES_BIN chooses other
binaries for the whole session, such as those of PostgreSQL 15.
"""

import fcntl
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

from ringmain.kit.migrate import Migration, Urls, all_migrations, prepare_database
from ringmain.kit.postgres import AlreadyOwned, EmbeddedServer, NotRunning, ServerAddress, attach, stop_orphan

# How long an example takes is the machine's affair: no test of ours is timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

_RUN = "RINGMAIN_TEST_RUN"
_TEMPLATE = "ringmain_template"
# Tests that crash the server or the machine's disk make servers of their own, with everything on.
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


def pytest_configure(config: pytest.Config) -> None:
    """Name the folder of this session's server, once for all workers; clear away what killed sessions left."""
    if hasattr(config, "workerinput"):
        return
    runs = Path(tempfile.gettempdir()) / f"ringmain-tests-{os.getuid()}"
    runs.mkdir(mode=0o700, exist_ok=True)
    for left in runs.glob("[0-9]*"):
        if int(left.name) == os.getpid() or not _lives(int(left.name)):
            # A worker of a killed session may live on for a moment: the next session clears up after it.
            with suppress(AlreadyOwned):
                stop_orphan(left / "home")
                shutil.rmtree(left, ignore_errors=True)
    os.environ[_RUN] = str(runs / str(os.getpid()))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the session's server when the last worker is done."""
    if hasattr(config, "workerinput"):
        return
    run = Path(os.environ.pop(_RUN))
    stop_orphan(run / "home")
    shutil.rmtree(run, ignore_errors=True)


@pytest.fixture(scope="session")
def evaluation_data() -> Path:
    """Give the folder with the recorded data of docs/evaluation.md, which is not ours to pass on."""
    folder = os.environ.get("RINGMAIN_EVALUATION_DATA")
    if not folder:
        pytest.skip("RINGMAIN_EVALUATION_DATA names no folder with the data of docs/evaluation.md")
    return Path(folder)


@pytest.fixture(scope="session")
def server_address() -> ServerAddress:
    """Give the session's server: started by the worker that comes first, with a migrated template database in it."""
    run = Path(os.environ[_RUN])
    run.mkdir(mode=0o700, exist_ok=True)
    with _alone(run / "start.lock"):
        try:
            return attach(run / "home")
        except NotRunning:
            server = EmbeddedServer(run / "home", _FAST)
        try:
            address = server.start()
            prepare_database(address.url("postgres"), _TEMPLATE, address.application_password, _chosen())
        finally:
            # The server outlives this worker; the session's end stops it.
            server.release()
        return address


@pytest.fixture(scope="session")
def new_database(server_address: ServerAddress) -> Callable[[], Urls]:
    """Give a function that makes a migrated, empty database of its own for the test that calls it."""

    def clone() -> Urls:
        name = f"test_{uuid.uuid4().hex}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(_TEMPLATE))
        with _alone(Path(os.environ[_RUN]) / "clone.lock"):
            with psycopg.connect(server_address.url("postgres"), autocommit=True) as connection:
                connection.execute(statement)
            return prepare_database(
                server_address.url("postgres"), name, server_address.application_password, _chosen()
            )

    return clone


@pytest.fixture(scope="session")
def database_urls(new_database: Callable[[], Urls]) -> Urls:
    """Give the URLs of this worker's database: `migration_url` (superuser) and `application_url` (bound by RLS)."""
    return new_database()


def _chosen() -> list[Migration] | None:
    """Return the migrations whose numbers RINGMAIN_TEST_MIGRATIONS names; None, which means all, without it."""
    numbers = os.environ.get("RINGMAIN_TEST_MIGRATIONS")
    return [migration for migration in all_migrations() if migration.name[:4] in numbers] if numbers else None


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Let one worker at a time through."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
